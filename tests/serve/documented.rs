//! The client in Python of docs/answers.md.

use multi_input::{prelude::*, serve};
use serde_json::Value;

use crate::house::post;

#[multi_input_model]
pub struct Documented {
    #[input(columns("rooms", "area"))]
    size: [f32; 2],
    #[input(missing = zeros)]
    #[branch(Dense(1))]
    garden: Option<f32>,
    #[merge(concat(size, garden))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn the_documented_row_is_answered_with_the_documented_key() {
    let page = include_str!("../../docs/answers.md");
    let (_, rest) = page.split_once("```python\nimport requests\n").unwrap();
    let (client, _) = rest.split_once("```").unwrap();
    let (_, row) = client.split_once("row = ").unwrap();
    let row = row.lines().next().unwrap().replace("None", "null");
    assert!(client.contains(":8080/predict") && client.contains("json=row"), "{client}");
    let router = serve::router(Documented::build(&Cpu::default(), Seed(1))).unwrap();
    let answer: Value = post(&router, "/predict", row).json();
    assert!(client.contains(r#"["price"]"#) && answer["price"].is_number(), "{answer}");
    let answer = post(&router, "/predict", r#"{"rooms": "many", "area": 3}"#);
    assert!(client.contains(&format!("status_code == {}", answer.status.as_u16())));
    assert!(client.contains(r#"["rows"]"#) && answer.json()["rows"][0]["found"] == "`many`");
}
