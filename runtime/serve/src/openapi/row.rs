//! The schema of a row.

use multi_input_data::description::{
    DateForm, Description, InputDescription, Keys, Known, Scalar, ValueKind,
};
use serde_json::{json, Map, Value};

use super::cells;

/// The inputs by their keys. What belongs together, such as the columns of an optional array, is said by
/// `allOf`.
pub(super) fn schema(description: &Description) -> Value {
    let mut row = Row::default();
    description.inputs.iter().for_each(|input| row.add(input));
    let mut schema = json!({
        "type": "object",
        "title": description.model,
        "properties": row.properties,
        "required": row.required,
    });
    if let (Value::Object(schema), false) = (&mut schema, row.groups.is_empty()) {
        schema.insert("allOf".to_owned(), row.groups.into());
    }
    schema
}

#[derive(Default)]
struct Row {
    properties: Map<String, Value>,
    required: Vec<String>,
    groups: Vec<Value>,
}

impl Row {
    fn add(&mut self, input: &InputDescription) {
        match &input.keys {
            Keys::One(key) => {
                self.property(key, whole(input), in_words(input, None));
                if !input.optional && !input.blanks && !input.list {
                    self.required.push(key.clone());
                }
            }
            Keys::Each(keys) => self.add_each(input, keys),
            // Which keys these are is not known.
            Keys::Prefix(_) | Keys::AllOthers => {}
        }
    }

    fn add_each(&mut self, input: &InputDescription, keys: &[String]) {
        let is_text = matches!(input.value, ValueKind::Text { .. });
        // The pieces of a text are joined, so that one of them is enough.
        let is_joined = is_text && input.shape.is_empty() && keys.len() > 1;
        let may_lack = input.optional || input.blanks || input.list || is_joined;
        for (index, key) in keys.iter().enumerate() {
            let value = match may_lack {
                true => cells::or_missing(input),
                false => cells::present(input),
            };
            self.property(key, value, in_words(input, Some(index)));
        }
        let each = |value: Value| -> Map<String, Value> {
            keys.iter().map(|key| (key.clone(), value.clone())).collect()
        };
        if !may_lack {
            self.required.extend(keys.iter().cloned());
        } else if is_joined && !input.optional && !input.blanks {
            let one = keys.iter().map(
                |key| json!({ "required": [key], "properties": { key: cells::present(input) } }),
            );
            self.groups.push(json!({ "anyOf": one.collect::<Vec<_>>() }));
        } else if input.optional && !input.blanks && !is_joined && !input.list {
            let all = json!({ "required": keys, "properties": each(cells::present(input)) });
            let none = json!({ "properties": each(cells::missing(input)) });
            self.groups.push(json!({ "anyOf": [all, none] }));
        }
    }

    fn property(&mut self, key: &str, mut schema: Value, description: String) {
        if let (Value::Object(schema), false) = (&mut schema, description.is_empty()) {
            schema.insert("description".to_owned(), description.into());
        }
        self.properties.insert(key.to_owned(), schema);
    }
}

/// The value of the one key of an input.
fn whole(input: &InputDescription) -> Value {
    let may_lack = input.optional || input.blanks;
    let item = match input.blanks {
        true => cells::or_missing(input),
        false => cells::present(input),
    };
    let array = input.shape.iter().rev().fold(item, |items, size| {
        json!({ "type": "array", "items": items, "minItems": size, "maxItems": size })
    });
    // An array of one may be written without brackets.
    let value = match input.shape.iter().product::<usize>() {
        1 if !input.shape.is_empty() => json!({ "anyOf": [array, cells::present(input)] }),
        _ => array,
    };
    match (input.list, may_lack) {
        (true, _) => {
            json!({ "anyOf": [{ "type": "array", "items": value }, cells::missing(input)] })
        }
        (false, true) => json!({ "anyOf": [value, cells::missing(input)] }),
        (false, false) => value,
    }
}

/// What a key holds. `index` is that of the value in an array.
fn in_words(input: &InputDescription, index: Option<usize>) -> String {
    let mut all = Vec::new();
    if let Some(index) = index.filter(|_| input.width() > 1) {
        all.push(format!("`{}[{index}]`.", input.name));
    }
    all.push(input.doc.trim().to_owned());
    all.extend(input.unit.as_ref().map(|unit| format!("In {unit}.")));
    match &input.value {
        ValueKind::Category { below } => all.push(format!("A category below {below}.")),
        ValueKind::Date { form: DateForm::Iso } => all.push("A date.".to_owned()),
        ValueKind::Time { form: DateForm::Iso, zone: true } => {
            all.push("A time with its zone.".to_owned());
        }
        _ => {}
    }
    if input.optional {
        all.push("May be absent.".to_owned());
    } else if input.blanks {
        all.push("Missing values are filled.".to_owned());
    }
    if let Some(Known { entries, more }) = &input.known {
        all.push(known(entries, *more));
    }
    let seen =
        input.seen.get(index.unwrap_or(0)).filter(|_| index.is_some() || input.seen.len() == 1);
    if let Some(Some([least, most])) = seen {
        all.push(format!("Training rows had {} to {}.", scalar(least), scalar(most)));
    }
    all.retain(|text| !text.is_empty());
    all.join(" ")
}

fn known(entries: &[String], more: usize) -> String {
    const MOST: usize = 20;
    let listed: Vec<&str> = entries.iter().take(MOST).map(String::as_str).collect();
    let more = match entries.len().saturating_sub(MOST) + more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("Known categories: {}{more}; any other one counts as unknown.", listed.join(", "))
}

fn scalar(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Number(number) => number.to_string(),
        Scalar::Date(date) => date.clone(),
    }
}
