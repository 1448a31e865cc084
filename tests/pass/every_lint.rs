//! A crate that denies every lint has nothing to complain about. It is a test target too, so that
//! clippy sees it.

#![deny(warnings, missing_docs, unused, clippy::all, clippy::pedantic, rust_2018_idioms)]
#![deny(missing_debug_implementations, unreachable_pub, unsafe_code, rust_2024_compatibility)]

use multi_input::{
    metric::{Direction, Mean, Metric, Running, Target},
    multi_input_model,
};

const WIDTH: usize = 32;

/// The share of prices that are missed by at most a share of them.
#[derive(Debug)]
struct Within {
    share: f64,
}

impl Metric for Within {
    const NAME: &'static str = "within";
    const TARGETS: &'static [Target] = &[Target::Numbers];

    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn start(&self) -> Box<dyn Running> {
        let share = self.share;
        Box::new(Mean::of(move |prediction, target| {
            let is_within = (prediction[0] - target.at(0)).abs() <= share * target.at(0);
            f64::from(u8::from(is_within))
        }))
    }
}

/// A house and its price.
#[multi_input_model(part(Encoder = joined), part(Kinds = (kind, district)))]
#[derive(Clone, Debug, PartialEq)]
struct House {
    /// What was measured.
    #[input(standardize)]
    #[branch(Dense(WIDTH, relu, l2 = 1e-4), Dropout(0.2), BatchNorm)]
    measurements: [f32; 10],
    #[input(missing = learned)]
    #[branch(Embedding(100, 16), Flatten)]
    district: Option<u32>,
    #[input(missing = zeros)]
    remark: Option<String>,
    #[merge(concat(measurements, district, present(district), present(remark)))]
    #[output]
    joined: [f32; WIDTH + 18],
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae, Within(share = 0.1)))]
    price: f32,
    #[from(joined)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, weight = 0.5, metrics(f1(average = macro), auc(multi_class = ovo)))]
    kind: multi_input::Class<3>,
}

fn main() {
    let row = HouseInputs { measurements: [0.0; 10], district: None, remark: None };
    assert_eq!(row, row.clone());
    assert_eq!(Encoder::GRAPH.values.len() + Kinds::GRAPH.values.len(), 2);
}
