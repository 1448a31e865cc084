//! `/openapi.json`.

use serde_json::{json, Value};

use crate::house::{get, house, predict, row};

/// Every reference of a document leads to a schema of it.
fn check_references(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let path = reference.trim_start_matches('#');
                assert!(document.pointer(path).is_some(), "{reference}");
            }
            fields.values().for_each(|part| check_references(document, part));
        }
        Value::Array(items) => items.iter().for_each(|part| check_references(document, part)),
        _ => {}
    }
}

#[test]
fn the_document_has_every_path_and_no_loose_reference() {
    let answer = get(&house(), "/openapi.json");
    assert_eq!(answer.headers["content-type"], "application/json");
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    check_references(&document, &document);
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    for path in
        ["/predict", "/explain", "/description", "/models/house/predict", "/health", "/metrics"]
    {
        assert!(paths.iter().any(|own| *own == path), "{path}: {paths:?}");
    }
    let ids: Vec<&Value> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|operation| &operation["operationId"])
        .collect();
    let mut distinct: Vec<String> = ids.iter().map(|id| id.to_string()).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), ids.len(), "{ids:?}");
}

#[test]
fn the_schema_of_a_row_says_types_ranges_categories_and_absence() {
    let document = get(&house(), "/openapi.json").json();
    let schema = &document["components"]["schemas"]["HouseRow"];
    assert_eq!(schema["required"], json!(["area", "age", "town", "garden", "district", "sold"]));
    let properties = &schema["properties"];
    assert_eq!(
        properties["area"]["description"],
        "`measures[0]`. Square metres and years. Training rows had 40 to 99."
    );
    assert_eq!(properties["area"]["anyOf"][0]["type"], "number");
    let town = properties["town"]["description"].as_str().unwrap();
    assert!(town.starts_with("Where it is. Known categories: "), "{town}");
    assert_eq!(
        properties["district"]["anyOf"][0],
        json!({ "type": "integer", "minimum": 0, "maximum": 4 })
    );
    assert_eq!(properties["sold"]["format"], "date");
    assert!(properties["rents"]["description"].as_str().unwrap().contains("May be absent."));
    assert_eq!(properties["tags"]["anyOf"][0]["type"], "array");
}

#[test]
fn the_schema_of_a_prediction_has_every_output() {
    let document = get(&house(), "/openapi.json").json();
    let schema = &document["components"]["schemas"]["HousePrediction"];
    assert_eq!(schema["required"], json!(["price", "days", "kind", "flags", "code"]));
    assert_eq!(schema["properties"]["price"]["description"], "What it fetched. In Euros.");
    assert_eq!(schema["properties"]["days"]["required"], json!(["mean", "std"]));
    assert_eq!(schema["properties"]["kind"]["required"], json!(["flat", "villa"]));
    assert_eq!(schema["properties"]["flags"]["minItems"], 2);
    let prediction = predict(&house(), &row(1)).json();
    let mut keys: Vec<&String> = prediction.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["code", "days", "flags", "kind", "price"]);
}
