//! `multi-input-init data/houses.csv --target price [--name House] [--names a,b,c]`

use std::{path::PathBuf, process::ExitCode};

use multi_input_init::{describe, Request};

const USAGE: &str =
    "usage: multi-input-init FILE --target COLUMN [--name STRUCT] [--names COLUMN,...]

Writes a program with a first annotated struct for the file (CSV, TSV, JSON lines, or Parquet
with the feature `parquet`) to the standard
output. COLUMN is what the model is to predict; --names gives the names of all columns, for a file
without a line of names.";

/// The arguments of the command line.
#[derive(Default)]
struct Arguments {
    path: Option<PathBuf>,
    target: Option<String>,
    name: Option<String>,
    names: Option<Vec<String>>,
}

fn main() -> ExitCode {
    let described = arguments(std::env::args().skip(1)).and_then(|arguments| {
        let (Some(path), Some(target)) = (&arguments.path, &arguments.target) else {
            return Err(USAGE.to_owned());
        };
        let (name, names) = (arguments.name.as_deref(), arguments.names.clone());
        describe(&Request { path, target, name, names })
    });
    match described {
        Ok(program) => {
            print!("{program}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    while let Some(argument) = given.next() {
        let mut value =
            || given.next().ok_or_else(|| format!("`{argument}` lacks its value\n{USAGE}"));
        match argument.as_str() {
            "--target" => arguments.target = Some(value()?),
            "--name" => arguments.name = Some(value()?),
            "--names" => {
                let names = value()?;
                arguments.names =
                    Some(names.split(',').map(|name| name.trim().to_owned()).collect());
            }
            path if !path.starts_with('-') && arguments.path.is_none() => {
                arguments.path = Some(path.into());
            }
            _ => return Err(format!("`{argument}` is not known\n{USAGE}")),
        }
    }
    Ok(arguments)
}
