//! Several inputs with one vocabulary, and with one table.

use multi_input::{
    data::{Table, Values},
    prelude::*,
    preprocess::Preprocessing,
};

const STATIONS: usize = 6;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Trip {
    // Declared before the input that learns the vocabulary.
    #[input(categories(STATIONS, shared = from), missing = zeros)]
    #[branch(shared = from)]
    to: Option<String>,

    #[input(categories(STATIONS, minimum = 2))]
    #[branch(Embedding(auto))]
    from: String,

    #[input(words(vocabulary = 20, length = 3))]
    #[branch(Embedding(auto), Flatten)]
    title: String,

    #[input(words(20, 5, padding = after, shared = title))]
    #[branch(Embedding(auto), Flatten)]
    notes: String,

    #[merge(concat(from, to, title, notes))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    minutes: f32,
}

fn rows() -> Vec<TripSample> {
    let row = |(from, to, title, notes): (&str, &str, &str, &str)| TripSample {
        from: from.to_owned(),
        to: (!to.is_empty()).then(|| to.to_owned()),
        title: title.to_owned(),
        notes: notes.to_owned(),
        minutes: 3.0,
    };
    let rows = [
        ("A", "B", "by train", "a fast train"),
        ("A", "C", "by bus", "slow"),
        ("B", "", "walk", "slow but by bus"),
        ("D", "C", "by boat", "a boat"),
    ];
    rows.into_iter().map(row).collect()
}

fn table(rows: &[TripSample]) -> Table {
    let mut table = Table::of_samples(&Trip::GRAPH);
    rows.iter().for_each(|row| table.push(|to| Trip::write_sample(row, to)).unwrap());
    table
}

fn fitted(rows: &[TripSample]) -> Preprocessing {
    let all: Vec<usize> = (0..rows.len()).collect();
    Preprocessing::fit(&Trip::GRAPH, &table(rows), &all).unwrap()
}

fn entries(fitted: &Preprocessing, input: &str, step: &str) -> Vec<String> {
    let learned = fitted.learned(input, step).unwrap();
    let entries = learned["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_vocabulary_is_learned_of_all_inputs_that_share_it() {
    let fitted = fitted(&rows());
    // B is twice among both together; what is absent counts for nothing.
    assert_eq!(entries(&fitted, "from", "categories"), ["C", "B", "A"]);
    assert_eq!(entries(&fitted, "to", "categories"), ["C", "B", "A"]);
    let words = entries(&fitted, "notes", "words");
    assert_eq!(words, entries(&fitted, "title", "words"));
    assert_eq!(words[0], "by");
    assert!(words.contains(&"walk".to_owned()) && words.contains(&"fast".to_owned()));
    // D once; said once, by the input that learns.
    let overflow = fitted.overflow();
    assert_eq!(overflow.len(), 1);
    assert_eq!((overflow[0].0, overflow[0].2.occurrences, overflow[0].2.of), ("from", 1, 7));
}

#[test]
fn the_same_entry_has_the_same_index_everywhere() {
    let rows = rows();
    let encoded = fitted(&rows).encode(&table(&rows), &[0, 1, 2, 3], 0).unwrap();
    let indices = |place: usize| match &*encoded.columns[place].values {
        Values::Categories(indices) => indices.clone(),
        other => panic!("{other:?}"),
    };
    let (to, from) = (indices(0), indices(1));
    assert_eq!(from, [4, 4, 3, 1], "A, A, B, and D, which is unknown");
    assert_eq!((to[0], to[1], to[3]), (3, 2, 2));
    let (title, notes) = (indices(2), indices(3));
    // `by train` is padded in front, `a fast train` behind: each has its own way to read.
    assert_eq!((title[0], title[2]), (0, notes[2]));
    assert_eq!(notes[3..5], [0, 0]);
}

#[test]
fn it_trains_from_a_source_and_is_loaded_again() {
    let mut streamed = Trip::build(&Cpu::default(), Seed(1));
    let mut held = Trip::build(&Cpu::default(), Seed(1));
    let trainer = || Trainer::new(Adam::new(1e-2)).epochs(2).progress(Progress::silent());
    trainer().fit_from(&mut streamed, &rows()).unwrap();
    trainer().fit(&mut held, &rows()).unwrap();
    assert_eq!(streamed.preprocessing(), held.preprocessing());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trip");
    held.save(&path).unwrap();
    let loaded = Model::<Trip>::load(&path, &Cpu::default()).unwrap();
    let inputs: Vec<TripInputs> = rows().into_iter().map(TripInputs::from).collect();
    let bits = |model: &Model<Trip>| -> Vec<u32> {
        model.predict(&inputs).unwrap().iter().map(|row| row.minutes.to_bits()).collect()
    };
    assert_eq!(bits(&held), bits(&loaded));
}
