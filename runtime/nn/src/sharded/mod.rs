//! Embedding tables whose rows are divided among several machines, because one cannot hold them.
//!
//! The weight of such a table is a tensor of the rows that a machine *holds* ([`TableShare`]), so
//! that everything that reads, changes and saves tensors deals with these. What a module computes
//! on a batch needs the rows that the batch looks up, wherever they are. They are fetched before
//! the pass ([`FetchedTable`]), and the layer finds them in a thread-local variable ([`scope`]):
//! dfdx's `forward` has no argument for them. After the backward pass their gradients are there
//! too, and go to the machines that hold the rows.
//!
//! ```
//! use dfdx::{nn::{BuildModule, Module}, prelude::*};
//! use multi_input_nn::{layer::Embedding, sharded::{self, FetchedTable, ShardedRows, TableShare}};
//!
//! type Table = Embedding<5, 1, f32, Cpu, 0, ShardedRows<5>>;
//! // The same seed on both machines: together they hold the rows of the whole table.
//! let of_machine = |machine| -> Table {
//!     let device = Cpu::seed_from_u64(1);
//!     TableShare::of(machine, 2).while_building(|| BuildModule::build(&device))
//! };
//! let (first, second) = (of_machine(0), of_machine(1));
//! assert_eq!(first.weight.shape().concrete(), [3, 1]);
//! assert_eq!(second.weight.shape().concrete(), [2, 1]);
//!
//! // The first machine looks up row 3, the second row of the second machine.
//! let x = Cpu::default().tensor([3usize]);
//! assert!(first.try_forward(x.clone()).is_err());
//! let fetched = FetchedTable::new(vec![3], vec![second.weight.as_vec()[1]]);
//! let mut all = vec![(sharded::id_of(&first.weight), fetched)];
//! let y = sharded::scope(&mut all, || first.forward(x));
//! assert_eq!(y.array()[0][0], second.weight.as_vec()[1]);
//! ```

mod fetched;
mod share;

pub(crate) use fetched::{add_gradient, look_up};
pub use fetched::{scope, FetchedTable, FetchedTables};
pub use share::{ShardedRows, TableDim, TableShare};

pub use crate::tensor::id as id_of;

#[cfg(test)]
mod tests;
