//! A checksum of the raw values of training rows.

use multi_input_data::{Column, Picture, Pixels, Table, Values};
use serde::{Deserialize, Serialize};

use crate::checksum::{Crc32c, Digest};

/// The checksum of a stream of rows. It does not depend on how the rows are cut into tables. Where several
/// ranks each read a part of the rows, it depends on the parts.
#[derive(Debug, Default)]
pub(super) struct Fingerprint {
    columns: Vec<Sums>,
    parts: PartSums,
    /// Whether there are rows after those of the parts.
    has_rows: bool,
}

/// The checksums of consecutive parts of the rows, without those of parts that have no rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct PartSums(Vec<u32>);

impl PartSums {
    /// Appends the checksums of the parts that follow.
    pub(super) fn extend(&mut self, later: PartSums) {
        self.0.extend(later.0);
    }

    /// These parts and a part that follows, if it has rows.
    pub(super) fn with(&self, last: Option<u32>) -> PartSums {
        PartSums(self.0.iter().copied().chain(last).collect())
    }

    /// The checksum of all parts: of a single one, its own. `None` without rows.
    pub(super) fn value(&self) -> Option<u32> {
        match &*self.0 {
            [] => None,
            [only] => Some(*only),
            parts => {
                let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_le_bytes()).collect();
                Some(Crc32c::of(&bytes))
            }
        }
    }
}

/// The checksums of one column.
#[derive(Clone, Debug, Default)]
struct Sums {
    numbers: Digest,
    others: Crc32c,
    present: Crc32c,
}

impl Fingerprint {
    /// The checksum of one table.
    pub(super) fn of(table: &Table) -> u32 {
        let mut own = Fingerprint::default();
        own.update(table);
        own.value()
    }

    /// Adds rows.
    pub(super) fn update(&mut self, table: &Table) {
        self.has_rows |= table.rows > 0;
        self.columns.resize_with(table.columns.len(), Sums::default);
        for (sums, column) in self.columns.iter_mut().zip(&table.columns) {
            sums.update(column);
        }
    }

    /// The checksum of all rows so far.
    pub(super) fn value(&self) -> u32 {
        self.parts().value().unwrap_or_else(|| self.own_value())
    }

    /// The checksums of all parts so far, for [`merge`](Fingerprint::merge).
    pub(super) fn parts(&self) -> PartSums {
        self.parts.with(self.has_rows.then(|| self.own_value()))
    }

    /// Adds the rows of parts that follow.
    pub(super) fn merge(&mut self, later: PartSums) {
        self.parts = self.parts();
        self.parts.extend(later);
        (self.columns, self.has_rows) = (Vec::new(), false);
    }

    fn own_value(&self) -> u32 {
        let mut sum = Crc32c::default();
        for Sums { numbers, others, present } in &self.columns {
            sum.update(&numbers.bytes());
            sum.update(&others.value().to_le_bytes());
            sum.update(&present.value().to_le_bytes());
        }
        sum.value()
    }
}

/// 2^64 divided by the golden ratio.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Sums {
    fn update(&mut self, column: &Column) {
        self.update_values(&column.values);
        let flags = column.present.iter().flatten();
        flags.for_each(|there| self.present.update(&[u8::from(*there)]));
    }

    fn update_values(&mut self, values: &Values) {
        let Sums { numbers, others, .. } = self;
        match values {
            Values::Numbers(all) => numbers.update(all, |x| x.to_bits()),
            // A product with an odd factor carries every input bit into the upper half.
            Values::Doubles(all) => {
                numbers.update(all, |x| (x.to_bits().wrapping_mul(ODD) >> 32) as u32);
            }
            Values::Categories(all) => numbers.update(all, |x| x),
            Values::Texts(texts) => texts.iter().for_each(|text| {
                others.update(&(text.len() as u64).to_le_bytes());
                others.update(text.as_bytes());
            }),
            Values::Pictures(pictures) => {
                pictures.iter().for_each(|picture| update_picture(picture, others));
            }
            Values::Dates(dates) => dates.iter().for_each(|date| {
                others.update(&date.and_utc().timestamp_micros().to_le_bytes());
            }),
            Values::Lists(lists) => lists.iter().for_each(|list| {
                self.others.update(&(list.len() as u64).to_le_bytes());
                self.update_values(list);
            }),
        }
    }
}

fn update_picture(picture: &Picture, sum: &mut Crc32c) {
    sum.update(&(picture.width() as u64).to_le_bytes());
    match picture.pixels() {
        Pixels::Eight(values) => sum.update(values),
        Pixels::Sixteen(values) => {
            values.iter().for_each(|value| sum.update(&value.to_le_bytes()));
        }
        Pixels::Resized(values) => {
            values.iter().for_each(|value| sum.update(&value.to_le_bytes()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use multi_input_data::Content;

    use super::*;

    fn table(numbers: &[f64]) -> Table {
        let values = Arc::new(Values::Doubles(numbers.to_vec()));
        let content = Content::Doubles { blanks: false };
        let column =
            Column { name: "seconds", content, width: 1, values, present: None, lengths: None };
        Table { columns: vec![column], rows: numbers.len() }
    }

    #[test]
    fn every_bit_of_a_double_tells_and_tables_do_not() {
        let numbers = [1_700_000_000.0, 0.1, -3.5e200];
        let own = Fingerprint::of(&table(&numbers));
        for bit in 0..64 {
            let mut others = numbers;
            others[1] = f64::from_bits(others[1].to_bits() ^ 1 << bit);
            assert_ne!(Fingerprint::of(&table(&others)), own, "bit {bit}");
        }
        let mut parts = Fingerprint::default();
        parts.update(&table(&numbers[..1]));
        parts.update(&table(&numbers[1..]));
        assert_eq!(parts.value(), own);
    }

    #[test]
    fn parts_have_a_checksum_in_their_order_and_one_part_has_its_own() {
        let of = |numbers: &[f64]| {
            let mut own = Fingerprint::default();
            own.update(&table(numbers));
            own
        };
        let merged = |parts: &[&[f64]]| {
            let mut all = Fingerprint::default();
            parts.iter().for_each(|part| all.merge(of(part).parts()));
            all.value()
        };
        let whole = of(&[1.0, 2.0, 3.0]).value();
        assert_eq!(merged(&[&[1.0, 2.0, 3.0]]), whole);
        assert_eq!(merged(&[&[], &[1.0, 2.0, 3.0], &[]]), whole, "parts without rows");
        assert_eq!(merged(&[]), Fingerprint::default().value());
        let halves = merged(&[&[1.0, 2.0], &[3.0]]);
        assert_eq!(merged(&[&[1.0, 2.0], &[], &[3.0]]), halves);
        assert_ne!(merged(&[&[3.0], &[1.0, 2.0]]), halves);
        assert_ne!(merged(&[&[1.0], &[2.0, 3.0]]), halves);
        let mut own = of(&[1.0, 2.0]);
        own.merge(of(&[3.0]).parts());
        assert_eq!(own.value(), halves);
    }
}
