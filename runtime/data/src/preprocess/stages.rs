//! The built-in steps as [`Stage`]s: [`Learned`] of each step without a type parameter, so that they
//! are compiled in this crate and not in the crate of the annotated struct.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{
    stage::{FittedStage, StageFit},
    Learned, Stage,
};
use crate::{schema::Step, Picture};

macro_rules! stages {
    ($($step:ident),+) => {$(
        #[doc = concat!("`", stringify!($step), "` as a [`Stage`].")]
        pub struct $step;

        impl Stage for $step {
            fn needs_rows(&self, step: &Step) -> bool {
                Learned(&super::$step).needs_rows(step)
            }

            fn start(&self, step: &Step) -> Option<Box<dyn StageFit>> {
                Learned(&super::$step).start(step)
            }

            fn restore(&self, step: &Step, saved: Json) -> Result<Arc<dyn FittedStage>, String> {
                Learned(&super::$step).restore(step, saved)
            }

            fn shrink(&self, step: &Step, picture: &Picture) -> Option<Picture> {
                Learned(&super::$step).shrink(step, picture)
            }
        }
    )+};
}

stages! {
    Bins, Calendar, Categories, CenterCrop, Clip, Contrast, Flip, Hashed, Impute, Log1p, MinMax,
    MultiHot, Normalize, OneHot, Pad, RandomCrop, Rescale, Resize, Robust, Rotate, Split,
    Standardize, Words, Zoom
}

#[cfg(feature = "tokenizers")]
stages! { Tokenizer }
