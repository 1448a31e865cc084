//! The schema of a single value: what JSON a cell may be.

use multi_input_data::description::{DateForm, InputDescription, ValueKind};
use serde_json::{json, Value};

/// What Rust calls white space, which is removed around texts.
const SPACES: &str = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
/// The whole numbers that JSON holds as such.
const WHOLE: (i64, u64) = (i64::MIN, u64::MAX);
/// A number so small that every type holds it, if it is whole.
const NUMBER: &str = r"^[+-]?([0-9]{1,6}(\.[0-9]{0,12})?|\.[0-9]{1,12})([eE]-[0-9])?$";

/// A value that is there.
pub(super) fn present(input: &InputDescription) -> Value {
    let all = alternatives(input);
    let value = match <[Value; 1]>::try_from(all) {
        Ok([only]) => only,
        Err(all) => json!({ "anyOf": all }),
    };
    match excluded(input) {
        Some(markers) => json!({ "allOf": [value, { "not": { "enum": markers } }] }),
        None => value,
    }
}

/// A value that may be missing.
pub(super) fn or_missing(input: &InputDescription) -> Value {
    json!({ "anyOf": [present(input), missing(input)] })
}

/// A value that is missing.
pub(super) fn missing(input: &InputDescription) -> Value {
    let mut all = vec![json!({ "type": "null" }), text(&format!("^[{SPACES}]*$"))];
    all.extend(excluded(input).map(|markers| json!({ "enum": markers })));
    let words = match input.value {
        ValueKind::Text { .. } | ValueKind::Image { .. } | ValueKind::Custom => "",
        ValueKind::Date { .. } | ValueKind::Time { .. } => {
            "^([nN][aA][nN]|[nN][uU][lL][lL]|[nN][aA][tT])$"
        }
        _ => "^([nN][aA][nN]|[nN][uU][lL][lL])$",
    };
    if !words.is_empty() {
        all.push(text(words));
    }
    // So is a list of missing values, where the input is an array.
    let arrays = if input.list { &[][..] } else { &input.shape };
    arrays.iter().fold(json!({ "anyOf": all }), |missing, _| {
        json!({ "anyOf": [missing, { "type": "array", "items": missing, "minItems": 1 }] })
    })
}

fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// The declared markers of missing values, as texts and as numbers.
fn excluded(input: &InputDescription) -> Option<Vec<Value>> {
    let texts = input.missing.iter().map(|marker| Value::from(marker.as_str()));
    let number = |marker: &String| marker.parse::<serde_json::Number>().ok().map(Value::Number);
    let all: Vec<Value> = texts.chain(input.missing.iter().filter_map(number)).collect();
    (!all.is_empty()).then_some(all)
}

/// The greatest whole number up to which all are exact in the type of the input and behind its steps, where
/// numbers may become `f32`. Of greater ones some are accepted, which a schema cannot say.
fn most_exact(input: &InputDescription) -> i64 {
    match (&input.value, input.steps.is_empty()) {
        (ValueKind::Number { double: false }, _) | (_, true) => 1 << 24,
        _ => 1 << 53,
    }
}

fn alternatives(input: &InputDescription) -> Vec<Value> {
    match &input.value {
        ValueKind::Number { .. } => {
            let most = most_exact(input);
            let number = json!({ "type": "number", "minimum": -most, "maximum": most });
            vec![number, text(NUMBER)]
        }
        ValueKind::Integer { least, most } => {
            let exact = most_exact(input);
            let (least, most) = ((*least).max(-exact), (*most).min(exact.unsigned_abs()));
            let digits = exact.to_string().len() - 1;
            let sign = if least < 0 { "[+-]" } else { r"\+" };
            let number = json!({ "type": "integer", "minimum": least, "maximum": most });
            vec![number, text(&format!("^{sign}?[0-9]{{1,{digits}}}$"))]
        }
        ValueKind::Category { below } => {
            let most = below.saturating_sub(1).min(u32::MAX as usize);
            let digits = most.to_string().len().saturating_sub(1);
            let mut all = vec![json!({ "type": "integer", "minimum": 0, "maximum": most })];
            all.extend((digits > 0).then(|| text(&format!("^[0-9]{{1,{digits}}}$"))));
            if digits == 0 {
                all.push(text(&format!("^[0-{most}]$")));
            }
            all
        }
        ValueKind::Flag => {
            let words = r"^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE]|[yY][eE][sS]|[nN][oO]|[oO][nN]|[oO][fF][fF]|[tTfFyYnN01])$";
            vec![json!({ "type": "boolean" }), json!({ "enum": [0, 1] }), text(words)]
        }
        ValueKind::Text { .. } => {
            let (least, most) = WHOLE;
            let number = json!({ "type": "integer", "minimum": least, "maximum": most });
            vec![text(&format!("[^{SPACES}]")), number]
        }
        ValueKind::Date { form } => date(form, None),
        ValueKind::Time { form, zone } => date(form, Some(*zone)),
        ValueKind::Image { .. } => vec![json!({
            "type": "string",
            "format": "data-url",
            "description": "An image file in a `data:` URL.",
        })],
        ValueKind::Custom => vec![json!({})],
    }
}

/// A date, or a time with or without a zone.
fn date(form: &DateForm, zone: Option<bool>) -> Vec<Value> {
    const DAY: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])";
    const CLOCK: &str = r"[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?";
    match form {
        DateForm::Iso => match zone {
            None => vec![json!({ "type": "string", "format": "date" })],
            Some(false) => vec![text(&format!("^{DAY}({CLOCK})?$"))],
            Some(true) => vec![text(&format!(r"^{DAY}{CLOCK}(Z|[+-](0[0-9]|1[0-9]):[0-5][0-9])$"))],
        },
        DateForm::Pattern(pattern) => vec![of_pattern(pattern)],
        DateForm::Seconds => epoch(zone, 1),
        DateForm::Milliseconds => epoch(zone, 1000),
    }
}

/// Units since 1970, of which a second has this many; a date is midnight.
fn epoch(zone: Option<bool>, per_second: i64) -> Vec<Value> {
    // Within the years that chrono has.
    let most = 8_000_000_000_000_i64 * per_second;
    let step = if zone.is_none() { 86_400 * per_second } else { 1 };
    vec![json!({ "type": "integer", "minimum": -most, "maximum": most, "multipleOf": step })]
}

/// A text in the form of a pattern of `strftime`; any text where the pattern has parts beyond the usual
/// ones.
fn of_pattern(pattern: &str) -> Value {
    let mut regex = String::from("^");
    let mut rest = pattern.chars();
    while let Some(char) = rest.next() {
        let part = match char {
            '%' => match rest.next() {
                Some('Y') => "[0-9]{4}",
                Some('m') => "(0[1-9]|1[0-2])",
                Some('d') => "(0[1-9]|1[0-9]|2[0-8])",
                Some('y') => "[0-9]{2}",
                Some('H') => "([01][0-9]|2[0-3])",
                Some('M' | 'S') => "[0-5][0-9]",
                _ => {
                    return json!({ "type": "string", "description": format!("In the form `{pattern}`.") })
                }
            },
            '0'..='9' | 'a'..='z' | 'A'..='Z' | ' ' | ':' | '/' | '-' | ',' => {
                regex.push(char);
                continue;
            }
            other => {
                regex.push('\\');
                regex.push(other);
                continue;
            }
        };
        regex.push_str(part);
    }
    regex.push('$');
    json!({ "type": "string", "pattern": regex, "description": format!("In the form `{pattern}`.") })
}
