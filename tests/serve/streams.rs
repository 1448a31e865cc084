//! A row on each line.

use multi_input::serve::Settings;
use serde_json::{json, Value};

use crate::house::{
    ask, house, inputs, is_close, request, rows, serialized, trained, with, Answer,
};

const LINES: &str = "application/x-ndjson";

fn lines(answer: &Answer) -> Vec<Value> {
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_line_has_its_line_and_a_bad_one_its_mistake() {
    let all = rows(700);
    let known = serialized(&trained(7).predict(&inputs(&all)).unwrap());
    let mut text: Vec<String> = all.iter().map(Value::to_string).collect();
    text.insert(3, String::new());
    text[500] = "{\"area\": 1}".to_owned();
    text[501] = "no JSON".to_owned();
    let answer = ask(&house(), request("POST", "/predict", LINES, text.join("\r\n")));
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["content-type"]),
        (200, &LINES.parse().unwrap())
    );
    let found = lines(&answer);
    assert_eq!(found.len(), 700);
    for (row, (found, known)) in found.iter().zip(known.as_array().unwrap()).enumerate() {
        match row {
            499 | 500 => assert_eq!(found["error"]["row"], json!(row), "{found}"),
            _ => assert!(is_close(found, known), "row {row}: {found} {known}"),
        }
    }
    assert_eq!(found[499]["error"]["field"], "measures");
    assert_eq!(found[500]["error"]["found"], "other text");
    assert!(lines(&ask(&house(), request("POST", "/predict", LINES, ""))).is_empty());
}

#[test]
fn a_line_that_is_too_long_ends_the_answer() {
    let router = with(Settings::default().body_limit(1000));
    let text = format!("{}\n{}", rows(1)[0], "x".repeat(5000));
    let found = lines(&ask(&router, request("POST", "/predict", LINES, text)));
    assert_eq!(found.len(), 2);
    assert!(found[0]["price"].is_number());
    assert_eq!(found[1]["error"]["message"], "a line has more than 1000 bytes");
}
