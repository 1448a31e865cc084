//! Requests that are refused, each with what is wrong.

use std::time::Duration;

use multi_input::serve::Settings;
use serde_json::{json, Value};

use crate::house::{ask, get, house, post, predict, request, row, rows, with};

/// A row with another value of a key, which null removes.
fn with_key(key: &str, value: Value) -> Value {
    let mut row = row(3);
    row[key] = value;
    row
}

#[test]
fn a_bad_row_is_named_with_field_expected_and_found() {
    for (key, value, field, expected, found) in [
        ("area", json!("wide"), "measures", "a number", "`wide`"),
        ("area", json!([1, 2]), "measures", "a number", "a list of 2"),
        ("age", json!(true), "measures", "a number", "`true`"),
        ("age", json!(1e39), "measures", "a finite number that `f32` can hold", "`1"),
        ("town", json!({}), "town", "a text", "an object with keys of its own"),
        ("garden", json!(2), "garden", "true, false, yes, no, 1 or 0", "`2`"),
        ("rents", json!([1]), "rents", "a list of 2", "a list of 1"),
        ("district", json!(5), "district", "a category below 5 (0 to 4)", "5"),
        ("district", json!(0.5), "district", "a whole number from 0 to 4294967295", "`0.5`"),
        ("sold", json!("yesterday"), "sold", "a date such as 2024-12-31", "`yesterday`"),
        ("tags", json!("Ulm"), "tags", "a list", "`Ulm`"),
        ("sold", json!(null), "sold", "a date such as 2024-12-31", "nothing"),
    ] {
        let bad = with_key(key, value);
        let answer = predict(&house(), &bad);
        assert_eq!(answer.status.as_u16(), 422, "{bad}");
        let text = answer.text();
        let refused = &answer.json()["rows"][0];
        assert_eq!((&refused["row"], &refused["field"]), (&json!(0), &json!(field)), "{text}");
        assert!(refused["expected"].as_str().unwrap().starts_with(expected), "{text}");
        assert!(refused["found"].as_str().unwrap().starts_with(found), "{text}");
        assert!(refused["message"].as_str().unwrap().starts_with("row 0, field `"), "{text}");
    }
    let answer = predict(&house(), &json!({}));
    assert!(answer.text().contains("row 0, field `measures`: "), "{}", answer.text());
}

#[test]
fn all_bad_rows_of_a_list_are_named_and_nothing_is_predicted() {
    let mut all = rows(50);
    for (number, key) in [(3, "area"), (40, "town")] {
        all[number][key] = json!([]);
    }
    let answer = predict(&house(), &Value::from(all.clone()));
    assert_eq!(answer.status.as_u16(), 422);
    let found = answer.json();
    let named: Vec<&Value> =
        found["rows"].as_array().unwrap().iter().map(|bad| &bad["row"]).collect();
    assert_eq!(named, [&json!(3), &json!(40)]);
    assert!(found["message"]
        .as_str()
        .unwrap()
        .starts_with("2 rows are refused; the first: row 3, "));
    all.iter_mut().for_each(|row| *row = json!(1));
    let found = predict(&house(), &Value::from(all)).json();
    assert_eq!(found["rows"].as_array().unwrap().len(), 20, "not the whole list");
}

#[test]
fn what_is_no_row_is_refused_before_anything_is_read() {
    for (body, status, text) in [
        (&b""[..], 400, "the body is no JSON: EOF"),
        (b"{\"area\": 1", 400, "the body is no JSON: EOF"),
        (b"hello", 400, "the body is no JSON: expected value"),
        (b"{\"town\": \"\xff\"}", 400, "the body is no UTF-8: see byte 10"),
        (b"3", 422, "expected a row, which is a JSON object, or a list of rows, found a number"),
        (b"null", 422, "found null"),
    ] {
        let answer = post(&house(), "/predict", body.to_vec());
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
        assert!(answer.text().contains(text), "{}", answer.text());
    }
    // Without a stack frame for each level.
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{{\"x\": {}1{}}}", open.repeat(90_000), close.repeat(90_000));
        assert_eq!(post(&house(), "/predict", deep).status.as_u16(), 422);
        let deep = format!("{{\"area\": {}1{}}}", open.repeat(90_000), close.repeat(90_000));
        let answer = post(&house(), "/predict", deep);
        assert_eq!(answer.status.as_u16(), 422);
        let text = if open == "[" { "recursion limit exceeded" } else { "row 0, field `measures`" };
        assert!(answer.text().contains(text), "{}", answer.text());
    }
}

#[test]
fn other_paths_methods_and_types_are_refused_in_json() {
    let answer = get(&house(), "/predictions");
    assert_eq!(answer.status.as_u16(), 404);
    assert!(answer.json()["message"].as_str().unwrap().contains("/openapi.json"));
    let answer = get(&house(), "/predict");
    assert_eq!(answer.status.as_u16(), 405);
    assert_eq!(answer.headers["allow"], "POST");
    assert!(answer.json()["message"].is_string());
    let answer = ask(&house(), request("POST", "/predict", "text/csv", "area"));
    assert_eq!(answer.status.as_u16(), 415);
    assert!(answer.text().contains("found `text/csv`"), "{}", answer.text());
}

#[test]
fn more_than_the_limits_is_refused() {
    let settings = Settings::default().body_limit(2000).row_limit(3);
    let router = with(settings);
    let answer = predict(&router, &Value::from(rows(4)));
    assert_eq!(answer.status.as_u16(), 413);
    assert!(answer.text().contains("more than 3 rows"), "{}", answer.text());
    assert_eq!(predict(&router, &Value::from(rows(3))).status.as_u16(), 200);
    let answer = post(&router, "/predict", " ".repeat(2001));
    assert_eq!(answer.status.as_u16(), 413);
    assert!(answer.text().contains("more than 2000 bytes"), "{}", answer.text());

    let none = with(Settings::default().concurrency(0));
    let answer = predict(&none, &row(1));
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    let late = with(Settings::default().timeout(Duration::ZERO).workers(1));
    let answer = predict(&late, &Value::from(rows(2000)));
    assert_eq!(answer.status.as_u16(), 503);
    assert!(answer.text().contains("took longer than 0 s"), "{}", answer.text());
}
