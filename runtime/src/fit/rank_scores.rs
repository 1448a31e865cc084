//! The scores of all shards of a batch, wherever they are.

use multi_input_base::Result;
use multi_input_kernel::Element;

use super::{ranks::Ranks, saved::ScoreState};
use crate::{
    cluster::{Reader, TreeSum, Writer},
    objective::Scores,
};

impl<E: Element> Ranks<E> {
    /// The scores over all shards; `own` are those of this rank's shards.
    pub(super) fn scores(
        &self,
        own: &[Scores],
        at: &'static str,
        none: impl Fn() -> Result<Scores>,
    ) -> Result<Scores> {
        let mut sum = TreeSum::new(self.shards.count);
        let merge = |own: &mut Scores, other: Scores| own.merge(&other.state());
        for (shard, scores) in self.shards.own.clone().zip(own) {
            let mut copy = none()?;
            copy.merge(&scores.state());
            sum.push(shard..shard + 1, copy, merge);
        }
        let mut part = Writer::default();
        sum.write(&mut part, |scores, part| write_state(&scores.state(), part));
        let mut whole = TreeSum::new(self.shards.count);
        let read = |reader: &mut Reader<'_>| {
            let mut scores = none()?;
            scores.merge(&read_state(reader)?);
            Ok(scores)
        };
        for part in self.cluster.gather(at, part.0)? {
            whole.read(&mut Reader(&part), read, merge)?;
        }
        whole.total()
    }

    /// The states of the scores of all shards, in their order.
    pub(super) fn states(&self, own: &[Scores]) -> Result<Vec<ScoreState>> {
        let mut part = Writer::default();
        part.number(own.len());
        own.iter().for_each(|scores| write_state(&scores.state(), &mut part));
        let mut states = Vec::new();
        for part in self.cluster.gather("a checkpoint", part.0)? {
            let mut reader = Reader(&part);
            for _ in 0..reader.number()? {
                states.push(read_state(&mut reader)?);
            }
        }
        Ok(states)
    }
}

fn write_state(state: &[(String, Vec<f64>)], to: &mut Writer) {
    to.number(state.len());
    for (name, numbers) in state {
        to.bytes(name.as_bytes());
        to.doubles(numbers);
    }
}

fn read_state(from: &mut Reader<'_>) -> Result<ScoreState> {
    let count = from.number()?;
    (0..count).map(|_| Ok((from.text()?, from.doubles()?))).collect()
}
