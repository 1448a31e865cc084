//! Arguments that a metric of one's own does not have.

use multi_input::multi_input_model;

mod my {
    use multi_input::metric::{Direction, Mean, Metric, Running, Target};

    #[derive(Debug)]
    pub struct Within {
        pub share: f64,
    }

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
    #[output(loss = mse, metrics(my::Within(part = 0.1)))]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(my::Within))]
    rent: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(my::Within(share = "much")))]
    tax: f32,
}

fn main() {}
