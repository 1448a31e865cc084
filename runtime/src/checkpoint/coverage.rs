//! The record of what training has reached, in a file.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    file::{Contents, Stored},
    key, COVERAGE,
};
use crate::{
    model::{Bits, Coverage},
    Result,
};

/// Adds the record to what a file holds: the absent inputs as a text, the rows of each table as the
/// bits of a tensor.
pub(super) fn add(coverage: &Coverage, contents: &mut Contents) -> Result<()> {
    let (tables, absent) = coverage.parts();
    contents.texts.insert(key::COVERAGE.to_owned(), super::model::in_json(absent)?);
    for (owner, bits) in tables {
        let stored = Stored::of_bytes(bits.bytes().to_vec());
        contents.tensors.insert(format!("{COVERAGE}{owner}"), stored);
    }
    Ok(())
}

/// The record in a file; `None` where an older version has written it.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(contents: &Contents) -> std::result::Result<Option<Coverage>, String> {
    let Some(absent) = contents.texts.get(key::COVERAGE) else { return Ok(None) };
    let absent: BTreeSet<String> =
        serde_json::from_str(absent).map_err(|error| format!("its coverage: {error}"))?;
    let tables = contents.tensors.iter().filter_map(|(name, stored)| {
        let owner = name.strip_prefix(COVERAGE)?.to_owned();
        Some((owner, Bits::of_bytes(stored.bytes.clone())))
    });
    let tables: BTreeMap<String, Bits> = tables.collect();
    Ok(Some(Coverage::of_parts(tables, absent)))
}
