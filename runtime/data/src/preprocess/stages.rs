//! The built-in steps as [`Stage`]s: [`Learned`], [`Fixed`] or [`Random`] of each step without a
//! type parameter, so that they are compiled in this crate and not in the crate of the annotated
//! struct.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{
    stage::{FittedStage, StageFit},
    Fixed, Learned, Random, Stage,
};
use crate::{schema::Step, Picture};

macro_rules! stages {
    ($($kind:ident: $($step:ident),+;)+) => {$($(
        #[doc = concat!("`", stringify!($step), "` as a [`Stage`].")]
        pub struct $step;

        impl Stage for $step {
            fn needs_rows(&self, step: &Step) -> bool {
                $kind::<super::$step>::STAGE.needs_rows(step)
            }

            fn start(&self, step: &Step) -> Option<Box<dyn StageFit>> {
                $kind::<super::$step>::STAGE.start(step)
            }

            fn restore(&self, step: &Step, saved: Json) -> Result<Arc<dyn FittedStage>, String> {
                $kind::<super::$step>::STAGE.restore(step, saved)
            }

            fn shrink(&self, step: &Step, picture: &Picture) -> Option<Picture> {
                $kind::<super::$step>::STAGE.shrink(step, picture)
            }
        }
    )+)+};
}

stages! {
    Fixed: Calendar, CenterCrop, Clip, Hashed, Log1p, Normalize, Pad, Rescale, Resize, Split;
    Learned: Bins, Categories, Impute, MinMax, MultiHot, OneHot, Robust, Standardize, Words;
    Random: Contrast, Flip, RandomCrop, Rotate, Zoom;
}

#[cfg(feature = "tokenizers")]
stages! {
    Learned: Tokenizer;
}
