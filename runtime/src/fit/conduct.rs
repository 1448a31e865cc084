//! How a step updates the weights, which callbacks may change and which is the same on all ranks.

use multi_input_base::{Error, Result};

use crate::cluster::{Reader, Writer};

/// The learning rate of a step, and the branches that are frozen in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conduct {
    pub(super) learning_rate: f64,
    /// The names of the branches, separated by commas.
    pub(super) frozen: String,
}

impl Conduct {
    pub(super) fn write(&self, to: &mut Writer) {
        to.double(self.learning_rate);
        to.bytes(self.frozen.as_bytes());
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Conduct> {
        Ok(Conduct { learning_rate: from.double()?, frozen: from.text()? })
    }

    /// Compares what all ranks do in a step.
    ///
    /// # Errors
    /// [`Error::Cluster`], if a rank does not do what rank 0 does.
    pub(super) fn compare(of_ranks: &[Conduct]) -> Result<()> {
        let Some((first, others)) = of_ranks.split_first() else { return Ok(()) };
        let Some(index) = others.iter().position(|other| other != first) else { return Ok(()) };
        let (other, rank) = (&others[index], index + 1);
        let differ = match first.learning_rate == other.learning_rate {
            false => format!(
                "the learning rate is {} on rank 0, {} on rank {rank}",
                first.learning_rate, other.learning_rate
            ),
            true => {
                let names = |conduct: &Conduct| match conduct.frozen.is_empty() {
                    true => "nothing".to_owned(),
                    false => format!("`{}`", conduct.frozen),
                };
                format!("frozen is {} on rank 0, {} on rank {rank}", names(first), names(other))
            }
        };
        Err(Error::Cluster(format!(
            "the ranks have to train alike, but in this step {differ}: a callback does not do the same \
             on all ranks"
        )))
    }
}
