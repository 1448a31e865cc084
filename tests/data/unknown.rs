//! Values that training has not seen: recorded in both ways of training, saved, and named.

use multi_input::{
    data::chrono::NaiveDate,
    prelude::*,
    preprocess::Preprocessing,
    unknown::{Margin, UnknownKind},
    Error,
};

/// An input of every kind.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Order {
    #[input(standardize, columns("rooms", "age"))]
    sizes: [f32; 2],
    #[input]
    #[branch(Embedding(50, 2))]
    shop: u32,
    #[input(categories(6))]
    #[branch(Embedding(6, 2))]
    town: String,
    #[input(words(vocabulary = 20, length = 4))]
    #[branch(Embedding(20, 2), Flatten)]
    note: String,
    #[input(calendar(month, weekday))]
    day: NaiveDate,
    #[input(missing = zeros)]
    serum: Option<f64>,
    #[input(clip(0, 100), pad(3))]
    #[branch(Dense(2), GlobalAveragePool1D)]
    visits: Vec<[f32; 2]>,
    #[input(categories(9), multi_hot(9))]
    tags: Vec<String>,
    #[merge(concat(sizes, shop, town, note, day, serum, visits, tags))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
}

fn row(i: usize) -> OrderSample {
    OrderSample {
        sizes: [1.0 + (i % 9) as f32, 10.0],
        shop: 2 * (i % 3) as u32,
        town: ["Ulm", "Bonn"][i % 2].to_owned(),
        note: "large and bright".to_owned(),
        day: day(1 + (i % 11) as u32),
        serum: Some(i as f64),
        visits: vec![[1.0, 0.0], [5.0, 1.0]],
        tags: vec!["new".to_owned(), "old".to_owned()],
        price: i as f32,
    }
}

fn rows() -> Vec<OrderSample> {
    (0..22).map(row).collect()
}

fn trainer() -> Trainer<Order, Adam> {
    Trainer::new(Adam::new(1e-3)).epochs(1).progress(Progress::silent())
}

fn trained() -> Model<Order> {
    let mut model = Order::build(&Cpu::default(), Seed(1));
    trainer().fit(&mut model, &rows()).unwrap();
    model
}

fn inputs(change: impl FnOnce(&mut OrderSample)) -> Vec<OrderInputs> {
    let mut changed = row(4);
    change(&mut changed);
    vec![changed.into()]
}

/// The names of the unknown values of a row, and how they are described.
fn unknown(model: &Model<Order>, rows: &[OrderInputs]) -> Vec<(String, UnknownKind, String)> {
    let predicted = model.predict_checked(rows, Margin::default()).unwrap();
    assert!(predicted[0].price.is_finite() && predicted[0].unrecorded().is_empty());
    let unknown = predicted[0].unknown().iter();
    unknown.map(|own| (own.feature.name.clone(), own.kind, own.to_string())).collect()
}

#[test]
fn every_kind_of_input_says_what_is_unknown() {
    let model = trained();
    assert_eq!(unknown(&model, &inputs(|_| ())), []);
    type Change = fn(&mut OrderSample);
    let cases: [(Change, &str, UnknownKind, &str); 10] = [
        (
            |row| row.sizes[0] = 10.0,
            "rooms",
            UnknownKind::Range,
            "`rooms` is 10; training rows had 1 to 9",
        ),
        (
            |row| row.sizes[1] = 10.5,
            "age",
            UnknownKind::Range,
            "`age` is 10.5; training rows had 10 to 10",
        ),
        (
            |row| row.shop = 3,
            "shop",
            UnknownKind::Category,
            "`shop` is 3; training rows had 3 other categories",
        ),
        (
            |row| row.town = "Kiel".to_owned(),
            "town",
            UnknownKind::Category,
            "`town` is `Kiel`; training rows had a vocabulary of 2 entries",
        ),
        (
            |row| row.note = "large, dark and Damp!".to_owned(),
            "note",
            UnknownKind::Word,
            "`note` is `dark`, `damp`; training rows had a vocabulary of 3 entries",
        ),
        (
            |row| row.day = day(13),
            "day",
            UnknownKind::Range,
            "`day` is 2026-03-13; training rows had 2026-03-01 to 2026-03-11",
        ),
        (
            |row| row.serum = None,
            "serum",
            UnknownKind::Absent,
            "`serum` is absent; training rows had a value in every row",
        ),
        (
            |row| row.serum = Some(-3.0),
            "serum",
            UnknownKind::Range,
            "`serum` is -3; training rows had 0 to 21",
        ),
        (
            |row| row.visits = vec![[2.0, 0.5], [3.0, 7.0], [3.0, 8.0]],
            "visits",
            UnknownKind::Range,
            "`visits` is 7; training rows had 0 to 1",
        ),
        (
            |row| row.tags = vec!["old".to_owned(), "rare".to_owned()],
            "tags",
            UnknownKind::Category,
            "`tags` is `rare`; training rows had a vocabulary of 2 entries",
        ),
    ];
    for (change, name, kind, words) in cases {
        let expected = [(name.to_owned(), kind, words.to_owned())];
        assert_eq!(unknown(&model, &inputs(change)), expected);
    }
}

#[test]
fn a_margin_is_chosen_and_validated() {
    let model = trained();
    let rows = inputs(|row| row.sizes[0] = 10.0);
    let count = |margin| model.unknown(&rows, Margin(margin)).unwrap().rows_with_unknown();
    assert_eq!((count(0.0), count(0.124), count(0.125)), (1, 1, 0));
    for margin in [-0.1, f64::NAN, f64::INFINITY] {
        let error = model.unknown(&rows, Margin(margin)).unwrap_err();
        assert!(matches!(&error, Error::Settings(_)), "{error}");
        assert!(error.to_string().contains("a margin is a share of at least 0"), "{error}");
    }
}

#[test]
fn many_words_and_rows_are_summed_up() {
    let model = trained();
    let note = "a b c d e f large g".to_owned();
    let mut rows = inputs(|row| row.note.clone_from(&note));
    rows.extend(inputs(|row| (row.note, row.shop) = (note, 1)));
    rows.extend(inputs(|_| ()));
    let unknown = model.unknown(&rows, Margin::default()).unwrap();
    let counts: Vec<_> =
        unknown.by_feature().iter().map(|(own, count)| (own.name.clone(), *count)).collect();
    assert_eq!(counts, [("shop".to_owned(), 1), ("note".to_owned(), 2)]);
    assert_eq!(
        unknown.to_string(),
        "2 of 3 rows have a value that training has not seen\n  \
         1 row, for example: `shop` is 1; training rows had 3 other categories\n  \
         2 rows, for example: `note` is `a`, `b`, `c`, `d`, `e` and 2 more; training rows had a \
         vocabulary of 3 entries"
    );
}

#[test]
fn the_record_is_the_same_from_a_source_and_in_a_file() {
    let model = trained();
    let mut streamed = Order::build(&Cpu::default(), Seed(1));
    trainer().fit_from(&mut streamed, &rows()).unwrap();
    let saved = |model: &Model<Order>| model.preprocessing().unwrap().save().unwrap();
    assert_eq!(saved(&streamed), saved(&model));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    model.save(&path).unwrap();
    let loaded = Model::<Order>::load(&path, &Cpu::default()).unwrap();
    assert_eq!(saved(&loaded), saved(&model));
    assert_eq!(unknown(&loaded, &inputs(|row| row.shop = 3)).len(), 1);
}

#[test]
fn a_later_training_extends_the_record_and_no_step() {
    let more: Vec<OrderSample> =
        [30.0, 20.0].map(|rooms| OrderSample { sizes: [rooms, 10.0], ..row(3) }).to_vec();
    let new = inputs(|row| row.sizes[0] = 25.0);
    for from_source in [false, true] {
        let mut model = trained();
        assert_eq!(unknown(&model, &new).len(), 1);
        match from_source {
            false => trainer().fit(&mut model, &more).unwrap(),
            true => trainer().fit_from(&mut model, &more).unwrap(),
        };
        assert_eq!(unknown(&model, &new), [], "from a source: {from_source}");
        let step = |model: &Model<Order>| {
            model.preprocessing().unwrap().learned("sizes", "standardize").unwrap()
        };
        assert_eq!(step(&model), step(&trained()));
    }
}

#[test]
fn rows_that_count_for_no_output_are_not_recorded() {
    let mut rows = rows();
    rows.push(OrderSample { sizes: [1e6, 10.0], ..row(3) });
    let weight = |row: &OrderSample| f32::from(u8::from(row.sizes[0] < 1e5));
    for from_source in [false, true] {
        let mut model = Order::build(&Cpu::default(), Seed(1));
        let trainer = trainer().sample_weight(Order::price, weight);
        match from_source {
            false => trainer.fit(&mut model, &rows).unwrap(),
            true => trainer.fit_from(&mut model, &rows).unwrap(),
        };
        assert_eq!(unknown(&model, &inputs(|row| row.sizes[0] = 1000.0)).len(), 1);
    }
}

#[test]
fn a_file_without_a_record_says_so() {
    static SCHEMA: multi_input::definition::Schema = Order::SCHEMA;
    let model = trained();
    let saved = model.preprocessing().unwrap().save().unwrap();
    let mut saved: serde_json::Value = serde_json::from_str(&saved).unwrap();
    for input in saved["inputs"].as_array_mut().unwrap() {
        assert!(input.as_object_mut().unwrap().remove("seen").is_some());
    }
    let old = Preprocessing::restore(&SCHEMA, &saved.to_string()).unwrap();
    assert_eq!(old.unrecorded().len(), SCHEMA.inputs.len());

    // Without any step nothing is fitted, and the untrained model knows nothing either.
    let untrained = Plain::build(&Cpu::default(), Seed(1));
    let predicted = untrained.predict_checked(&[PlainInputs { x: 3.0 }], Margin(0.0)).unwrap();
    assert_eq!(predicted[0].unrecorded(), ["x"]);
    assert_eq!(predicted[0].unknown(), []);
    let unknown = untrained.unknown(&[PlainInputs { x: 3.0 }], Margin(0.0)).unwrap();
    assert!(unknown.to_string().ends_with("no record of the training values of `x`"), "{unknown}");
}

/// A model without steps, which fitting nevertheless has a record of.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Plain {
    #[input]
    x: f32,
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn a_model_without_steps_has_a_record_as_well() {
    let rows = [1.0, 2.0].map(|x| PlainSample { x, y: x });
    for from_source in [false, true] {
        let mut model = Plain::build(&Cpu::default(), Seed(1));
        let trainer = Trainer::new(Adam::new(1e-3)).epochs(1).progress(Progress::silent());
        match from_source {
            false => trainer.fit(&mut model, &rows).unwrap(),
            true => trainer.fit_from(&mut model, &rows.to_vec()).unwrap(),
        };
        let predicted = model.predict_checked(&[PlainInputs { x: 9.0 }], Margin::default());
        assert_eq!(predicted.unwrap()[0].unknown()[0].found, "9");
    }
}

/// A model with a part, and an input without steps in it.
#[multi_input_model(part(Tower = vector))]
#[derive(Clone, Debug)]
pub struct Rent {
    #[input]
    rooms: f32,
    #[input(standardize)]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(2, tanh))]
    #[output]
    vector: [f32; 2],
    #[from(vector)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    rent: f32,
}

#[test]
fn the_record_comes_along_with_a_part_and_with_nodes_that_are_taken() {
    let rows: Vec<RentSample> =
        (0..20).map(|i| RentSample { rooms: i as f32, age: i as f32, rent: 1.0 }).collect();
    let mut model = Rent::build(&Cpu::default(), Seed(1));
    let trainer = || Trainer::new(Adam::new(1e-3)).epochs(1).progress(Progress::silent());
    trainer().fit(&mut model, &rows).unwrap();
    let part = model.part::<Tower>().unwrap();
    let unknown = part.unknown(&[TowerInputs { rooms: 50.0, age: 70.0 }], Margin(0.1)).unwrap();
    assert_eq!(unknown.unrecorded, [""; 0]);
    let found: Vec<&str> = unknown.rows[0].iter().map(|unknown| unknown.found.as_str()).collect();
    assert_eq!(found, ["50", "70"]);

    // What is taken keeps its scale and its record, to which the rows of the next training are added.
    let mut tuned = Rent::build(&Cpu::default(), Seed(2));
    let _ = tuned.take(&model, nodes![Rent::age]).unwrap();
    let more = [RentSample { rooms: 40.0, age: 40.0, rent: 1.0 }];
    trainer().fit(&mut tuned, &more).unwrap();
    let of = |rooms: f32, age: f32| {
        let rows = [RentInputs { rooms, age }];
        let unknown = tuned.unknown(&rows, Margin(0.0)).unwrap();
        unknown.rows[0].iter().map(|unknown| unknown.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(of(40.0, 40.0), [""; 0]);
    assert_eq!(of(40.0, 10.0), [""; 0], "age had 0 to 19 in the model that it is taken from");
    assert_eq!(of(40.0, 41.0), ["`age` is 41; training rows had 0 to 40"]);
}
