//! A model in a file.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use multi_input_base::{Error, Result};
use multi_input_data::preprocess::{FittedFields, Preprocessing};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::parameters::ParameterInfo;

use super::{
    coverage,
    file::{self, Contents, Stored},
    key,
    parts::{self, Request},
    renames::Renamed,
    whole, CheckpointError, Signature, COVERAGE, TRAINING,
};
use crate::{
    definition::Graph,
    uncertainty::Saved,
    untyped::{parameters, tables, Coverage, LookUp, UntypedModel},
};

/// Saves weights, preprocessing and signature. All ranks call it for a model with divided tables.
pub(crate) fn save<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    path: &Path,
) -> Result<()> {
    match &model.divided {
        None => contents(model)?.write(path),
        Some(divided) => whole::save(model, divided, path),
    }
}

/// The contents of a model's file, without divided tables.
pub(super) fn contents<E: Element, D: Backend<E>>(model: &UntypedModel<E, D>) -> Result<Contents> {
    let mut tensors = BTreeMap::new();
    model.module.visit(&mut |tensor, elements| {
        if !model.is_divided(&tensor.name) {
            tensors.insert(tensor.name, Stored::of_elements(tensor.shape, elements));
        }
    });
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

/// Loads weights and preprocessing into `model`. Everything is checked before anything changes. All
/// ranks call it for a model with divided tables, each of which keeps its rows.
pub(crate) fn load<E: Element, D: Backend<E>>(
    model: &mut UntypedModel<E, D>,
    path: &Path,
    dtypes: Dtypes,
) -> Result<()> {
    let file = parts::open(path, &request(model, Purpose::Predict))
        .and_then(|opened| Ok(Renamed::of(model.graph(), path, opened)?));
    take(model, path, file, Purpose::Predict, dtypes)
}

/// As [`load`], of contents with all rows that were read before from `name`.
pub(super) fn load_read<E: Element, D: Backend<E>>(
    model: &mut UntypedModel<E, D>,
    name: &Path,
    contents: Contents,
    dtypes: Dtypes,
) -> Result<()> {
    let request = request(model, Purpose::Predict);
    let file = parts::share_of(name, contents, &request)
        .and_then(|opened| Ok(Renamed::of(model.graph(), name, opened)?));
    take(model, name, file, Purpose::Predict, dtypes)
}

/// What a model wants of a file.
pub(super) fn request<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    purpose: Purpose,
) -> Request<'_> {
    Request {
        graph: Some(model.graph()),
        divided: model.divided.as_ref(),
        dtype: file::dtype::<E>(),
        with_state: purpose == Purpose::Resume,
    }
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

/// Loads a file into `model`, if it fits, on all ranks or on none.
pub(super) fn take<E: Element, D: Backend<E>>(
    model: &mut UntypedModel<E, D>,
    path: &Path,
    file: Result<Renamed>,
    purpose: Purpose,
    dtypes: Dtypes,
) -> Result<()> {
    let checked = file.and_then(|file| Checked::of(model, path, file, dtypes));
    let checked = agree(model, checked, |checked| checked.file.contents.texts.get(key::CHECKSUM))?;
    let Checked { file: Renamed { mut contents, renames, whole }, coverage, .. } = checked;
    let fills = coverage.as_ref().filter(|(_, fills)| *fills && purpose == Purpose::Predict);
    let fills = fills.map(|(coverage, _)| coverage);
    let own = checked.own;
    parameters::edit(&mut model.module, |index, numbers| {
        let ParameterInfo { name, trainable, .. } = &own[index];
        // Its memory is free for the next one.
        let stored = contents.tensors.remove(name);
        stored.iter().for_each(|stored| stored.copy_into(numbers));
        let Some(coverage) = fills else { return };
        let is_divided = model.divided.as_ref().is_some_and(|own| own.index_of(name).is_some());
        if let Some(look_up) = checked.tables[index].filter(|_| *trainable && !is_divided) {
            coverage.fill_table(&look_up, numbers, None);
        }
        if let Some(mean) = coverage::stand_in(&contents, name) {
            mean.copy_into(numbers);
        }
    })?;
    if let Some(coverage) = fills {
        whole::fill_divided(model, coverage)?;
    }
    model.preprocessing = checked.preprocessing;
    model.uncertainty = Saved::default();
    if !checked.uncertainty.is_empty() {
        // Weights that were rounded to another dtype predict something else.
        let in_file = model.whole_checksum(&whole, |steps| renames.as_in_file(steps));
        let kept = checked.uncertainty.of_weights(in_file);
        model.uncertainty = kept.with_weights(model.weights_checksum());
    }
    model.taken = checked.taken;
    model.initial = false;
    model.coverage = coverage.map(|(coverage, _)| coverage);
    Ok(())
}

/// What a rank has found out, if all ranks of a model with divided tables have the same `text`.
pub(super) fn agree<E: Element, D: Backend<E>, R>(
    model: &UntypedModel<E, D>,
    found: Result<R>,
    text: impl FnOnce(&R) -> Option<&String>,
) -> Result<R> {
    let Some(cluster) = model.cluster() else { return found };
    let with_text = found.map(|found| {
        let text = text(&found).map_or("none".to_owned(), |sum| format!("checksum {sum}"));
        (found, text)
    });
    cluster.agree("the file to load", with_text)
}

/// A file that fits a model.
struct Checked {
    file: Renamed,
    own: Vec<ParameterInfo>,
    /// For each tensor the look-up whose table it is.
    tables: Vec<Option<LookUp>>,
    preprocessing: Option<Preprocessing>,
    uncertainty: Saved,
    coverage: Option<(Coverage, bool)>,
    taken: FittedFields,
}

impl Checked {
    fn of<E: Element, D: Backend<E>>(
        model: &UntypedModel<E, D>,
        path: &Path,
        file: Renamed,
        dtypes: Dtypes,
    ) -> Result<Checked> {
        let (contents, graph) = (&file.contents, model.graph());
        let own = parameters::list(&model.module);
        let damaged = |reason| CheckpointError::Damaged { path: path.into(), reason };
        let preprocessing = preprocessing(graph, path, contents)?;
        let uncertainty = uncertainty(graph, contents).map_err(damaged)?;
        check_tensors::<E>(&own, path, contents, dtypes)?;
        let coverage = coverage::read(contents).map_err(damaged)?;
        let names = own.iter().map(|parameter| parameter.name.as_str());
        let tables = tables(&LookUp::all(graph), names);
        coverage::check::<E>(contents, &own, &tables, dtypes).map_err(damaged)?;
        let taken = contents.texts.get(key::TAKEN);
        let taken = taken.map(|saved| FittedFields::restore(graph, saved, |_| true));
        let taken = taken.transpose().map_err(|reason| damaged(format!("its fields: {reason}")))?;
        let taken = taken.unwrap_or_default();
        Ok(Checked { file, own, tables, preprocessing, uncertainty, coverage, taken })
    }
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
    let signature = Signature::in_file(path, contents.text(path, key::SIGNATURE)?)?;
    Signature::of(graph).check(path, &signature)?;
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

/// Checks every tensor of the model.
///
/// # Errors
/// [`CheckpointError`] if a tensor is missing or has another shape or dtype.
fn check_tensors<E: Element>(
    own: &[ParameterInfo],
    path: &Path,
    contents: &Contents,
    dtypes: Dtypes,
) -> std::result::Result<(), CheckpointError> {
    for parameter in own {
        let (tensor, path) = (parameter.name.clone(), path.to_owned());
        let Some(stored) = contents.tensors.get(&tensor) else {
            return Err(CheckpointError::Missing { path, tensor });
        };
        if dtypes == Dtypes::Same {
            stored.check_dtype::<E>(&path, &tensor)?;
        } else if let Some(found) = stored.not_held::<E>() {
            let dtype = format!("{:?}", file::dtype::<E>());
            return Err(CheckpointError::Range { path, tensor, found, dtype });
        }
        if stored.shape != parameter.shape {
            let (expected, found) = (parameter.shape.clone(), stored.shape.clone());
            return Err(CheckpointError::Shape { path, tensor, expected, found });
        }
    }
    let known: HashSet<&str> = own.iter().map(|parameter| parameter.name.as_str()).collect();
    let mut others = contents
        .tensors
        .keys()
        .filter(|name| !name.starts_with(TRAINING) && !name.starts_with(COVERAGE));
    match others.find(|name| !known.contains(name.as_str())) {
        Some(extra) => Err(CheckpointError::Extra { path: path.to_owned(), tensor: extra.clone() }),
        None => Ok(()),
    }
}
