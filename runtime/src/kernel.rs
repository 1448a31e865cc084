//! What a module of one's own is bound by: the dtypes and devices that models run on.

pub use multi_input_kernel::{Backend, Element};
