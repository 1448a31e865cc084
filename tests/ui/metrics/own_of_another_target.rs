//! A metric of one's own that does not measure the target, of literal and of const sizes.

use multi_input::multi_input_model;

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
pub struct Post {
    #[input]
    words: [f32; 10],
    #[from(words)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy, metrics(accuracy, my::Within(0.1)))]
    topic: Class<3>,
    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy, weighted_metrics(my::Within(0.1)))]
    read: bool,
}

fn main() {}
