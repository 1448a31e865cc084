//! Nodes that are made of the raw values of inputs, as a user has them.

use multi_input::{
    data::{read_csv_from, Table, Values},
    definition::Definition,
    importance::Importance,
    prelude::*,
    preprocess::Preprocessing,
};

const BUCKETS: usize = 500;

/// Where a flat is, and what kind it is, say nothing by themselves: only both together do.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Flat {
    #[input(categories(4), missing = learned)]
    #[branch(Embedding(auto))]
    district: Option<String>,

    #[input]
    #[branch(Embedding(10, 2))]
    kind: u32,

    /// There for the crossing alone: no layer sees a text.
    #[input]
    street: String,

    #[input(bins(edges = [0.0, 10.0]), one_hot(3))]
    size: f32,

    #[input(bins(edges = [50.0, 90.0]))]
    age: f32,

    #[derived(crossed(district, kind, buckets = BUCKETS))]
    #[branch(Embedding(auto), Dense(4, tanh))]
    both: u32,

    #[derived(crossed(street, age, 7, salt = 3))]
    #[branch(Embedding(7, 2))]
    corner: _,

    #[merge(concat(district, kind, size, both, corner))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    rent: f32,
}

fn rows(count: usize) -> Vec<FlatSample> {
    let row = |row: usize| {
        let (district, kind) = (row % 3, (row / 3) % 3);
        FlatSample {
            district: (district < 2).then(|| ["north", "south"][district].to_owned()),
            kind: kind as u32,
            street: format!("street {}", row % 5),
            size: row as f32,
            age: (row % 120) as f32,
            rent: if district == kind { 1.0 } else { -1.0 },
        }
    };
    (0..count).map(row).collect()
}

fn trained() -> Model<Flat> {
    let mut model = Flat::build(&Cpu::default(), Seed(5));
    let trainer = Trainer::new(Adam::new(2e-2)).epochs(40).batch_size(9).seed(Seed(5));
    trainer.progress(Progress::silent()).fit(&mut model, &rows(45)).unwrap();
    model
}

fn inputs(rows: Vec<FlatSample>) -> Vec<FlatInputs> {
    rows.into_iter().map(FlatInputs::from).collect()
}

/// The category of the derived node `place` of some rows.
fn crossed(rows: &[FlatSample], place: usize) -> Vec<u32> {
    let mut table = Table::of_samples(&Flat::GRAPH);
    rows.iter().for_each(|row| table.push(|to| Flat::write_sample(row, to)).unwrap());
    let all: Vec<usize> = (0..rows.len()).collect();
    let fitted = Preprocessing::fit(&Flat::GRAPH, &table, &all[..2]).unwrap();
    let encoded = fitted.encode(&table, &all, 0).unwrap();
    let column = &encoded.columns[Flat::GRAPH.inputs.len() + place];
    assert_eq!(column.name, Flat::GRAPH.derived[place].name);
    let Values::Categories(categories) = &*column.values else { panic!("{column:?}") };
    categories.clone()
}

#[test]
fn a_crossing_is_of_what_rows_hold() {
    let mut rows = rows(4);
    // Both are unknown to the vocabulary, which was fitted on the first two rows.
    rows[2].district = Some("east".to_owned());
    rows[3] = FlatSample { district: Some("west".to_owned()), ..rows[2].clone() };
    let both = crossed(&rows, 0);
    assert_ne!(both[2], both[3], "what is unknown still crosses");
    rows[3].district = None;
    assert_ne!(crossed(&rows, 0)[3], both[2], "what is absent is a category of its own");
    assert!(both.iter().all(|category| (*category as usize) < BUCKETS));
    // Of a number, the interval counts.
    rows[3] = FlatSample { age: 49.0, ..rows[2].clone() };
    let corner = crossed(&rows, 1);
    assert_eq!(corner[2], corner[3]);
    rows[3].age = 51.0;
    assert_ne!(crossed(&rows, 1)[3], corner[2]);
}

#[test]
fn a_crossing_learns_what_its_inputs_cannot() {
    let model = trained();
    let loss = model.evaluate(&rows(45)).unwrap().loss();
    assert!(loss < 0.05, "{loss}");
}

#[test]
fn rows_know_nothing_of_it_and_a_loaded_model_predicts_the_same() {
    let model = trained();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flat.safetensors");
    model.save(&path).unwrap();
    let loaded = Model::<Flat>::load(&path, &Cpu::default()).unwrap();
    let csv = "district,kind,street,size,age\nnorth,0,Elm,3,20\n,9,Oak,11.5,95\nwest,1,,0,50\n";
    // A blank text is none, so the last row is refused.
    let error = read_csv_from::<FlatInputs>(csv.as_bytes(), "flats").unwrap_err().to_string();
    assert!(error.contains("street"), "{error}");
    let inputs: Vec<FlatInputs> =
        read_csv_from(csv.replace(",,0", ",Ash,0").as_bytes(), "flats").unwrap();
    let rent = |model: &Model<Flat>| -> Vec<u32> {
        let predicted = model.predict(&inputs).unwrap();
        predicted.iter().map(|outputs| outputs.rent.to_bits()).collect()
    };
    assert_eq!(rent(&model), rent(&loaded));
}

mod other_buckets {
    use multi_input::prelude::*;

    #[multi_input_model]
    pub struct Small {
        #[input]
        a: u32,
        #[input]
        b: u32,
        #[derived(crossed(a, b, 8, salt = 1))]
        #[branch(Embedding(8, 2), Dense(1))]
        both: u32,
        #[from(both)]
        #[output(loss = mse)]
        number: f32,
    }

    pub mod salted {
        use multi_input::prelude::*;

        #[multi_input_model]
        pub struct Small {
            #[input]
            a: u32,
            #[input]
            b: u32,
            #[derived(crossed(a, b, 8, salt = 2))]
            #[branch(Embedding(8, 2), Dense(1))]
            both: u32,
            #[from(both)]
            #[output(loss = mse)]
            number: f32,
        }
    }
}

#[test]
fn a_model_of_another_crossing_is_not_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.safetensors");
    let model = other_buckets::Small::build(&Cpu::default(), Seed(1));
    let rows = [other_buckets::SmallInputs { a: 1, b: u32::MAX }];
    assert_eq!(model.predict(&rows).unwrap().len(), 1, "nothing has to be fitted");
    model.save(&path).unwrap();
    let error = Model::<other_buckets::salted::Small>::load(&path, &Cpu::default()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("derived node `both`") && text.contains("salt = 2"), "{text}");
}

#[test]
fn importance_moves_a_crossing_with_its_inputs() {
    let model = trained();
    let importance = Importance::by_permutation(&model, &rows(45), 3, Seed(1)).unwrap();
    let of = |name| importance.inputs.iter().find(|input| input.input == name).unwrap().increase;
    assert_eq!(importance.inputs.len(), Flat::GRAPH.inputs.len());
    assert!(of("district") > 0.5 && of("kind") > 0.5, "{importance}");
}

#[test]
fn a_batch_size_or_a_dropped_input_changes_the_crossing_with_it() {
    let model = trained();
    let one_by_one: Vec<f32> =
        inputs(rows(12)).into_iter().map(|row| model.predict(&[row]).unwrap()[0].rent).collect();
    let together = model.predict(&inputs(rows(12))).unwrap();
    for (one, other) in one_by_one.iter().zip(&together) {
        assert!((one - other.rent).abs() < 1e-5);
    }
    let mut dropped = Flat::build(&Cpu::default(), Seed(5));
    let trainer =
        Trainer::new(Adam::new(2e-2)).epochs(2).seed(Seed(5)).progress(Progress::silent());
    let history = trainer.drop_input(Flat::district, 1.0).fit(&mut dropped, &rows(45)).unwrap();
    assert!(history.curve("loss")[1].is_finite());
}

#[test]
fn the_diagram_and_the_summary_show_it() {
    let summary = Flat::summary().to_string();
    assert!(summary.contains("crossed(district, kind, buckets = BUCKETS)"), "{summary}");
    let node = Flat::GRAPH.nodes.iter().find(|node| node.name == "both").unwrap();
    assert_eq!(node.fed_by, ["district", "kind"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flat.svg");
    Flat::diagram(&path).unwrap();
    let svg = std::fs::read_to_string(path).unwrap();
    assert!(svg.contains("both") && svg.contains("street"));
}
