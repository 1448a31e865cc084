//! One rank of a run over MPI, for `just mpi`: trains a model of `models.rs` and writes what it has at
//! the end. `mpirun -n 3 target/release/ranks --model trip --out trip.bits`. With `--steps 50` it says
//! what a step takes and sends.

mod models;
mod steps;

use std::{
    fs,
    io::Write,
    path::PathBuf,
    sync::{atomic::AtomicBool, Arc},
    time::{Duration, Instant},
};

use multi_input::{
    callback::{AnyCallback, AnyTraining, Event, Flow, Gradients},
    cluster::{Cluster, Wire},
    data::Csv,
    definition::Network,
    history::History,
    prelude::*,
    Error, Result,
};

use models::{
    fault, mixed, rated, shops, trips, Mixed, MixedSample, Rated, RatedSample, Shop, ShopSample,
    Trip,
};

/// What the command line asks for.
struct Asked {
    model: String,
    rows: usize,
    epochs: usize,
    shards: Option<usize>,
    /// Where rank 0 writes the bits of the weights, and the history.
    out: Option<PathBuf>,
    /// The file of the rows of `shop`.
    file: Option<PathBuf>,
    /// A folder of checkpoints, from which the run goes on.
    folder: Option<PathBuf>,
    /// What goes wrong: `row`, `nan`, `gradient`, `panic`, `disk`, `full`, `interrupt`, and on which rank,
    /// after how many milliseconds.
    fault: Option<(String, usize, u64)>,
    /// Milliseconds that every step takes besides.
    slow: u64,
    /// The number of steps to measure, instead of the above, and the rows in a batch of them.
    steps: Option<usize>,
    batch: usize,
    wire: Wire,
}

impl Asked {
    fn of_command_line() -> Asked {
        let given: Vec<String> = std::env::args().collect();
        let find = |name: &str| {
            let at = given.iter().position(|argument| argument == name)?;
            given.get(at + 1).cloned()
        };
        let number = |name: &str| find(name).and_then(|number| number.parse().ok());
        let fault = find("--fault").map(|fault| {
            let (rank, after) = (number("--rank").unwrap_or(0), number("--after").unwrap_or(0));
            (fault, rank, after as u64)
        });
        Asked {
            model: find("--model").unwrap_or_else(|| "mixed".to_owned()),
            rows: number("--rows").unwrap_or(70),
            epochs: number("--epochs").unwrap_or(34),
            shards: number("--shards"),
            out: find("--out").map(PathBuf::from),
            file: find("--file").map(PathBuf::from),
            folder: find("--folder").map(PathBuf::from),
            fault,
            slow: number("--slow").unwrap_or(0) as u64,
            steps: number("--steps"),
            batch: number("--batch").unwrap_or(64),
            wire: match find("--wire").as_deref() {
                Some("bf16") => Wire::Bf16,
                Some("f16") => Wire::F16,
                _ => Wire::Full,
            },
        }
    }
}

/// What goes wrong on one rank in the middle of a run.
struct Fault {
    kind: String,
    after: Duration,
    since: Instant,
    slow: Duration,
    interrupt: Arc<AtomicBool>,
    folder: Option<PathBuf>,
    /// Whether the gradients of the next step become no numbers.
    spoils: bool,
}

impl AnyCallback for Fault {
    fn name(&self) -> &'static str {
        "Fault"
    }

    fn on(&mut self, event: &Event<'_>, _: &mut dyn AnyTraining) -> Result<Flow> {
        if !matches!(event, Event::StepEnded { .. }) {
            return Ok(Flow::Continue);
        }
        std::thread::sleep(self.slow);
        if self.kind.is_empty() || self.since.elapsed() < self.after {
            return Ok(Flow::Continue);
        }
        match std::mem::take(&mut self.kind).as_str() {
            "row" => {
                return Err(Error::Value {
                    row: 1234,
                    field: "height".to_owned(),
                    expected: "a number".to_owned(),
                    found: "`tall`".to_owned(),
                })
            }
            // The next loss is no number.
            "nan" => fault::SPOILS.set(true),
            "gradient" => self.spoils = true,
            "panic" => panic!("a fault on purpose"),
            "interrupt" => self.interrupt.store(true, std::sync::atomic::Ordering::Relaxed),
            "full" => {
                let filler = self.folder.clone().unwrap_or_default().join("filler");
                let mut filler = fs::File::create(filler).ok();
                while filler.as_mut().is_some_and(|file| file.write_all(&[0; 4096]).is_ok()) {}
            }
            // A folder that is a file cannot be written to.
            "disk" => {
                let folder = self.folder.clone().unwrap_or_default();
                fs::remove_dir_all(&folder).and_then(|()| fs::write(&folder, "")).ok();
            }
            _ => {}
        }
        Ok(Flow::Continue)
    }

    fn gradients(&mut self, gradients: &mut Gradients<'_>) {
        if self.spoils {
            gradients.scale(f64::NAN);
        }
    }
}

/// Trains, and returns the weights and the history.
macro_rules! train {
    ($model:ident, $fit:ident($rows:expr), $trainer:expr, $asked:expr, $world:expr) => {{
        let (asked, world): (&Asked, &Cluster) = ($asked, $world);
        let mut model = Model::<$model, f64>::build_on(world, &Cpu::default(), Seed(2))?;
        let interrupt = Arc::new(AtomicBool::new(false));
        let own = asked.fault.iter().find(|(_, rank, _)| *rank == world.rank());
        let fault = Fault {
            kind: own.map_or(String::new(), |(kind, ..)| kind.clone()),
            after: Duration::from_millis(own.map_or(0, |(.., after)| *after)),
            since: Instant::now(),
            slow: Duration::from_millis(asked.slow),
            interrupt: Arc::clone(&interrupt),
            folder: asked.folder.clone(),
            spoils: false,
        };
        let trainer: Trainer<$model, Adam> = $trainer;
        let mut trainer = trainer
            .epochs(asked.epochs)
            .seed(Seed(3))
            .progress(Progress::silent())
            .callback(fault)
            .callback(Interrupt::by(interrupt))
            .on(world);
        if let Some(shards) = asked.shards {
            trainer = trainer.virtual_shards(shards);
        }
        if let Some(folder) = &asked.folder {
            trainer = trainer.resume(folder).callback(Checkpoint::in_folder(folder).every_steps(5));
        }
        let history = trainer.$fit(&mut model, &$rows)?;
        (whole(&model, asked, world)?, history)
    }};
}

/// The weights of a model, as one rank has them that loads its file.
fn whole<M>(model: &Model<M, f64>, asked: &Asked, world: &Cluster) -> Result<Vec<f64>>
where
    M: Network<f64, Cpu>,
{
    let Some(out) = &asked.out else { return Ok(Vec::new()) };
    let path = out.with_extension("safetensors");
    model.save(&path)?;
    if !world.is_main() {
        return Ok(Vec::new());
    }
    Ok(Model::<M, f64>::load(&path, &Cpu::default())?.snapshot()?.tensors().concat())
}

/// The file that `--model write` has written.
fn shop_file(asked: &Asked) -> Csv<ShopSample> {
    Csv::new(asked.file.clone().unwrap_or_default())
}

fn train(asked: &Asked, world: &Cluster) -> Result<(Vec<f64>, History)> {
    Ok(match asked.model.as_str() {
        "shop" => train!(
            Shop,
            fit_from(shop_file(asked)),
            Trainer::new(Adam::new(1e-2)).batch_size(8).validation_source(shop_file(asked)),
            asked,
            world
        ),
        "rated" => train!(
            Rated,
            fit(rated(asked.rows)),
            Trainer::new(Adam::new(1e-2))
                .batch_size(9)
                .validation_split(0.2)
                .clip(Clip::GlobalNorm(0.5))
                .drop_input(Rated::friend, 0.2)
                .sample_weight(Rated::stars, |row: &RatedSample| f32::from(u8::from(row.day != 2))),
            asked,
            world
        ),
        "trip" => train!(
            Trip,
            fit(trips(asked.rows)),
            Trainer::new(Adam::new(1e-2))
                .batch_size(9)
                .validation_split(0.03)
                .moving_average(MovingAverage::new(0.9))
                .drop_input(Trip::traffic, 0.25),
            asked,
            world
        ),
        _ => train!(
            Mixed,
            fit(mixed(asked.rows)),
            Trainer::new(Adam::new(1e-2))
                .batch_size(11)
                .validation_split(0.2)
                .clip(Clip::GlobalNorm(2.0))
                .sample_weight(Mixed::price, |row: &MixedSample| f32::from(u8::from(row.day != 2)))
                .class_weight(Mixed::kind, [(1, 2.0)]),
            asked,
            world
        ),
    })
}

fn main() -> Result<()> {
    let asked = Asked::of_command_line();
    if asked.model == "write" {
        // Not a rank: it writes the file that ranks read.
        let path = asked.file.clone().unwrap_or_default();
        let failed = |source| Error::File { action: "write", path: path.clone(), source };
        return fs::write(&path, shops(asked.rows)).map_err(failed);
    }
    let world = Cluster::mpi()?.timeout(Duration::from_secs(60));
    if let Some(steps) = asked.steps {
        let measured = (&*asked.model, steps, asked.batch);
        return steps::measure(measured, asked.wire, asked.folder.as_deref(), &world);
    }
    let started = Instant::now();
    let (weights, history) = train(&asked, &world)?;
    if let (Some(out), true) = (&asked.out, world.is_main()) {
        let bits: Vec<u8> = weights.iter().flat_map(|weight| weight.to_le_bytes()).collect();
        let failed = |source| Error::File { action: "write", path: out.clone(), source };
        fs::write(out, bits).map_err(failed)?;
    }
    let traffic = world.traffic();
    if world.is_main() {
        println!(
            "result: ranks={} epochs={} end={:?} loss={} seconds={:.3} bytes={} messages={} waited={:.3}",
            world.ranks(),
            history.epochs.len(),
            history.end,
            history.epochs.last().and_then(|epoch| epoch.get("loss")).unwrap_or(f64::NAN),
            started.elapsed().as_secs_f64(),
            traffic.bytes,
            traffic.messages,
            traffic.waited.as_secs_f64(),
        );
    }
    Ok(())
}
