//! Lengths of losses are in the target's own unit, whatever its steps make of it.

use multi_input::{
    loss::{AnyLoss, Huber, LogCosh, TargetRow},
    prelude::*,
    NoticeKind,
};

/// A model whose target goes through steps.
macro_rules! model {
    ($module:ident, $loss:expr, $($step:tt)*) => {
        mod $module {
            #![allow(dead_code)] // No model is asked for everything.

            use super::*;

            #[multi_input_model]
            #[derive(Clone, Debug)]
            pub struct Tank {
                #[input(standardize)]
                level: f32,
                #[from(level)]
                #[branch(Dense(2))]
                #[output(loss = $loss, metrics(mae), $($step)*)]
                flows: [f32; 2],
            }

            pub fn rows(unit: f32) -> Vec<TankSample> {
                let flow = |i: usize| [unit * ((i * 7) % 11) as f32, unit * (300.0 + (i * 13 % 17) as f32 * 20.0)];
                (0..24).map(|i| TankSample { level: i as f32, flows: flow(i) }).collect()
            }

            pub fn trained(unit: f32) -> (Model<Tank>, History) {
                let mut model = Tank::build(&Cpu::default(), Seed(3));
                let trainer = Trainer::new(Sgd::new(0.1)).epochs(20).progress(Progress::silent());
                let history = trainer.fit(&mut model, &rows(unit)).unwrap();
                (model, history)
            }

            /// The loss of the model over the rows, and that of its predictions with errors in the
            /// target's own unit, divided by the squares of `scales`.
            pub fn losses(loss: &dyn AnyLoss, scales: [f64; 2]) -> (f64, f64) {
                let (model, rows) = (trained(1.0).0, rows(1.0));
                let inputs: Vec<TankInputs> = rows.iter().cloned().map(TankInputs::from).collect();
                let predicted = model.predict(&inputs).unwrap();
                let mut sum = 0.0;
                for (row, predicted) in rows.iter().zip(&predicted) {
                    for column in 0..2 {
                        let (y, t) = (predicted.flows[column], [row.flows[column]]);
                        let one = loss.sample(&[f64::from(y)], TargetRow::Numbers(&t), &mut [0.0]);
                        sum += one / scales[column].powi(2);
                    }
                }
                (model.evaluate(&rows).unwrap().loss(), sum / (2 * rows.len()) as f64)
            }

            pub fn scales(step: &str) -> [f64; 2] {
                let (model, _) = trained(1.0);
                let learned = model.preprocessing().unwrap().learned("flows", step).unwrap();
                serde_json::from_value(learned["scale"].clone()).unwrap()
            }
        }
    };
}

model!(standardized, huber(delta = 5.0), standardize);
model!(ranged, huber(delta = 40.0), min_max);
model!(rescaled, huber(delta = 12.0), rescale(-0.1, 3.0));
model!(smooth, log_cosh, robust);
model!(thousand, huber(delta = 5000.0), standardize);
model!(tiny, huber(delta = 0.001), standardize);

fn assert_close((found, expected): (f64, f64)) {
    assert!((found - expected).abs() < 1e-5 * expected, "{found} {expected}");
}

#[test]
fn delta_is_in_the_targets_own_unit() {
    let own = standardized::scales("standardize");
    assert!(own[0] < 5.0 && own[1] > 50.0, "{own:?}");
    assert_close(standardized::losses(&Huber { delta: 5.0 }, own));
    assert_close(ranged::losses(&Huber { delta: 40.0 }, ranged::scales("min_max")));
    assert_close(rescaled::losses(&Huber { delta: 12.0 }, [10.0, 10.0]));
}

#[test]
fn log_cosh_turns_at_one_of_the_targets_own_units() {
    assert_close(smooth::losses(&LogCosh, smooth::scales("robust")));
}

/// Litres instead of cubic metres: the same training.
#[test]
fn another_unit_changes_nothing_but_the_unit() {
    let (small, large) = (standardized::trained(1.0).1, thousand::trained(1000.0).1);
    for (one, other) in small.curve("loss").into_iter().zip(large.curve("loss")) {
        assert!((one - other).abs() < 1e-6 * one, "{one} {other}");
    }
    for (one, other) in small.curve("mae").into_iter().zip(large.curve("mae")) {
        assert!((1000.0 * one - other).abs() < 1e-4 * other, "{one} {other}");
    }
}

#[test]
fn a_length_far_below_the_scale_is_told() {
    let (_, history) = tiny::trained(1.0);
    let told: Vec<_> = history.notices.iter().filter(|n| n.kind == NoticeKind::Other).collect();
    assert_eq!(told.len(), 1);
    let text = told[0].to_string();
    assert!(text.starts_with("`flows`: `huber` turns from squared to absolute errors at 0.001"));
    assert!(standardized::trained(1.0).1.notices.iter().all(|n| n.kind != NoticeKind::Other));
}
