//! Plots as plain SVG, without scripts, fonts or external files. `svg.rs` has the drawing
//! primitives; each kind of plot has a file.

mod bars;
mod curves;
mod matrix;
pub(crate) mod svg;
mod ticks;
mod waterfall;

use std::path::Path;

use multi_input_base::{Error, Result};

pub(crate) use bars::{bars, Bar};
pub(crate) use curves::{curves, panel, Panel, Series, XScale};
pub(crate) use matrix::{cells, matrix};
pub(crate) use waterfall::{waterfall, Step};

/// Writes a plot or an HTML page.
///
/// # Errors
/// [`Error::File`] where the file cannot be written.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|source| Error::File {
        action: "write",
        path: path.into(),
        source,
    })
}
