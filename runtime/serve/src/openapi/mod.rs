//! The interface of a server as an OpenAPI 3.1 document.

mod cells;
mod prediction;
mod row;

use multi_input_data::description::Description;
use serde_json::{json, Map, Value};

use crate::settings::Settings;

/// A model of the document.
pub(crate) struct Documented<'a> {
    /// What stands before `/predict`.
    pub(crate) paths: Vec<String>,
    pub(crate) name: &'a str,
    pub(crate) description: &'a Description,
    pub(crate) explains: bool,
}

/// The document.
pub(crate) fn document(models: &[Documented<'_>], settings: &Settings) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    schemas.insert("Refusal".to_owned(), refusal());
    for model in models {
        let name = type_name(model.name);
        schemas.insert(format!("{name}Row"), row::schema(model.description));
        schemas.insert(format!("{name}Prediction"), prediction::schema(model.description));
        for path in &model.paths {
            let id = operation_id(path);
            paths.insert(format!("{path}/predict"), predict(model, &name, &id, settings));
            paths.insert(format!("{path}/description"), described(model, &id));
            if model.explains {
                paths.insert(format!("{path}/explain"), explain(model, &name, &id));
            }
        }
    }
    if models.iter().any(|model| model.explains) {
        schemas.insert("Explanation".to_owned(), explanation());
    }
    paths.insert("/health".to_owned(), status("health", "Whether the server runs", &[200]));
    paths.insert("/ready".to_owned(), status("ready", "Whether it takes requests", &[200, 503]));
    paths.insert("/models".to_owned(), listed());
    paths.insert("/metrics".to_owned(), metrics());
    let title = models.first().map_or("", |model| &model.description.model);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Predictions of a model. A row is a JSON object; unknown keys are ignored.",
        },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

/// The name of a model in names of schemas: `house.2` is `House2`.
fn type_name(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => String::new(),
    };
    words.map(capital).collect()
}

/// The path in names of operations.
fn operation_id(path: &str) -> String {
    path.trim_start_matches("/models/").replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn body_of(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// The answers to a request that is refused.
fn refusals(statuses: &[u16]) -> Map<String, Value> {
    let text = |status| match status {
        400 => "The body is not JSON.",
        404 => "There is no such path.",
        405 => "The path takes another method.",
        408 => "The body took too long.",
        413 => "The body has too many bytes or rows.",
        415 => "The body is neither JSON nor lines of JSON.",
        422 => "Rows that the model does not accept, each with its field.",
        503 => "Too many requests wait, or the prediction took too long.",
        _ => "The prediction failed.",
    };
    let refusal = |status: &u16| {
        let answer =
            json!({ "description": text(*status), "content": body_of(reference("Refusal")) });
        (status.to_string(), answer)
    };
    statuses.iter().map(refusal).collect()
}

fn answers(success: Value, refused: &[u16]) -> Value {
    let mut all = refusals(refused);
    all.insert("200".to_owned(), success);
    Value::Object(all)
}

fn predict(model: &Documented<'_>, name: &str, id: &str, settings: &Settings) -> Value {
    let row = reference(&format!("{name}Row"));
    let prediction = reference(&format!("{name}Prediction"));
    // In words: a body may have too many bytes before it has too many rows.
    let limits =
        format!("At most {} rows, in at most {} bytes.", settings.row_limit, settings.body_limit);
    let rows = json!({ "type": "array", "items": row, "description": limits });
    let predictions = json!({ "type": "array", "items": prediction });
    let generation = json!({
        "description": "1 for the first model, 2 for the one that replaced it, and so on.",
        "schema": { "type": "integer", "minimum": 1 },
    });
    let success = json!({
        "description": "The prediction for the row, or those for all rows in their order.",
        "headers": { "model-generation": generation },
        "content": body_of(json!({ "anyOf": [prediction, predictions] })),
    });
    json!({ "post": {
        "operationId": format!("predict{id}"),
        "summary": format!("Predictions of `{}`", model.description.model),
        "description": "Takes one row or a list of rows. With the content type `application/x-ndjson` every \
            line is a row, and every line of the answer a prediction or `{\"error\": ..}`.",
        "requestBody": {
            "required": true,
            "content": body_of(json!({ "anyOf": [row, rows] })),
        },
        "responses": answers(success, &[400, 408, 413, 415, 422, 500, 503]),
    } })
}

fn explain(model: &Documented<'_>, name: &str, id: &str) -> Value {
    let mut outputs: Vec<Value> =
        explained(model.description).into_iter().map(Value::from).collect();
    outputs.push(Value::Null);
    let request = json!({
        "type": "object",
        "description": "`element` chooses a class, label or element of the output, from 0; by default the \
            predicted class, or the first one.",
        "properties": {
            "row": reference(&format!("{name}Row")),
            "output": {
                "description": "The output; by default the first one.",
                "enum": outputs,
            },
        },
        "required": ["row"],
    });
    let success = json!({
        "description": "The shares of the inputs in the prediction: Shapley values.",
        "content": body_of(reference("Explanation")),
    });
    json!({ "post": {
        "operationId": format!("explain{id}"),
        "summary": format!("Why `{}` predicts what it does", model.description.model),
        "requestBody": { "required": true, "content": body_of(request) },
        "responses": answers(success, &[400, 408, 413, 415, 422, 500, 503]),
    } })
}

/// The outputs that can be explained: those with a loss.
fn explained(description: &Description) -> Vec<&str> {
    use multi_input_data::description::Predicts;
    let trained = description.outputs.iter().filter(|output| output.predicts != Predicts::Values);
    trained.map(|output| &*output.name).collect()
}

fn described(model: &Documented<'_>, id: &str) -> Value {
    json!({ "get": {
        "operationId": format!("description{id}"),
        "summary": format!("The inputs and outputs of `{}`", model.description.model),
        "responses": { "200": {
            "description": "Types, ranges, categories and documentation.",
            "content": body_of(json!({ "type": "object" })),
        } },
    } })
}

fn status(path: &str, summary: &str, statuses: &[u16]) -> Value {
    let schema = json!({
        "type": "object",
        "properties": { "status": { "type": "string" }, "reason": { "type": "string" } },
        "required": ["status"],
    });
    let answer = |status: &u16| {
        let text = if *status == 200 { "Yes." } else { "No." };
        let answer = json!({ "description": text, "content": body_of(schema.clone()) });
        (status.to_string(), answer)
    };
    let answers: Map<String, Value> = statuses.iter().map(answer).collect();
    json!({ "get": { "operationId": path, "summary": summary, "responses": answers } })
}

fn listed() -> Value {
    let model = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "path": { "type": "string" },
            "generation": { "type": "integer" },
        },
        "required": ["name", "path", "generation"],
    });
    json!({ "get": {
        "operationId": "models",
        "summary": "The models of the server",
        "responses": { "200": {
            "description": "Names and paths.",
            "content": body_of(json!({ "type": "array", "items": model })),
        } },
    } })
}

fn metrics() -> Value {
    json!({ "get": {
        "operationId": "metrics",
        "summary": "Counters in the text format of Prometheus",
        "responses": { "200": {
            "description": "Requests, rows, batches and times by model.",
            "content": { "text/plain": { "schema": { "type": "string" } } },
        } },
    } })
}

fn refusal() -> Value {
    let row = json!({
        "type": "object",
        "properties": {
            "row": { "type": "integer", "description": "The index of the row, from 0." },
            "field": { "type": "string" },
            "expected": { "type": "string" },
            "found": { "type": "string" },
            "message": { "type": "string" },
        },
        "required": ["row", "message"],
    });
    json!({
        "type": "object",
        "properties": {
            "message": { "type": "string" },
            "rows": { "type": "array", "items": row, "description": "The first bad rows." },
        },
        "required": ["message"],
    })
}

fn explanation() -> Value {
    let share = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "value": { "type": "string" },
            "share": { "type": "number" },
            "error": { "type": "number", "description": "The standard error of the share." },
        },
        "required": ["name", "value", "share", "error"],
    });
    json!({
        "type": "object",
        "properties": {
            "output": { "type": "string" },
            "element": { "type": "integer" },
            "prediction": { "type": "number" },
            "baseline": { "type": "number" },
            "shares": { "type": "array", "items": share },
        },
        "required": ["output", "prediction", "baseline", "shares"],
    })
}
