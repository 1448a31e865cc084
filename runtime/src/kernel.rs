//! The bounds of a custom module: the dtypes and devices that models run on.

pub use multi_input_kernel::{Backend, Element};
