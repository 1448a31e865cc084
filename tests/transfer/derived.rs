//! Derived nodes with steps of their own, between models that hold their inputs in another order and
//! with other steps.

use multi_input::{prelude::*, NoticeKind};

mod homes {
    use multi_input::prelude::*;

    #[multi_input_model]
    #[derive(Clone)]
    pub struct Homes {
        #[input]
        pub rooms: f32,
        #[input]
        pub homes: f32,
        #[derived(rooms / homes, standardize)]
        pub density: _,
        #[from(density)]
        #[branch(Dense(3, tanh))]
        pub hidden: _,
        #[from(hidden)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        pub price: f32,
    }
}

mod flats {
    use multi_input::prelude::*;

    #[multi_input_model]
    #[derive(Clone)]
    pub struct Flats {
        #[input(standardize)]
        #[branch(Dense(2))]
        pub age: f32,
        #[input]
        pub homes: f32,
        #[input(min_max)]
        #[branch(Dense(2))]
        pub rooms: f32,
        #[derived(rooms / homes, standardize)]
        pub density: _,
        #[from(density)]
        #[branch(Dense(3, tanh))]
        pub hidden: _,
        #[merge(concat(hidden, age, rooms))]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        pub rent: f32,
    }
}

mod swapped {
    use multi_input::prelude::*;

    /// With the indices of `Homes`, but other inputs.
    #[multi_input_model]
    #[derive(Clone)]
    pub struct Swapped {
        #[input]
        pub homes: f32,
        #[input]
        pub rooms: f32,
        #[derived(homes / rooms, standardize)]
        pub density: _,
        #[from(density)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        pub price: f32,
    }
}

use flats::{Flats, FlatsSample};
use homes::{Homes, HomesSample};

fn rows() -> Vec<HomesSample> {
    let row = |row: usize| HomesSample {
        rooms: 3.0 + row as f32,
        homes: 1.0 + (row % 3) as f32,
        price: row as f32,
    };
    (0..20).map(row).collect()
}

fn flats() -> Vec<FlatsSample> {
    let row = |row: usize| FlatsSample {
        age: row as f32,
        homes: 4.0,
        rooms: 9.0 * row as f32,
        rent: row as f32,
    };
    (0..9).map(row).collect()
}

fn trained() -> Model<Homes> {
    let mut model = Homes::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(2).progress(Progress::silent());
    let _ = trainer.fit(&mut model, &rows()).unwrap();
    model
}

fn scale(preprocessing: Option<&multi_input::preprocess::Preprocessing>) -> String {
    preprocessing.unwrap().learned("density", "standardize").unwrap().to_string()
}

fn trainer() -> Trainer<Flats, Adam> {
    Trainer::new(Adam::new(1e-2)).progress(Progress::silent())
}

#[test]
fn a_node_derived_of_the_same_inputs_is_taken_whatever_their_order_and_steps() {
    let base = trained();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.safetensors");
    base.save(&path).unwrap();
    for from_file in [false, true] {
        let mut tuned = Flats::build(&Cpu::default(), Seed(2));
        let nodes = nodes![Flats::hidden];
        let taken = match from_file {
            false => tuned.take(&base, nodes).unwrap(),
            true => tuned.take(&Weights::file(&path).unwrap(), nodes).unwrap(),
        };
        assert_eq!(taken.taken[0].fitted, ["density"]);
        let _ = trainer().fit(&mut tuned, &flats()).unwrap();
        assert_eq!(scale(tuned.preprocessing()), scale(base.preprocessing()));
    }
}

#[test]
fn all_that_fits_names_derived_nodes() {
    let base = trained();
    let mut tuned = Flats::build(&Cpu::default(), Seed(2));
    let taken = tuned.take_matching(&base).unwrap();
    assert!(taken.contains("density") && taken.contains("hidden"), "{taken}");
    let swapped = swapped::Swapped::build(&Cpu::default(), Seed(2));
    let taken = tuned.take_matching(&swapped).map(|taken| taken.to_string());
    let error = taken.unwrap_err().to_string();
    assert!(error.contains("  - `density`: "), "{error}");
}

#[test]
fn a_derived_node_is_fitted_anew_on_request() {
    let base = trained();
    let mut tuned = Flats::build(&Cpu::default(), Seed(2));
    let _ = tuned.take(&base, nodes![Flats::hidden]).unwrap();
    let trainer = trainer().refit(Flats::density).freeze(Flats::hidden);
    let history = trainer.fit(&mut tuned, &flats()).unwrap();
    assert_ne!(scale(tuned.preprocessing()), scale(base.preprocessing()));
    let about = history.notices.iter().filter(|own| own.kind == NoticeKind::FrozenScale);
    assert_eq!(about.count(), 1);
}
