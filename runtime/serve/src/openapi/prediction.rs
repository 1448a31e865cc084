//! The schema of a prediction.

use multi_input_data::description::{Description, OutputDescription, Parts, Predicts};
use serde_json::{json, Map, Value};

/// The outputs by name.
pub(super) fn schema(description: &Description) -> Value {
    let properties: Map<String, Value> =
        description.outputs.iter().map(|output| (output.name.clone(), of_output(output))).collect();
    let required: Vec<&str> = description.outputs.iter().map(|output| &*output.name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn of_output(output: &OutputDescription) -> Value {
    let number = match output.predicts {
        Predicts::Numbers | Predicts::Values => json!({ "type": ["number", "null"] }),
        Predicts::Flags | Predicts::Classes { .. } => {
            json!({ "type": ["number", "null"], "minimum": 0, "maximum": 1 })
        }
    };
    let mut schema = match &output.predicts {
        Predicts::Classes { labels: Some(labels) } => {
            let labels = labels.iter().map(|label| (label.clone(), number.clone()));
            let properties: Map<String, Value> = labels.collect();
            let required: Vec<String> = properties.keys().cloned().collect();
            json!({ "type": "object", "properties": properties, "required": required })
        }
        _ => {
            let one = of_parts(&output.parts, number);
            output.shape.iter().rev().fold(one, |items, size| {
                json!({ "type": "array", "items": items, "minItems": size, "maxItems": size })
            })
        }
    };
    if let Value::Object(schema) = &mut schema {
        schema.insert("description".to_owned(), in_words(output).into());
    }
    schema
}

fn of_parts(parts: &Parts, number: Value) -> Value {
    match parts {
        Parts::Value => number,
        Parts::Named(names) => {
            let properties: Map<String, Value> =
                names.iter().map(|name| (name.clone(), number.clone())).collect();
            json!({ "type": "object", "properties": properties, "required": names })
        }
        Parts::Quantiles(_) | Parts::Unnamed(_) => {
            let size = parts.count();
            json!({ "type": "array", "items": number, "minItems": size, "maxItems": size })
        }
    }
}

fn in_words(output: &OutputDescription) -> String {
    let kind = match (&output.predicts, &output.parts) {
        (_, Parts::Quantiles(levels)) => format!("Quantiles of the levels {levels:?}."),
        (Predicts::Flags, _) => "The probability that it is true.".to_owned(),
        (Predicts::Classes { .. }, _) => "The probability of each class.".to_owned(),
        _ => String::new(),
    };
    let unit = output.unit.as_ref().map_or(String::new(), |unit| format!("In {unit}."));
    let all = [output.doc.trim().to_owned(), kind, unit];
    all.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}
