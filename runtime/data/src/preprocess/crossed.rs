//! `crossed`: hashed feature cross of several inputs.

use super::{
    hashed::sip_hash,
    stage::{Derivation, Refusal, Sources},
};
use crate::{schema::Derived, Column, Values};

/// One category below `buckets` for each combination of the categories of several inputs, so that a
/// layer can learn interactions: `#[derived(crossed(district, kind, 1000))]`. The order of the
/// inputs matters.
///
/// The raw values are crossed, before the input's own steps, so texts and numbers that are not in a
/// vocabulary stay distinct. A numeric input is crossed by its `bins` interval. An absent input is
/// a separate category, different from every text and number, independent of its replacement
/// policy.
///
/// The category is a hash modulo `buckets`, so distinct combinations may collide. The hash is
/// SipHash-2-4 with the key (salt, salt), as in `hashed`, of the concatenation of all values: for
/// each value its length in bytes plus 1 as 8 bytes (little-endian), then the text (of a number,
/// its decimal digits); for an absent value, 8 zero bytes.
///
/// `keras.layers.HashedCrossing(num_bins=buckets)`, which hashes FarmHash fingerprints: the indices
/// differ, with the same distribution. It supports no salt, no bins and no absent values.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "HashedCrossing")]
#[doc(alias = "crossed_column")]
#[doc(alias = "cross")]
#[doc(alias = "feature_cross")]
#[doc(alias = "crossing")]
pub struct Crossed;

impl Derivation for Crossed {
    /// A number is crossed by the interval of its `bins`.
    fn takes_encoded(&self) -> bool {
        true
    }

    fn derive(&self, derived: &Derived, of: &Sources<'_>) -> Result<Values, Refusal> {
        let buckets = derived.output.below.get().max(1) as u64;
        let salt = derived.argument("salt").number_or(0.0) as u64;
        let mut key = Vec::new();
        let category = |row: usize| {
            key.clear();
            of.columns().iter().for_each(|column| push(column, row, &mut key));
            (sip_hash(&key, [salt, salt]) % buckets) as u32
        };
        Ok(Values::Categories((0..of.len()).map(category).collect()))
    }
}

/// Appends the value of a row to the hashed bytes.
fn push(column: &Column, row: usize, key: &mut Vec<u8>) {
    let mut text = |text: &str| {
        key.extend((text.len() as u64 + 1).to_le_bytes());
        key.extend(text.as_bytes());
    };
    match &*column.values {
        _ if !column.is_present(row) => key.extend(0_u64.to_le_bytes()),
        Values::Texts(texts) => text(&texts[row]),
        Values::Categories(indices) => text(&indices[row].to_string()),
        // The spec accepts no other values.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use multi_input_spec::{derived::crossed::DERIVATION, Shape, Size, Value};

    use super::*;
    use crate::Content;

    const CROSSED: Derived = Derived {
        name: "both",
        spec: &DERIVATION,
        inputs: &[0, 1],
        arguments: &[Value::Size(Size::Known(1_000_000)), Value::Absent],
        own: None,
        raw: Shape::categories(&[]).below(Size::Known(1_000_000)),
        steps: &[],
        output: Shape::categories(&[]).below(Size::Known(1_000_000)),
        encoded_in_onnx: false,
        derivation: &Crossed,
    };

    fn texts(texts: &[&str]) -> Column {
        let values = Arc::new(Values::Texts(texts.iter().map(|text| (*text).into()).collect()));
        Column {
            name: "text",
            content: Content::Texts,
            width: 1,
            values,
            present: None,
            lengths: None,
        }
    }

    fn cross(of: &[Column]) -> Vec<u32> {
        let sources = Sources::new(of, of[0].values.len());
        let crossed = Crossed.derive(&CROSSED, &sources).unwrap();
        let Values::Categories(categories) = crossed else { panic!() };
        categories
    }

    #[test]
    fn values_keep_apart() {
        let found =
            cross(&[texts(&["ab", "a", "", "abc", "c"]), texts(&["c", "bc", "abc", "", "ab"])]);
        let mut different = found.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), 5, "{found:?}");
    }

    #[test]
    fn what_is_absent_is_a_category_of_its_own() {
        let mut optional = texts(&["", "", "0"]);
        optional.present = Some(vec![false, true, true]);
        let found = cross(&[texts(&["a", "a", "a"]), optional]);
        assert!(found[0] != found[1] && found[0] != found[2] && found[1] != found[2], "{found:?}");
    }

    #[test]
    fn a_number_is_its_digits() {
        let numbers = Column {
            name: "number",
            content: Content::Categories { below: usize::MAX },
            width: 1,
            values: Arc::new(Values::Categories(vec![7, 70])),
            present: None,
            lengths: None,
        };
        let as_texts = cross(&[texts(&["a", "b"]), texts(&["7", "70"])]);
        assert_eq!(cross(&[texts(&["a", "b"]), numbers]), as_texts);
    }
}
