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
    // A pattern would hold for a key of another input that begins so as well.
    let is_alone = |prefix: &str| !row.properties.keys().any(|key| key.starts_with(prefix));
    let patterns = row.patterns.iter().filter(|(prefix, _)| is_alone(prefix));
    let patterns: Map<String, Value> =
        patterns.map(|(prefix, value)| (format!("^{}", literal(prefix)), value.clone())).collect();
    let mut schema = json!({
        "type": "object",
        "title": description.model,
        "properties": row.properties,
        "required": row.required,
    });
    if let Value::Object(schema) = &mut schema {
        if !row.groups.is_empty() {
            schema.insert("allOf".to_owned(), row.groups.into());
        }
        if !patterns.is_empty() {
            schema.insert("patternProperties".to_owned(), patterns.into());
        }
        schema.extend(row.others.map(|others| ("additionalProperties".to_owned(), others)));
    }
    schema
}

#[derive(Default)]
struct Row {
    properties: Map<String, Value>,
    required: Vec<String>,
    groups: Vec<Value>,
    /// By the beginning of keys.
    patterns: Vec<(String, Value)>,
    /// All other keys.
    others: Option<Value>,
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
            // How many these are and how they go on is not known.
            Keys::Prefix(prefix) => {
                self.patterns.push((prefix.clone(), of_some(input)));
            }
            Keys::AllOthers => self.others = Some(of_some(input)),
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

    fn property(&mut self, key: &str, schema: Value, description: String) {
        self.properties.insert(key.to_owned(), with_words(schema, description));
    }
}

/// A schema with a description, if there is one.
fn with_words(mut schema: Value, description: String) -> Value {
    if let (Value::Object(schema), false) = (&mut schema, description.is_empty()) {
        schema.insert("description".to_owned(), description.into());
    }
    schema
}

/// The value of one of the keys that are not known by name.
fn of_some(input: &InputDescription) -> Value {
    let value = match input.optional || input.blanks || input.list {
        true => cells::or_missing(input),
        false => cells::present(input),
    };
    with_words(value, in_words(input, None))
}

/// A regular expression that matches this text.
fn literal(text: &str) -> String {
    let escaped = |c: char| match r"\^$.|?*+()[]{}/".contains(c) {
        true => vec!['\\', c],
        false => vec![c],
    };
    text.chars().flat_map(escaped).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str, keys: Value) -> Value {
        json!({
            "name": name,
            "value": { "kind": "number", "double": false },
            "shape": [2],
            "keys": keys,
        })
    }

    fn of(inputs: Vec<Value>) -> Value {
        let description = json!({ "model": "Plant", "inputs": inputs, "outputs": [] });
        schema(&serde_json::from_value(description).unwrap())
    }

    #[test]
    fn keys_that_are_not_known_by_name_have_the_schema_of_their_input() {
        let number = json!({ "type": "number", "minimum": -(1 << 24), "maximum": 1 << 24 });
        let row = of(vec![
            input("at", json!({ "each": ["x", "y"] })),
            input("pixels", json!({ "prefix": "p.x_" })),
            input("rest", json!("all_others")),
        ]);
        let patterns = row["patternProperties"].as_object().unwrap();
        assert_eq!(patterns.keys().collect::<Vec<_>>(), [r"^p\.x_"]);
        assert_eq!(patterns[r"^p\.x_"]["anyOf"][0], number);
        assert_eq!(row["additionalProperties"]["anyOf"][0], number);
        assert_eq!(row["required"], json!(["x", "y"]));
    }

    #[test]
    fn a_beginning_that_a_known_key_has_is_no_pattern() {
        let row = of(vec![
            input("pixels", json!({ "prefix": "p" })),
            input("at", json!({ "each": ["px", "y"] })),
        ]);
        assert_eq!(row.get("patternProperties"), None);
    }
}
