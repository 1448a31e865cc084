//! What is shown while training.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use crate::history::Figures;

/// Whether training shows how it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// A bar on standard error where that is a terminal, and nothing else.
    #[default]
    Auto,
    /// Nothing.
    Silent,
}

/// The bar of a run.
pub(super) struct Bar(Option<ProgressBar>);

impl Bar {
    /// A bar over all steps of a run.
    pub(super) fn new(progress: Progress, epochs: usize, steps: usize) -> Bar {
        if progress == Progress::Silent || !std::io::stderr().is_terminal() {
            return Bar(None);
        }
        let bar = ProgressBar::new((epochs * steps) as u64);
        let template = "{bar:30} {pos}/{len} steps, {per_sec}, {eta} left  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Bar(Some(bar))
    }

    pub(super) fn step(&self) {
        if let Some(bar) = &self.0 {
            bar.inc(1);
        }
    }

    pub(super) fn epoch(&self, epoch: usize, figures: &Figures) {
        if let Some(bar) = &self.0 {
            bar.set_message(format!("epoch {}: {figures}", epoch + 1));
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.abandon();
        }
    }
}
