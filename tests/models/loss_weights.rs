//! Weights of losses that are learned.

use std::fs;

use dfdx::tensor::Cpu;
use multi_input::prelude::*;

/// One output of small errors, and one of large ones.
#[multi_input_model]
#[derive(Clone)]
pub struct Two {
    #[input]
    x: [f32; 2],
    #[from(x)]
    #[branch(Dense(4, tanh))]
    hidden: [f32; 4],
    #[from(hidden)]
    #[branch(Dense(1))]
    #[output(loss = mse, weight = learned)]
    near: f32,
    #[from(hidden)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, weight = learned, metrics(accuracy))]
    far: Option<Class<3>>,
}

fn samples() -> Vec<TwoSample> {
    let sample = |row: usize| {
        let x = [(row as f32 * 0.7).sin(), (row as f32 * 0.3).cos()];
        let far = (!row.is_multiple_of(4)).then(|| Class::new(row * 7919 % 3).unwrap());
        TwoSample { x, near: 0.3 * x[0] + 0.01 * (row % 3) as f32, far }
    };
    (0..90).map(sample).collect()
}

#[test]
fn an_uncertain_output_gets_a_small_weight() {
    let samples = samples();
    let mut model = Model::<Two, f64>::build(&Cpu::default(), Seed(1));
    let counted = model.summary().to_string();
    assert!(counted.contains("weight of its loss"), "{counted}");
    let trainer = || Trainer::new(Adam::new(1e-2)).epochs(150).batch_size(30).seed(Seed(2));
    let history = trainer().fit(&mut model, &samples).unwrap();
    let module = model.module();
    let (near, far) = (module.near_log_variance.as_vec()[0], module.far_log_variance.as_vec()[0]);
    // At the minimum, exp(-s) L is 1.
    let last = |name: &str| *history.curve(name).last().unwrap();
    assert!(near < -2.0 && (far - last("far_loss").ln()).abs() < 0.15, "{near} {far}");
    assert!((last("loss") - last("near_loss") - last("far_loss")).abs() < 1e-9);

    let path = std::env::temp_dir().join(format!("weights-{}", std::process::id()));
    model.save(&path).unwrap();
    let loaded = Model::<Two, f64>::load(&path, &Cpu::default()).unwrap();
    assert_eq!(loaded.module().near_log_variance.as_vec()[0], near);
    fs::remove_file(path).unwrap();
}
