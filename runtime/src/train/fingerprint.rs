//! What tells rows from others: a checksum of the raw values.

use crate::{
    checksum::{Crc32c, Digest},
    data::{Column, Picture, Pixels, Table, Values},
};

/// The checksum of the rows that went by. In how many tables they come makes no difference.
#[derive(Debug, Default)]
pub(super) struct Fingerprint(Vec<Sums>);

/// Of a column.
#[derive(Clone, Debug, Default)]
struct Sums {
    numbers: Digest,
    others: Crc32c,
    present: Crc32c,
}

impl Fingerprint {
    /// Of one table.
    pub(super) fn of(table: &Table) -> u32 {
        let mut own = Fingerprint::default();
        own.look(table);
        own.value()
    }

    /// Takes further rows.
    pub(super) fn look(&mut self, table: &Table) {
        self.0.resize_with(table.columns.len(), Sums::default);
        for (sums, column) in self.0.iter_mut().zip(&table.columns) {
            sums.look(column);
        }
    }

    /// The checksum.
    pub(super) fn value(&self) -> u32 {
        let mut sum = Crc32c::default();
        for Sums { numbers, others, present } in &self.0 {
            sum.update(&numbers.bytes());
            sum.update(&others.value().to_le_bytes());
            sum.update(&present.value().to_le_bytes());
        }
        sum.value()
    }
}

impl Sums {
    fn look(&mut self, column: &Column) {
        let Sums { numbers, others, present } = self;
        match &*column.values {
            Values::Numbers(all) => numbers.update(all, |x| x.to_bits()),
            Values::Categories(all) => numbers.update(all, |x| x),
            Values::Texts(texts) => texts.iter().for_each(|text| {
                others.update(&(text.len() as u64).to_le_bytes());
                others.update(text.as_bytes());
            }),
            Values::Pictures(pictures) => {
                pictures.iter().for_each(|picture| look_at(picture, others));
            }
            Values::Dates(dates) => dates.iter().for_each(|date| {
                others.update(&date.and_utc().timestamp_micros().to_le_bytes());
            }),
        }
        let flags = column.present.iter().flatten();
        flags.for_each(|there| present.update(&[u8::from(*there)]));
    }
}

fn look_at(picture: &Picture, sum: &mut Crc32c) {
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
