//! A model in a file.

use std::{collections::HashSet, path::Path};

use multi_input_base::{Error, Result};
use multi_input_data::preprocess::{FittedFields, Preprocessing};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::parameters::ParameterInfo;

use super::{
    coverage,
    file::{self, Contents, Stored},
    key,
    renames::Renamed,
    CheckpointError, Signature, COVERAGE, TRAINING,
};
use crate::{
    definition::Graph,
    uncertainty::Saved,
    untyped::{parameters, tables, LookUp, UntypedModel},
};

/// Saves weights, preprocessing and signature.
pub(crate) fn save<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    path: &Path,
) -> Result<()> {
    contents(model)?.write(path)
}

/// The contents of a model's file.
pub(super) fn contents<E: Element, D: Backend<E>>(model: &UntypedModel<E, D>) -> Result<Contents> {
    let stored = |tensor: ParameterInfo, numbers: &[E]| {
        let numbers = numbers.iter().map(|number| number.as_f64());
        (tensor.name, Stored::of::<E>(tensor.shape, numbers))
    };
    let tensors = parameters::each(&model.module, stored).into_iter().collect();
    let signature = in_json(&Signature::of(model.graph()))?;
    let mut contents = Contents { tensors, texts: [(key::SIGNATURE.to_owned(), signature)].into() };
    if let Some(coverage) = &model.coverage {
        coverage::add(coverage, &mut contents)?;
    }
    if let Some(fitted) = &model.preprocessing {
        let preprocessing = fitted.save().map_err(Error::device)?;
        contents.texts.insert(key::PREPROCESSING.to_owned(), preprocessing);
    } else if !model.taken.is_empty() {
        let taken = model.taken.save().map_err(Error::device)?;
        contents.texts.insert(key::TAKEN.to_owned(), taken);
    }
    if !model.uncertainty.is_empty() {
        contents.texts.insert(key::UNCERTAINTY.to_owned(), in_json(&model.uncertainty)?);
    }
    Ok(contents)
}

pub(super) fn in_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::device)
}

/// Loads weights and preprocessing into `model`. Everything is checked before anything changes.
pub(crate) fn load<E: Element, D: Backend<E>>(
    model: &mut UntypedModel<E, D>,
    path: &Path,
    dtypes: Dtypes,
) -> Result<()> {
    load_read(model, path, Contents::read(path)?, dtypes)
}

/// As [`load`], of contents that were read before from `name`.
pub(super) fn load_read<E: Element, D: Backend<E>>(
    model: &mut UntypedModel<E, D>,
    name: &Path,
    contents: Contents,
    dtypes: Dtypes,
) -> Result<()> {
    let file = Renamed::of(model.graph(), name, contents)?;
    take(model, name, &file, Purpose::Predict, dtypes)
}

/// Which dtypes the tensors of a file may have.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtypes {
    /// That of the model.
    Same,
    /// `f32` or `f64`; the numbers are rounded to that of the model.
    Converted,
}

/// The purpose of loading a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To predict: untrained vectors are filled with means.
    Predict,
    /// To resume a run: the weights are loaded unchanged.
    Resume,
}

/// Loads the contents of a file into `model`.
pub(super) fn take<E: Element, D: Backend<E>>(
    model: &mut UntypedModel<E, D>,
    path: &Path,
    file: &Renamed,
    purpose: Purpose,
    dtypes: Dtypes,
) -> Result<()> {
    let Renamed { contents, renames } = file;
    let own = parameters::list(&model.module);
    let preprocessing = preprocessing(model.graph(), path, contents)?;
    let uncertainty = uncertainty(model.graph(), contents)
        .map_err(|reason| CheckpointError::Damaged { path: path.into(), reason })?;
    let stored = tensors::<E>(&own, path, contents, dtypes)?;
    let damaged = |reason| CheckpointError::Damaged { path: path.into(), reason };
    let coverage = coverage::read(contents).map_err(damaged)?;
    let names = own.iter().map(|parameter| parameter.name.as_str());
    let tables = tables(&LookUp::all(model.graph()), names);
    coverage::check::<E>(contents, &own, &tables, dtypes).map_err(damaged)?;
    let taken = contents.texts.get(key::TAKEN);
    let taken = taken.map(|saved| FittedFields::restore(model.graph(), saved, |_| true));
    let taken = taken.transpose().map_err(|reason| damaged(format!("its fields: {reason}")))?;
    let fills = coverage.as_ref().filter(|(_, fills)| *fills && purpose == Purpose::Predict);
    parameters::edit(&mut model.module, |index, numbers| {
        stored[index].copy_into(numbers);
        let Some((coverage, _)) = fills else { return };
        if let Some(look_up) = tables[index].filter(|_| own[index].trainable) {
            coverage.fill_table(&look_up, numbers, None);
        }
        if let Some(mean) = coverage::stand_in(contents, &own[index].name) {
            mean.copy_into(numbers);
        }
    })?;
    model.preprocessing = preprocessing;
    // Weights that were rounded to another dtype predict something else.
    let in_file = model.weights_checksum_where(|steps| renames.as_in_file(steps));
    model.uncertainty = uncertainty.of_weights(in_file).with_weights(model.weights_checksum());
    model.taken = taken.unwrap_or_default();
    model.initial = false;
    model.coverage = coverage.map(|(coverage, _)| coverage);
    Ok(())
}

/// The preprocessing in a file.
///
/// # Errors
/// [`CheckpointError`] if the file belongs to another model or is damaged.
fn preprocessing(
    graph: &'static Graph,
    path: &Path,
    contents: &Contents,
) -> std::result::Result<Option<Preprocessing>, CheckpointError> {
    let damaged = |reason: String| CheckpointError::Damaged { path: path.into(), reason };
    let signature: Signature = serde_json::from_str(contents.text(path, key::SIGNATURE)?)
        .map_err(|error| damaged(format!("its signature: {error}")))?;
    if let Some(found) = Signature::of(graph).difference(&signature) {
        return Err(CheckpointError::OtherModel {
            path: path.into(),
            place: found.name,
            expected: found.expected,
            found: found.found,
        });
    }
    // An untrained model has no preprocessing.
    let preprocessing = contents.texts.get(key::PREPROCESSING);
    preprocessing
        .map(|text| Preprocessing::restore(graph, text))
        .transpose()
        .map_err(|reason| damaged(format!("its preprocessing: {reason}")))
}

/// The intervals and calibrations in a file.
///
/// # Errors
/// What in them cannot belong to the model.
fn uncertainty(graph: &Graph, contents: &Contents) -> std::result::Result<Saved, String> {
    let Some(text) = contents.texts.get(key::UNCERTAINTY) else { return Ok(Saved::default()) };
    let saved: Saved = serde_json::from_str(text).map_err(|error| error.to_string())?;
    saved
        .mistake(graph)
        .map_or(Ok(saved), Err)
        .map_err(|reason| format!("its uncertainty: {reason}"))
}

/// Every tensor of the model.
///
/// # Errors
/// [`CheckpointError`] if a tensor is missing or has another shape or dtype.
fn tensors<'a, E: Element>(
    own: &[ParameterInfo],
    path: &Path,
    contents: &'a Contents,
    dtypes: Dtypes,
) -> std::result::Result<Vec<&'a Stored>, CheckpointError> {
    let values = own
        .iter()
        .map(|parameter| {
            let (tensor, path) = (parameter.name.clone(), path.to_owned());
            let Some(stored) = contents.tensors.get(&tensor) else {
                return Err(CheckpointError::Missing { path, tensor });
            };
            match (dtypes, stored.not_held::<E>()) {
                (Dtypes::Same, _) => stored.check_dtype::<E>(&path, &tensor)?,
                (Dtypes::Converted, None) => {}
                (Dtypes::Converted, Some(found)) => {
                    let dtype = format!("{:?}", file::dtype::<E>());
                    return Err(CheckpointError::Range { path, tensor, found, dtype });
                }
            }
            if stored.shape != parameter.shape {
                let (expected, found) = (parameter.shape.clone(), stored.shape.clone());
                return Err(CheckpointError::Shape { path, tensor, expected, found });
            }
            Ok(stored)
        })
        .collect::<std::result::Result<_, _>>()?;
    let known: HashSet<&str> = own.iter().map(|parameter| parameter.name.as_str()).collect();
    let mut others = contents
        .tensors
        .keys()
        .filter(|name| !name.starts_with(TRAINING) && !name.starts_with(COVERAGE));
    match others.find(|name| !known.contains(name.as_str())) {
        Some(extra) => Err(CheckpointError::Extra { path: path.to_owned(), tensor: extra.clone() }),
        None => Ok(values),
    }
}
