//! Reading a checkpoint: everything is checked before anything of the model changes.

use std::{collections::HashSet, fs, path::Path};

use safetensors::{tensor::TensorView, SafeTensors};

use super::{dtype, key, CheckpointError, Signature, FORMAT};
use crate::{
    definition::{Graph, Network},
    kernel::{Backend, Element},
    model::Model,
    parameters::{self, Parameter},
    preprocess::Preprocessing,
    Error, Result,
};

/// Loads weights and preprocessing into `model`.
pub(crate) fn load<M: Network<E, D>, E: Element, D: Backend<E>>(
    model: &mut Model<M, E, D>,
    path: &Path,
) -> Result<()> {
    let bytes = fs::read(path).map_err(|source| Error::File {
        action: "read",
        path: path.into(),
        source,
    })?;
    let own = parameters::read(&model.module)?;
    let (values, preprocessing) = check::<E>(&M::GRAPH, &own, &bytes, path)?;
    parameters::write(&mut model.module, &values)?;
    model.preprocessing = preprocessing;
    Ok(())
}

/// All that the file holds, if it is a checkpoint of this model.
fn check<E>(
    graph: &'static Graph,
    own: &[Parameter],
    bytes: &[u8],
    path: &Path,
) -> std::result::Result<(Vec<Vec<f64>>, Option<Preprocessing>), CheckpointError> {
    let damaged = |reason: String| CheckpointError::Damaged { path: path.into(), reason };
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|error| damaged(error.to_string()))?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(error.to_string()))?;
    let entry = |key: &str| header.metadata().as_ref().and_then(|entries| entries.get(key));

    let format = entry(key::FORMAT).map_or("unknown", String::as_str);
    if format != FORMAT {
        let (expected, found) = (FORMAT.to_owned(), format.to_owned());
        return Err(CheckpointError::Format { path: path.into(), expected, found });
    }
    let text = |key: &str| entry(key).ok_or_else(|| damaged(format!("`{key}` is missing")));
    let signature: Signature = serde_json::from_str(text(key::SIGNATURE)?)
        .map_err(|error| damaged(format!("its signature: {error}")))?;
    if let Some(found) = Signature::of(graph).difference(&signature) {
        return Err(CheckpointError::OtherModel {
            path: path.into(),
            place: found.place,
            expected: found.expected,
            found: found.found,
        });
    }
    // A model that has never been trained has none.
    let preprocessing = entry(key::PREPROCESSING)
        .map(|text| Preprocessing::restore(graph, text))
        .transpose()
        .map_err(|reason| damaged(format!("its preprocessing: {reason}")))?;
    Ok((tensors::<E>(own, &file)?, preprocessing))
}

/// The values of every tensor of the model.
fn tensors<E>(
    own: &[Parameter],
    file: &SafeTensors<'_>,
) -> std::result::Result<Vec<Vec<f64>>, CheckpointError> {
    let values = own
        .iter()
        .map(|parameter| {
            let tensor = parameter.name.clone();
            let view = file
                .tensor(&parameter.name)
                .map_err(|_| CheckpointError::Missing { tensor: tensor.clone() })?;
            if view.dtype() != dtype::<E>() {
                let (expected, found) =
                    (format!("{:?}", dtype::<E>()), format!("{:?}", view.dtype()));
                return Err(CheckpointError::Dtype { tensor, expected, found });
            }
            if view.shape() != parameter.shape {
                let (expected, found) = (parameter.shape.clone(), view.shape().to_vec());
                return Err(CheckpointError::Shape { tensor, expected, found });
            }
            Ok(from_bytes(&view))
        })
        .collect::<std::result::Result<_, _>>()?;
    let known: HashSet<&str> = own.iter().map(|parameter| parameter.name.as_str()).collect();
    match file.names().into_iter().find(|name| !known.contains(name)) {
        Some(extra) => Err(CheckpointError::Extra { tensor: extra.to_owned() }),
        None => Ok(values),
    }
}

fn from_bytes(view: &TensorView<'_>) -> Vec<f64> {
    // `chunks_exact` gives chunks of exactly this size, so the arrays never fall back to zeros.
    match view.dtype() {
        safetensors::Dtype::F64 => {
            let chunks = view.data().chunks_exact(8);
            chunks.map(|chunk| f64::from_le_bytes(chunk.try_into().unwrap_or_default())).collect()
        }
        _ => {
            let chunks = view.data().chunks_exact(4);
            let number = |chunk: &[u8]| f32::from_le_bytes(chunk.try_into().unwrap_or_default());
            chunks.map(|chunk| f64::from(number(chunk))).collect()
        }
    }
}
