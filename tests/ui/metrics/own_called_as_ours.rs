//! A metric of one's own with the name of one of ours.

use multi_input::multi_input_model;

mod my {
    use multi_input::metric::{Direction, Mean, Metric, Running, Target};

    #[derive(Debug)]
    pub struct MeanError;

    impl Metric for MeanError {
        const NAME: &'static str = "mae";
        const TARGETS: &'static [Target] = &[Target::Numbers];

        fn direction(&self) -> Direction {
            Direction::Lower
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
    #[output(loss = mse, metrics(my::MeanError))]
    price: f32,
}

fn main() {}
