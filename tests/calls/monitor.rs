//! A monitor of a metric that the output does not report.

use multi_input::prelude::*;

mod my {
    use multi_input::metric::{Direction, Mean, Metric, Running, Target};

    #[derive(Debug)]
    pub struct Within(pub f64);

    impl Metric for Within {
        const NAME: &'static str = "within";
        const TARGETS: &'static [Target] = &[Target::Numbers];

        fn direction(&self) -> Direction {
            Direction::Higher
        }
        fn start(&self) -> Box<dyn Running> {
            Box::new(Mean::of(|prediction, target| prediction[0] - target.at(0)))
        }
    }
}

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(my::Within(0.1)))]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae), weighted_metrics(my::Within(0.1)))]
    rent: f32,
}

fn main() {
    let _ = Monitor::val(House::price, my::Within(0.1));
    let _ = Monitor::val(House::rent, my::Within(0.1));
    let _ = Monitor::train(House::price, metric::R2);
}
