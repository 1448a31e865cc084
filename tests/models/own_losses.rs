//! Losses of the user's own, by their paths.

use dfdx::tensor::Cpu;
use multi_input::{loss::check, prelude::*};

mod my {
    use multi_input::loss::*;

    /// Tweedie's deviance by its formula alone.
    #[derive(Debug)]
    pub struct Tweedie {
        pub power: f64,
    }

    impl LossFormula for Tweedie {
        const FORM: LossForm = LossForm {
            non_negative: true,
            target_steps: TargetSteps::None("amounts"),
            ..LossForm::of_numbers("my_tweedie")
        };

        fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
            let (one, two) = (1.0 - self.power, 2.0 - self.power);
            let elements = head.iter().enumerate().map(|(index, y)| {
                let (y, t) = (*y + 1e-7, target.at(index));
                let value = y.powf(two) / two - y.powf(one) * t / one + t.powf(two) / (one * two);
                value * 2.0
            });
            elements.sum::<N>() / head.len() as f64
        }

        fn target_range(&self) -> Option<(f32, f32)> {
            Some((0.0, f32::INFINITY))
        }

        fn mistake(&self) -> Option<String> {
            let sound = self.power > 1.0 && self.power < 2.0;
            (!sound).then(|| format!("`power` is {}", self.power))
        }
    }

    /// The same, made by a function.
    pub const fn tweedie(power: f64) -> Tweedie {
        Tweedie { power }
    }

    /// A location and the logarithm of a scale: Laplace's distribution, with its gradient.
    #[derive(Debug)]
    pub struct Laplace(pub f64);

    impl Loss for Laplace {
        const FORM: LossForm = LossForm {
            head: HeadForm::Parts(&[Part::Value, Part::Length]),
            target_steps: TargetSteps::Affine("the scale of `laplace`"),
            ..LossForm::of_numbers("laplace")
        };

        fn sample(&self, head: &[f64], target: TargetRow<'_>, gradient: &mut [f64]) -> f64 {
            let count = (head.len() / 2) as f64;
            let mut sum = 0.0;
            for (index, (head, gradient)) in
                head.chunks_exact(2).zip(gradient.chunks_exact_mut(2)).enumerate()
            {
                let (error, scale) = (head[0] - target.at(index), head[1].exp() + self.0);
                sum += error.abs() / scale + scale.ln();
                gradient[0] = error.signum() / scale / count;
                gradient[1] = (scale - error.abs()) / (scale * scale) * head[1].exp() / count;
            }
            sum / count
        }

        fn predict(&self, head: &[f64], prediction: &mut [f64]) {
            for (head, prediction) in head.chunks_exact(2).zip(prediction.chunks_exact_mut(2)) {
                prediction.copy_from_slice(&[head[0], head[1].exp() + self.0]);
            }
        }
    }

    /// The squared error of probabilities (Brier's score), from logits of classes or of flags.
    #[derive(Debug)]
    pub struct Brier;

    impl LossFormula for Brier {
        const FORM: LossForm = LossForm::of_classes("brier");

        fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
            let total: N = head.iter().map(|z| z.exp()).sum();
            let errors =
                head.iter().enumerate().map(|(index, z)| z.exp() / total - target.at(index));
            errors.map(|error| error * error).sum()
        }
    }
}

/// A name of another library is the user's own where the file says so.
use my::Brier as NLLLoss;

const POWER: f64 = 1.5;

#[multi_input_model]
#[derive(Clone)]
pub struct Claims {
    #[input(standardize)]
    risk: [f32; 2],
    #[merge(concat(risk))]
    #[branch(Dense(8, relu))]
    shared: [f32; 8],
    #[from(shared)]
    #[branch(Dense(1, softplus))]
    #[output(loss = my::Tweedie(power = POWER), metrics(mae))]
    amount: f32,
    #[from(shared)]
    #[branch(Dense(1, softplus))]
    #[output(loss = my::tweedie(1.5))]
    same_amount: f32,
    #[from(shared)]
    #[branch(Dense(4), Reshape(2, 2))]
    #[output(loss = my::Laplace(0.001), metrics(mae), standardize)]
    delays: [f64; 2],
    #[from(shared)]
    #[branch(Dense(3))]
    #[output(loss = NLLLoss, metrics(accuracy))]
    kind: Class<3>,
}

#[multi_input_model]
#[derive(Clone)]
pub struct Ours {
    #[input(standardize)]
    risk: [f32; 2],
    #[from(risk)]
    #[branch(Dense(8, relu), Dense(1, softplus))]
    #[output(loss = tweedie(power = 1.5), metrics(mae))]
    amount: f32,
}

#[multi_input_model]
#[derive(Clone)]
pub struct Own {
    #[input(standardize)]
    risk: [f32; 2],
    #[from(risk)]
    #[branch(Dense(8, relu), Dense(1, softplus))]
    #[output(loss = my::Tweedie(power = 1.5), metrics(mae))]
    amount: f32,
}

fn risk(row: usize) -> [f32; 2] {
    [(row as f32 * 0.37).sin(), (row as f32 * 0.11).cos() * 3.0]
}

fn amount(row: usize) -> f32 {
    if row.is_multiple_of(3) {
        0.0
    } else {
        2.0 + risk(row)[0] + (row % 5) as f32
    }
}

fn claims() -> Vec<ClaimsSample> {
    let row = |row| ClaimsSample {
        risk: risk(row),
        amount: amount(row),
        same_amount: amount(row),
        delays: [f64::from(risk(row)[0]) * 100.0 + 500.0, f64::from(risk(row)[1]) - 3.0],
        kind: Class::new(usize::from(risk(row)[0] > 0.3) + usize::from(risk(row)[1] > 1.0))
            .unwrap(),
    };
    (0..96).map(row).collect()
}

#[test]
fn losses_by_path_train_evaluate_and_predict_in_the_users_unit() {
    let samples = claims();
    let mut model = Model::<Claims, f64>::build(&Cpu::default(), Seed(1));
    let trainer = || Trainer::new(Adam::new(1e-2)).epochs(60).batch_size(16).seed(Seed(2));
    trainer().fit(&mut model, &samples).unwrap();
    let evaluation = model.evaluate(&samples).unwrap();
    let figure = |name: &str| evaluation.get(name).unwrap();
    assert!((figure("amount_loss") - figure("same_amount_loss")).abs() < 0.3);
    assert!(figure("kind_accuracy") > 0.85, "{}", figure("kind_accuracy"));
    assert!(figure("delays_mae") < 15.0, "{}", figure("delays_mae"));

    let predicted = model.predict(&[samples[7].clone().into()]).unwrap();
    let [[location, scale], _] = predicted[0].delays;
    // Both parts are in the unit of the target, of hundreds.
    assert!((location - samples[7].delays[0]).abs() < 60.0, "{location}");
    assert!(scale > 0.05 && scale < 60.0, "{scale}");
    let probabilities: f32 = predicted[0].kind.as_array().iter().sum();
    assert!((probabilities - 1.0).abs() < 1e-6);
}

#[test]
fn a_loss_of_ones_own_trains_as_ours_does() {
    let rows = 0..64;
    let ours: Vec<_> =
        rows.clone().map(|n| OursSample { risk: risk(n), amount: amount(n) }).collect();
    let own: Vec<_> = rows.map(|n| OwnSample { risk: risk(n), amount: amount(n) }).collect();
    let device = Cpu::default();
    let mut first = Model::<Ours, f64>::build(&device, Seed(3));
    let mut second = Model::<Own, f64>::build(&device, Seed(3));
    Trainer::new(Adam::new(1e-2)).epochs(5).seed(Seed(4)).fit(&mut first, &ours).unwrap();
    Trainer::new(Adam::new(1e-2)).epochs(5).seed(Seed(4)).fit(&mut second, &own).unwrap();
    let (first, second) = (first.snapshot().unwrap(), second.snapshot().unwrap());
    for (first, second) in first.tensors().iter().flatten().zip(second.tensors().iter().flatten()) {
        assert!((first - second).abs() < 1e-9, "{first} {second}");
    }
}

#[test]
fn own_losses_are_checked() {
    use multi_input::loss::TargetRow::{Class, Doubles};
    check(&my::Tweedie { power: 1.2 }, &[(&[0.5, 2.0, 3.0], Doubles(&[0.0, 1.0, 9.0]))]).unwrap();
    check(&my::Laplace(0.1), &[(&[0.5, 0.3], Doubles(&[2.0]))]).unwrap();
    check(&my::Brier, &[(&[0.5, 2.0, -3.0, 0.1, 0.7], Class(4))]).unwrap();

    let mut samples = claims();
    samples[5].amount = -1.0;
    let mut model = Claims::build(&Cpu::default(), Seed(0));
    let error = Trainer::new(Adam::new(1e-2)).fit(&mut model, &samples).unwrap_err().to_string();
    assert!(error.contains("row 5") && error.contains("`my_tweedie` compares with"), "{error}");
}

#[multi_input_model]
pub struct Wrong {
    #[input]
    x: [f32; 2],
    #[from(x)]
    #[branch(Dense(1, softplus))]
    #[output(loss = my::Tweedie(power = 3.0))]
    y: f32,
}

#[test]
fn a_wrong_parameter_is_said_before_training() {
    let mut model = Wrong::build(&Cpu::default(), Seed(0));
    let samples = [WrongSample { x: [1.0, 2.0], y: 1.0 }];
    let error = Trainer::new(Adam::new(1e-2)).fit(&mut model, &samples).unwrap_err().to_string();
    assert!(error.contains("`my_tweedie` of output `y`: `power` is 3"), "{error}");
}
