//! Files of models whose fields had other names.

use std::path::Path;

use multi_input::{
    callback::{Event, Flow, Training},
    history::{End, History},
    prelude::*,
    uncertainty::Conformal,
    Error,
};

use crate::support::{frozen, parameters};

mod before {
    use multi_input::prelude::*;

    #[multi_input_model(part(Places = town))]
    #[derive(Clone, Debug)]
    pub struct House {
        #[input(standardize, missing = learned)]
        #[branch(Dense(4, tanh), BatchNorm)]
        pub sizes: Option<[f32; 2]>,
        #[input(categories(20))]
        #[branch(Embedding(20, 3))]
        pub town: String,
        #[input(categories(20, shared = town))]
        #[branch(shared = town)]
        pub birthplace: String,
        #[input]
        pub rooms: f32,
        #[derived(rooms * 2.0, standardize)]
        pub beds: f32,
        #[merge(concat(sizes, town, birthplace, beds, axis = 0))]
        #[branch(Dense(5, relu), Dropout(0.2))]
        pub axis: _,
        #[from(axis)]
        #[branch(Dense(1))]
        #[output(loss = mse, metrics(mae), standardize, weight = learned)]
        pub cost: f32,
        #[from(axis)]
        #[branch(Dense(1))]
        #[output(loss = binary_cross_entropy, metrics(accuracy))]
        pub sold: bool,
    }
}

mod now {
    use multi_input::prelude::*;

    #[multi_input_model(part(Places = city))]
    #[derive(Clone, Debug)]
    pub struct House {
        #[input(standardize, missing = learned)]
        #[branch(Dense(4, tanh), BatchNorm)]
        #[renamed(sizes)]
        pub area: Option<[f32; 2]>,
        #[input(categories(20))]
        #[branch(Embedding(20, 3))]
        #[renamed(place, town)]
        pub city: String,
        #[input(categories(20, shared = city))]
        #[branch(shared = city)]
        #[renamed(birthplace)]
        pub born_in: String,
        #[renamed(rooms)]
        #[input]
        pub number_of_rooms: f32,
        #[renamed(beds)]
        #[derived(number_of_rooms * 2.0, standardize)]
        pub number_of_beds: f32,
        #[merge(concat(area, city, born_in, number_of_beds, axis = 0))]
        #[branch(Dense(5, relu), Dropout(0.2))]
        #[renamed(axis)]
        pub joined: _,
        #[from(joined)]
        #[branch(Dense(1))]
        #[output(loss = mse, metrics(mae), standardize, weight = learned)]
        #[renamed(cost)]
        pub price: f32,
        #[from(joined)]
        #[branch(Dense(1))]
        #[output(loss = binary_cross_entropy, metrics(accuracy))]
        #[renamed(gone)]
        pub sold: bool,
    }
}

const CITIES: [&str; 5] = ["Bern", "Basel", "Genf", "Chur", "Uri"];

fn before() -> Vec<before::HouseSample> {
    let row = |i: usize| {
        let wave = |k: f32| (i as f32 * k).sin();
        before::HouseSample {
            sizes: (!i.is_multiple_of(4)).then_some([40.0 + 9.0 * wave(0.7), wave(1.3)]),
            town: CITIES[i % 4].to_owned(),
            birthplace: CITIES[i % 5].to_owned(),
            rooms: (i % 6) as f32,
            cost: 300.0 + 50.0 * wave(0.7) + 10.0 * (i % 5) as f32,
            sold: i.is_multiple_of(3),
        }
    };
    (0..96).map(row).collect()
}

fn now() -> Vec<now::HouseSample> {
    let row = |row: before::HouseSample| now::HouseSample {
        area: row.sizes,
        city: row.town,
        born_in: row.birthplace,
        number_of_rooms: row.rooms,
        price: row.cost,
        sold: row.sold,
    };
    before().into_iter().map(row).collect()
}

fn inputs_before() -> Vec<before::HouseInputs> {
    let inputs = |row: before::HouseSample| before::HouseInputs {
        sizes: row.sizes,
        town: row.town,
        birthplace: row.birthplace,
        rooms: row.rooms,
    };
    before().into_iter().map(inputs).collect()
}

fn inputs_now() -> Vec<now::HouseInputs> {
    let inputs = |row: now::HouseSample| now::HouseInputs {
        area: row.area,
        city: row.city,
        born_in: row.born_in,
        number_of_rooms: row.number_of_rooms,
    };
    now().into_iter().map(inputs).collect()
}

/// Trains as far as a pause after some epochs. The settings name fields by their names then and now.
macro_rules! train {
    (
        $house:ty, $rows:expr, [$area:ident, $city:ident, $joined:ident, $price:ident],
        $folder:expr, $epochs:expr
    ) => {{
        let pause = |event: &Event<'_>, _: &mut dyn Training<$house>| match event {
            Event::EpochEnded { epoch, .. } if epoch + 1 == $epochs => Flow::Pause,
            _ => Flow::Continue,
        };
        let mut model = <$house>::build(&Cpu::default(), Seed(7));
        let history = Trainer::new(Adam::new(1e-2))
            .epochs(4)
            .batch_size(16)
            .validation_split(0.25)
            .seed(Seed(3))
            .accumulate(2)
            .moving_average(MovingAverage::new(0.9))
            .drop_input(<$house>::$area, 0.25)
            .learning_rate_of(<$house>::$city, 0.5)
            .freeze(<$house>::$joined)
            .freeze(<$house>::$area)
            .progress(Progress::silent())
            .resume($folder)
            .on_event(pause)
            .callback(
                EarlyStopping::on(Monitor::val(<$house>::$price, metric::Mae))
                    .patience(3)
                    .restore_best(),
            )
            .callback(Checkpoint::in_folder($folder))
            .fit(&mut model, &$rows)
            .unwrap();
        (model, history)
    }};
}

fn train_before(folder: &Path, epochs: usize) -> (Model<before::House>, History) {
    train!(before::House, before(), [sizes, town, axis, cost], folder, epochs)
}

fn train_now(folder: &Path, epochs: usize) -> (Model<now::House>, History) {
    train!(now::House, now(), [area, city, joined, price], folder, epochs)
}

fn bits(numbers: impl IntoIterator<Item = f32>) -> Vec<u32> {
    numbers.into_iter().map(f32::to_bits).collect()
}

#[test]
fn a_saved_model_is_loaded_under_the_new_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.safetensors");
    let (mut old, _) = train_before(folder.path(), 9);
    let conformal = Conformal::fit(&old, &before(), 0.8).unwrap();
    old.set_conformal(&conformal).unwrap();
    old.save(&path).unwrap();
    let new = Model::<now::House>::load(&path, &Cpu::default()).unwrap();
    let predicted = old.predict(&inputs_before()).unwrap();
    let again = new.predict(&inputs_now()).unwrap();
    assert_eq!(bits(predicted.iter().map(|row| row.cost)), bits(again.iter().map(|row| row.price)));
    assert_eq!(bits(predicted.iter().map(|row| row.sold)), bits(again.iter().map(|row| row.sold)));
    let kept = new.conformal().expect("its intervals");
    assert_eq!(kept.bounds(now::House::price), conformal.bounds(before::House::cost));

    // Saved anew, it has the new names and no old ones.
    new.save(&path).unwrap();
    assert!(Model::<before::House>::load(&path, &Cpu::default()).is_err());
    let new = Model::<now::House>::load(&path, &Cpu::default()).unwrap();
    assert!(new.conformal().is_some());

    // A part goes through the renames too.
    let place = old.part::<before::Places>().unwrap();
    place.save(&path).unwrap();
    let renamed = Model::<now::Places>::load(&path, &Cpu::default()).unwrap();
    let values = |named: &[(String, Vec<f64>)]| named[0].1.clone();
    assert_eq!(values(&parameters(place.module())), values(&parameters(renamed.module())));
}

#[test]
fn a_run_is_resumed_under_the_new_names() {
    let (whole, halves) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (straight, expected) = train_before(whole.path(), 9);
    let (_, history) = train_before(halves.path(), 2);
    assert_eq!(history.end, End::Paused);
    let (resumed, history) = train_now(halves.path(), 9);
    let values = |all: Vec<(String, Vec<f64>)>| -> Vec<_> {
        all.into_iter().map(|(_, values)| values).collect()
    };
    let (then, now) = (straight.module(), resumed.module());
    assert_eq!(values(parameters(then)), values(parameters(now)));
    assert_eq!(values(frozen(then)), values(frozen(now)));
    assert_eq!(history.curve("price_mae"), expected.curve("cost_mae"));
    assert_eq!(history.curve("val_price_loss"), expected.curve("val_cost_loss"));
    assert_eq!(history.curve("price_mae").len(), 4);
}

#[test]
fn nodes_are_taken_under_the_new_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.safetensors");
    let (old, _) = train_before(folder.path(), 9);
    old.save(&path).unwrap();
    let file = Weights::file(&path).unwrap();
    for of_file in [true, false] {
        let mut new = now::House::build(&Cpu::default(), Seed(1));
        let taken = match of_file {
            true => new.take_matching(&file).unwrap(),
            false => new.take_matching(&old).unwrap(),
        };
        assert!(taken.left.is_empty(), "{taken}");
        let predicted = old.predict(&inputs_before()).unwrap();
        let again = new.predict(&inputs_now()).unwrap();
        let sold = |row: &before::HouseOutputs| row.sold;
        assert_eq!(bits(predicted.iter().map(sold)), bits(again.iter().map(|row| row.sold)));
    }
    let mut new = now::House::build(&Cpu::default(), Seed(1));
    let taken = new.take(&file, [now::House::city]).unwrap();
    assert_eq!(taken.taken[0].node, "city");
}

#[test]
fn what_is_not_renamed_is_another_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.safetensors");
    now::House::build(&Cpu::default(), Seed(1)).save(&path).unwrap();
    let error = Model::<before::House>::load(&path, &Cpu::default()).unwrap_err();
    assert!(matches!(error, Error::Checkpoint(_)), "{error}");
    assert!(error.to_string().contains("`sizes`"), "{error}");
}
