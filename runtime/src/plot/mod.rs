//! Pictures of numbers, as plain SVG: no script, no font and no file besides. `svg.rs` is the pen; each
//! kind of picture has a file.

mod bars;
mod curves;
mod matrix;
pub(crate) mod svg;
mod ticks;

use std::path::Path;

use multi_input_base::{Error, Result};

pub(crate) use bars::{bars, Bar};
pub(crate) use curves::{curves, panel, Panel, Series, XScale};
pub(crate) use matrix::matrix;

/// Writes a picture or a page.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|source| Error::File {
        action: "write",
        path: path.into(),
        source,
    })
}
