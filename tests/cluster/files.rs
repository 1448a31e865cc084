//! Files of models whose tables are divided among ranks.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    cluster::Cluster,
    history::End,
    optim::{AdamW, Optimizer, Sgd},
    prelude::*,
    transfer::Weights,
    uncertainty::Conformal,
    Result,
};

use super::models::{rated, Rated};

fn built_on(cluster: &Cluster, seed: u64) -> Model<Rated> {
    Model::build_on(cluster, &Cpu::default(), Seed(seed)).unwrap()
}

/// A model with its rows on so many ranks, in a file.
fn saved_on(ranks: usize, path: &Path) {
    Cluster::in_threads(ranks, |cluster| built_on(&cluster, 4).save(path).unwrap());
}

#[test]
fn a_divided_model_is_saved_as_the_bytes_of_the_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    Model::<Rated>::build(&Cpu::default(), Seed(4)).save(path("whole")).unwrap();
    let whole = fs::read(path("whole")).unwrap();
    for ranks in 1..=4 {
        saved_on(ranks, &path("divided"));
        assert!(fs::read(path("divided")).unwrap() == whole, "{ranks} ranks");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no partial file is left");
}

#[test]
fn a_file_is_loaded_on_any_number_of_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
    for (ranks, others) in [(1, 2), (2, 3), (3, 1), (4, 2)] {
        saved_on(ranks, &from);
        Cluster::in_threads(others, |cluster| {
            let model = Model::<Rated>::load_on(&cluster, &from, &Cpu::default()).unwrap();
            model.save(&to).unwrap();
            let mut other = built_on(&cluster, 9);
            other.load_weights(&from).unwrap();
            assert_eq!(other.snapshot().unwrap(), model.snapshot().unwrap());
            other = built_on(&cluster, 9);
            other.load_weights(Weights::file(&from).unwrap()).unwrap();
            assert_eq!(other.snapshot().unwrap(), model.snapshot().unwrap());
        });
        assert!(fs::read(&from).unwrap() == fs::read(&to).unwrap(), "{ranks}, {others} ranks");
    }
}

#[test]
fn a_file_that_does_not_fit_changes_no_rank() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rated");
    saved_on(1, &path);
    let whole = fs::read(&path).unwrap();
    let refused = |expected: &str| {
        let errors = Cluster::in_threads(3, |cluster| {
            let mut model = built_on(&cluster, 9);
            let before = model.snapshot().unwrap();
            let error = model.load_weights(&path).unwrap_err().to_string();
            assert_eq!(model.snapshot().unwrap(), before);
            // The ranks go on together.
            model.save(folder.path().join("after")).unwrap();
            error
        });
        errors.iter().for_each(|error| assert!(error.contains(expected), "{error}"));
    };
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    refused("damaged");
    let mut changed = whole.clone();
    let last = changed.len() - 9;
    changed[last] ^= 1;
    fs::write(&path, changed).unwrap();
    refused("its checksum should be");
    Model::<Rated, f64>::build(&Cpu::default(), Seed(4)).save(&path).unwrap();
    refused("should hold F32, but holds F64");
    Model::<Smaller>::build(&Cpu::default(), Seed(4)).save(&path).unwrap();
    refused("holds another model");
    fs::remove_file(&path).unwrap();
    refused("cannot read");
}

#[multi_input_model]
struct Smaller {
    #[input]
    #[branch(Embedding(3000, 4, sharded))]
    user: u32,

    #[from(user)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

#[test]
fn weights_are_converted_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let model = Model::<Rated, f64>::build(&Cpu::default(), Seed(4));
    model.save(path("doubles")).unwrap();
    let whole = Model::<Rated>::load_converted(path("doubles"), &Cpu::default()).unwrap();
    whole.save(path("whole")).unwrap();
    saved_on(2, &path("singles"));
    Cluster::in_threads(2, |cluster| {
        let mut model = Model::<Rated, f64>::build_on(&cluster, &Cpu::default(), Seed(1)).unwrap();
        assert!(model.load_weights(path("singles")).is_err());
        model.load_weights(path("doubles")).unwrap();
        model.save(path("again")).unwrap();
    });
    assert!(fs::read(path("again")).unwrap() == fs::read(path("doubles")).unwrap());
}

#[test]
fn a_disk_without_room_ends_the_save_on_all_ranks() {
    let errors = Cluster::in_threads(3, |cluster| {
        let path = "/nonexistent/rated.safetensors";
        built_on(&cluster, 4).save(path).unwrap_err().to_string()
    });
    let own = "cannot write /nonexistent/rated.safetensors: ";
    assert!(errors[0].starts_with(own), "{}", errors[0]);
    for error in &errors[1..] {
        assert!(error.starts_with(&format!("rank 0 ended the run: {own}")), "{error}");
    }
}

#[test]
fn intervals_stay_with_the_weights_of_all_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, divided] = ["whole", "divided"].map(|name| folder.path().join(name));
    let mut model = Model::<Rated>::build(&Cpu::default(), Seed(4));
    let conformal = Conformal::fit(&model, &rated(30), 0.8).unwrap();
    model.set_conformal(&conformal).unwrap();
    model.save(&whole).unwrap();
    for ranks in [2, 3] {
        Cluster::in_threads(ranks, |cluster| {
            let model = Model::<Rated>::load_on(&cluster, &whole, &Cpu::default()).unwrap();
            assert!(model.conformal().is_some());
            model.save(&divided).unwrap();
        });
        assert!(fs::read(&divided).unwrap() == fs::read(&whole).unwrap());
    }
}

/// Pauses after a number of steps: on a cluster after the next one, unless an epoch ends before.
struct PauseAfter(usize);

impl Callback<Rated> for PauseAfter {
    fn name(&self) -> &'static str {
        "PauseAfter"
    }
    fn on(&mut self, event: &Event<'_>, training: &mut dyn Training<Rated>) -> Result<Flow> {
        let at = training.position();
        let steps = at.epoch * training.plan().steps_per_epoch + at.step;
        let ended = matches!(event, Event::StepEnded { .. });
        Ok(if ended && steps == self.0 { Flow::Pause } else { Flow::Continue })
    }
}

const NEVER: usize = usize::MAX;

/// Two epochs of five steps, with a checkpoint after the step `pause` and at the end.
fn trainer<O: Optimizer>(optimizer: O, folder: &Path, pause: usize) -> Trainer<Rated, O> {
    Trainer::new(optimizer)
        .epochs(2)
        .batch_size(9)
        .virtual_shards(4)
        .seed(Seed(3))
        .progress(Progress::silent())
        .resume(folder)
        .callback(Checkpoint::in_folder(folder).keep(2))
        .callback(PauseAfter(pause))
}

/// A run on a cluster.
type Fit<'a> = &'a (dyn Fn(&mut Model<Rated>, &Cluster, &Path, usize) -> Result<End> + Sync);

fn adam(model: &mut Model<Rated>, on: &Cluster, folder: &Path, pause: usize) -> Result<End> {
    Ok(trainer(Adam::new(1e-2), folder, pause).on(on).fit(model, &rated(41))?.end)
}

/// The bytes of the model after a run on so many ranks, with a folder for its checkpoints.
fn run(ranks: usize, folder: &Path, pause: usize, fit: Fit<'_>) -> Vec<u8> {
    let path = folder.with_extension("model");
    // A run that goes on has the weights of its checkpoint.
    let seed = if folder.exists() { 9 } else { 2 };
    let ends = Cluster::in_threads(ranks, |cluster| {
        let mut model = built_on(&cluster, seed);
        let end = fit(&mut model, &cluster, folder, pause).unwrap();
        model.save(&path).unwrap();
        end
    });
    let expected = if pause == NEVER { End::Completed } else { End::Paused };
    assert!(ends.iter().all(|end| *end == expected));
    fs::read(path).unwrap()
}

/// A run goes on with the same bits after a pause, on another number of ranks.
fn assert_resumes(fit: Fit<'_>, pauses: &[usize]) {
    let folder = tempfile::tempdir().unwrap();
    let whole = run(1, &folder.path().join("whole"), NEVER, fit);
    for (index, pause) in pauses.iter().enumerate() {
        // All pairs of 1 to 3 ranks, and others.
        for (first, then) in [(1, 1), (1, 3), (2, 2), (2, 3), (3, 1), (4, 2), (2, 4)] {
            let folder = folder.path().join(format!("{index}-{first}-{then}"));
            run(first, &folder, *pause, fit);
            let resumed = run(then, &folder, NEVER, fit);
            assert!(resumed == whole, "{pause} steps on {first} ranks, then {then}");
        }
    }
}

#[test]
fn a_run_goes_on_with_the_same_bits_on_another_number_of_ranks() {
    assert_resumes(&adam, &[5]);
}

#[test]
fn deferred_updates_and_accumulated_steps_go_on_on_other_ranks() {
    // The pauses are between the batches of an accumulated step.
    assert_resumes(
        &|model, on, folder, pause| {
            let trainer = trainer(AdamW::new(1e-2).decay(0.1), folder, pause);
            Ok(trainer.accumulate(3).on(on).fit(model, &rated(41))?.end)
        },
        &[5],
    );
    assert_resumes(
        &|model, on, folder, pause| {
            let trainer = trainer(Sgd::new(1e-2).momentum(0.9), folder, pause);
            Ok(trainer.accumulate(2).on(on).fit(model, &rated(41))?.end)
        },
        &[2],
    );
}

fn files_in(folder: &Path) -> Vec<String> {
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    fs::read_dir(folder).unwrap().map(|entry| name(entry.unwrap())).collect()
}

/// The name of a part without its checksum.
fn without_checksum(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    match parts[..] {
        [step, part, sum, end] if part.starts_with("part-") && end == "safetensors" => {
            assert_eq!(sum.len(), 8, "{name}");
            format!("{step}.{part}.{end}")
        }
        _ => name.to_owned(),
    }
}

/// The names of the files in a folder, without the checksums of parts.
fn names_in(folder: &Path) -> Vec<String> {
    sorted(files_in(folder).iter().map(|name| without_checksum(name)))
}

fn sorted(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort();
    names
}

/// The only file of a folder that has this name, apart from its checksum.
fn file_of(folder: &Path, part: &str) -> PathBuf {
    let files = files_in(folder);
    let found: Vec<&String> = files.iter().filter(|name| without_checksum(name) == part).collect();
    assert_eq!(found.len(), 1, "{files:?}");
    folder.join(found[0])
}

fn checkpoint(step: usize) -> String {
    format!("step-{step:010}.safetensors")
}

fn part(step: usize, part: usize, parts: usize) -> String {
    format!("step-{step:010}.part-{part}-of-{parts}.safetensors")
}

#[test]
fn parts_are_removed_with_their_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("run");
    run(2, &folder, 5, &adam);
    let [a, b] = [1, 2].map(|number| part(5, number, 2));
    assert_eq!(names_in(&folder), sorted([checkpoint(5), a, b]));
    // What interrupted runs leave: a part of a checkpoint that was not completed, of one of another
    // number of ranks, and a part that was not.
    for name in [part(3, 2, 2), part(7, 3, 4), part(12, 1, 3)] {
        fs::write(folder.join(name), "").unwrap();
    }
    let incomplete = format!("{}.1.partial", part(7, 1, 3));
    fs::write(folder.join(&incomplete), "").unwrap();
    run(3, &folder, 6, &adam);
    let of_step_7 = (1..4).map(|number| part(7, number, 3));
    let of_step_5 = (1..3).map(|number| part(5, number, 2));
    let both = [checkpoint(5), checkpoint(7)].into_iter().chain(of_step_5);
    assert_eq!(names_in(&folder), sorted(both.chain(of_step_7.clone())));
    run(1, &folder, NEVER, &adam);
    let whole = [checkpoint(7), checkpoint(10)].into_iter();
    assert_eq!(names_in(&folder), sorted(whole.chain(of_step_7)));
}

#[test]
fn ranks_with_folders_of_their_own_keep_their_parts() {
    let folder = tempfile::tempdir().unwrap();
    let of_rank = |rank: usize| folder.path().join(rank.to_string());
    let run = |pause| {
        Cluster::in_threads(2, |cluster| {
            let mut model = built_on(&cluster, 2);
            adam(&mut model, &cluster, &of_rank(cluster.rank()), pause).unwrap();
        });
    };
    run(6);
    assert_eq!(
        names_in(&of_rank(0)),
        sorted([5, 7].map(|step| [checkpoint(step), part(step, 1, 2)]).concat())
    );
    assert_eq!(names_in(&of_rank(1)), sorted([5, 7].map(|step| part(step, 2, 2))));
    // What all ranks have in common is copied, the parts are not.
    fs::copy(of_rank(0).join(checkpoint(7)), of_rank(1).join(checkpoint(7))).unwrap();
    run(NEVER);
    assert!(names_in(&of_rank(1)).contains(&part(10, 2, 2)));
    assert!(!names_in(&of_rank(1)).contains(&part(5, 2, 2)));
}

/// Makes it impossible to write a file at the end of an epoch.
struct BlockAtEnd(Option<PathBuf>);

impl Callback<Rated> for BlockAtEnd {
    fn name(&self) -> &'static str {
        "BlockAtEnd"
    }
    fn on(&mut self, event: &Event<'_>, _: &mut dyn Training<Rated>) -> Result<Flow> {
        if let (Event::EpochEnded { .. }, Some(partial)) = (event, &self.0) {
            fs::create_dir_all(partial).unwrap();
        }
        Ok(Flow::Continue)
    }
}

/// Where the main file of the step 5 begins, before it gets its name.
fn beginning(folder: &Path) -> PathBuf {
    folder.join(format!("{}.{}.partial", checkpoint(5), std::process::id()))
}

/// Where the model is saved after a run.
fn model_of(folder_of: FolderOf<'_>) -> PathBuf {
    folder_of(0).with_extension("model")
}

/// The folder for the checkpoints of a rank.
type FolderOf<'a> = &'a (dyn Fn(usize) -> PathBuf + Sync);

/// An epoch of five steps on two ranks, with a checkpoint after the last step, and another one at the
/// end, when `EarlyStopping` has copies of the rows. `blocks`: its main file cannot be written.
fn written_twice(folder_of: FolderOf<'_>, blocks: bool) -> Vec<Result<End>> {
    Cluster::in_threads(2, |cluster| {
        let folder = folder_of(cluster.rank());
        let partial = Some(beginning(&folder)).filter(|_| blocks);
        let trainer = Trainer::new(Adam::new(1e-2))
            .epochs(1)
            .batch_size(9)
            .seed(Seed(3))
            .progress(Progress::silent())
            .resume(&folder)
            .callback(Checkpoint::in_folder(&folder).every_steps(5).keep(1))
            .callback(EarlyStopping::on(Monitor::loss()).restore_best())
            .callback(BlockAtEnd(partial));
        let mut model = built_on(&cluster, 2);
        let end = trainer.on(&cluster).fit(&mut model, &rated(41))?.end;
        model.save(model_of(folder_of)).unwrap();
        Ok(end)
    })
}

/// A run whose second checkpoint of a step fails before its main file has the first one, and goes on
/// from it. `without`: the same run that does not fail.
fn assert_first_one_stays(with: FolderOf<'_>, without: FolderOf<'_>) {
    assert!(written_twice(without, false).iter().all(Result::is_ok));
    let errors = written_twice(with, true);
    let error = errors[0].as_ref().unwrap_err().to_string();
    assert!(error.contains("cannot write") && error.contains(&checkpoint(5)), "{error}");
    for rank in [0, 1] {
        let (names, own) = (names_in(&with(rank)), part(5, rank + 1, 2));
        let parts = names.iter().filter(|name| **name == own);
        assert_eq!(parts.count(), 2, "the new part stands beside the old one: {names:?}");
    }
    for folder in BTreeSet::from([0, 1].map(with)) {
        fs::remove_dir(beginning(&folder)).unwrap();
    }
    // All ranks read the main file, which rank 0 alone writes.
    let [main, copy] = [0, 1].map(|rank| with(rank).join(checkpoint(5)));
    let is_copied = main != copy;
    if is_copied {
        fs::copy(&main, &copy).unwrap();
    }
    assert!(written_twice(with, false).iter().all(Result::is_ok), "the first one is whole");
    assert!(fs::read(model_of(with)).unwrap() == fs::read(model_of(without)).unwrap());
    if is_copied {
        fs::remove_file(copy).unwrap();
    }
    for rank in [0, 1] {
        assert_eq!(names_in(&with(rank)), names_in(&without(rank)), "nothing else is left");
    }
}

#[test]
fn a_checkpoint_stays_whole_until_another_of_its_number_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let [with, without] = ["with", "without"].map(|name| folder.path().join(name));
    assert_first_one_stays(&|_| with.clone(), &|_| without.clone());
    let all = [checkpoint(5), part(5, 1, 2), part(5, 2, 2)];
    assert_eq!(names_in(&with), sorted(all));
}

#[test]
fn replaced_parts_are_removed_from_folders_without_a_main_file() {
    let folder = tempfile::tempdir().unwrap();
    let [with, without] = ["with", "without"].map(|name| folder.path().join(name));
    let of = |rank: usize| format!("rank-{rank}");
    assert_first_one_stays(&|rank| with.join(of(rank)), &|rank| without.join(of(rank)));
    assert_eq!(names_in(&with.join(of(0))), sorted([checkpoint(5), part(5, 1, 2)]));
    assert_eq!(names_in(&with.join(of(1))), [part(5, 2, 2)]);
}

#[test]
fn a_rank_that_cannot_write_its_part_ends_the_run_without_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("1"), "no folder").unwrap();
    let of_rank = |rank: usize| folder.path().join(rank.to_string()).join("run");
    let errors = Cluster::in_threads(3, |cluster| {
        let mut model = built_on(&cluster, 2);
        adam(&mut model, &cluster, &of_rank(cluster.rank()), NEVER).unwrap_err().to_string()
    });
    assert!(errors[1].starts_with("cannot write"), "{}", errors[1]);
    for rank in [0, 2] {
        assert!(errors[rank].contains(&errors[1]), "{}", errors[rank]);
        let names = names_in(&of_rank(rank));
        assert!(!names.contains(&checkpoint(5)), "{names:?}");
    }
}

#[test]
fn a_checkpoint_in_parts_is_a_file_of_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let of_ranks = |ranks: usize| -> PathBuf {
        let folder = folder.path().join(ranks.to_string());
        run(ranks, &folder, 6, &adam);
        folder.join(checkpoint(7))
    };
    // Untrained rows are filled on loading.
    let whole = Model::<Rated>::load(of_ranks(1), &Cpu::default()).unwrap();
    let path = of_ranks(3);
    let loaded = Model::<Rated>::load(&path, &Cpu::default()).unwrap();
    assert_eq!(loaded.snapshot().unwrap(), whole.snapshot().unwrap());
    let mut other = Model::<Rated>::build(&Cpu::default(), Seed(9));
    other.load_weights(Weights::file(&path).unwrap()).unwrap();
    assert_eq!(other.snapshot().unwrap(), whole.snapshot().unwrap());
    let [expected, found] = ["whole", "divided"].map(|name| folder.path().join(name));
    whole.save(&expected).unwrap();
    Cluster::in_threads(2, |cluster| {
        let model = Model::<Rated>::load_on(&cluster, &path, &Cpu::default()).unwrap();
        model.save(&found).unwrap();
    });
    assert!(fs::read(found).unwrap() == fs::read(expected).unwrap());
}

#[test]
fn a_damaged_checkpoint_names_an_earlier_one_with_all_of_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("run");
    run(3, &folder, 6, &adam);
    let error_on = |ranks| -> Vec<String> {
        Cluster::in_threads(ranks, |cluster| {
            let mut model = built_on(&cluster, 9);
            adam(&mut model, &cluster, &folder, NEVER).unwrap_err().to_string()
        })
    };
    fs::remove_file(file_of(&folder, &part(7, 1, 3))).unwrap();
    let errors = [error_on(1), error_on(3)].concat();
    for error in &errors {
        assert!(error.contains("part-1-of-3") && error.contains(&checkpoint(5)), "{error}");
    }
    let of_earlier = file_of(&folder, &part(5, 1, 3));
    let mut changed = fs::read(&of_earlier).unwrap();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    fs::write(of_earlier, changed).unwrap();
    for error in &[error_on(1), error_on(3)].concat() {
        assert!(error.contains("part-1-of-3") && !error.contains(&checkpoint(5)), "{error}");
    }
}

#[test]
fn a_part_that_is_missing_damaged_or_of_another_run_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    run(2, &one, 6, &adam);
    run(2, &other, 6, &|model, on, folder, pause| {
        Ok(trainer(Sgd::new(1e-2), folder, pause).on(on).fit(model, &rated(41))?.end)
    });
    let second = file_of(&one, &part(7, 2, 2));
    let own = fs::read(&second).unwrap();
    let refused = |expected: &str| {
        let resumed = |ranks| {
            Cluster::in_threads(ranks, |cluster| {
                let mut model = built_on(&cluster, 9);
                let before = model.snapshot().unwrap();
                let error = adam(&mut model, &cluster, &one, NEVER).unwrap_err().to_string();
                assert_eq!(model.snapshot().unwrap(), before);
                error
            })
        };
        let loaded = Model::<Rated>::load(one.join(checkpoint(7)), &Cpu::default());
        let errors = resumed(1).into_iter().chain(resumed(2));
        for error in errors.chain([loaded.map(drop).unwrap_err().to_string()]) {
            assert!(error.contains(expected) && error.contains("part-2-of-2"), "{error}");
        }
    };
    fs::copy(file_of(&other, &part(7, 2, 2)), &second).unwrap();
    refused("is no part of");
    fs::write(&second, &own[..own.len() / 2]).unwrap();
    refused("damaged");
    let mut changed = own.clone();
    changed[own.len() - 9] ^= 1;
    fs::write(&second, changed).unwrap();
    refused("its checksum should be");
    fs::remove_file(&second).unwrap();
    refused("is missing: copy it");
    let first = file_of(&one, &part(7, 1, 2));
    let error = Model::<Rated>::load(first, &Cpu::default()).map(drop).unwrap_err().to_string();
    assert!(error.contains("is part 1 of 2 of a checkpoint"), "{error}");
}
