//! Restrictions on the image files of rows.

use std::{path::Path, sync::Arc};

use multi_input_base::Result;

use super::{BlockRequest, Blocks, SkipRefused, Source};
use crate::image::files::{confined_to, limited, ImageLimits};

/// See [`Source::images_within`] and [`Source::image_limits`].
#[derive(Clone, Debug)]
pub struct WithImages<S> {
    source: S,
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    Within(Arc<Path>),
    Limits(ImageLimits),
}

impl<S: Source> WithImages<S> {
    pub(super) fn within(source: S, folder: &Path) -> WithImages<S> {
        WithImages { source, rule: Rule::Within(folder.into()) }
    }

    pub(super) fn limits(source: S, limits: ImageLimits) -> WithImages<S> {
        WithImages { source, rule: Rule::Limits(limits) }
    }

    /// The items of `all`, read under the restriction.
    fn read<'a, I: Iterator + 'a>(&'a self, mut all: I) -> impl Iterator<Item = I::Item> + 'a {
        std::iter::from_fn(move || self.restricting(|| all.next()))
    }

    /// Runs `read` under the restriction.
    fn restricting<T>(&self, read: impl FnOnce() -> T) -> T {
        match &self.rule {
            Rule::Within(folder) => confined_to(folder, read),
            Rule::Limits(limits) => limited(*limits, read),
        }
    }
}

impl<S: Source> Source for WithImages<S> {
    type Row = S::Row;

    fn rows(&self) -> Result<impl Iterator<Item = Result<S::Row>>> {
        Ok(self.read(self.source.rows()?))
    }

    fn blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, S::Row>> {
        Ok(Box::new(self.read(self.source.blocks(request)?)))
    }

    fn count_rows(&self, request: &BlockRequest) -> Result<usize> {
        self.restricting(|| self.source.count_rows(request))
    }

    fn levels(&self) -> usize {
        self.source.levels()
    }

    fn skips(&self) -> Option<&dyn SkipRefused> {
        self.source.skips()
    }
}
