//! Training loops by hand over the emitted module, with the optimizers and losses of dfdx.

use dfdx::{
    losses::{cross_entropy_with_logits_loss, mse_loss},
    nn::{ModuleMut, ZeroGrads},
    optim::{Optimizer, Sgd as DfdxSgd, SgdConfig},
    prelude::{AsArray, Backward, PutTape, SplitTape, TryAdd},
};
use multi_input::{data::Class, prelude::*, Error};

use crate::{sensor, support::Named};

fn assert_close(found: &[Named], expected: &[Named]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found.0, expected.0);
        for (a, b) in found.1.iter().zip(&expected.1) {
            assert!((a - b).abs() <= 1e-6 * (1.0 + b.abs()), "{}: {a} {b}", found.0);
        }
    }
}

#[test]
fn a_loop_with_dfdx_equals_the_trainer() {
    let rows = sensor::rows();
    let trainer = sensor::trainer().epochs(2).shuffle(Shuffle::Never);
    let expected = sensor::fit(trainer, &rows);

    let mut model = sensor::build();
    model.fit_preprocessing(&rows).unwrap();
    let mut optimizer =
        DfdxSgd::new(model.module(), SgdConfig { lr: 0.1, momentum: None, weight_decay: None });
    let mut gradients = model.module().alloc_grads();
    for step in 0..12 {
        let start = step as usize % 6 * 8;
        let batch = model.training_batch(&rows[start..start + 8], Seed(6), step).unwrap();
        let heads = model.module_mut().forward_mut(batch.inputs.traced(gradients));
        gradients = model.loss(&batch.targets, heads).unwrap().backward();
        optimizer.update(model.module_mut(), &gradients).unwrap();
        model.module().zero_grads(&mut gradients);
    }
    assert_close(&sensor::all(&model), &expected);
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Plant {
    #[input(standardize)]
    size: [f32; 2],
    #[from(size)]
    #[branch(Dense(4, tanh, l2 = 0.01))]
    hidden: _,
    #[from(hidden)]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    weight: Option<f32>,
    #[from(hidden)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy)]
    kind: Class<3>,
}

fn plants() -> Vec<PlantSample> {
    let row = |i: usize| {
        let size = [(i as f32 * 0.7).sin(), (i as f32 * 1.3).cos()];
        let kind = Class::new(i % 3).unwrap();
        let weight = (!i.is_multiple_of(4)).then_some(3.0 + 2.0 * size[0] - size[1]);
        PlantSample { size, weight, kind }
    };
    (0..24).map(row).collect()
}

fn plant() -> Model<Plant> {
    let mut model = Plant::build(&Cpu::default(), Seed(4));
    model.fit_preprocessing(&plants()).unwrap();
    model
}

#[test]
fn the_losses_of_dfdx_take_the_targets_in_the_shape_of_the_heads() {
    let rows: Vec<PlantSample> = plants().into_iter().filter(|row| row.weight.is_some()).collect();
    let mut model = plant();
    let batch = model.batch(&rows).unwrap();
    let gradients = model.module().alloc_grads();
    let heads = model.module_mut().forward_mut(batch.inputs.clone().traced(gradients));
    let ours = model.loss(&batch.targets, heads).unwrap();
    let value = ours.array();

    let gradients = model.module().alloc_grads();
    let heads = model.module_mut().forward_mut(batch.inputs.traced(gradients));
    let weights = batch.targets.like(Plant::weight, &heads.weight).unwrap();
    let kinds = batch.targets.like(Plant::kind, &heads.kind).unwrap();
    let (of_weight, tape) = mse_loss(heads.weight.put_tape(heads.tape), weights).split_tape();
    let of_kind = cross_entropy_with_logits_loss(heads.kind.put_tape(tape), kinds);
    let theirs = of_kind.try_add(of_weight).unwrap();
    assert!((value - theirs.array()).abs() < 1e-6, "{value} {}", theirs.array());
    // The gradients agree as well, and the backward pass honours what is done with the loss.
    let (ours, theirs) = ((ours * 2.0).backward(), theirs.backward());
    let of = |gradients: &dfdx::tensor::Gradients<f32, Cpu>| {
        gradients.get(&model.module().hidden.0.weight).as_vec()
    };
    for (ours, theirs) in of(&ours).iter().zip(of(&theirs)) {
        assert!((ours - 2.0 * theirs).abs() < 1e-6, "{ours} {theirs}");
    }
}

#[test]
fn unknown_targets_are_zero_and_named() {
    let mut model = plant();
    let batch = model.training_batch(&plants(), Seed(1), 0).unwrap();
    assert_eq!((batch.targets.len(), batch.targets.is_empty()), (24, false));
    let heads = model.module_mut().forward_mut(batch.inputs);
    let targets = batch.targets.like(Plant::weight, &heads.weight).unwrap().as_vec();
    let known = batch.targets.known_like(Plant::weight, &heads.weight).unwrap().as_vec();
    for (row, (target, known)) in targets.iter().zip(&known).enumerate() {
        assert_eq!(*known, if row % 4 == 0 { 0.0 } else { 1.0 });
        assert_eq!(*target == 0.0, *known == 0.0);
    }
    let error = batch.targets.like(Plant::weight, &heads.kind).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`BatchTargets::like`: `weight` has 24 rows of 1 targets, but the head has the shape [24, 3]"
    );
    assert!(matches!(error, Error::Unsuitable { .. }));
}

#[test]
fn a_model_trained_by_hand_predicts_is_saved_and_loaded() {
    let rows = plants();
    let mut model = plant();
    let before = model.evaluate(&rows).unwrap().loss();
    let mut optimizer = multi_input::optim::OptimizerState::new(model.module(), &Adam::new(0.05));
    let mut gradients = model.module().alloc_grads();
    for step in 0..60 {
        let batch = model.training_batch(&rows, Seed(1), step).unwrap();
        let heads = model.module_mut().forward_mut(batch.inputs.traced(gradients));
        gradients = model.loss(&batch.targets, heads).unwrap().backward();
        assert!(model.add_penalties(&mut gradients).unwrap() > 0.0);
        optimizer.advance(model.module_mut(), &mut gradients, &Adam::new(0.05)).unwrap();
        model.module().zero_grads(&mut gradients);
    }
    assert!(model.evaluate(&rows).unwrap().loss() < 0.7 * before);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plant.safetensors");
    model.save(&path).unwrap();
    let loaded = Model::<Plant>::load(&path, &Cpu::default()).unwrap();
    let inputs: Vec<PlantInputs> = rows.into_iter().map(PlantInputs::from).collect();
    let [own, loaded] = [&model, &loaded].map(|model| model.predict(&inputs).unwrap());
    let weights = |outputs: &[PlantOutputs]| outputs.iter().map(|o| o.weight).collect::<Vec<_>>();
    assert_eq!(weights(&own), weights(&loaded));
}

#[test]
fn a_batch_needs_rows_and_fitted_preprocessing() {
    let model = Plant::build(&Cpu::default(), Seed(4));
    assert!(matches!(model.batch(&plants()).err(), Some(Error::Unfitted { .. })));
    assert!(matches!(plant().batch(&[]).err(), Some(Error::NoRows(_))));
}

/// Losses whose weights are learned.
#[multi_input_model]
#[derive(Clone)]
pub struct Weighed {
    #[input]
    size: [f32; 2],
    #[from(size)]
    #[branch(Dense(1))]
    #[output(loss = mse, weight = learned)]
    near: f32,
    #[from(size)]
    #[branch(Dense(1))]
    #[output(loss = mae, weight = learned)]
    far: Option<f32>,
}

#[test]
fn learned_weights_of_losses_are_trained_by_hand_as_well() {
    let row = |i: usize| {
        let size = [(i as f32 * 0.7).sin(), (i as f32 * 1.3).cos()];
        let far = (!i.is_multiple_of(3)).then_some(5.0 * size[1]);
        WeighedSample { size, near: 0.1 * size[0], far }
    };
    let rows: Vec<WeighedSample> = (0..24).map(row).collect();
    let build = || Weighed::build(&Cpu::default(), Seed(4));
    let all = |model: &Model<Weighed>| crate::support::parameters(model.module());
    let mut expected = build();
    let trainer = Trainer::new(Sgd::new(0.1)).epochs(3).batch_size(8).shuffle(Shuffle::Never);
    trainer.progress(Progress::silent()).fit(&mut expected, &rows).unwrap();

    let mut model = build();
    let config = SgdConfig { lr: 0.1, momentum: None, weight_decay: None };
    let mut optimizer = DfdxSgd::new(model.module(), config);
    let mut gradients = model.module().alloc_grads();
    for step in 0..9 {
        let start = step as usize % 3 * 8;
        let batch = model.training_batch(&rows[start..start + 8], Seed(0), step).unwrap();
        let heads = model.module_mut().forward_mut(batch.inputs.traced(gradients));
        gradients = model.loss(&batch.targets, heads).unwrap().backward();
        optimizer.update(model.module_mut(), &gradients).unwrap();
        model.module().zero_grads(&mut gradients);
    }
    assert_close(&all(&model), &all(&expected));
    assert_ne!(model.module().far_log_variance.as_vec(), [0.0]);
}
