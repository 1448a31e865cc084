//! Writes a first annotated struct for a data file: file to [`Sample`], each column to a
//! [`Profile`], that to a field, all fields to the source code of a program.
//!
//! What a column holds is decided by the rules of `multi-input-cells`, by which the program reads it
//! later. To add a kind of column, add a variant to `Nature` in `nature.rs` and write its field in
//! `field.rs`.
#![forbid(unsafe_code)]

mod field;
mod identifier;
mod nature;
mod profile;
mod program;

use std::path::Path;

use multi_input_cells::{file::TableForm, sample, Limits, Sample, SampleError, SampleOptions};

use self::{nature::Nature, profile::Profile};

/// What to describe.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The file.
    pub path: &'a Path,
    /// The column to predict.
    pub target: &'a str,
    /// The name of the struct; by default that of the file.
    pub name: Option<&'a str>,
    /// The names of the columns, for a file without a line of names.
    pub names: Option<Vec<String>>,
}

/// The source code of a program that trains a model on the file.
///
/// # Errors
/// If the file cannot be read, has no rows, or no such column; or if no column is left to predict
/// from.
pub fn describe(request: &Request<'_>) -> Result<String, String> {
    let path = request.path.display();
    let sample = read(request).map_err(|reason| format!("{path}: {reason}"))?;
    let columns = &sample.columns;
    let target = columns.iter().position(|name| name == request.target).ok_or_else(|| {
        let names: Vec<String> = columns.iter().map(|name| format!("`{name}`")).collect();
        format!("{path} has no column `{}`; the columns are {}", request.target, names.join(", "))
    })?;
    if sample.is_empty() {
        return Err(format!("{path} has no rows below the names of its columns"));
    }
    let natures: Vec<(usize, Nature)> = (0..columns.len())
        .map(|column| (column, Nature::of(&Profile::of(&sample, column), column == target)))
        .collect();
    program::program(request, &sample, target, natures)
}

fn read(request: &Request<'_>) -> Result<Sample, String> {
    let form = TableForm { names: request.names.clone(), ..TableForm::default() };
    let options = SampleOptions { form, ..SampleOptions::default() };
    sample(request.path, &options, &Limits::default()).map_err(|error| match error {
        SampleError::Absent => "there is no such file".to_owned(),
        SampleError::Unreadable(error) => error.to_string(),
        SampleError::Format(message) => message,
        SampleError::Line(line, message) => format!("line {line}: {message}"),
    })
}
