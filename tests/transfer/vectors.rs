//! Embeddings that start at the vectors of a file. Paths are relative to the working directory,
//! which for tests is the folder of `tests/Cargo.toml`.

use multi_input::{data::from_fn, prelude::*, Error, NoticeKind};

/// GloVe's form: a word and its vector.
const FILE: &str = "../target/tmp/vectors_of_a_test.txt";

/// Writes a file at once: tests that share it run at the same time.
fn write(text: &str, file: &str) {
    let folder = "../target/tmp";
    std::fs::create_dir_all(folder).unwrap();
    let mut part = tempfile::NamedTempFile::new_in(folder).unwrap();
    std::io::Write::write_all(&mut part, text.as_bytes()).unwrap();
    part.persist(file).unwrap();
}

const VECTORS: &str = "good 1 2\nbad -1 -2\nunseen 9 9\n17 3 4\n";

macro_rules! review {
    ($module:ident, [$($branch:tt)*]) => {
        #[allow(dead_code)] // Each test uses its share.
        mod $module {
            use multi_input::prelude::*;

            #[multi_input_model]
            #[derive(Clone, Debug)]
            pub struct Review {
                #[input(words(vocabulary = 10, length = 2))]
                #[branch($($branch)*)]
                pub text: String,
                #[from(text)]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                pub stars: f32,
            }

            pub fn rows() -> Vec<ReviewSample> {
                let row = |n: usize| ReviewSample {
                    text: ["good film", "bad film", "good play"][n % 3].to_owned(),
                    stars: (n % 3) as f32,
                };
                (0..30).map(row).collect()
            }

            pub fn build() -> Model<Review> {
                Review::build(&Cpu::default(), Seed(1))
            }

            pub fn trainer() -> Trainer<Review, Sgd> {
                // So slow that nothing moves.
                Trainer::new(Sgd::new(1e-300)).progress(Progress::silent())
            }
        }
    };
}

review!(open, [Embedding(10, 2, from = "../target/tmp/vectors_of_a_test.txt"), Flatten]);
review!(frozen, [Embedding(10, 2, from = "../target/tmp/frozen_vectors.txt"), Flatten, frozen]);
review!(plain, [Embedding(10, 2), Flatten]);
review!(missing, [Embedding(10, 2, from = "no/such/vectors.txt"), Flatten]);
review!(wrong, [Embedding(10, 2, from = "../target/tmp/wrong_vectors.txt"), Flatten]);
review!(bag, [EmbeddingBag(10, 2, from = "../target/tmp/bag_vectors.txt")]);

/// The row of a word.
fn row<'a>(
    preprocessing: &multi_input::preprocess::Preprocessing,
    table: &'a [f32],
    word: &str,
) -> &'a [f32] {
    let row = preprocessing.index_of("text", word).unwrap() as usize;
    &table[2 * row..][..2]
}

#[test]
fn known_words_start_at_their_vectors() {
    write(VECTORS, FILE);
    for streamed in [false, true] {
        let (mut model, untouched) = (open::build(), open::build());
        let history = match streamed {
            false => open::trainer().fit(&mut model, &open::rows()).unwrap(),
            true => open::trainer().fit_from(&mut model, &from_fn(open::rows)).unwrap(),
        };
        let about = history.notices.iter().find(|own| own.kind == NoticeKind::PretrainedVectors);
        assert_eq!(
            about.unwrap().to_string(),
            format!(
                "`text`: the embedding of `text` starts at the vectors of 2 of 4 entries of the \
                 vocabulary (50.0 %) in {FILE}; the others start at random, as without a file"
            )
        );
        let table = model.module().text.0.weight.as_vec();
        let fitted = model.preprocessing().unwrap();
        assert_eq!(row(fitted, &table, "good"), [1.0, 2.0]);
        assert_eq!(row(fitted, &table, "bad"), [-1.0, -2.0]);
        let initial = untouched.module().text.0.weight.as_vec();
        assert_eq!(row(fitted, &table, "film"), row(fitted, &initial, "film"));
    }
}

#[test]
fn a_second_fit_and_a_resumed_run_do_not_read_it_again() {
    let file = "../target/tmp/bag_vectors.txt";
    write(VECTORS, file);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let trainer = || Trainer::<bag::Review, _>::new(Adam::new(0.1)).progress(Progress::silent());
    let mut model = bag::build();
    let _ = trainer().callback(Checkpoint::in_folder(path)).fit(&mut model, &bag::rows()).unwrap();
    let trained = model.snapshot().unwrap();
    std::fs::remove_file(file).unwrap();
    // The file is no part of the model.
    let saved = path.join("model.safetensors");
    model.save(&saved).unwrap();
    assert_eq!(
        Model::<bag::Review>::load(&saved, &Cpu::default()).unwrap().snapshot().unwrap(),
        trained
    );
    std::fs::remove_file(saved).unwrap();
    let history = bag::trainer().fit(&mut model, &bag::rows()).unwrap();
    assert!(history.notices.iter().all(|own| own.kind != NoticeKind::PretrainedVectors));
    assert_eq!(model.snapshot().unwrap(), trained);
    for streamed in [false, true] {
        if streamed {
            continue;
        }
        let mut resumed = bag::build();
        let trainer = trainer().epochs(2).resume(path).callback(Checkpoint::in_folder(path));
        let history = trainer.fit(&mut resumed, &bag::rows()).unwrap();
        assert_eq!(history.epochs.len(), 2);
    }
    let error = bag::trainer().fit(&mut bag::build(), &bag::rows()).unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error}");
}

#[test]
fn frozen_vectors_stay() {
    write(&format!("4 2\n{VECTORS}"), "../target/tmp/frozen_vectors.txt");
    let mut model = frozen::build();
    let trainer = Trainer::<frozen::Review, _>::new(Adam::new(0.1)).epochs(3);
    let _ = trainer.progress(Progress::silent()).fit(&mut model, &frozen::rows()).unwrap();
    let table = model.module().text.0 .0.weight.as_vec();
    assert_eq!(row(model.preprocessing().unwrap(), &table, "good"), [1.0, 2.0]);
}

#[test]
fn the_identity_of_a_model_does_not_know_the_file() {
    write(VECTORS, FILE);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut model = open::build();
    let _ = open::trainer().fit(&mut model, &open::rows()).unwrap();
    model.save(&path).unwrap();
    let loaded = Model::<plain::Review>::load(&path, &Cpu::default()).unwrap();
    assert_eq!(loaded.snapshot().unwrap(), model.snapshot().unwrap());
}

#[test]
fn a_missing_or_a_wrong_file_is_an_error_before_training() {
    let mut model = missing::build();
    let before = model.snapshot().unwrap();
    for streamed in [false, true] {
        let error = match streamed {
            false => missing::trainer().fit(&mut model, &missing::rows()).unwrap_err(),
            true => missing::trainer().fit_from(&mut model, &from_fn(missing::rows)).unwrap_err(),
        };
        assert!(error.to_string().starts_with("cannot read no/such/vectors.txt: "), "{error}");
        assert!(model.preprocessing().is_none());
        assert_eq!(model.snapshot().unwrap(), before);
    }
    write("good 1 2\nbad 1 2 3\n", "../target/tmp/wrong_vectors.txt");
    let mut model = wrong::build();
    let error = wrong::trainer().fit(&mut model, &wrong::rows()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "../target/tmp/wrong_vectors.txt, line 2: expected a word and 2 numbers, as wide as the \
         embedding is, found 3 numbers"
    );
    assert!(model.preprocessing().is_none());
}

#[test]
fn whole_numbers_and_shared_vocabularies_have_vectors_too() {
    #[multi_input_model]
    #[derive(Clone)]
    struct Pair {
        #[input(categories(9))]
        #[branch(Embedding(9, 2, from = "../target/tmp/pair_vectors.txt"))]
        first: u32,
        #[input(categories(9, shared = first))]
        #[branch(shared = first)]
        second: u32,
        #[merge(concat(first, second))]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        y: f32,
    }
    write(VECTORS, "../target/tmp/pair_vectors.txt");
    let mut model = Pair::build(&Cpu::default(), Seed(1));
    let rows: Vec<PairSample> =
        [(1, 17), (2, 1)].map(|(first, second)| PairSample { first, second, y: 1.0 }).into();
    let trainer = Trainer::new(Sgd::new(1e-300)).progress(Progress::silent());
    let history = trainer.fit(&mut model, &rows).unwrap();
    let about = history.notices.iter().filter(|own| own.kind == NoticeKind::PretrainedVectors);
    assert_eq!(about.count(), 1);
    let row = model.preprocessing().unwrap().index_of("second", "17").unwrap() as usize;
    assert_eq!(model.module().first.0.weight.as_vec()[2 * row..][..2], [3.0, 4.0]);
}

#[test]
fn the_search_for_a_rate_begins_at_the_vectors_and_leaves_no_trace() {
    write(VECTORS, FILE);
    let mut model = open::build();
    let before = model.snapshot().unwrap();
    let _ = open::trainer().find_learning_rate(&mut model, &open::rows()).unwrap();
    assert_eq!(model.snapshot().unwrap(), before);
    assert!(model.preprocessing().is_none());
    let history = open::trainer().fit(&mut model, &open::rows()).unwrap();
    assert!(history.notices.iter().any(|own| own.kind == NoticeKind::PretrainedVectors));
}

#[test]
fn preprocessing_that_is_fitted_alone_brings_the_vectors() {
    write(VECTORS, FILE);
    let mut model = open::build();
    model.fit_preprocessing(&open::rows()).unwrap();
    let table = model.module().text.0.weight.as_vec();
    assert_eq!(row(model.preprocessing().unwrap(), &table, "bad"), [-1.0, -2.0]);
    // They are not read once more.
    let history = open::trainer().fit(&mut model, &open::rows()).unwrap();
    assert!(history.notices.iter().all(|own| own.kind != NoticeKind::PretrainedVectors));
}

#[test]
fn a_refitted_vocabulary_says_what_the_other_rows_keep() {
    write(VECTORS, FILE);
    let mut model = open::build();
    let _ = open::trainer().fit(&mut model, &open::rows()).unwrap();
    let history = open::trainer().refit_all().fit(&mut model, &open::rows()).unwrap();
    let about = history.notices.iter().find(|own| own.kind == NoticeKind::PretrainedVectors);
    assert!(
        about
            .unwrap()
            .to_string()
            .ends_with("; the others keep what an earlier run has left in their rows"),
        "{about:?}"
    );
}

/// A vocabulary that is kept does not say that its table has vectors.
#[test]
fn a_table_that_nothing_has_reached_starts_at_the_vectors_of_a_kept_vocabulary() {
    #[multi_input_model]
    #[derive(Clone)]
    struct Words {
        #[input(words(vocabulary = 10, length = 2))]
        text: String,
        #[from(text)]
        #[branch(Embedding(10, 2, from = "../target/tmp/kept_vectors.txt"), Flatten)]
        table: _,
        #[from(table)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        stars: f32,
    }
    write(VECTORS, "../target/tmp/kept_vectors.txt");
    let rows: Vec<WordsSample> = plain::rows()
        .into_iter()
        .map(|row| WordsSample { text: row.text, stars: row.stars })
        .collect();
    let mut other = Words::build(&Cpu::default(), Seed(3));
    let trainer = || Trainer::new(Sgd::new(1e-300)).progress(Progress::silent());
    let _ = trainer().fit(&mut other, &rows).unwrap();
    let mut model = Words::build(&Cpu::default(), Seed(4));
    let _ = model.take(&other, nodes![Words::text]).unwrap();
    let history = trainer().fit(&mut model, &rows).unwrap();
    assert!(history.notices.iter().any(|own| own.kind == NoticeKind::PretrainedVectors));
    let table = model.module().table.0.weight.as_vec();
    assert_eq!(row(model.preprocessing().unwrap(), &table, "good"), [1.0, 2.0]);
}
