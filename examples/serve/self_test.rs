//! A client in a few lines, which asks the server once.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A patient of the study.
const PATIENT: &str = r#"{"age": 0.038, "bmi": 0.062, "bp": 0.022, "sex": 1}"#;

/// Asks for a prediction, and once without the key. Returns the line of the result.
pub async fn ask(address: SocketAddr, key: Option<&str>) -> io::Result<String> {
    let refused = post(address, "/predict", None).await?;
    let expected = if key.is_some() { "401" } else { "200" };
    let (status, answer) = post(address, "/predict", key).await?;
    let first = post(address, "/models/diabetes/versions/first/predict", key).await?.1;
    let is_answer = refused.0 == expected && status == "200" && first == answer;
    let mean = answer.split("\"mean\":").nth(1).and_then(|rest| rest.split([',', '}']).next());
    match mean.filter(|_| is_answer) {
        Some(mean) => Ok(format!("status={status} without_key={} progression={mean}", refused.0)),
        None => Err(io::Error::other(format!("{refused:?}, {status}: {answer}, {first}"))),
    }
}

/// The status and the body of an answer.
async fn post(address: SocketAddr, path: &str, key: Option<&str>) -> io::Result<(String, String)> {
    let key = key.map_or(String::new(), |key| format!("authorization: Bearer {key}\r\n"));
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\n{key}content-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{PATIENT}",
        PATIENT.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    Ok((status, body))
}
