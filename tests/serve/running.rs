//! A server on a port: slow and malformed clients, and its end.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use multi_input::serve::{Connections, Settings};
use serde_json::Value;

use crate::house::{house, row, rows, with, Running};

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn head(length: usize, more: &str) -> String {
    format!(
        "POST /predict HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n{more}content-length: \
         {length}\r\n\r\n"
    )
}

/// Reads an answer with a length: its head and its body.
fn answer(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    stream.read_exact(&mut body)?;
    Ok((head, body))
}

fn ask(stream: &mut TcpStream, row: &Value) -> std::io::Result<(String, Vec<u8>)> {
    let body = row.to_string();
    stream.write_all((head(body.len(), "") + &body).as_bytes())?;
    answer(stream)
}

/// What a client gets that sends these bytes and then waits.
fn rest_of(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(address);
    // The server may refuse before it has read everything.
    _ = stream.write_all(bytes);
    let mut text = Vec::new();
    _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn slow_and_malformed_clients_hurt_nobody_else() {
    let settings = Settings::default().body_timeout(Duration::from_millis(300)).body_limit(100_000);
    let connections = Connections::default()
        .header_timeout(Duration::from_millis(300))
        .write_timeout(Duration::from_millis(300))
        .limit(64);
    let mut server = Running::start(with(settings), connections);
    let address = server.address;
    let known = ask(&mut connect(address), &row(5)).unwrap().1;
    let done = AtomicBool::new(false);
    let slowest = std::thread::scope(|scope| {
        // A good client, all the time.
        let good = scope.spawn(|| {
            let (mut slowest, mut stream) = (Duration::ZERO, connect(address));
            while !done.load(Ordering::Relaxed) {
                let start = Instant::now();
                let (head, body) = ask(&mut stream, &row(5)).unwrap();
                assert!(head.starts_with("http/1.1 200"), "{head}");
                assert_eq!(body.len(), known.len());
                slowest = slowest.max(start.elapsed());
            }
            slowest
        });
        // A head that ends never, and a body that ends never.
        let slow_head: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| rest_of(address, b"POST /predict HTTP/1.1\r\nhost: ")))
            .collect();
        let slow_body: Vec<_> =
            (0..20).map(|_| scope.spawn(|| rest_of(address, head(50, "").as_bytes()))).collect();
        for client in slow_head {
            // Closed, with or without an answer.
            let text = client.join().unwrap();
            assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
        }
        for client in slow_body {
            let text = client.join().unwrap();
            assert!(text.starts_with("HTTP/1.1 408"), "{text}");
            assert!(text.contains("nothing more came within 0.3 s"), "{text}");
        }
        // Huge, and said to be huge.
        let huge = rest_of(address, head(1 << 40, "").as_bytes());
        assert!(huge.starts_with("HTTP/1.1 413"), "{huge}");
        let chunks = "POST /predict HTTP/1.1\r\nhost: here\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_owned()
            + &("10000\r\n".to_owned() + &" ".repeat(0x10000) + "\r\n").repeat(4);
        let huge = rest_of(address, chunks.as_bytes());
        assert!(huge.starts_with("HTTP/1.1 413") || huge.is_empty(), "{huge}");
        // No HTTP at all, and a head without end.
        let garbage = rest_of(address, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n");
        assert!(garbage.is_empty() || garbage.starts_with("HTTP/1.1 400"), "{garbage}");
        let long = "GET / HTTP/1.1\r\nx: ".to_owned() + &"y".repeat(1 << 20);
        let long = rest_of(address, long.as_bytes());
        assert!(long.is_empty() || long.starts_with("HTTP/1.1 4"), "{long}");
        // A client that asks and never reads, and one that leaves.
        let mut mute = connect(address);
        let many = Value::from(rows(300)).to_string();
        let asked = head(many.len(), "") + &many;
        mute.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        for _ in 0..200 {
            if mute.write_all(asked.as_bytes()).is_err() {
                break;
            }
        }
        drop(connect(address).write_all(head(10, "").as_bytes()));
        std::thread::sleep(Duration::from_millis(500));
        done.store(true, Ordering::Relaxed);
        good.join().unwrap()
    });
    // In a debug build on a busy machine.
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    server.end();
    server.wait();
}

#[test]
fn an_end_is_announced_and_what_has_arrived_is_answered() {
    let connections = Connections::default().drain(Duration::from_millis(300));
    let mut server = Running::start(house(), connections);
    let address = server.address;
    // A client whose body is still arriving, and one whose connection rests.
    let body = row(5).to_string();
    let mut slow = connect(address);
    slow.write_all((head(body.len(), "") + &body[..20]).as_bytes()).unwrap();
    let mut resting = connect(address);
    assert!(ask(&mut resting, &row(5)).unwrap().0.starts_with("http/1.1 200"));
    std::thread::sleep(Duration::from_millis(50));
    server.end();
    std::thread::sleep(Duration::from_millis(100));
    // The server still takes requests, and says that it ends.
    let ready = rest_of(address, b"GET /ready HTTP/1.1\r\nhost: here\r\n\r\n");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("about to end"), "{ready}");
    let (head, _) = ask(&mut resting, &row(5)).unwrap();
    assert!(head.starts_with("http/1.1 200") && head.contains("connection: close"), "{head}");
    std::thread::sleep(Duration::from_millis(400));
    assert!(TcpStream::connect(address).is_err(), "no new connections");
    slow.write_all(&body.as_bytes()[20..]).unwrap();
    let (head, answer) = answer(&mut slow).unwrap();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(serde_json::from_slice::<Value>(&answer).unwrap()["price"].is_number());
    server.wait();
}

/// The house on a port, for schemathesis: `tests/serve/serve.py` starts it, reads the port, and ends it by
/// closing its input.
#[test]
#[ignore = "it serves until its input ends"]
fn serves_until_its_input_ends() {
    let mut server = Running::start(house(), Connections::default().drain(Duration::ZERO));
    eprintln!("port {}", server.address.port());
    _ = std::io::stdin().read_to_end(&mut Vec::new());
    server.end();
    server.wait();
}
