//! Statistics that are merged with those of the rows that follow, which another process has read.

use serde::{de::DeserializeOwned, Serialize};

use super::hashed::sip_hash;
use crate::{
    binary::{from_bytes, to_bytes},
    schema::Schema,
};

/// Statistics of some rows, which can be merged with those of the rows that follow.
pub(super) trait Mergeable: Serialize + DeserializeOwned {
    /// Adds the statistics of the rows that follow. Statistics of no rows change nothing.
    ///
    /// # Errors
    /// If the statistics are those of something else.
    fn merge(&mut self, later: Self) -> Result<(), String>;
}

/// The columns of a step, or its elements, one by one.
impl<T: Mergeable> Mergeable for Vec<T> {
    fn merge(&mut self, later: Vec<T>) -> Result<(), String> {
        if self.len() != later.len() {
            return Err(format!("expected {} columns, found {}", self.len(), later.len()));
        }
        self.iter_mut().zip(later).try_for_each(|(own, later)| own.merge(later))
    }
}

/// Statistics that one of the two may lack, because nothing is fitted.
impl<T: Mergeable> Mergeable for Option<T> {
    fn merge(&mut self, later: Option<T>) -> Result<(), String> {
        match (self, later) {
            (Some(own), Some(later)) => own.merge(later),
            (None, None) => Ok(()),
            (Some(_), None) => Err("statistics are missing".to_owned()),
            (None, Some(_)) => Err("statistics that are not collected".to_owned()),
        }
    }
}

/// The methods of a [`LearnedStep`](super::stage::LearnedStep) whose state is [`Mergeable`].
macro_rules! merges_state {
    () => {
        fn save_state(&self, state: &Self::State) -> Result<Vec<u8>, String> {
            crate::binary::to_bytes(state)
        }

        fn merge_state(
            &self,
            state: &mut Self::State,
            _: &Step,
            later: &[u8],
        ) -> Result<(), String> {
            $crate::preprocess::merging::Mergeable::merge(state, crate::binary::from_bytes(later)?)
        }
    };
}
pub(super) use merges_state;

/// The number of bytes of a checksum.
const CHECKSUM: usize = 8;

/// The bytes of statistics of a model's rows, with checksums of the schema and of the bytes.
///
/// # Errors
/// That of the serializer.
pub fn seal_statistics<T: Serialize>(schema: &Schema, statistics: &T) -> Result<Vec<u8>, String> {
    let bytes = to_bytes(statistics)?;
    let sums = [checksum_of(schema), checksum(&bytes)];
    Ok([&sums.concat(), bytes.as_slice()].concat())
}

/// The statistics that [`seal_statistics`] wrote.
///
/// # Errors
/// If the bytes are damaged, or those of another schema.
pub fn open_statistics<T: DeserializeOwned>(schema: &Schema, sealed: &[u8]) -> Result<T, String> {
    let parts = sealed.split_at_checked(CHECKSUM).and_then(|(of_schema, rest)| {
        let (sum, bytes) = rest.split_at_checked(CHECKSUM)?;
        Some((of_schema, sum, bytes))
    });
    match parts {
        Some((of_schema, ..)) if of_schema != checksum_of(schema) => {
            Err(format!("they are not the statistics of this build of `{}`", schema.name))
        }
        Some((_, sum, bytes)) if sum == checksum(bytes) => from_bytes(bytes),
        _ => Err("the statistics were damaged on their way".to_owned()),
    }
}

/// The checksum of a schema: of its fields, their types, and their steps with all arguments.
fn checksum_of(schema: &Schema) -> [u8; CHECKSUM] {
    checksum(format!("{schema:?}").as_bytes())
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    sip_hash(bytes, [0; 2]).to_le_bytes()
}
