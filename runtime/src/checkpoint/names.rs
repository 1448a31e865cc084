//! The names of the numbers that a run has for a tensor of its model.

pub(crate) fn average(tensor: &str) -> String {
    format!("{AVERAGE}{tensor}")
}

/// A sum of gradients.
pub(crate) fn sum(tensor: &str) -> String {
    format!("{SUM}{tensor}")
}

pub(crate) fn slot(slot: usize, tensor: &str) -> String {
    format!("{SLOT}{slot}.{tensor}")
}

const AVERAGE: &str = "average.";
const SUM: &str = "sum.";
const SLOT: &str = "optimizer.";

/// What the numbers of a run are of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Average,
    Sum,
    Slot,
}

/// What a name says, with the tensor; `None` if it is none of these names.
pub(super) fn parsed(name: &str) -> Option<(Of, &str)> {
    let of = |start: &str, of: Of| Some((of, name.strip_prefix(start)?));
    let of_slot = || {
        let (_, tensor) = name.strip_prefix(SLOT)?.split_once('.')?;
        Some((Of::Slot, tensor))
    };
    of(AVERAGE, Of::Average).or_else(|| of(SUM, Of::Sum)).or_else(of_slot)
}
