//! A program of a user's own with a loss, a metric, a step, a merge, a derivation and callbacks of its own,
//! which `.ci/packages` builds outside of the workspace from the packages alone.

use multi_input::{callback::Event, loss, merge, prelude::*};

mod my {
    use multi_input::{
        data::Values,
        definition::{Derived, Operand, Shape, Step, Text},
        loss::{LossForm, LossFormula, Real, TargetRow},
        merge::{Merge, RowOperand},
        metric::{Direction, Mean, Metric, Running, Target},
        preprocess::stage::{Derivation, LearnedStep, Refusal, Sources},
    };

    /// log(cosh(error / scale)).
    #[derive(Debug)]
    pub struct LogCosh {
        pub scale: f64,
    }

    impl LossFormula for LogCosh {
        const FORM: LossForm = LossForm::of_numbers("my_log_cosh");
        fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
            let errors = head.iter().enumerate().map(|(i, y)| (*y - target.at(i)) / self.scale);
            errors.map(|e| ((e.exp() + (-e).exp()) / 2.0).ln()).sum::<N>() / head.len() as f64
        }
    }

    /// The share of rows within some minutes.
    #[derive(Debug)]
    pub struct InTime {
        pub minutes: f32,
    }

    impl Metric for InTime {
        const NAME: &'static str = "in_time";
        const TARGETS: &'static [Target] = &[Target::Numbers];
        fn direction(&self) -> Direction {
            Direction::Higher
        }
        fn start(&self) -> Box<dyn Running> {
            let minutes = f64::from(self.minutes);
            Box::new(Mean::of(move |p, t| {
                f64::from(u8::from((f64::from(p[0]) - f64::from(t.at(0))).abs() <= minutes))
            }))
        }
    }

    /// Clips at the greatest of the lower `share` of the training rows.
    #[derive(Debug)]
    pub struct Cap(pub f64);

    impl Cap {
        pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
            input.of_numbers()
        }
    }

    impl LearnedStep for Cap {
        type State = Vec<f64>;
        type Fitted = f64;
        fn start(&self, _: &Step) -> Vec<f64> {
            Vec::new()
        }
        fn update(&self, all: &mut Vec<f64>, _: &Step, values: &Values) {
            values.each_number(|_, n| all.push(n));
        }
        fn learn(&self, mut all: Vec<f64>, _: &Step) -> f64 {
            all.sort_by(f64::total_cmp);
            all.get((self.0 * all.len() as f64) as usize).copied().unwrap_or(f64::MAX)
        }
        fn check(&self, cap: &f64, _: &Step) -> Result<(), String> {
            if cap.is_finite() {
                Ok(())
            } else {
                Err("a cap that is not finite".into())
            }
        }
        fn apply(&self, cap: &f64, _: &Step, values: Values) -> Result<Values, Refusal> {
            Ok(values.map_numbers(|_, n| n.min(*cap)))
        }
    }

    /// a * (1 + tanh(b)).
    #[derive(Debug)]
    pub struct Slowed;

    impl Slowed {
        pub const fn output_shape(&self, of: &[Operand<'_>]) -> Result<Shape, Text> {
            match of {
                [a, b] if !a.shape.differs(&b.shape) => Ok(a.shape),
                _ => Err(Text::new("it takes two nodes of one shape")),
            }
        }
    }

    impl Merge for Slowed {
        fn forward(&self, of: &[RowOperand<'_>], output: &mut [f64]) {
            let [a, b] = of else { return };
            for (i, out) in output.iter_mut().enumerate() {
                *out = a.values[i] * (1.0 + b.values[i].tanh());
            }
        }
        fn backward(&self, of: &[RowOperand<'_>], grad: &[f64], into: &mut [&mut [f64]]) {
            let ([a, b], [ga, gb]) = (of, into) else { return };
            for (i, g) in grad.iter().enumerate() {
                let t = b.values[i].tanh();
                ga[i] += g * (1.0 + t);
                gb[i] += g * a.values[i] * (1.0 - t * t);
            }
        }
    }

    /// The distance of two points.
    #[derive(Debug)]
    pub struct Way;

    impl Way {
        pub const fn output_shape(&self, of: &[Shape]) -> Result<Shape, Text> {
            match of {
                [a, b] if !a.differs(b) => Ok(Shape::numbers(&[])),
                _ => Err(Text::new("it takes two points")),
            }
        }
    }

    impl Derivation for Way {
        fn derive(&self, _: &Derived, of: &Sources<'_>) -> Result<Values, Refusal> {
            Ok(of.each_number(|row| {
                let (a, b) = (row.numbers(0)?, row.numbers(1)?);
                Some(a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt())
            }))
        }
    }
}

#[multi_input_model]
#[derive(Clone)]
pub struct Courier {
    #[input(columns("from_x", "from_y"))]
    from: [f32; 2],
    #[input(columns("to_x", "to_y"))]
    to: [f32; 2],
    #[derived(my::Way(from, to), standardize)]
    way: f32,
    #[input(standardize)]
    parcels: f32,
    #[input(my::Cap(0.98), standardize)]
    weight: f32,
    #[input(categories(5))]
    #[branch(Embedding(5, 8))]
    weather: String,
    #[merge(concat(way, parcels, weight))]
    #[branch(Dense(8, relu))]
    load: _,
    #[merge(my::Slowed(load, weather))]
    #[branch(Dense(8, relu), Dense(1))]
    #[output(loss = my::LogCosh(scale = 0.5), metrics(mae, my::InTime(minutes = 5.0)), standardize)]
    minutes: f32,
}

/// Ways in a square town, with one parcel in fifty whose weight is mistyped.
fn deliveries() -> Vec<CourierSample> {
    let wave = |row: usize, pitch: f32| 5.0 + 5.0 * (row as f32 * pitch).sin();
    let delivery = |row: usize| {
        let (from, to) = ([wave(row, 0.7), wave(row, 1.3)], [wave(row, 2.1), wave(row, 3.7)]);
        let way = (from[0] - to[0]).hypot(from[1] - to[1]);
        let (parcels, weight) = ((row % 6 + 1) as f32, wave(row, 0.9));
        let (weather, factor) = [("dry", 1.0), ("rain", 1.2), ("snow", 1.6)][row * 7 % 3];
        CourierSample {
            from,
            to,
            parcels,
            weight: if row % 50 == 9 { 100.0 * weight } else { weight },
            weather: weather.to_owned(),
            minutes: factor * (5.0 + 3.0 * way + 2.0 * parcels + 0.5 * weight),
        }
    };
    (0..600).map(delivery).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let case: (&[f64], _) = (&[0.3], loss::TargetRow::Doubles(&[1.1]));
    loss::check(&my::LogCosh { scale: 0.5 }, &[case])?;
    let operand = |values| merge::RowOperand { values, sizes: &[2], is_present: true };
    merge::check_merge(&my::Slowed, &[operand(&[0.3, -2.0]), operand(&[1.0, 0.2])], 2)?;

    let (train, test) = deliveries().split(0.8, Seed(1));
    let mut model = Courier::build(&Cpu::default(), Seed(1));
    let (mut epochs, mut largest) = (0, 0.0f64);
    Trainer::new(Adam::new(5e-3))
        .epochs(40)
        .batch_size(32)
        .progress(Progress::silent())
        .on_event(|event, _| epochs += usize::from(matches!(event, Event::EpochEnded { .. })))
        .on_gradients(|gradients| largest = largest.max(gradients.norm()))
        .fit(&mut model, &train)?;
    let evaluation = model.evaluate(&test)?;
    println!("{}\n{epochs} epochs, gradients up to {largest:.2}, {evaluation}", Courier::summary());
    assert!(epochs == 40 && largest > 0.0);

    let path = std::env::temp_dir().join("courier.safetensors");
    model.save(&path)?;
    let loaded = Model::<Courier>::load(&path, &Cpu::default())?;
    std::fs::remove_file(&path)?;
    assert_eq!(loaded.evaluate(&test)?, evaluation);
    let in_time = evaluation.get("in_time").unwrap_or(0.0);
    assert!(in_time > 0.7, "{in_time} in time");
    Ok(())
}
