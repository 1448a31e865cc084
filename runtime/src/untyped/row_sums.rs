//! Sums over rows of a table.

use multi_input_base::Result;
use multi_input_kernel::Element;

use super::LookUp;
use crate::cluster::{damaged, Reader, Writer};

/// The sums over some rows of a table, and their number.
///
/// The rows of a sharded table may be added up on several ranks. Their sums are numbers in fixed
/// point, which are exact: so the mean has the same bits whichever rank has which rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowSums {
    sums: Sums,
    rows: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Sums {
    InOrder(Vec<f64>),
    /// In units of [`UNIT`].
    Exact(Vec<i128>),
}

/// The unit of exact sums, 2^-64: 10^9 rows of numbers up to 10^9 fit, and 10^-9 keeps ten digits.
const UNIT: f64 = 1.0 / (1_u128 << 64) as f64;

impl RowSums {
    /// The sums over no rows of a table.
    pub(super) fn new(look_up: &LookUp) -> RowSums {
        let sums = match look_up.sharded {
            true => Sums::Exact(vec![0; look_up.width]),
            false => Sums::InOrder(vec![0.0; look_up.width]),
        };
        RowSums { sums, rows: 0 }
    }

    pub(super) fn add_row<E: Element>(&mut self, numbers: &[E]) {
        self.rows += 1;
        match &mut self.sums {
            Sums::InOrder(sums) => {
                sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number.as_f64());
            }
            Sums::Exact(sums) => {
                // Numbers beyond the range are cut, and NaN becomes 0.
                let exact = |number: &E| (number.as_f64() / UNIT) as i128;
                let pairs = sums.iter_mut().zip(numbers);
                pairs.for_each(|(sum, number)| *sum = sum.saturating_add(exact(number)));
            }
        }
    }

    /// The mean of the rows; `None` without any.
    pub(crate) fn mean(&self) -> Option<Vec<f64>> {
        let rows = self.rows as f64;
        let mean = match &self.sums {
            Sums::InOrder(sums) => sums.iter().map(|sum| sum / rows).collect(),
            Sums::Exact(sums) => sums.iter().map(|sum| *sum as f64 * UNIT / rows).collect(),
        };
        (self.rows > 0).then_some(mean)
    }

    /// Writes exact sums.
    pub(super) fn write(&self, to: &mut Writer) {
        to.number(self.rows);
        if let Sums::Exact(sums) = &self.sums {
            sums.iter().for_each(|sum| to.0.extend(sum.to_le_bytes()));
        }
    }

    /// Adds the sums of another rank.
    pub(super) fn add(&mut self, from: &mut Reader<'_>) -> Result<()> {
        self.rows += from.number()?;
        if let Sums::Exact(sums) = &mut self.sums {
            for sum in sums {
                let bytes = from.take(size_of::<i128>())?.try_into().map_err(|_| damaged())?;
                *sum = sum.saturating_add(i128::from_le_bytes(bytes));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_sums_do_not_depend_on_the_order() {
        let mut look_up = LookUp::for_test("city", [9, 2], 0);
        look_up.sharded = true;
        let rows = [[0.1, -3e-9], [1e-3, 7e8], [-0.7, 2.5], [f64::NAN, -7e8]];
        let mut forward = RowSums::new(&look_up);
        rows.iter().for_each(|row| forward.add_row(row));
        let [mut first, mut last] = [RowSums::new(&look_up), RowSums::new(&look_up)];
        rows[2..].iter().rev().for_each(|row| first.add_row(row));
        rows[..2].iter().rev().for_each(|row| last.add_row(row));
        let mut message = Writer::default();
        last.write(&mut message);
        first.add(&mut Reader(&message.0)).unwrap();
        assert_eq!(first, forward);
        let mean = forward.mean().unwrap();
        assert!((mean[0] + 0.599 / 4.0).abs() < 1e-15, "{mean:?}");
        assert!((mean[1] - (2.5 - 3e-9) / 4.0).abs() < 1e-15, "{mean:?}");
        assert_eq!(RowSums::new(&look_up).mean(), None);
    }
}
