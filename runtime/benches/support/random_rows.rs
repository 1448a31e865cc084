//! Random rows for the models of `models.rs` and others.

use super::{models::*, random::Random};
use multi_input::{definition::Network, prelude::*};

/// A model with random rows for training and prediction.
pub trait Rows: Network<f32, Cpu> {
    /// A random row for training.
    fn sample(random: &mut Random) -> Self::Sample;

    /// A random row for prediction.
    fn inputs(random: &mut Random) -> Self::Inputs;

    /// `count` random rows for training.
    fn samples(count: usize) -> Vec<<Self as RowTypes>::Sample> {
        let random = &mut Random(0);
        (0..count).map(|_| Self::sample(random)).collect()
    }
}

impl Rows for Price {
    fn sample(random: &mut Random) -> PriceSample {
        let PriceInputs { measurements, district } = Self::inputs(random);
        PriceSample { measurements, district, price: random.fraction() }
    }

    fn inputs(random: &mut Random) -> PriceInputs {
        PriceInputs { measurements: random.fractions(), district: random.below(100) as u32 }
    }
}

impl Rows for Post {
    fn sample(random: &mut Random) -> PostSample {
        let PostInputs { photo, caption } = Self::inputs(random);
        let topic = Class::new(random.below(10) as usize).expect("below ten");
        PostSample { photo, caption, topic }
    }

    fn inputs(random: &mut Random) -> PostInputs {
        let photo = std::array::from_fn(|_| std::array::from_fn(|_| random.fractions()));
        PostInputs { photo, caption: random.categories(10_000) }
    }
}

impl Rows for Progression {
    fn sample(random: &mut Random) -> ProgressionSample {
        let ProgressionInputs { vitals, serum } = Self::inputs(random);
        ProgressionSample { vitals, serum, score: random.fraction() }
    }

    fn inputs(random: &mut Random) -> ProgressionInputs {
        let vitals = random.fractions();
        let serum = (random.below(2) == 1).then(|| random.fractions());
        ProgressionInputs { vitals, serum }
    }
}
