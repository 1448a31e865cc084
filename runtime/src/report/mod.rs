//! Pictures of models and runs, and a page that holds them all. Everything is plain SVG and HTML,
//! written here: no script, no font and no file besides.
//!
//! | to see | call |
//! |---|---|
//! | how figures went | [`History::plot`](crate::history::History::plot) |
//! | a model's graph | [`Definition::diagram`](crate::definition::Definition::diagram) |
//! | which classes are mistaken | [`ConfusionMatrix::plot`](crate::metric::ConfusionMatrix::plot) |
//! | how the loss depends on the learning rate | [`LearningRateCurve::plot`](crate::train::LearningRateCurve::plot) |
//! | which inputs matter | [`Importance::plot`](crate::importance::Importance::plot) |
//! | all of it | [`Report`] |

mod bars;
mod curves;
mod diagram;
mod html;
mod matrix;
mod page;
mod svg;
mod ticks;
mod worst;

pub(crate) use bars::{bars, Bar};
pub(crate) use curves::{curves, panel, Panel, Series, XScale};
pub(crate) use diagram::diagram;
pub(crate) use matrix::matrix;
pub(crate) use page::Page;
pub use page::Report;

use std::path::Path;

use multi_input_base::{Error, Result};

/// Writes a picture or a page.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|source| Error::File {
        action: "write",
        path: path.into(),
        source,
    })
}
