//! Merges of a user's own.

use multi_input::{
    merge::{check_merge, RowOperand},
    prelude::*,
};

use crate::my;

fn row<'a>(values: &'a [f64], sizes: &'a [usize]) -> RowOperand<'a> {
    RowOperand { values, sizes, is_present: true }
}

#[test]
fn gradients_are_central_differences() {
    let (a, b) = (row(&[1.0, -2.0, 0.5], &[3]), row(&[0.3, 4.0, -1.0], &[3]));
    check_merge(&my::Gated { sharpness: 0.7 }, &[a, b], 3).unwrap();
    check_merge(&my::Outer, &[a, row(&[2.0, 0.1], &[2])], 6).unwrap();
}

#[multi_input_model]
pub struct Product {
    #[input]
    a: [f32; 2],
    #[input(missing = zeros)]
    b: Option<[f32; 2]>,
    #[merge(my::gated(a, b))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[multi_input_model]
pub struct Presence {
    #[input]
    a: f32,
    #[input(missing = zeros)]
    b: Option<f32>,
    #[merge(my::gated(a, present(b)))]
    gated: f32,
    #[merge(concat(gated, b))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn an_absent_operand_is_known_to_the_merge() {
    let model = Product::build(&Cpu::default(), Seed(1));
    let predict = |a: [f32; 2], b| model.predict(&[ProductInputs { a, b }]).unwrap()[0].y;
    let halved = predict([2.0, -4.0], Some([0.0, 0.0]));
    assert_eq!(predict([1.0, -2.0], None), halved, "the gate is 1 and not 1 / 2");
    let model = Presence::build(&Cpu::default(), Seed(1));
    let predict = |a, b| model.predict(&[PresenceInputs { a, b }]).unwrap()[0].y;
    assert_eq!(predict(2.0, None), 2.0 * predict(1.0, None));
    assert!(predict(1.0, Some(3.0)) != predict(1.0, None));
}

#[test]
fn a_merge_in_f64_has_the_gradients_of_its_operands() {
    let mut model = Model::<Product, f64>::build(&Cpu::default(), Seed(1));
    let row = |x: f32| ProductSample { a: [x, -x], b: (x > 0.0).then_some([x, 1.0]), y: 2.0 * x };
    let rows: Vec<ProductSample> = (-4..5).map(|x| row(x as f32)).collect();
    let before = model.evaluate(&rows).unwrap().loss();
    let trainer = Trainer::new(Adam::new(5e-2)).epochs(60).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let after = model.evaluate(&rows).unwrap().loss();
    assert!(after < before / 10.0, "{before} to {after}");
}
