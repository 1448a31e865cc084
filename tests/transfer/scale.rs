//! A frozen branch and the scale of its inputs.

use multi_input::{
    data::{from_fn, BadRow},
    prelude::*,
    NoticeKind,
};

/// The base: trained on many rows.
mod base {
    use multi_input::prelude::*;

    #[multi_input_model]
    #[derive(Clone, Debug)]
    pub struct House {
        #[input(standardize)]
        #[branch(Dense(16, tanh))]
        pub numbers: [f32; 2],
        #[from(numbers)]
        #[branch(Dense(1))]
        #[output(loss = mse, metrics(rmse), standardize)]
        pub price: f32,
    }
}

/// The tuned model: another name, another output, and an input of its own.
mod tuned {
    use multi_input::prelude::*;

    #[multi_input_model]
    #[derive(Clone, Debug)]
    pub struct Flat {
        #[input(standardize)]
        #[branch(Dense(16, tanh))]
        pub numbers: [f32; 2],
        #[input(standardize)]
        pub floor: f32,
        #[from(numbers)]
        #[branch(Dense(1))]
        #[output(loss = mse, metrics(rmse), standardize)]
        pub price: f32,
        #[from(floor)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        pub rent: f32,
    }
}

use base::{House, HouseSample};
use tuned::{Flat, FlatInputs, FlatSample};

fn price([a, b]: [f32; 2]) -> f32 {
    3.0 * a + (2.0 * b).sin()
}

/// Numbers around zero.
fn numbers(row: usize) -> [f32; 2] {
    let unit = |by: usize| ((row * by) % 101) as f32 / 50.0 - 1.0;
    [unit(7), unit(13)]
}

fn houses() -> Vec<HouseSample> {
    let row = |row: usize| HouseSample { numbers: numbers(row), price: price(numbers(row)) };
    (0..400).map(row).collect()
}

/// Few rows, far from the base's in their mean and spread.
fn flats() -> Vec<FlatSample> {
    let row = |row: usize| {
        let [a, b] = numbers(row);
        let numbers = [0.8 + 0.1 * a, 0.1 * b];
        FlatSample { numbers, floor: b, price: price(numbers), rent: b }
    };
    (0..30).map(row).collect()
}

fn base() -> Model<House> {
    let mut base = House::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(60).progress(Progress::silent());
    trainer.fit(&mut base, &houses()).unwrap();
    base
}

fn trainer() -> Trainer<Flat, Adam> {
    Trainer::new(Adam::new(1e-2)).epochs(3).progress(Progress::silent())
}

/// A run in which everything is frozen that comes from the base.
fn frozen() -> Trainer<Flat, Adam> {
    trainer().freeze(Flat::numbers).freeze(Flat::price)
}

/// The root mean squared error of the price, on rows of the base's kind.
fn rmse(model: &Model<Flat>) -> f64 {
    let rows: Vec<FlatInputs> =
        houses().iter().map(|row| FlatInputs { numbers: row.numbers, floor: 0.0 }).collect();
    let predicted = model.predict(&rows).unwrap();
    let errors = predicted.iter().zip(houses()).map(|(own, row)| f64::from(own.price - row.price));
    (errors.map(|error| error * error).sum::<f64>() / rows.len() as f64).sqrt()
}

#[test]
fn weights_alone_meet_another_scale_and_a_notice_says_so() {
    let base = base();
    let of_base = base.evaluate(&houses()).unwrap().get("rmse").unwrap();
    assert!(of_base < 0.2, "{of_base}");

    // As it was done before `take`: the weights by hand.
    let mut tuned = Flat::build(&Cpu::default(), Seed(2));
    tuned.module_mut().numbers = base.module().numbers.clone();
    tuned.module_mut().price = base.module().price.clone();
    let history = frozen().fit(&mut tuned, &flats()).unwrap();
    assert!(rmse(&tuned) > 5.0 * of_base, "{} and {of_base}", rmse(&tuned));
    let about: Vec<_> = history
        .notices
        .iter()
        .filter(|notice| notice.kind == NoticeKind::FrozenScale)
        .map(ToString::to_string)
        .collect();
    assert_eq!(about.len(), 2, "{about:?}");
    assert_eq!(
        about[0],
        "`numbers`: its preprocessing is fitted on these training rows, but the branch of \
         `numbers` is frozen and has weights for what it was fitted on before: take `numbers` with \
         its preprocessing (`Model::take`), leave `refit` out, or let the branch learn"
    );
    assert!(about[1].starts_with("`price`: its preprocessing"), "{about:?}");
}

#[test]
fn what_is_taken_keeps_its_scale_in_memory_and_from_a_source() {
    let base = base();
    let of_base = base.evaluate(&houses()).unwrap().get("rmse").unwrap();
    let scale = |model: &Preprocessing, field: &str| model.learned(field, "standardize");
    for streamed in [false, true] {
        let mut tuned = Flat::build(&Cpu::default(), Seed(2));
        let taken = tuned.take(&base, nodes![Flat::{numbers, price}]).unwrap();
        assert!(taken.contains("numbers") && taken.contains("price"));
        assert!(tuned.preprocessing().is_none(), "`floor` is not fitted");
        let history = match streamed {
            false => frozen().fit(&mut tuned, &flats()).unwrap(),
            true => frozen().fit_from(&mut tuned, &from_fn(flats)).unwrap(),
        };
        assert!(history.notices.iter().all(|notice| notice.kind != NoticeKind::FrozenScale));
        assert!((rmse(&tuned) - of_base).abs() < 1e-6, "{} and {of_base}", rmse(&tuned));
        let (own, others) = (tuned.preprocessing().unwrap(), base.preprocessing().unwrap());
        for field in ["numbers", "price"] {
            assert_eq!(scale(own, field), scale(others, field));
        }
        assert!(scale(own, "floor").is_some());
        assert_eq!(
            tuned.module().numbers.0.weight.as_vec(),
            base.module().numbers.0.weight.as_vec()
        );
    }
}

#[test]
fn a_field_is_refitted_on_request() {
    let base = base();
    let scale = |model: &Model<Flat>, field: &str| {
        model.preprocessing().unwrap().learned(field, "standardize")
    };
    for streamed in [false, true] {
        let fit = |trainer: Trainer<Flat, Adam>| {
            let mut tuned = Flat::build(&Cpu::default(), Seed(2));
            let _ = tuned.take(&base, nodes![Flat::numbers, Flat::price]).unwrap();
            let history = match streamed {
                false => trainer.fit(&mut tuned, &flats()).unwrap(),
                true => trainer.fit_from(&mut tuned, &from_fn(flats)).unwrap(),
            };
            (tuned, history)
        };
        let (kept, _) = fit(trainer());
        let (refitted, history) = fit(trainer().refit(Flat::numbers));
        assert_ne!(scale(&refitted, "numbers"), scale(&kept, "numbers"));
        assert_eq!(scale(&refitted, "price"), scale(&kept, "price"));
        assert_eq!(scale(&refitted, "floor"), scale(&kept, "floor"));
        assert!(history.notices.iter().all(|notice| notice.kind != NoticeKind::FrozenScale));
        let (_, history) = fit(trainer().refit(Flat::numbers).freeze(Flat::numbers));
        let about = |kind| history.notices.iter().filter(|notice| notice.kind == kind).count();
        assert_eq!(about(NoticeKind::FrozenScale), 1);
        let (all, _) = fit(trainer().refit_all());
        assert_ne!(scale(&all, "price"), scale(&kept, "price"));
    }
}

#[test]
fn a_second_fit_keeps_every_scale_unless_one_is_refitted() {
    let mut model = Flat::build(&Cpu::default(), Seed(2));
    let _ = trainer().fit(&mut model, &flats()).unwrap();
    let first = model.preprocessing().unwrap().clone();
    let mut moved = flats();
    moved.iter_mut().for_each(|row| (row.floor, row.numbers[0]) = (row.floor + 9.0, 4.0));
    let _ = trainer().fit(&mut model, &moved).unwrap();
    assert_eq!(model.preprocessing(), Some(&first));
    let _ = trainer().refit(Flat::floor).fit(&mut model, &moved).unwrap();
    let own = model.preprocessing().unwrap();
    assert_ne!(own.learned("floor", "standardize"), first.learned("floor", "standardize"));
    assert_eq!(own.learned("numbers", "standardize"), first.learned("numbers", "standardize"));
}

#[test]
fn what_cannot_be_refitted_is_refused() {
    #[multi_input_model]
    struct Hidden {
        #[input]
        x: f32,
        #[from(x)]
        #[branch(Dense(2))]
        hidden: _,
        #[from(hidden)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        y: f32,
    }
    let mut model = Hidden::build(&Cpu::default(), Seed(1));
    let rows = [HiddenSample { x: 1.0, y: 1.0 }];
    let trainer = Trainer::new(Adam::new(1e-3)).progress(Progress::silent());
    let error = trainer.refit(Hidden::hidden).fit(&mut model, &rows).unwrap_err();
    assert!(
        error.to_string().contains(
            "`refit`: `hidden` is no input, derived node or output, so nothing is fitted"
        ),
        "{error}"
    );
}

#[test]
fn the_first_fit_of_a_frozen_branch_gives_no_notice() {
    // Random features: no scale was ever learned.
    let mut model = Flat::build(&Cpu::default(), Seed(2));
    let history = trainer().freeze(Flat::numbers).fit(&mut model, &flats()).unwrap();
    assert!(history.notices.iter().all(|notice| notice.kind != NoticeKind::FrozenScale));
}

#[test]
fn a_model_that_has_only_taken_is_saved_with_it() {
    let (base, folder) = (base(), tempfile::tempdir().unwrap());
    let path = folder.path().join("taken.safetensors");
    let mut tuned = Flat::build(&Cpu::default(), Seed(2));
    let _ = tuned.take(&base, nodes![Flat::numbers, Flat::price]).unwrap();
    tuned.save(&path).unwrap();
    let mut loaded = Model::<Flat>::load(&path, &Cpu::default()).unwrap();
    let _ = frozen().fit(&mut tuned, &flats()).unwrap();
    let _ = frozen().fit(&mut loaded, &flats()).unwrap();
    assert_eq!(loaded.preprocessing(), tuned.preprocessing());
    assert_eq!(loaded.snapshot().unwrap(), tuned.snapshot().unwrap());
    // And can be taken from, as any other.
    let mut third = Flat::build(&Cpu::default(), Seed(3));
    tuned.save(&path).unwrap();
    let taken = third.take_matching(&Weights::file(&path).unwrap()).unwrap();
    assert!(taken.left.is_empty(), "{taken}");
    assert_eq!(third.preprocessing(), tuned.preprocessing());
}

#[test]
fn a_run_with_taken_fields_resumes_with_the_same_bits() {
    let (base, folder) = (base(), tempfile::tempdir().unwrap());
    let start = || {
        let mut tuned = Flat::build(&Cpu::default(), Seed(2));
        let _ = tuned.take(&base, nodes![Flat::numbers]).unwrap();
        tuned
    };
    let run = |model: &mut Model<Flat>, epochs: usize, streamed: bool| {
        let path = folder.path().join(streamed.to_string());
        let trainer = trainer().epochs(epochs).resume(&path).callback(Checkpoint::in_folder(path));
        match streamed {
            false => trainer.fit(model, &flats()).unwrap(),
            true => trainer.fit_from(model, &from_fn(flats)).unwrap(),
        }
    };
    for streamed in [false, true] {
        let mut whole = start();
        let _ = match streamed {
            false => trainer().epochs(6).fit(&mut whole, &flats()).unwrap(),
            true => trainer().epochs(6).fit_from(&mut whole, &from_fn(flats)).unwrap(),
        };
        let _ = run(&mut start(), 2, streamed);
        let mut resumed = start();
        let _ = run(&mut resumed, 6, streamed);
        assert_eq!(resumed.snapshot().unwrap(), whole.snapshot().unwrap());
        assert_eq!(resumed.preprocessing(), whole.preprocessing());
        // The file knows what was kept: a model that took nothing ends with the same bits.
        if !streamed {
            let mut fresh = Flat::build(&Cpu::default(), Seed(9));
            let _ = run(&mut fresh, 6, streamed);
            assert_eq!(fresh.preprocessing(), whole.preprocessing());
        }
    }
}

use multi_input::preprocess::Preprocessing;

/// Labels that the run has taken decide which rows it refused.
#[test]
fn a_streamed_run_with_taken_labels_resumes_with_the_rows_that_it_took() {
    #[multi_input_model]
    #[derive(Clone)]
    struct Kind {
        #[input]
        x: f32,
        #[from(x)]
        #[branch(Dense(3, softmax))]
        #[output(loss = cross_entropy, categories)]
        kind: Class<3>,
    }
    let row = |row: usize, kinds: &[&str]| KindSample {
        x: row as f32 / 10.0,
        kind: kinds[row % kinds.len()].into(),
    };
    let rows = move |kinds: &'static [&'static str]| -> Vec<KindSample> {
        (0..12).map(|number| row(number, kinds)).collect()
    };
    let trainer = || Trainer::new(Adam::new(1e-2)).progress(Progress::silent());
    let mut base = Kind::build(&Cpu::default(), Seed(1));
    let _ = trainer().fit(&mut base, &rows(&["flat", "house"])).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = || from_fn(move || rows(&["flat", "house", "castle"])).on_bad_row(BadRow::Skip);
    let run = |epochs: usize, model: &mut Model<Kind>| {
        let trainer = trainer().epochs(epochs).callback(Checkpoint::in_folder(folder.path()));
        trainer.resume(folder.path()).fit_from(model, &source()).unwrap()
    };
    let mut tuned = Kind::build(&Cpu::default(), Seed(2));
    let _ = tuned.take(&base, nodes![Kind::kind]).unwrap();
    let _ = run(1, &mut tuned);
    let mut resumed = Kind::build(&Cpu::default(), Seed(3));
    let history = run(2, &mut resumed);
    assert_eq!(history.epochs.len(), 2);
    assert_eq!(resumed.preprocessing(), base.preprocessing());
}
