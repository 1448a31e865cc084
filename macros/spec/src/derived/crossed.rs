//! `crossed`: a hashed cross of several categorical inputs.

use super::{Derivation, Source};
use crate::{ArgumentKind, Doc, Kind, Onnx, Parameter, Range, Shape, Text, Value};

/// The row of the table.
pub const DERIVATION: Derivation = Derivation {
    name: "crossed",
    type_name: "Crossed",
    doc: Doc {
        computes: "the hash of the combination of two or more categories, modulo `buckets`",
        shape: "categories, or numbers with `bins`, to one category below `buckets`",
        keras: "`HashedCrossing` (another hash)",
        torch: "",
        also: &["HashedCrossing", "crossed_column", "cross", "feature_cross", "crossing"],
        onnx: Onnx::refused(
            "it is a hash of its inputs, which ONNX has no operator for",
            "let the node enter behind its preprocessing, by `export = onnx(encoded(..))`",
        ),
    },
    parameters: &[
        Parameter::required("buckets", ArgumentKind::Size),
        Parameter::optional("salt", ArgumentKind::Number(Range::Whole)).or("0"),
    ],
    least: 2,
    takes,
    output,
};

/// # Errors
/// An input that is neither a category nor encoded as one.
pub const fn takes(source: &Source<'_>) -> Result<(), Text> {
    if source.is_raw_category() || source.is_encoded_category() {
        return Ok(());
    }
    let (found, instead) = match source.raw.kind {
        _ if source.raw.is_list() => ("a list of any length", ""),
        Kind::Numbers if source.raw.rank() == 0 && source.encoded.rank() < 2 => {
            ("a number", "; make categories of it with `bins(n)`")
        }
        Kind::Numbers => ("numbers", ""),
        Kind::Categories => ("a list of categories", ""),
        Kind::Texts if source.raw.rank() == 0 => ("a text that is read word by word", ""),
        Kind::Texts => ("a list of texts", ""),
        Kind::Pictures => ("a picture", ""),
        Kind::Dates => ("a date", ""),
    };
    let text = Text::new("`crossed` takes one category of each input, but `").str(source.name);
    Err(text.str("` is ").str(found).str(instead))
}

/// One category below `buckets`.
pub const fn output(arguments: &[Value]) -> Result<Shape, Text> {
    Ok(Shape::categories(&[]).below(arguments[0].size()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Size;

    fn refusal(raw: Shape, encoded: Shape) -> Option<String> {
        let source = Source { name: "it", raw, encoded };
        takes(&source).err().map(|text| text.as_str().to_owned())
    }

    #[test]
    fn one_category_is_taken_and_nothing_else() {
        let (texts, dates) = (Shape::new(Kind::Texts, &[]), Shape::new(Kind::Dates, &[]));
        let (one, ten) = (Shape::categories(&[]), Shape::categories(&[Size::Known(10)]));
        let (number, vector) = (Shape::numbers(&[]), Shape::numbers(&[Size::Known(10)]));
        for (raw, encoded) in
            [(one, one), (texts, one), (texts, texts), (one, vector), (number, one)]
        {
            assert_eq!(refusal(raw, encoded), None);
        }
        let words = refusal(texts, ten).unwrap();
        assert!(words.ends_with("but `it` is a text that is read word by word"), "{words}");
        let plain = refusal(number, Shape::numbers(&[Size::Known(1)])).unwrap();
        assert!(plain.ends_with("is a number; make categories of it with `bins(n)`"), "{plain}");
        assert!(refusal(ten, ten).unwrap().ends_with("is a list of categories"));
        assert!(refusal(vector, vector).unwrap().ends_with("is numbers"));
        let list = refusal(one.with_list(true), ten).unwrap();
        assert!(list.ends_with("is a list of any length"), "{list}");
        assert!(refusal(dates, vector).unwrap().ends_with("is a date"));
    }

    #[test]
    fn the_buckets_bound_the_category() {
        let shape = output(&[Value::Size(Size::Known(9)), Value::Absent]).unwrap();
        assert_eq!((shape.rank(), shape.below.get()), (0, 9));
    }
}
