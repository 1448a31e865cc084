//! Nodes that one model takes from another.

use multi_input::{prelude::*, Error};

use crate::support::{frozen, parameters};

/// A model with everything that a node may bring along.
mod base {
    use multi_input::prelude::*;

    #[multi_input_model]
    #[derive(Clone, Debug)]
    pub struct Base {
        #[input(standardize, missing = learned)]
        #[branch(Dense(4, tanh), BatchNorm)]
        pub serum: Option<[f32; 2]>,
        #[input(categories(20))]
        #[branch(Embedding(20, 3))]
        pub city: String,
        #[input(words(vocabulary = 30, length = 4))]
        #[branch(Embedding(30, 3), GlobalAveragePool1D)]
        pub title: String,
        #[input(words(vocabulary = 30, length = 4, shared = title))]
        #[branch(shared = title)]
        pub query: String,
        #[input(min_max)]
        pub age: f32,
        #[merge(concat(serum, city, title, query, age))]
        #[branch(Dense(5, relu))]
        pub joined: _,
        #[from(joined)]
        #[branch(Dense(2, softmax))]
        #[output(loss = cross_entropy, categories)]
        pub kind: Class<2>,
        #[from(joined)]
        #[branch(Dense(1))]
        #[output(loss = mse, standardize)]
        pub price: f32,
    }
}

mod tuned {
    use multi_input::prelude::*;

    #[multi_input_model]
    #[derive(Clone, Debug)]
    pub struct Tuned {
        #[input(standardize, missing = learned)]
        #[branch(Dense(4, tanh), BatchNorm)]
        pub serum: Option<[f32; 2]>,
        #[input(categories(20))]
        #[branch(Embedding(20, 3))]
        pub city: String,
        #[input(words(vocabulary = 30, length = 4))]
        #[branch(Embedding(30, 3), GlobalAveragePool1D)]
        pub title: String,
        #[input(words(vocabulary = 30, length = 4, shared = title))]
        #[branch(shared = title)]
        pub query: String,
        #[input(standardize)]
        #[branch(Dense(3))]
        pub rooms: f32,
        #[merge(concat(serum, city, title, query, rooms))]
        #[branch(Dense(5, relu))]
        pub joined: _,
        #[from(joined)]
        #[branch(Dense(2, softmax))]
        #[output(loss = cross_entropy, categories)]
        pub kind: Class<2>,
        #[from(joined)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        pub price: f32,
    }
}

use base::{Base, BaseSample};
use tuned::{Tuned, TunedSample};

const WORDS: [&str; 7] = ["old", "new", "red", "tiny", "house", "flat", "garden"];

fn base_rows(first: usize) -> Vec<BaseSample> {
    let row = |row: usize| BaseSample {
        serum: (!row.is_multiple_of(5)).then_some([row as f32, (row % 3) as f32]),
        city: ["Bonn", "Ulm", "Kiel"][row % 3].to_owned(),
        title: format!("{} {}", WORDS[row % 7], WORDS[row * 3 % 7]),
        query: WORDS[row * 5 % 7].to_owned(),
        age: row as f32,
        kind: ["flat", "house"][row % 2].into(),
        price: (row % 9) as f32,
    };
    (first..first + 40).map(row).collect()
}

fn tuned_rows() -> Vec<TunedSample> {
    let row = |row: usize| TunedSample {
        serum: Some([9.0 * row as f32, 1.0]),
        city: ["Ulm", "Rome"][row % 2].to_owned(),
        title: "blue castle".to_owned(),
        query: WORDS[row % 7].to_owned(),
        rooms: row as f32,
        kind: ["house", "flat"][row % 2].into(),
        price: row as f32,
    };
    (0..12).map(row).collect()
}

fn trained<E: multi_input::kernel::Element>() -> Model<Base, E>
where
    Base: Network<E, Cpu>,
    Cpu: multi_input::Compute<E>,
{
    let mut base = Model::<Base, E>::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(2).progress(Progress::silent());
    let _ = trainer.fit(&mut base, &base_rows(0)).unwrap();
    base
}

fn fresh() -> Model<Tuned> {
    Tuned::build(&Cpu::default(), Seed(2))
}

/// All tensors of a model whose names begin so, running statistics included.
macro_rules! tensors {
    ($model:expr, $node:literal) => {{
        let all = parameters($model.module()).into_iter().chain(frozen($model.module()));
        let own = all.filter(|(name, _)| {
            name.split('.').next().is_some_and(|field| field.trim_end_matches("_missing") == $node)
        });
        own.collect::<Vec<_>>()
    }};
}

#[test]
fn whole_branches_are_taken_with_what_belongs_to_them() {
    let (base, mut tuned) = (trained::<f32>(), fresh());
    let before = tuned.snapshot().unwrap();
    let taken = tuned.take(&base, nodes![Tuned::{serum, city, title, kind}]).unwrap();
    for (own, others) in [
        (tensors!(tuned, "serum"), tensors!(base, "serum")),
        (tensors!(tuned, "city"), tensors!(base, "city")),
        (tensors!(tuned, "title"), tensors!(base, "title")),
        (tensors!(tuned, "kind"), tensors!(base, "kind")),
    ] {
        assert!(!own.is_empty() && own == others, "{own:?} {others:?}");
    }
    // Statistics of the batches, and the vector in place of what is absent.
    assert_eq!(tensors!(tuned, "serum").len(), 7, "{:?}", tensors!(tuned, "serum"));
    assert_ne!(tensors!(tuned, "joined"), tensors!(base, "joined"));
    assert_ne!(tuned.snapshot().unwrap(), before);
    assert_eq!(
        taken.to_string(),
        "from `Base`:
  `title`: 1 tensor of f32 (90 parameters), the fitted preprocessing of `title`
  `query`: the branch of `title`, the fitted preprocessing of `query`
  `serum`: 7 tensors of f32 (32 parameters), the fitted preprocessing of `serum`
  `city`: 1 tensor of f32 (60 parameters), the fitted preprocessing of `city`
  `kind`: 2 tensors of f32 (12 parameters), the fitted preprocessing of `kind`
  not taken: `rooms`: it is not named
  not taken: `joined`: it is not named
  not taken: `price`: it is not named
  not taken: `age`: `Tuned` has no such node"
    );

    let trainer = || Trainer::new(Adam::new(1e-2)).progress(Progress::silent());
    let _ = trainer().epochs(2).fit(&mut tuned, &tuned_rows()).unwrap();
    // No tuned row lacks its serum, but rows of the base did: their vector is a trained one, and is
    // not replaced by the mean of the branch.
    assert_eq!(tuned.module().serum_missing.as_vec(), base.module().serum_missing.as_vec());
    let (own, others) = (tuned.preprocessing().unwrap(), base.preprocessing().unwrap());
    for (field, step) in
        [("serum", "standardize"), ("city", "categories"), ("title", "words"), ("query", "words")]
    {
        assert!(own.learned(field, step).is_some(), "{field}");
        assert_eq!(own.learned(field, step), others.learned(field, step), "{field}");
    }
    assert_eq!(own.labels_of("kind"), others.labels_of("kind"));
    // The rows of the table that the base has trained count as trained: they are not filled.
    let rows = |model: &[f32], row: usize| model[3 * row..][..3].to_vec();
    let [before, after] =
        [base.module().city.0.weight.as_vec(), tuned.module().city.0.weight.as_vec()];
    let index = others.learned("city", "categories").unwrap()["entries"]
        .as_array()
        .unwrap()
        .iter()
        .position(|entry| entry == "Kiel")
        .unwrap();
    assert_eq!(rows(&before, 2 + index), rows(&after, 2 + index), "no row of the tuned model");
}

#[test]
fn a_model_of_one_dtype_takes_from_one_of_another() {
    let (base, mut tuned) = (trained::<f64>(), fresh());
    let taken = tuned.take(&base, nodes![Tuned::city]).unwrap();
    assert_eq!(taken.taken[0].dtype, "f64");
    let exact = base.module().city.0.weight.as_vec();
    let rounded: Vec<f32> = exact.iter().map(|&number| number as f32).collect();
    assert_eq!(tuned.module().city.0.weight.as_vec(), rounded);

    let (base, mut tuned) =
        (trained::<f32>(), Model::<Tuned, f64>::build(&Cpu::default(), Seed(1)));
    let _ = tuned.take(&base, nodes![Tuned::city]).unwrap();
    let exact: Vec<f64> = base.module().city.0.weight.as_vec().into_iter().map(f64::from).collect();
    assert_eq!(tuned.module().city.0.weight.as_vec(), exact);

    let mut base = trained::<f64>();
    let table = &mut base.module_mut().city.0.weight;
    let mut numbers = table.as_vec();
    numbers[4] = 1e300;
    table.copy_from(&numbers);
    let error = fresh().take(&base, nodes![Tuned::city]).unwrap_err().to_string();
    assert!(
        error.ends_with("tensor `city.0.weight` of `Base` holds 1e300, which is no `f32`"),
        "{error}"
    );
}

#[test]
fn a_file_is_taken_from_without_its_definition() {
    let (base, folder) = (trained::<f32>(), tempfile::tempdir().unwrap());
    let path = folder.path().join("base.safetensors");
    base.save(&path).unwrap();
    let (mut by_file, mut by_model) = (fresh(), fresh());
    let weights = Weights::file(&path).unwrap();
    let taken = by_file.take(&weights, nodes![Tuned::serum, Tuned::title]).unwrap();
    let _ = by_model.take(&base, nodes![Tuned::serum, Tuned::title]).unwrap();
    assert_eq!(by_file.snapshot().unwrap(), by_model.snapshot().unwrap());
    assert_eq!(taken.from, path.display().to_string());
    assert!(matches!(Weights::file(folder.path().join("none")), Err(Error::File { .. })));
    std::fs::write(&path, "no weights").unwrap();
    assert!(matches!(Weights::file(&path), Err(Error::Checkpoint(_))));
}

#[test]
fn the_file_of_a_run_gives_what_a_saved_model_would() {
    let folder = tempfile::tempdir().unwrap();
    let mut base = Base::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(2).progress(Progress::silent());
    let _ = trainer
        .callback(Checkpoint::in_folder(folder.path()).every_epochs(2))
        .fit(&mut base, &base_rows(0))
        .unwrap();
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let (mut by_file, mut by_model) = (fresh(), fresh());
    let _ = by_file.take_matching(&Weights::file(file).unwrap()).unwrap();
    let _ = by_model.take_matching(&base).unwrap();
    // Rows that no training row has are the mean of the others in both.
    assert_eq!(by_file.module().city.0.weight.as_vec(), by_model.module().city.0.weight.as_vec());
    assert_eq!(by_file.snapshot().unwrap(), by_model.snapshot().unwrap());
}

#[test]
fn nothing_is_taken_where_a_node_differs() {
    let (base, mut tuned) = (trained::<f32>(), fresh());
    let before = tuned.snapshot().unwrap();
    let nodes = nodes![Tuned::city, Tuned::joined, Tuned::rooms, Tuned::price];
    let error = tuned.take(&base, nodes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`Tuned` took nothing from `Base`:
  - `rooms`: `Base` has no such node
  - `joined`: `Tuned` has concat(serum, city, title, query, rooms) [16] [Dense(units = 5, \
activation = relu) -> [5]], and `Base` has concat(serum, city, title, query, age) [14] \
[Dense(units = 5, activation = relu) -> [5]]
  - `price`: output `price`, which belongs to it: `Tuned` has Numbers of 1 by Identity, [], and \
`Base` has Numbers of 1 by Identity, [standardize]"
    );
    assert_eq!(tuned.snapshot().unwrap(), before);
    assert!(tuned.preprocessing().is_none());
    // Not even the scale of `city` was taken.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tuned.safetensors");
    tuned.save(&path).unwrap();
    assert!(!String::from_utf8_lossy(&std::fs::read(path).unwrap()).contains("Bonn"));
}

#[test]
fn all_that_fits_is_taken_and_the_rest_named() {
    let (base, mut tuned) = (trained::<f32>(), fresh());
    let taken = tuned.take_matching(&base).unwrap();
    let names: Vec<&str> = taken.taken.iter().map(|node| node.node.as_str()).collect();
    assert_eq!(names, ["title", "query", "serum", "city", "kind"]);
    let left: Vec<&str> = taken.left.iter().map(|left| left.node.as_str()).collect();
    assert_eq!(left, ["rooms", "joined", "price", "age"]);
    assert_eq!(taken.left[0].reason, "`Base` has no such node");
    assert!(taken.left[1].reason.contains("[16]") && taken.left[1].reason.contains("[14]"));
}

#[test]
fn where_nothing_fits_it_is_an_error() {
    #[multi_input_model]
    struct Stranger {
        #[input]
        #[branch(Dense(2))]
        x: f32,
        #[from(x)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        y: f32,
    }
    let stranger = Stranger::build(&Cpu::default(), Seed(1));
    let error = fresh().take_matching(&stranger).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "`Tuned` took nothing from `Stranger`:\n  - `title`: `Stranger` has no such node"
        ),
        "{error}"
    );
}

#[test]
fn a_node_without_anything_to_take_is_refused() {
    #[multi_input_model]
    struct Sum {
        #[input]
        a: f32,
        #[input]
        b: f32,
        #[merge(add(a, b))]
        sum: f32,
        #[from(sum)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        y: f32,
    }
    let (base, mut tuned) =
        (Sum::build(&Cpu::default(), Seed(1)), Sum::build(&Cpu::default(), Seed(2)));
    let error = tuned.take(&base, nodes![Sum::sum]).unwrap_err().to_string();
    assert!(error.ends_with("`sum` has neither weights nor preprocessing: name the nodes it is of"));
    let _ = tuned.take(&base, nodes![Sum::y]).unwrap();
    assert_eq!(tuned.snapshot().unwrap(), base.snapshot().unwrap());
}

#[test]
fn from_an_untrained_model_weights_come_alone() {
    let (base, mut tuned) = (Base::build(&Cpu::default(), Seed(1)), fresh());
    let taken = tuned.take(&base, nodes![Tuned::serum]).unwrap();
    assert_eq!(
        taken.taken[0].to_string(),
        "`serum`: 7 tensors of f32 (32 parameters), without preprocessing of `serum`, which is not \
         fitted there"
    );
}

/// A label that the base does not know.
#[test]
fn taken_labels_are_kept_and_others_refused() {
    let (base, mut tuned) = (trained::<f32>(), fresh());
    let _ = tuned.take(&base, nodes![Tuned::kind]).unwrap();
    let mut rows = tuned_rows();
    rows[3].kind = "castle".into();
    let trainer = Trainer::new(Adam::new(1e-2)).progress(Progress::silent());
    let error = trainer.fit(&mut tuned, &rows).unwrap_err().to_string();
    assert!(
        error.starts_with("row 3, field `kind`: expected a label of the training rows"),
        "{error}"
    );
}

#[test]
fn a_file_of_one_dtype_loads_as_another_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let inputs = |rows: Vec<BaseSample>| -> Vec<base::BaseInputs> {
        let row = |row: BaseSample| base::BaseInputs {
            serum: row.serum,
            city: row.city,
            title: row.title,
            query: row.query,
            age: row.age,
        };
        rows.into_iter().map(row).collect()
    };
    let close = |a: &[base::BaseOutputs], b: &[base::BaseOutputs]| {
        a.iter().zip(b).all(|(a, b)| (a.price - b.price).abs() < 1e-4)
    };
    let rows = inputs(base_rows(0));
    let (exact, small) = (trained::<f64>(), trained::<f32>());
    exact.save(&path).unwrap();
    let error = Model::<Base, f32>::load(&path, &Cpu::default()).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "should hold F32, but holds F64: load it into such a model, or convert it with \
             `Model::load_converted`"
        ),
        "{error}"
    );
    let rounded = Model::<Base, f32>::load_converted(&path, &Cpu::default()).unwrap();
    assert!(close(&rounded.predict(&rows).unwrap(), &exact.predict(&rows).unwrap()));
    small.save(&path).unwrap();
    let widened = Model::<Base, f64>::load_converted(&path, &Cpu::default()).unwrap();
    assert_eq!(widened.snapshot().unwrap(), small.snapshot().unwrap());
    assert!(close(&widened.predict(&rows).unwrap(), &small.predict(&rows).unwrap()));
    let same = Model::<Base, f32>::load_converted(&path, &Cpu::default()).unwrap();
    assert_eq!(same.snapshot().unwrap(), small.snapshot().unwrap());

    let mut large = trained::<f64>();
    let table = &mut large.module_mut().city.0.weight;
    let mut numbers = table.as_vec();
    numbers[4] = -1e39;
    table.copy_from(&numbers);
    large.save(&path).unwrap();
    let error = Model::<Base, f32>::load_converted(&path, &Cpu::default()).unwrap_err().to_string();
    assert!(
        error.ends_with("tensor `city.0.weight` holds -1e39, which F32 cannot hold"),
        "{error}"
    );
}

/// One tower becomes two that share their branch.
#[test]
fn a_tower_is_shared_where_it_was_alone() {
    mod one {
        use multi_input::prelude::*;

        #[multi_input_model]
        #[derive(Clone)]
        pub struct One {
            #[input(words(vocabulary = 20, length = 3))]
            #[branch(Embedding(20, 2), GlobalAveragePool1D)]
            pub title: String,
            #[from(title)]
            #[branch(Dense(1))]
            #[output(loss = mse)]
            pub score: f32,
        }
    }
    #[multi_input_model]
    #[derive(Clone)]
    struct Two {
        #[input(words(vocabulary = 20, length = 3))]
        #[branch(Embedding(20, 2), GlobalAveragePool1D)]
        title: String,
        #[input(words(vocabulary = 20, length = 3, shared = title))]
        #[branch(shared = title)]
        query: String,
        #[merge(dot(title, query))]
        #[output(loss = mse)]
        score: f32,
    }
    let mut base = one::One::build(&Cpu::default(), Seed(1));
    let row = |row: usize| one::OneSample { title: WORDS[row % 7].to_owned(), score: row as f32 };
    let rows: Vec<_> = (0..20).map(row).collect();
    let trainer = Trainer::new(Adam::new(1e-2)).progress(Progress::silent());
    let _ = trainer.fit(&mut base, &rows).unwrap();
    let mut two = Two::build(&Cpu::default(), Seed(2));
    let taken = two.take(&base, nodes![Two::title]).unwrap();
    assert!(taken.to_string().contains("not taken: `query`: `One` has no such node"), "{taken}");
    let error = two.take(&base, nodes![Two::query]).unwrap_err();
    assert!(error.to_string().ends_with("`query`: `One` has no such node"), "{error}");
    let rows: Vec<TwoSample> = ["castle", "old"]
        .iter()
        .map(|word| TwoSample { title: "red".to_owned(), query: (*word).to_owned(), score: 1.0 })
        .collect();
    let trainer = Trainer::new(Adam::new(1e-2)).progress(Progress::silent());
    let _ = trainer.fit(&mut two, &rows).unwrap();
    // The new tower uses the vocabulary that was taken.
    let vocabulary = |model: &multi_input::preprocess::Preprocessing, field: &str| {
        model.learned(field, "words").unwrap()["entries"].clone()
    };
    let expected = vocabulary(base.preprocessing().unwrap(), "title");
    assert_eq!(vocabulary(two.preprocessing().unwrap(), "title"), expected);
    assert_eq!(vocabulary(two.preprocessing().unwrap(), "query"), expected);
}

/// A table so large that a run changes only the rows of its batches, and trains the others later.
#[test]
fn a_large_table_is_taken_as_the_run_has_left_it() {
    mod one {
        use multi_input::prelude::*;

        #[multi_input_model]
        #[derive(Clone)]
        pub struct One {
            #[input]
            #[branch(Embedding(5_000, 2))]
            pub id: u32,
            #[from(id)]
            #[branch(Dense(1))]
            #[output(loss = mse)]
            pub y: f32,
        }
    }
    #[multi_input_model]
    #[derive(Clone)]
    struct Two {
        #[input]
        #[branch(Embedding(5_000, 2))]
        id: u32,
        #[from(id)]
        #[branch(Dense(3, relu), Dense(1))]
        #[output(loss = mse)]
        y: f32,
    }
    let trainer = |rate| Trainer::new(Adam::new(rate)).epochs(3).batch_size(4);
    let mut base = one::One::build(&Cpu::default(), Seed(1));
    let rows: Vec<_> = (0..40).map(|n| one::OneSample { id: n * 100, y: n as f32 }).collect();
    let _ = trainer(0.1).progress(Progress::silent()).fit(&mut base, &rows).unwrap();
    let mut two = Two::build(&Cpu::default(), Seed(2));
    let _ = two.take(&base, nodes![Two::id]).unwrap();
    let table = base.module().id.0.weight.as_vec();
    assert_eq!(two.module().id.0.weight.as_vec(), table);
    let rows: Vec<_> = (0..8).map(|n| TwoSample { id: n, y: n as f32 }).collect();
    let _ = Trainer::new(Adam::new(0.1))
        .batch_size(4)
        .progress(Progress::silent())
        .fit(&mut two, &rows)
        .unwrap();
    let after = two.module().id.0.weight.as_vec();
    // Trained by the base, by the tuned model, and by none: the mean of all that are trained.
    assert_eq!(after[2 * 300..][..2], table[2 * 300..][..2]);
    assert_ne!(after[2 * 3..][..2], table[2 * 3..][..2]);
    let trained: Vec<usize> = (0..40).map(|n| n * 100).chain(1..8).collect();
    let mean = trained.iter().map(|row| f64::from(after[2 * row])).sum::<f64>() / 47.0;
    assert!((f64::from(after[2 * 4999]) - mean).abs() < 1e-5, "{} {mean}", after[2 * 4999]);
}

/// Steps of a derived node are fitted, too.
#[test]
fn the_scale_of_a_derived_node_comes_along() {
    mod one {
        use multi_input::prelude::*;

        #[multi_input_model]
        #[derive(Clone)]
        pub struct One {
            #[input]
            pub rooms: f32,
            #[input]
            pub households: f32,
            #[derived(rooms / households, standardize)]
            #[branch(Dense(2))]
            pub ratio: f32,
            #[from(ratio)]
            #[branch(Dense(1))]
            #[output(loss = mse)]
            pub y: f32,
        }
    }
    mod two {
        use multi_input::prelude::*;

        #[multi_input_model]
        #[derive(Clone)]
        pub struct Two {
            #[input]
            pub rooms: f32,
            #[input]
            pub households: f32,
            #[derived(rooms / households, standardize)]
            #[branch(Dense(2))]
            pub ratio: f32,
            #[from(ratio)]
            #[branch(Dense(3, relu), Dense(1))]
            #[output(loss = mse)]
            pub y: f32,
        }
    }
    let row = |n: usize| [n as f32, 1.0 + (n % 3) as f32, n as f32];
    let mut base = one::One::build(&Cpu::default(), Seed(1));
    let rows: Vec<_> = (0..20)
        .map(row)
        .map(|[rooms, households, y]| one::OneSample { rooms, households, y })
        .collect();
    let trainer = Trainer::new(Adam::new(1e-2)).progress(Progress::silent());
    let _ = trainer.fit(&mut base, &rows).unwrap();
    let mut tuned = two::Two::build(&Cpu::default(), Seed(2));
    let taken = tuned.take(&base, nodes![two::Two::ratio]).unwrap();
    assert!(taken.to_string().contains("the fitted preprocessing of `ratio`"), "{taken}");
    let rows: Vec<_> = (0..5)
        .map(|n| row(n * n))
        .map(|[rooms, households, y]| two::TwoSample { rooms, households, y })
        .collect();
    let trainer = Trainer::new(Adam::new(1e-2)).progress(Progress::silent());
    let _ = trainer.fit(&mut tuned, &rows).unwrap();
    let scale = |fitted: &multi_input::preprocess::Preprocessing| {
        fitted.learned("ratio", "standardize").unwrap()
    };
    assert_eq!(scale(tuned.preprocessing().unwrap()), scale(base.preprocessing().unwrap()));
    // A loop by hand keeps it, too.
    let mut tuned = two::Two::build(&Cpu::default(), Seed(2));
    let _ = tuned.take(&base, nodes![two::Two::ratio]).unwrap();
    tuned.fit_preprocessing(&rows).unwrap();
    assert_eq!(scale(tuned.preprocessing().unwrap()), scale(base.preprocessing().unwrap()));
}
