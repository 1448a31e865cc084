//! Predictions as JSON.

use multi_input_data::description::{OutputDescription, Parts, Predicts};

/// Appends the prediction for row `row` of `values`, which hold the numbers of every output row by row:
/// an object with the outputs by name, as `HousePriceOutputs` is serialized. What is not finite is
/// `null`.
pub(crate) fn write_row(
    outputs: &[OutputDescription],
    values: &[Vec<f64>],
    row: usize,
    json: &mut Vec<u8>,
) {
    json.push(b'{');
    for (index, (output, values)) in outputs.iter().zip(values).enumerate() {
        if index > 0 {
            json.push(b',');
        }
        write_text(&output.name, json);
        json.push(b':');
        let width = output.width();
        let numbers = values.get(row * width..(row + 1) * width).unwrap_or_default();
        write_output(output, numbers, json);
    }
    json.push(b'}');
}

fn write_output(output: &OutputDescription, numbers: &[f64], json: &mut Vec<u8>) {
    let number = |number: &f64, json: &mut Vec<u8>| write_number(*number, output.double, json);
    if let Predicts::Classes { labels: Some(labels) } = &output.predicts {
        let entries = labels.iter().zip(numbers);
        return write_object(entries.map(|(label, value)| (&**label, value)), json, number);
    }
    let one = |parts: &[f64], json: &mut Vec<u8>| match &output.parts {
        Parts::Value => parts.iter().for_each(|value| number(value, json)),
        Parts::Named(names) => {
            let entries = names.iter().map(String::as_str).zip(parts);
            write_object(entries, json, number);
        }
        Parts::Quantiles(_) | Parts::Unnamed(_) => write_list(parts.iter(), json, number),
    };
    write_array(&output.shape, numbers, output.parts.count(), json, &one);
}

/// A nested list of this shape; each element takes `width` numbers.
fn write_array(
    shape: &[usize],
    numbers: &[f64],
    width: usize,
    json: &mut Vec<u8>,
    one: &dyn Fn(&[f64], &mut Vec<u8>),
) {
    let Some((_, inner)) = shape.split_first() else { return one(numbers, json) };
    let of_item = inner.iter().product::<usize>() * width;
    let items = numbers.chunks_exact(of_item.max(1));
    write_list(items, json, |item, json| write_array(inner, item, width, json, one));
}

fn write_list<T>(
    items: impl Iterator<Item = T>,
    json: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    json.push(b'[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            json.push(b',');
        }
        write(item, json);
    }
    json.push(b']');
}

fn write_object<'a, T>(
    entries: impl Iterator<Item = (&'a str, T)>,
    json: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    json.push(b'{');
    for (index, (name, value)) in entries.enumerate() {
        if index > 0 {
            json.push(b',');
        }
        write_text(name, json);
        json.push(b':');
        write(value, json);
    }
    json.push(b'}');
}

fn write_text(text: &str, json: &mut Vec<u8>) {
    // Nothing fails that is written to memory.
    _ = serde_json::to_writer(json, text);
}

/// A number with as many digits as its precision has.
fn write_number(number: f64, double: bool, json: &mut Vec<u8>) {
    _ = match double {
        true => serde_json::to_writer(json, &number),
        false => serde_json::to_writer(json, &(number as f32)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(predicts: Predicts, shape: &[usize], parts: Parts) -> OutputDescription {
        let (name, doc) = ("y".to_owned(), String::new());
        OutputDescription {
            name,
            doc,
            unit: None,
            predicts,
            shape: shape.to_vec(),
            parts,
            double: false,
        }
    }

    fn written(output: OutputDescription, values: &[f64], row: usize) -> String {
        let mut json = Vec::new();
        write_row(&[output], &[values.to_vec()], row, &mut json);
        String::from_utf8(json).unwrap()
    }

    #[test]
    fn every_kind_of_output_has_its_form() {
        let numbers = |shape: &[usize], parts| output(Predicts::Numbers, shape, parts);
        assert_eq!(written(numbers(&[], Parts::Value), &[1.0, 0.1], 1), r#"{"y":0.1}"#);
        assert_eq!(written(numbers(&[], Parts::Value), &[f64::NAN], 0), r#"{"y":null}"#);
        assert_eq!(written(numbers(&[1], Parts::Value), &[1.0, 0.1], 1), r#"{"y":[0.1]}"#);
        let nested = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(
            written(numbers(&[3, 2], Parts::Value), &nested, 0),
            r#"{"y":[[0.0,1.0],[2.0,3.0],[4.0,5.0]]}"#
        );
        let normal = || Parts::Named(vec!["mean".to_owned(), "std".to_owned()]);
        assert_eq!(written(numbers(&[], normal()), &nested, 1), r#"{"y":{"mean":2.0,"std":3.0}}"#);
        assert_eq!(
            written(numbers(&[2], normal()), &nested[..4], 0),
            r#"{"y":[{"mean":0.0,"std":1.0},{"mean":2.0,"std":3.0}]}"#
        );
        let quantiles = Parts::Quantiles(vec![0.1, 0.5, 0.9]);
        assert_eq!(written(numbers(&[], quantiles), &nested, 1), r#"{"y":[3.0,4.0,5.0]}"#);
        let classes = |labels| output(Predicts::Classes { labels }, &[3], Parts::Value);
        assert_eq!(written(classes(None), &nested, 0), r#"{"y":[0.0,1.0,2.0]}"#);
        let labels = Some(vec!["a".to_owned(), "\"b".to_owned()]);
        assert_eq!(written(classes(labels), &nested, 1), r#"{"y":{"a":3.0,"\"b":4.0}}"#);
        let double = OutputDescription { double: true, ..numbers(&[], Parts::Value) };
        assert_eq!(written(double, &[0.1_f32.into()], 0), r#"{"y":0.10000000149011612}"#);
    }
}
