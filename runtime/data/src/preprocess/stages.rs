//! The built-in steps as [`Stage`]s that are compiled in this crate, and not in the crate of the
//! annotated struct.

use std::sync::Arc;

use multi_input_spec::step::Nature;
use serde_json::Value as Json;

use super::{
    stage::{FittedStage, StageFit},
    Stage,
};
use crate::{schema::Step, Picture};

macro_rules! stages {
    ($($step:ident),+) => {$(
        #[doc = concat!("`", stringify!($step), "` as a [`Stage`].")]
        pub struct $step;

        impl Stage for $step {
            fn nature(&'static self) -> Nature {
                Stage::nature(&super::$step)
            }

            fn needs_rows(&'static self, step: &Step) -> bool {
                Stage::needs_rows(&super::$step, step)
            }

            fn start(&'static self, step: &Step, part: u64) -> Option<Box<dyn StageFit>> {
                Stage::start(&super::$step, step, part)
            }

            fn restore(&'static self, step: &Step, saved: Json) -> Result<Arc<dyn FittedStage>, String> {
                Stage::restore(&super::$step, step, saved)
            }

            fn shrink(&'static self, step: &Step, picture: &Picture) -> Option<Picture> {
                Stage::shrink(&super::$step, step, picture)
            }
        }
    )+};
}

/// Calls `stages!` with the steps, and lists them.
macro_rules! listed {
    ($($step:ident),+) => {
        stages! { $($step),+ }

        /// The names of the types.
        #[cfg(test)]
        pub(super) const NAMES: &[&str] = &[$(stringify!($step)),+];
    };
}

listed! {
    Bins, Calendar, Categories, CenterCrop, Clip, Contrast, Flip, Hashed, Impute, Log1p, MinMax,
    MultiHot, Normalize, OneHot, Pad, RandomCrop, Rescale, Resize, Robust, Rotate, Split,
    Standardize, Words, Zoom
}

#[cfg(feature = "tokenizers")]
stages! { Tokenizer }
