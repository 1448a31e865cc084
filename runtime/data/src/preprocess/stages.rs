//! The steps of this crate as the expansion names them: [`Learned`] and its kin for each of them,
//! without a type parameter, so that they are compiled here and not in the crate that annotates.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{
    stage::{Learning, Ready},
    Fixed, Learned, Random, Stage,
};
use crate::{schema::Step, Picture};

macro_rules! stages {
    ($($room:ident: $($step:ident),+;)+) => {$($(
        #[doc = concat!("`", stringify!($step), "` as a [`Stage`].")]
        pub struct $step;

        impl Stage for $step {
            fn needs_rows(&self, step: &Step) -> bool {
                $room::<super::$step>::STAGE.needs_rows(step)
            }

            fn start(&self, step: &Step) -> Option<Box<dyn Learning>> {
                $room::<super::$step>::STAGE.start(step)
            }

            fn restore(&self, step: &Step, saved: Json) -> Result<Arc<dyn Ready>, String> {
                $room::<super::$step>::STAGE.restore(step, saved)
            }

            fn shrink(&self, step: &Step, picture: &Picture) -> Option<Picture> {
                $room::<super::$step>::STAGE.shrink(step, picture)
            }
        }
    )+)+};
}

stages! {
    Fixed: Calendar, CenterCrop, Clip, Hashed, Log1p, Normalize, Rescale, Resize;
    Learned: Bins, Categories, Impute, MinMax, MultiHot, OneHot, Robust, Standardize, Words;
    Random: Contrast, Flip, RandomCrop, Rotate, Zoom;
}

#[cfg(feature = "tokenizers")]
stages! {
    Learned: Tokenizer;
}
