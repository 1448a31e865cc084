//! Vocabularies that grow by the words and categories of new rows.

use multi_input::{data::from_fn, prelude::*, Error};

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Shop {
    #[input(categories(8, unknown_rate = 0.2))]
    #[branch(Embedding(8, 3))]
    city: String,
    #[input(categories(100, minimum = 2))]
    #[branch(Embedding(100, 2))]
    id: u32,
    #[input(words(vocabulary = 40, length = 3))]
    #[branch(Embedding(40, 2), GlobalAveragePool1D)]
    title: String,
    #[input(words(vocabulary = 40, length = 3, shared = title))]
    #[branch(shared = title)]
    query: String,
    #[input(categories(10), one_hot(10))]
    color: String,
    #[merge(concat(city, id, title, query, color))]
    #[branch(Dense(4, relu))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(2, softmax))]
    #[output(loss = cross_entropy, categories)]
    kind: Class<2>,
}

fn row(city: &str, id: u32, title: &str, query: &str, color: &str) -> ShopSample {
    let [city, title, query, color] = [city, title, query, color].map(str::to_owned);
    let kind = if id.is_multiple_of(2) { "even" } else { "odd" };
    ShopSample { city, id, title, query, color, kind: kind.into() }
}

fn old_rows() -> Vec<ShopSample> {
    let row = |n: usize| {
        let city = ["Bonn", "Ulm", "Kiel"][n % 3];
        row(city, (n % 5) as u32, ["old house", "new flat"][n % 2], "flat", ["red", "blue"][n % 2])
    };
    (0..40).map(row).collect()
}

fn new_rows() -> Vec<ShopSample> {
    vec![
        row("Rome", 77, "old castle", "tower", "red"),
        row("Rome", 77, "castle", "house", "green"),
        row("Oslo", 78, "hut", "castle", "red"),
        row("Bonn", 1, "hut", "castle", "red"),
        row("Bern", 1, "hut", "castle", "red"),
        row("Bern", 1, "hut", "castle", "red"),
        row("Bern", 1, "hut", "castle", "red"),
        row("Lima", 1, "hut", "castle", "red"),
    ]
}

fn inputs(rows: Vec<ShopSample>) -> Vec<ShopInputs> {
    let row = |row: ShopSample| {
        let ShopSample { city, id, title, query, color, .. } = row;
        ShopInputs { city, id, title, query, color }
    };
    rows.into_iter().map(row).collect()
}

fn trainer() -> Trainer<Shop, Adam> {
    Trainer::new(Adam::new(1e-2)).epochs(3).progress(Progress::silent())
}

fn trained() -> Model<Shop> {
    let mut model = Shop::build(&Cpu::default(), Seed(1));
    let _ = trainer().fit(&mut model, &old_rows()).unwrap();
    model
}

fn entries(model: &Model<Shop>, field: &str, step: &str) -> Vec<String> {
    let learned = model.preprocessing().unwrap().learned(field, step).unwrap();
    let entries = learned["entries"].as_array().unwrap().iter();
    entries.map(|entry| entry.as_str().map_or(entry.to_string(), str::to_owned)).collect()
}

#[test]
fn new_entries_take_free_places_and_start_at_the_unknown_vector() {
    let mut model = trained();
    let before = model.clone_by_file();
    let of_old = model.predict(&inputs(old_rows())).unwrap();
    let of_new = model.predict(&inputs(new_rows())).unwrap();
    let grown = model.grow(&new_rows()).unwrap();
    assert_eq!(
        grown.to_string(),
        "`city`, categories(capacity = 8, unknown_rate = 0.2): 3 new entries, 6 of 6 places are \
         taken; 1 more entry found no place and stays unknown
`id`, categories(capacity = 100, minimum = 2): 1 new entry, 6 of 98 places are taken; 1 entry \
         below `minimum` stays unknown
`title`, words(vocabulary = 40, length = 3): 3 new entries, 7 of 38 places are taken
`color`, categories(capacity = 10): 1 new entry stays unknown, because no `Embedding` looks its \
         indices up: the weights of what its steps make of them cannot start at the unknown entry's"
    );
    // The most frequent first, of equal ones the larger.
    assert_eq!(entries(&model, "city", "categories")[3..], ["Bern", "Rome", "Oslo"]);
    assert_eq!(entries(&model, "city", "categories")[..3], entries(&before, "city", "categories"));
    assert_eq!(entries(&model, "id", "categories")[5..], ["77"]);
    assert_eq!(entries(&model, "title", "words"), entries(&model, "query", "words"));

    let [old, new] = [&before, &model].map(|model| model.module().city.0.weight.as_vec());
    assert_eq!(old[..15], new[..15]);
    for row in 5..8 {
        assert_eq!(new[3 * row..][..3], new[3..6], "row {row}");
    }
    assert_eq!(model.predict(&inputs(old_rows())).unwrap(), of_old);
    assert_eq!(model.predict(&inputs(new_rows())).unwrap(), of_new);
}

#[test]
fn rows_of_a_source_let_it_grow_alike() {
    let (mut by_rows, mut by_source) = (trained(), trained());
    let grown = by_rows.grow(&new_rows()).unwrap();
    assert_eq!(by_source.grow_from(&from_fn(new_rows)).unwrap(), grown);
    assert_eq!(by_source.preprocessing(), by_rows.preprocessing());
    assert_eq!(by_source.snapshot().unwrap(), by_rows.snapshot().unwrap());
    let labelled = || {
        let mut rows = new_rows();
        rows[2].kind = "prime".into();
        rows
    };
    let error = by_source.grow_from(&from_fn(labelled)).unwrap_err().to_string();
    assert!(error.starts_with("row 2, field `kind`: expected a label"), "{error}");
    assert!(error.contains("the classes of an output do not grow"), "{error}");
    let error = by_source.grow_from(&from_fn(Vec::new)).unwrap_err();
    assert!(matches!(error, Error::NoRows("grow by")), "{error}");
}

#[test]
fn a_warm_start_trains_the_new_rows() {
    let mut model = trained();
    let _ = model.grow(&new_rows()).unwrap();
    let before = model.clone_by_file();
    let _ = trainer().fit(&mut model, &new_rows()).unwrap();
    assert_eq!(model.preprocessing(), before.preprocessing());
    let row = |model: &Model<Shop>, row: usize| {
        model.module().city.0.weight.as_vec()[3 * row..][..3].to_vec()
    };
    for new in 5..8 {
        assert_ne!(row(&model, new), row(&before, new));
        assert_ne!(row(&model, new), row(&model, 1), "they part from the unknown one");
    }
    // `Ulm` or `Kiel`, which no new row has.
    let of_ulm = entries(&model, "city", "categories").iter().position(|city| city == "Ulm");
    assert_eq!(row(&model, 2 + of_ulm.unwrap()), row(&before, 2 + of_ulm.unwrap()));
}

#[test]
fn a_second_growth_finds_nothing_new() {
    let mut model = trained();
    let _ = model.grow(&new_rows()).unwrap();
    let before = model.clone_by_file();
    let again = model.grow(&new_rows()).unwrap();
    assert!(again.vocabularies.iter().all(|own| own.growth.added == 0 || own.refused.is_some()));
    assert_eq!(again.vocabularies[0].growth.full, 1);
    assert_eq!(model.snapshot().unwrap(), before.snapshot().unwrap());
    assert_eq!(entries(&model, "title", "words"), entries(&before, "title", "words"));
}

#[test]
fn classes_do_not_grow() {
    let mut model = trained();
    let before = model.snapshot().unwrap();
    let mut rows = new_rows();
    rows[2].kind = "prime".into();
    let error = model.grow(&rows).unwrap_err().to_string();
    assert!(
        error.starts_with("row 2, field `kind`: expected a label of the training rows: ")
            && error.contains("the classes of an output do not grow")
            && error.ends_with("found `prime`"),
        "{error}"
    );
    assert_eq!(model.snapshot().unwrap(), before);
    assert_eq!(entries(&model, "city", "categories").len(), 3);
}

#[test]
fn an_unfitted_model_has_nothing_to_grow() {
    let mut model = Shop::build(&Cpu::default(), Seed(1));
    assert!(matches!(model.grow(&new_rows()), Err(Error::Unfitted { .. })));
    assert!(matches!(trained().grow(&[]), Err(Error::NoRows("grow by"))));
}

#[test]
fn a_run_does_not_resume_with_rows_that_have_grown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut model = Shop::build(&Cpu::default(), Seed(1));
    let _ = trainer().callback(Checkpoint::in_folder(path)).fit(&mut model, &old_rows()).unwrap();
    let _ = model.grow(&new_rows()).unwrap();
    let all: Vec<ShopSample> = old_rows().into_iter().chain(new_rows()).collect();
    let resuming = trainer().epochs(9).callback(Checkpoint::in_folder(path)).resume(path);
    let error = resuming.fit(&mut model, &all).unwrap_err().to_string();
    assert!(error.contains("is of a run that differs in the number of training rows"), "{error}");
    let _ = trainer().fit(&mut model, &all).unwrap();
}

/// Two vocabularies, and indices without one, that look up tables of others.
#[multi_input_model(allow(two_vocabularies))]
#[derive(Clone)]
pub struct Places {
    #[input(categories(8))]
    #[branch(Embedding(8, 2))]
    city: String,
    #[input(hashed(8))]
    #[branch(shared = city)]
    street: String,
    #[input(categories(9))]
    #[branch(Embedding(9, 2))]
    first: String,
    #[input(categories(9))]
    #[branch(shared = first)]
    second: String,
    #[input(categories(9))]
    #[branch(Embedding(9, 2))]
    alone: String,
    #[input(standardize)]
    age: f32,
    #[merge(concat(city, street, first, second, alone, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

fn place(name: &str, age: f32) -> PlacesSample {
    let name = || name.to_owned();
    PlacesSample {
        city: name(),
        street: name(),
        first: name(),
        second: name(),
        alone: name(),
        age,
        y: 1.0,
    }
}

fn placed() -> Model<Places> {
    let mut model = Places::build(&Cpu::default(), Seed(1));
    let rows = ["Bonn", "Ulm", "Kiel"].map(|name| place(name, name.len() as f32));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(2).progress(Progress::silent());
    let _ = trainer.fit(&mut model, &rows).unwrap();
    model
}

#[test]
fn a_vocabulary_whose_table_has_other_indices_too_does_not_grow() {
    let mut model = placed();
    let before = [model.module().city.0.weight.as_vec(), model.module().first.0.weight.as_vec()];
    let grown = model.grow(&[place("Rome", 1.0), place("Oslo", 2.0)]).unwrap();
    let refused: Vec<&str> = grown
        .vocabularies
        .iter()
        .filter(|own| own.refused.is_some())
        .map(|own| own.input)
        .collect();
    assert_eq!(refused, ["city", "first", "second"]);
    assert!(
        grown.to_string().starts_with(
            "`city`, categories(capacity = 8): 2 new entries stay unknown, because an input with \
             other indices looks up the same `Embedding`: the rows for new entries may be trained \
             ones of that input\n"
        ),
        "{grown}"
    );
    let after = [model.module().city.0.weight.as_vec(), model.module().first.0.weight.as_vec()];
    assert_eq!(after, before);
    let learned = model.preprocessing().unwrap().learned("alone", "categories").unwrap();
    assert_eq!(learned["entries"].as_array().unwrap().len(), 5);
}

#[test]
fn a_row_that_the_model_does_not_accept_is_an_error() {
    let mut model = placed();
    let error = model.grow(&[place("Rome", 1.0), place("Oslo", f32::NAN)]).unwrap_err();
    assert!(matches!(&error, Error::Value { row: 1, field, .. } if field == "age"), "{error}");
    let learned = model.preprocessing().unwrap().learned("alone", "categories").unwrap();
    assert_eq!(learned["entries"].as_array().unwrap().len(), 3);
}

/// A copy of a model, which is not `Clone`.
trait CloneByFile {
    fn clone_by_file(&self) -> Self;
}

impl CloneByFile for Model<Shop> {
    fn clone_by_file(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.safetensors");
        self.save(&path).unwrap();
        Model::load(&path, &Cpu::default()).unwrap()
    }
}
