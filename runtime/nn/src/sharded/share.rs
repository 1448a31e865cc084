//! Which rows of a table a machine holds.

use std::cell::Cell;

use dfdx::shapes::{Const, ConstDim, Dim};

/// The rows that one of several machines holds of every sharded table: row r is held by machine r
/// modulo their number, as its row r divided by their number. So categories that are near each
/// other, which often are equally frequent, are on different machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableShare {
    machine: usize,
    machines: usize,
}

thread_local! {
    static CURRENT: Cell<TableShare> = const { Cell::new(TableShare::WHOLE) };
}

impl TableShare {
    /// All rows.
    pub const WHOLE: TableShare = TableShare { machine: 0, machines: 1 };

    /// The rows of a machine, which is below the number of machines.
    pub const fn of(machine: usize, machines: usize) -> TableShare {
        assert!(machine < machines, "machines are numbered from 0");
        TableShare { machine, machines }
    }

    /// Whether it is all rows.
    pub const fn is_whole(self) -> bool {
        self.machines == 1
    }

    /// The number of rows of a table of `all` rows.
    pub const fn rows(self, all: usize) -> usize {
        (all + self.machines - 1 - self.machine) / self.machines
    }

    /// The machine that holds a row of the table.
    pub const fn owner(self, row: usize) -> usize {
        row % self.machines
    }

    /// The number among the rows of this machine of a row that it holds; `None` for other rows.
    pub const fn held(self, row: usize) -> Option<usize> {
        if row % self.machines == self.machine {
            Some(row / self.machines)
        } else {
            None
        }
    }

    /// The number in the table of a row that this machine holds.
    pub const fn row(self, held: usize) -> usize {
        held * self.machines + self.machine
    }

    /// Whether a machine of another division may hold rows of this one: row r is held by both if it
    /// has both remainders, which have to agree where both numbers of machines have a divisor.
    pub const fn may_share_rows(self, other: TableShare) -> bool {
        let (mut divisor, mut rest) = (self.machines, other.machines);
        while rest > 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        self.machine % divisor == other.machine % divisor
    }

    /// Calls `build`, in which sharded tables are built with these rows. Elsewhere they are built
    /// with all rows.
    pub fn while_building<R>(self, build: impl FnOnce() -> R) -> R {
        /// Restores the share of the caller, also after a panic.
        struct Restore(TableShare);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        let _restore = Restore(CURRENT.replace(self));
        build()
    }

    /// The share of the tables that are being built.
    pub(crate) fn current() -> TableShare {
        CURRENT.get()
    }
}

/// The dimension of the rows of a table of `N` rows that are divided among machines. Its size is the
/// number of rows that this machine holds.
///
/// It is a [`ConstDim`], so that dfdx builds tensors of it. Its default is the size in the
/// [share](TableShare::while_building) that is being built, and `N` elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardedRows<const N: usize>(usize);

impl<const N: usize> Default for ShardedRows<N> {
    fn default() -> Self {
        ShardedRows(TableShare::current().rows(N))
    }
}

impl<const N: usize> Dim for ShardedRows<N> {
    fn size(&self) -> usize {
        self.0
    }

    fn from_size(size: usize) -> Option<Self> {
        (size <= N).then_some(ShardedRows(size))
    }
}

impl<const N: usize> ConstDim for ShardedRows<N> {
    const SIZE: usize = N;
}

/// The dimension of the rows of a table: `Const<N>`, or [`ShardedRows<N>`].
pub trait TableDim: ConstDim {
    /// Whether the rows may be divided among machines.
    const SHARDED: bool;
}

impl<const N: usize> TableDim for Const<N> {
    const SHARDED: bool = false;
}

impl<const N: usize> TableDim for ShardedRows<N> {
    const SHARDED: bool = true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_held_by_one_machine() {
        for (rows, machines) in [(0, 1), (1, 1), (1, 3), (7, 4), (8, 4), (9, 4), (100, 7)] {
            let shares: Vec<TableShare> =
                (0..machines).map(|machine| TableShare::of(machine, machines)).collect();
            let held: usize = shares.iter().map(|share| share.rows(rows)).sum();
            assert_eq!(held, rows);
            for row in 0..rows {
                for (machine, share) in shares.iter().enumerate() {
                    assert_eq!(share.owner(row) == machine, share.held(row).is_some());
                    if let Some(held) = share.held(row) {
                        assert_eq!(share.row(held), row);
                        assert!(held < share.rows(rows));
                    }
                }
            }
        }
    }

    #[test]
    fn shares_of_two_divisions_have_the_rows_with_both_remainders() {
        let all = |machines| (0..machines).map(move |machine| TableShare::of(machine, machines));
        for (machines, others) in [(1, 1), (1, 3), (2, 2), (2, 3), (4, 6), (6, 9), (8, 2)] {
            for own in all(machines) {
                for other in all(others) {
                    let mut rows = 0..machines * others;
                    let common =
                        rows.any(|row| own.held(row).is_some() && other.held(row).is_some());
                    assert_eq!(own.may_share_rows(other), common, "{own:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn a_dimension_has_the_size_of_the_share_that_is_built() {
        let size = || ShardedRows::<7>::default().size();
        assert_eq!(size(), 7);
        let sizes = [0, 1].map(|machine| TableShare::of(machine, 2).while_building(size));
        assert_eq!(sizes, [4, 3]);
        assert_eq!(size(), 7);
        assert!(ShardedRows::<7>::from_size(8).is_none());
    }
}
