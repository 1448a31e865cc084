//! Tables of which a step changes a few rows: what a run remembers of the others is bounded.

use std::{fs, path::Path};

use multi_input::prelude::*;

/// A table of a hundred numbers.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Word {
    #[input]
    #[branch(Embedding(100, 1))]
    word: u32,
    #[from(word)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    length: f32,
}

fn rows() -> Vec<WordSample> {
    (0..100).map(|word| WordSample { word, length: (word % 7) as f32 }).collect()
}

/// Trains for so many steps, each at a rate of its own; the most memory, and the largest checkpoint.
fn train(folder: &Path, steps: usize) -> (u64, u64) {
    let schedule = Schedule::cosine(1e-2, 2 * steps as u64);
    let trainer = Trainer::new(AdamW::new(1e-2))
        .epochs(10)
        .steps_per_epoch(steps / 10)
        .batch_size(1)
        .progress(Progress::silent())
        .callback(LearningRateSchedule::by_step(schedule))
        .callback(Checkpoint::in_folder(folder).keep(10));
    let mut model = Word::build(&Cpu::default(), Seed(2));
    let used = allocation_counter::measure(|| {
        trainer.fit(&mut model, &rows()).unwrap();
    });
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().metadata().unwrap().len());
    (used.bytes_max, files.max().unwrap())
}

fn stays_flat(few: usize, many: usize) {
    let folder = tempfile::tempdir().unwrap();
    let [few, many] = [few, many].map(|steps| train(&folder.path().join(steps.to_string()), steps));
    // A thousand steps at 24 bytes, their copy in a checkpoint, and what vectors allocate ahead.
    assert!(many.0 < few.0 + (1 << 17), "{few:?} {many:?}");
    assert!(few.1 < 1 << 15 && many.1 < 1 << 15, "{few:?} {many:?}");
}

#[test]
fn memory_and_checkpoints_do_not_grow_with_the_steps() {
    stays_flat(2000, 16_000);
}

#[test]
#[ignore = "takes minutes: `just soak`"]
fn soak_memory_and_checkpoints_do_not_grow_with_three_million_steps() {
    stays_flat(30_000, 3_000_000);
}

/// The table changes all rows at once where it is asked to, and ends at the same weights.
#[test]
fn a_table_that_caught_up_many_times_has_the_weights_of_the_dense_formula() {
    let trained = |whole: bool| {
        let mut model = Model::<Word, f64>::build(&Cpu::default(), Seed(2));
        let trainer = Trainer::new(AdamW::new(1e-2)).epochs(30).batch_size(1);
        let trainer = trainer.progress(Progress::silent());
        let trainer = if whole { trainer.whole_tables() } else { trainer };
        trainer.fit(&mut model, &rows()).unwrap();
        model.snapshot().unwrap()
    };
    let [sparse, dense] = [false, true].map(trained);
    for (sparse, dense) in sparse.tensors().iter().flatten().zip(dense.tensors().iter().flatten()) {
        assert!((sparse - dense).abs() < 1e-9, "{sparse} {dense}");
    }
}

/// `Word` with a penalty on its table, which speaks of all rows.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct PenalisedWord {
    #[input]
    #[branch(Embedding(100, 1, l2 = 0.25))]
    word: u32,
    #[from(word)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    length: f32,
}

#[test]
fn a_penalty_moves_the_rows_that_nobody_looks_up() {
    let trained = |whole: bool| {
        let mut model = Model::<PenalisedWord, f64>::build(&Cpu::default(), Seed(2));
        let before = model.snapshot().unwrap();
        let trainer = Trainer::new(Sgd::new(0.5)).epochs(3).batch_size(1).keep_untrained();
        let trainer = trainer.progress(Progress::silent());
        let trainer = if whole { trainer.whole_tables() } else { trainer };
        trainer.fit(&mut model, &[PenalisedWordSample { word: 7, length: 1.0 }]).unwrap();
        [before, model.snapshot().unwrap()].map(|snapshot| snapshot.tensors()[0].clone())
    };
    let [before, after] = trained(false);
    // Three steps, each of which takes 0.5 * 2 * 0.25 of a weight.
    for row in (0..100).filter(|row| *row != 7) {
        assert!((after[row] - before[row] * 0.75f64.powi(3)).abs() < 1e-15, "{row}");
    }
    assert_eq!(after, trained(true)[1]);
}
