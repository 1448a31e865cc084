//! Writing a checkpoint so that a reader sees the old file or the new one, never half of it.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use safetensors::tensor::TensorView;

use super::{dtype, key, Signature, FORMAT};
use crate::{
    definition::Network,
    kernel::{Backend, Element},
    model::Model,
    parameters, Error, Result,
};

/// Saves weights, preprocessing and signature.
pub(crate) fn save<M: Network<E, D>, E: Element, D: Backend<E>>(
    model: &Model<M, E, D>,
    path: &Path,
) -> Result<()> {
    let failed = |source| Error::File { action: "write", path: path.into(), source };
    let bytes = serialize(model)?.map_err(|error| failed(io::Error::other(error)))?;
    replace(path, &bytes).map_err(failed)
}

/// The bytes of the file.
fn serialize<M: Network<E, D>, E: Element, D: Backend<E>>(
    model: &Model<M, E, D>,
) -> Result<std::result::Result<Vec<u8>, String>> {
    let tensors: Vec<_> = parameters::read(&model.module)?
        .into_iter()
        .map(|parameter| (parameter.name, parameter.shape, to_bytes::<E>(&parameter.values)))
        .collect();
    Ok((|| {
        let text = |error: serde_json::Error| error.to_string();
        let signature = serde_json::to_string(&Signature::of(&M::GRAPH)).map_err(text)?;
        let mut metadata = HashMap::from([
            (key::FORMAT.to_owned(), FORMAT.to_owned()),
            (key::SIGNATURE.to_owned(), signature),
        ]);
        if let Some(fitted) = &model.preprocessing {
            metadata.insert(key::PREPROCESSING.to_owned(), fitted.save().map_err(text)?);
        }
        let views: Vec<_> = tensors
            .iter()
            .map(|(name, shape, bytes)| {
                TensorView::new(dtype::<E>(), shape.clone(), bytes).map(|view| (name, view))
            })
            .collect::<std::result::Result<_, _>>()
            .map_err(|error| error.to_string())?;
        safetensors::serialize(views, Some(metadata)).map_err(|error| error.to_string())
    })())
}

fn to_bytes<E>(values: &[f64]) -> Vec<u8> {
    match dtype::<E>() {
        safetensors::Dtype::F64 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        _ => values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect(),
    }
}

/// Writes beside the file, waits for the disk, and only then takes the file's place.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    let partial = path.with_file_name(name);
    let written = File::create(&partial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        // The reason is more use to the user than a second failure would be.
        let _ = fs::remove_file(&partial);
        return written;
    }
    sync_folder(path)
}

/// Makes the new name survive a power cut, where folders can be synced.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
