//! Nothing is lost: a training process that is killed anywhere, that finds the disk full or the
//! folder read-only.
//!
//! The training runs in a process of its own: this test's own executable, asked for [`child`] alone.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::{frozen, parameters, Named};
use multi_input::{history::End, prelude::*, Error};

/// With everything in it that a checkpoint has to hold: batch statistics, dropout, a learned
/// stand-in, two outputs.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Trip {
    #[input(standardize)]
    #[branch(Dense(16, relu), BatchNorm, Dropout(0.2))]
    weather: [f32; 4],

    #[input]
    #[branch(Embedding(7, 3))]
    day: u32,

    #[input(missing = learned)]
    #[branch(Dense(4, tanh))]
    traffic: Option<[f32; 2]>,

    #[merge(concat(weather, day, traffic))]
    #[branch(Dense(16, relu, l2 = 1e-4))]
    joined: _,

    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae, r2), standardize)]
    minutes: f32,

    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy, metrics(accuracy), weight = 0.5)]
    late: bool,
}

fn rows() -> Vec<TripSample> {
    let row = |i: usize| {
        let wave = |k: f32| (i as f32 * k).sin();
        let weather = [wave(0.7), wave(1.3), 20.0 + wave(0.3), wave(0.11)];
        let traffic = (!i.is_multiple_of(3)).then_some([wave(0.5), wave(0.9)]);
        let minutes = 30.0 + 5.0 * weather[0] + (i % 7) as f32;
        TripSample { weather, day: (i % 7) as u32, traffic, minutes, late: minutes > 33.0 }
    };
    (0..300).map(row).collect()
}

const EPOCHS: usize = 8;

/// Trains in `folder`, or goes on there. `step_takes` makes a run long enough to be killed.
fn train(
    folder: &Path,
    step_takes: Duration,
    interrupt: Interrupt,
) -> multi_input::Result<(Model<Trip>, End)> {
    let mut model = Trip::build(&Cpu::default(), Seed(3));
    let steps = (EPOCHS * 10) as u64;
    let history = Trainer::new(Adam::new(1e-2))
        .epochs(EPOCHS)
        .batch_size(24)
        .validation_split(0.2)
        .seed(Seed(3))
        .accumulate(2)
        .clip(Clip::GlobalNorm(2.0))
        .moving_average(MovingAverage::new(0.9))
        .drop_input(Trip::traffic, 0.25)
        .learning_rate_of(Trip::day, 0.5)
        .resume(folder)
        .progress(Progress::silent())
        .callback(Slow(step_takes))
        .callback(interrupt)
        .callback(Checkpoint::in_folder(folder).every_steps(3).best(Monitor::val_loss()))
        .callback(LearningRateSchedule::by_step(Schedule::cosine(1e-2, steps).warm_up(0.0, 4)))
        .callback(Freeze::until_epoch(Trip::weather, 2))
        .callback(
            EarlyStopping::on(Monitor::val(Trip::minutes, metric::R2)).patience(3).restore_best(),
        )
        .callback(CsvLog::to(folder.join("log.csv")))
        .fit(&mut model, &rows())?;
    Ok((model, history.end))
}

/// The same at full speed, to the end.
fn train_here(folder: &Path) -> multi_input::Result<Model<Trip>> {
    Ok(train(folder, Duration::ZERO, Interrupt::default())?.0)
}

/// Waits in every step.
struct Slow(Duration);

impl multi_input::callback::Callback<Trip> for Slow {
    fn name(&self) -> &'static str {
        "Slow"
    }
    fn on(
        &mut self,
        event: &multi_input::callback::Event<'_>,
        _: &mut dyn multi_input::callback::Training<Trip>,
    ) -> multi_input::Result<multi_input::callback::Flow> {
        if let multi_input::callback::Event::StepEnded { .. } = event {
            std::thread::sleep(self.0);
        }
        Ok(multi_input::callback::Flow::Continue)
    }
}

const FOLDER: &str = "MULTI_INPUT_TEST_FOLDER";
const FINAL: &str = "final.safetensors";

/// The process that trains. By itself it does nothing.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let interrupt = Interrupt::on_ctrl_c().unwrap();
    let report = match train(&folder, Duration::from_millis(2), interrupt) {
        Ok((model, end)) => {
            model.save(folder.with_extension(FINAL)).unwrap();
            format!("{end:?}")
        }
        Err(error) => error.to_string(),
    };
    fs::write(folder.with_extension("outcome"), report).unwrap();
}

/// This executable again, as [`child`] alone, perhaps by way of a shell.
fn spawn(folder: &Path, shell: Option<&str>) -> Child {
    let own = std::env::current_exe().unwrap();
    let mut command = match shell {
        Some(before) => {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]).arg(own);
            command
        }
        None => Command::new(own),
    };
    command.args(["--exact", "resume::child", "--nocapture"]).env(FOLDER, folder);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// What the process said in the end.
fn outcome(folder: &Path) -> String {
    fs::read_to_string(folder.with_extension("outcome")).unwrap()
}

/// All tensors of a model.
fn tensors(model: &Model<Trip>) -> (Vec<Named>, Vec<Named>) {
    (parameters(model.module()), frozen(model.module()))
}

fn final_tensors(folder: &Path) -> (Vec<Named>, Vec<Named>) {
    let path = folder.with_extension(FINAL);
    tensors(&Model::<Trip>::load(path, &Cpu::default()).unwrap())
}

/// Kills runs at moments spread evenly over their length, and lets each of them go on.
fn kill_and_resume(times: usize) {
    let root = tempfile::tempdir().unwrap();
    let whole = root.path().join("whole");
    let started = Instant::now();
    assert!(spawn(&whole, None).wait().unwrap().success());
    let length = started.elapsed();
    assert_eq!(outcome(&whole), "Completed");
    let expected = final_tensors(&whole);
    let log = fs::read_to_string(whole.join("log.csv")).unwrap();

    let mut killed = 0;
    for time in 0..times {
        let folder = root.path().join(time.to_string());
        let mut child = spawn(&folder, None);
        // The golden ratio spreads any number of moments evenly.
        let share = (time as f64 * 0.618_033_988_749_895).fract();
        std::thread::sleep(length.mul_f64(share));
        child.kill().unwrap(); // SIGKILL.
        killed += usize::from(!child.wait().unwrap().success());
        assert!(spawn(&folder, None).wait().unwrap().success());
        assert_eq!(outcome(&folder), "Completed", "{time}");
        assert_eq!(final_tensors(&folder), expected, "killed after {share} of the run");
        assert_eq!(fs::read_to_string(folder.join("log.csv")).unwrap(), log, "{time}");
        fs::remove_dir_all(&folder).unwrap();
    }
    println!("{killed} of {times} runs were killed, none was lost");
    assert!(2 * killed >= times, "only {killed} of {times} runs were killed before their end");
}

#[test]
fn a_run_that_is_killed_ends_with_the_same_bits() {
    kill_and_resume(10);
}

#[test]
#[ignore = "takes minutes: `just soak`"]
fn soak_a_run_that_is_killed_200_times_ends_with_the_same_bits() {
    kill_and_resume(200);
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_after_the_step_with_a_checkpoint() {
    let root = tempfile::tempdir().unwrap();
    let (folder, whole) = (root.path().join("run"), root.path().join("whole"));
    let expected = tensors(&train_here(&whole).unwrap());
    for _ in 0..2 {
        let before = newest(&folder);
        let mut child = spawn(&folder, None);
        // A fixed time would be too long on one machine and too short on another.
        while newest(&folder) == before {
            assert!(child.try_wait().unwrap().is_none(), "it ended without another checkpoint");
            std::thread::sleep(Duration::from_millis(1));
        }
        let pid = child.id().to_string();
        Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(outcome(&folder), "Paused");
    }
    let newest = checkpoints(&folder).pop().unwrap();
    assert!(spawn(&folder, None).wait().unwrap().success());
    assert_eq!(outcome(&folder), "Completed");
    assert_eq!(final_tensors(&folder), expected, "from {}", newest.display());
}

/// A small file system of its own, where this process may mount one.
struct Mounted(tempfile::TempDir);

impl Mounted {
    fn new(options: &str) -> Option<Mounted> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path());
        let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        mounted.then_some(Mounted(folder))
    }

    fn remount(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", options]).arg(self.0.path());
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// The last checkpoint in a folder, where both are there.
fn newest(folder: &Path) -> Option<PathBuf> {
    folder.exists().then(|| checkpoints(folder).pop()).flatten()
}

/// The checkpoints in a folder, without `best.safetensors`.
fn checkpoints(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_step = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("step-");
    let mut paths: Vec<PathBuf> = entries.filter(is_step).collect();
    paths.sort();
    paths
}

/// After a run that could not write: the error says so, and the last good checkpoint goes on to the
/// end of an uninterrupted run.
fn assert_recovers(folder: &Path, error: &str, reason: &str) {
    assert!(error.starts_with("cannot write ") && error.contains(reason), "{error}");
    let files = checkpoints(folder);
    assert!(!files.is_empty(), "a checkpoint was written before");
    for file in &files {
        assert!(file.extension().is_some_and(|e| e == "safetensors"), "{}", file.display());
        Model::<Trip>::load(file, &Cpu::default()).unwrap();
    }
    // Elsewhere, where there is room.
    let root = tempfile::tempdir().unwrap();
    let (elsewhere, whole) = (root.path().join("elsewhere"), root.path().join("whole"));
    fs::create_dir(&elsewhere).unwrap();
    let newest = files.last().unwrap();
    fs::copy(newest, elsewhere.join(newest.file_name().unwrap())).unwrap();
    let resumed = train_here(&elsewhere).unwrap();
    assert_eq!(tensors(&resumed), tensors(&train_here(&whole).unwrap()));
}

#[test]
fn a_full_disk_is_an_error_and_the_last_good_checkpoint_still_loads() {
    // Room for two checkpoints of some 30 kB, but not for a third beside them.
    let Some(disk) = Mounted::new("size=96k") else {
        println!(
            "no file system can be mounted here; a limit on the size of files is tested alone"
        );
        return;
    };
    let folder = disk.0.path().join("run");
    let error = train_here(&folder).expect_err("the disk is full").to_string();
    assert_recovers(&folder, &error, "No space left on device");
}

#[test]
fn a_file_that_may_not_grow_is_an_error_and_the_last_good_checkpoint_still_loads() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("run");
    // The files grow with the history: the first fit, and later ones do not.
    train_up_to(&folder, 9);
    let size = fs::metadata(checkpoints(&folder).last().unwrap()).unwrap().len();
    let blocks = size / 512; // Rounded down, so that the next file is too large.
    let status = spawn(&folder, Some(&format!("trap '' XFSZ; ulimit -f {blocks}"))).wait().unwrap();
    assert!(status.success());
    assert_recovers(&folder, &outcome(&folder), "File too large");
}

/// Leaves the checkpoint of a step and those before it.
fn train_up_to(folder: &Path, step: usize) {
    let mut child = spawn(folder, None);
    let file = folder.join(format!("step-{step:010}.safetensors"));
    let started = Instant::now();
    while !file.exists() && started.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_folder_that_becomes_read_only_is_an_error_and_the_last_good_checkpoint_still_loads() {
    let (folder, mounted, root);
    if let Some(disk) = Mounted::new("size=8m") {
        (folder, mounted) = (disk.0.path().join("run"), Some(disk));
    } else {
        root = tempfile::tempdir().unwrap();
        (folder, mounted) = (root.path().join("run"), None);
    }
    train_up_to(&folder, 12);
    match &mounted {
        Some(disk) => disk.remount("remount,ro"),
        None => {
            let mut permissions = fs::metadata(&folder).unwrap().permissions();
            permissions.set_readonly(true);
            fs::set_permissions(&folder, permissions).unwrap();
        }
    }
    let error = train_here(&folder).expect_err("the folder is read-only");
    assert!(matches!(error, Error::File { action: "write", .. }), "{error}");
    let reason = if mounted.is_some() { "Read-only file system" } else { "denied" };
    assert_recovers(&folder, &error.to_string(), reason);
}
