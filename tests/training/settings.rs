//! What the trainer's settings do to a model.

use crate::support::{frozen, parameters, Named};
use multi_input::{callback::Freeze, history::End, prelude::*, Error};

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Sale {
    #[input]
    #[branch(Dense(4, tanh), BatchNorm, Dropout(0.2))]
    shop: [f32; 3],
    #[input(missing = learned)]
    #[branch(Dense(4, tanh))]
    weather: Option<[f32; 2]>,
    #[input]
    scale: f32,
    #[merge(multiply(scale, scale))]
    scaled: _,
    #[merge(concat(shop, weather, scaled))]
    #[branch(Dense(6, tanh))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    sold: f32,
    /// An auxiliary head: it has the branch of `shop` learn to sell by itself.
    #[from(shop)]
    #[branch(Dense(1))]
    #[output(loss = mae, weight = 0.3)]
    sold_by_shop: f32,
}

fn rows() -> Vec<SaleSample> {
    let row = |i: usize| {
        let wave = |k: f32| (i as f32 * k).sin();
        let sold = wave(0.7) - 0.5 * wave(0.3);
        SaleSample {
            shop: [wave(0.7), wave(1.1), wave(0.13)],
            weather: (!i.is_multiple_of(4)).then_some([wave(0.3), wave(0.9)]),
            scale: 0.5,
            sold,
            sold_by_shop: sold,
        }
    };
    (0..64).map(row).collect()
}

fn trainer() -> Trainer<Sale, Sgd> {
    Trainer::new(Sgd::new(0.1)).batch_size(16).seed(Seed(6)).progress(Progress::silent())
}

/// All tensors after training from the same weights.
fn fit(trainer: Trainer<Sale, Sgd>, rows: &[SaleSample]) -> Vec<Named> {
    let mut model = Sale::build(&Cpu::default(), Seed(2));
    trainer.fit(&mut model, rows).unwrap();
    all(&model)
}

fn all(model: &Model<Sale>) -> Vec<Named> {
    [parameters(model.module()), frozen(model.module())].concat()
}

fn start() -> Vec<Named> {
    all(&Sale::build(&Cpu::default(), Seed(2)))
}

/// Which tensors differ.
fn changed(before: &[Named], after: &[Named]) -> Vec<String> {
    let pairs = before.iter().zip(after);
    pairs.filter(|(a, b)| a != b).map(|(a, _)| a.0.clone()).collect()
}

#[test]
fn a_frozen_branch_stays_and_so_do_its_statistics() {
    let after = fit(trainer().epochs(2).freeze(Sale::shop), &rows());
    let moved = changed(&start(), &after);
    assert!(moved.iter().all(|name| !name.starts_with("shop.")), "{moved:?}");
    assert!(moved.iter().any(|name| name.starts_with("joined.")), "{moved:?}");
    // Its Dropout still drops, and its BatchNorm normalises with the running statistics, as in
    // Keras; afterwards nothing is frozen.
    let mut model = Sale::build(&Cpu::default(), Seed(2));
    trainer().freeze(Sale::shop).fit(&mut model, &rows()).unwrap();
    trainer().fit(&mut model, &rows()).unwrap();
    assert!(changed(&start(), &all(&model)).iter().any(|name| name == "shop.1.running_mean"));
}

#[test]
fn a_branch_that_is_frozen_for_a_while_moves_from_its_epoch_on() {
    let until = |epoch| Freeze::until_epoch(Sale::shop, epoch);
    let still = fit(trainer().epochs(2).callback(until(2)), &rows());
    assert!(changed(&start(), &still).iter().all(|name| !name.starts_with("shop.")));
    let moved = fit(trainer().epochs(3).callback(until(2)), &rows());
    assert!(changed(&start(), &moved).iter().any(|name| name.starts_with("shop.")));
    // The same as freezing for the two epochs and going on without.
    let mut model = Sale::build(&Cpu::default(), Seed(2));
    trainer().epochs(2).freeze(Sale::shop).fit(&mut model, &rows()).unwrap();
    trainer().initial_epoch(2).epochs(3).fit(&mut model, &rows()).unwrap();
    assert_eq!(all(&model), moved);
}

#[test]
fn a_branch_learns_at_its_own_rate() {
    let one_step = |trainer: Trainer<Sale, Sgd>| fit(trainer.steps_per_epoch(1), &rows());
    let (plain, half) =
        (one_step(trainer()), one_step(trainer().learning_rate_of(Sale::joined, 0.5)));
    for ((start, plain), half) in start().iter().zip(&plain).zip(&half) {
        let factor = if start.0.starts_with("joined.") { 0.5 } else { 1.0 };
        for ((start, plain), half) in start.1.iter().zip(&plain.1).zip(&half.1) {
            assert!((factor * (plain - start) - (half - start)).abs() < 1e-6, "{}", plain - start);
        }
    }
    let zero = fit(trainer().learning_rate_of(Sale::sold, 0.0), &rows());
    assert!(changed(&start(), &zero).iter().all(|name| !name.starts_with("sold.")));
}

#[test]
fn an_input_that_is_always_dropped_is_one_that_is_never_there() {
    let mut without = rows();
    without.iter_mut().for_each(|row| row.weather = None);
    let dropped = fit(trainer().epochs(2).drop_input(Sale::weather, 1.0), &rows());
    assert_eq!(dropped, fit(trainer().epochs(2), &without));
    let plain = fit(trainer().epochs(2), &rows());
    assert_eq!(fit(trainer().epochs(2).drop_input(Sale::weather, 0.0), &rows()), plain);
    let some = fit(trainer().epochs(2).drop_input(Sale::weather, 0.5), &rows());
    assert!(some != plain && some != dropped);
}

#[test]
fn an_auxiliary_head_teaches_the_branch_it_stands_on() {
    // With everything else frozen, only the auxiliary loss moves `shop`.
    let frozen = trainer().freeze(Sale::joined).freeze(Sale::sold).freeze(Sale::weather);
    let mut model = Sale::build(&Cpu::default(), Seed(2));
    let history = frozen.epochs(8).fit(&mut model, &rows()).unwrap();
    let losses = history.curve("sold_by_shop_loss");
    assert!(losses[7] < 0.9 * losses[0], "{losses:?}");
    let total: f64 = history.curve("loss")[0];
    let parts = history.curve("sold_loss")[0] + 0.3 * losses[0];
    assert!((total - parts).abs() < 1e-6);
}

#[test]
fn epochs_are_what_one_makes_of_them() {
    // Four batches are a pass. Half-passes are epochs of two steps, and later epochs may be trained
    // later: orders and dropout depend on the number of the batch alone.
    let whole = fit(trainer().epochs(4), &rows());
    assert_eq!(fit(trainer().epochs(8).steps_per_epoch(2), &rows()), whole);
    let mut model = Sale::build(&Cpu::default(), Seed(2));
    trainer().epochs(3).fit(&mut model, &rows()).unwrap();
    trainer().initial_epoch(3).epochs(4).fit(&mut model, &rows()).unwrap();
    assert_eq!(all(&model), whole);
}

#[test]
fn validation_comes_as_often_as_it_is_asked_for() {
    let mut model = Sale::build(&Cpu::default(), Seed(2));
    let trainer = trainer().epochs(7).validation_split(0.25).validation_frequency(3);
    let history = trainer
        .callback(EarlyStopping::on(Monitor::val_loss()).patience(9))
        .fit(&mut model, &rows())
        .unwrap();
    let epochs: Vec<usize> = history.points("val_loss").iter().map(|(epoch, _)| *epoch).collect();
    assert_eq!((epochs, history.epochs.len()), (vec![2, 5], 7));
    assert!(history.to_string().contains('-'));
}

/// A branch with statistics, and a square that may overflow on its way to the head.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Square {
    #[input]
    #[branch(Dense(2, tanh), BatchNorm, Dense(1))]
    sound: [f32; 2],
    #[input]
    scale: f32,
    #[merge(multiply(scale, scale))]
    squared: _,
    #[merge(add(sound, squared))]
    #[output(loss = mse)]
    sum: f32,
}

#[test]
fn a_loss_that_is_not_finite_names_output_step_and_node_and_damages_nothing() {
    let row = |i: usize| {
        let wave = |k: f32| (i as f32 * k).sin();
        // Row 40 is in the third batch of 16.
        let scale = if i == 40 { 1e30 } else { 1.0 };
        SquareSample { sound: [wave(0.3), wave(0.8)], scale, sum: wave(0.3) }
    };
    let rows: Vec<SquareSample> = (0..64).map(row).collect();
    let build = || Square::build(&Cpu::default(), Seed(2));
    let trainer = || {
        let trainer = Trainer::new(Sgd::new(0.1)).batch_size(16).shuffle(Shuffle::Never);
        trainer.progress(Progress::silent())
    };
    let mut model = build();
    let error = trainer().fit(&mut model, &rows).unwrap_err();
    let Error::NotFinite { output, epoch, step, node, value } = &error else { panic!("{error}") };
    assert_eq!((*output, *epoch, *step, *node), ("sum", 1, 3, Some("squared")));
    assert!(value.is_infinite());
    assert!(error.to_string().contains("first in the branch of `squared`"), "{error}");
    // Weights and what BatchNorm keeps are those of the two good steps.
    let mut good = build();
    trainer().steps_per_epoch(2).fit(&mut good, &rows).unwrap();
    assert_eq!(model.snapshot().unwrap(), good.snapshot().unwrap());
}

/// Row 40 of which is in the third batch of 16, and whose square overflows.
fn poisoned() -> Vec<SaleSample> {
    let mut rows = rows();
    rows[40].scale = 1e30;
    rows
}

/// The infinity is gone behind a `tanh`, so that the losses are numbers; its gradient is none.
#[test]
fn a_gradient_that_is_not_finite_names_tensor_step_and_node_and_damages_nothing() {
    let mut model = Sale::build(&Cpu::default(), Seed(2));
    let trainer = || trainer().shuffle(Shuffle::Never);
    let error = trainer().fit(&mut model, &poisoned()).unwrap_err();
    let Error::Gradient { tensor, epoch, step, node } = &error else { panic!("{error}") };
    assert_eq!((&**tensor, *epoch, *step), ("joined.0.weight", 1, 3));
    assert_eq!(*node, Some("scaled"));
    assert_eq!(all(&model), fit(trainer().steps_per_epoch(2), &rows()));
}

#[test]
fn terminate_on_nan_ends_instead_of_failing_with_the_best_weights() {
    let mut model = Sale::build(&Cpu::default(), Seed(2));
    let history = trainer()
        .epochs(5)
        .shuffle(Shuffle::Never)
        .steps_per_epoch(1)
        .callback(EarlyStopping::on(Monitor::loss()).patience(9).restore_best())
        .callback(TerminateOnNan)
        .fit(&mut model, &poisoned())
        .unwrap();
    assert_eq!((history.end, history.epochs.len()), (End::Stopped, 2));
    let losses = history.curve("loss");
    let best = if losses[1] < losses[0] { 2 } else { 1 };
    let expected = trainer().shuffle(Shuffle::Never).steps_per_epoch(1).epochs(best);
    assert_eq!(all(&model), fit(expected, &rows()));
}

#[test]
fn what_cannot_be_frozen_or_dropped_so_often_is_said_with_the_rest() {
    let error = trainer()
        .freeze(Sale::scaled)
        .drop_input(Sale::weather, 2.0)
        .learning_rate_of(Sale::sold, -1.0)
        .fit(&mut Sale::build(&Cpu::default(), Seed(2)), &rows())
        .unwrap_err()
        .to_string();
    for part in [
        "the branch of `scaled` has nothing that learns",
        "to drop `weather` must be from 0 to 1, but is 2",
        "`learning_rate_of` `sold` must be a number of at least 0, but is -1",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[multi_input_model]
pub struct Odds {
    #[input]
    x: f32,
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy)]
    chance: f32,
    #[from(x)]
    #[branch(Dense(1, softplus))]
    #[output(loss = poisson)]
    count: f32,
}

#[test]
fn targets_that_a_loss_cannot_compare_with_are_named_by_row() {
    let error = |chance: f32, count: f32| {
        let rows =
            [OddsSample { x: 0.0, chance: 0.5, count: 2.0 }, OddsSample { x: 0.0, chance, count }];
        let mut model = Odds::build(&Cpu::default(), Seed(1));
        let trained = Trainer::new(Adam::new(0.1)).fit(&mut model, &rows);
        trained.unwrap_err().to_string()
    };
    assert_eq!(
        error(1.5, 1.0),
        "row 1, field `chance`: expected a number from 0 to 1, which `binary_cross_entropy` \
         compares with, found 1.5"
    );
    let text = error(0.5, -1.0);
    assert!(text.contains("a number of at least 0, which `poisson`"), "{text}");
}

/// Something of everything that is computed by several threads.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Clip3 {
    #[input]
    #[branch(Conv2D(8, 3, relu), MaxPool2D(2), Flatten)]
    frame: [[[f32; 14]; 14]; 2],
    #[input]
    #[branch(LSTM(12))]
    sound: [[f32; 5]; 9],
    #[input]
    #[branch(Dense(64, relu), BatchNorm, Dropout(0.2))]
    numbers: [f32; 32],
    #[merge(concat(frame, sound, numbers))]
    #[branch(Dense(48, relu))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy))]
    kind: Class<3>,
}

#[test]
fn training_has_the_same_bits_for_any_number_of_threads() {
    let wave = |i: usize, k: usize| ((i * 31 + k * 7) as f32 * 0.37).sin();
    let row = |i: usize| Clip3Sample {
        frame: std::array::from_fn(|c| {
            std::array::from_fn(|y| std::array::from_fn(|x| wave(i, c * 196 + y * 14 + x)))
        }),
        sound: std::array::from_fn(|t| std::array::from_fn(|f| wave(i, t * 5 + f))),
        numbers: std::array::from_fn(|k| wave(i, 3 * k)),
        kind: Class::new(i % 3).unwrap(),
    };
    let rows: Vec<Clip3Sample> = (0..160).map(row).collect();
    let train = |threads: usize| {
        multi_input::with_threads(threads, || {
            let mut model = Clip3::build(&Cpu::default(), Seed(4));
            let history = Trainer::new(Adam::new(3e-3))
                .epochs(3)
                .batch_size(64)
                .seed(Seed(5))
                .clip(Clip::GlobalNorm(1.0))
                .progress(Progress::silent())
                .fit(&mut model, &rows)
                .unwrap();
            (model.snapshot().unwrap(), history)
        })
    };
    let one = train(1);
    for threads in [2, 3] {
        let many = train(threads);
        assert!(one.0 == many.0, "{threads} threads give other weights");
        assert_eq!(one.1, many.1);
    }
}
