//! Saves and loads the coverage of training.

use std::collections::{BTreeMap, BTreeSet};

use multi_input_base::Result;
use multi_input_kernel::Element;
use multi_input_nn::parameters::ParameterInfo;
use serde::{Deserialize, Serialize};

use super::{
    file::{dtype, Contents, Stored},
    key,
    model::Dtypes,
    renames::Renames,
    COVERAGE,
};
use crate::untyped::{Bits, Coverage, LookUp};

/// The coverage except for the rows of the tables.
#[derive(Serialize, Deserialize)]
struct Saved {
    /// The optional inputs that were absent in at least one row.
    absent: BTreeSet<String>,
    /// Whether the file holds the weights of a run, in which untrained vectors are filled with
    /// means on loading it as a model.
    #[serde(default)]
    fills: bool,
}

/// The prefix, in a run's file, of the mean that replaces the learned vector of an absent input.
pub(super) const STAND_IN: &str = "stand_in.";

/// Adds the coverage to a file: the absent inputs as a text, the rows of each table as the bits of
/// a tensor.
pub(super) fn add(coverage: &Coverage, contents: &mut Contents) -> Result<()> {
    write(coverage, contents, false)
}

fn write(coverage: &Coverage, contents: &mut Contents, fills: bool) -> Result<()> {
    let (tables, absent) = coverage.parts();
    let text = super::model::in_json(&Saved { absent: absent.clone(), fills })?;
    contents.texts.insert(key::COVERAGE.to_owned(), text);
    for (owner, bits) in tables {
        let stored = Stored::of_bytes(bits.bytes().to_vec());
        contents.tensors.insert(format!("{COVERAGE}{owner}"), stored);
    }
    Ok(())
}

/// Marks a run's file as one to fill on loading it as a model, and adds the means for the learned
/// vectors of inputs that were never absent.
pub(super) fn to_be_filled<E>(
    coverage: &Coverage,
    stand_ins: &[(String, Vec<f64>)],
    contents: &mut Contents,
) -> Result<()> {
    write(coverage, contents, true)?;
    for (tensor, mean) in stand_ins {
        let stored = Stored::of::<E>(vec![mean.len()], mean.iter().copied());
        contents.tensors.insert(format!("{COVERAGE}{STAND_IN}{tensor}"), stored);
    }
    Ok(())
}

/// The coverage in a file, and whether to fill untrained vectors; `None` in a file of an older
/// version.
///
/// # Errors
/// A description of invalid contents.
pub(super) fn read(contents: &Contents) -> std::result::Result<Option<(Coverage, bool)>, String> {
    let Some(text) = contents.texts.get(key::COVERAGE) else { return Ok(None) };
    let saved: Saved =
        serde_json::from_str(text).map_err(|error| format!("its coverage: {error}"))?;
    let tables = contents.tensors.iter().filter_map(|(name, stored)| {
        let owner = name.strip_prefix(COVERAGE)?;
        // The name of a node has no dot.
        (!owner.contains('.')).then(|| (owner.to_owned(), Bits::of_bytes(stored.bytes.clone())))
    });
    let tables: BTreeMap<String, Bits> = tables.collect();
    Ok(Some((Coverage::of_parts(tables, saved.absent), saved.fills)))
}

/// Renames the inputs that were absent; the tensors have their names already.
///
/// # Errors
/// A description of invalid contents.
pub(super) fn rename(
    renames: &Renames,
    contents: &mut Contents,
) -> std::result::Result<(), String> {
    let Some(text) = contents.texts.get_mut(key::COVERAGE) else { return Ok(()) };
    let described = |error: serde_json::Error| format!("its coverage: {error}");
    let Saved { absent, fills } = serde_json::from_str(text).map_err(described)?;
    let absent = absent.iter().map(|input| renames.node(input).to_owned()).collect();
    *text = serde_json::to_string(&Saved { absent, fills }).map_err(described)?;
    Ok(())
}

/// The mean that replaces a tensor, in a run's file.
pub(super) fn stand_in<'a>(contents: &'a Contents, tensor: &str) -> Option<&'a Stored> {
    contents.tensors.get(&format!("{COVERAGE}{STAND_IN}{tensor}"))
}

/// Checks that the coverage and the means fit the model's tensors.
///
/// # Errors
/// A description of the first mismatch.
pub(super) fn check<E: Element>(
    contents: &Contents,
    own: &[ParameterInfo],
    tables: &[Option<LookUp>],
    dtypes: Dtypes,
) -> std::result::Result<(), String> {
    for (tensor, table) in own.iter().zip(tables) {
        let mean = stand_in(contents, &tensor.name);
        let fits = |mean: &Stored| {
            let has_dtype = match dtypes {
                Dtypes::Same => mean.dtype == dtype::<E>(),
                Dtypes::Converted => mean.not_held::<E>().is_none(),
            };
            has_dtype && mean.shape == [tensor.elements()]
        };
        if !mean.is_none_or(fits) {
            return Err(format!("its mean in place of `{}` is of another size", tensor.name));
        }
        let Some(look_up) = table else { continue };
        let bits = contents.tensors.get(&format!("{COVERAGE}{}", look_up.owner));
        if bits.is_some_and(|bits| bits.bytes.len() > look_up.rows.div_ceil(8)) {
            return Err(format!("its coverage of `{}` is of a larger table", look_up.owner));
        }
    }
    Ok(())
}
