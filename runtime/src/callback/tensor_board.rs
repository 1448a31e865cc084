//! `TensorBoard`: event files for TensorBoard.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use multi_input_base::{Error, Result};
use prost::Message;

use super::{rank_speed, AnyCallback, AnyTraining, Event, Flow, Position, RankSpeed};
use crate::{
    checksum::Crc32c,
    history::{Figures, Phase},
};

/// Writes scalars for `tensorboard --logdir FOLDER` in Keras's layout: under `train` and
/// `validation` a series `epoch_NAME` for every figure, and `epoch_learning_rate` with the training
/// figures. Values are stored in single precision. A resumed run continues the series of the
/// interrupted one from its last epoch.
///
/// `keras.callbacks.TensorBoard`, with `update_freq="batch"` by
/// [`every_step`](TensorBoard::every_step); `torch.utils.tensorboard.SummaryWriter`.
#[derive(Debug)]
pub struct TensorBoard {
    folder: PathBuf,
    steps: bool,
    training: Option<EventFile>,
    validation: Option<EventFile>,
}

impl TensorBoard {
    /// Writes into a folder, which is created if it does not exist.
    pub fn in_folder(folder: impl AsRef<Path>) -> TensorBoard {
        let folder = folder.as_ref().to_owned();
        TensorBoard { folder, steps: false, training: None, validation: None }
    }

    /// Also writes `batch_loss` for every batch.
    #[must_use]
    pub fn every_step(mut self) -> TensorBoard {
        self.steps = true;
        self
    }

    /// The event file of a phase, created at the first use.
    fn file(&mut self, phase: Phase, resumed: Option<Position>) -> Result<&mut EventFile> {
        let (file, name) = match phase {
            Phase::Training => (&mut self.training, "train"),
            Phase::Validation => (&mut self.validation, "validation"),
        };
        if file.is_none() {
            let mut created = EventFile::create(&self.folder.join(name))?;
            if let Some(at) = resumed {
                created.record(&session_start(seconds(), at.epoch as i64))?;
            }
            *file = Some(created);
        }
        file.as_mut().ok_or(Error::Device("unreachable: the file was just created".to_owned()))
    }
}

impl AnyCallback for TensorBoard {
    fn name(&self) -> &'static str {
        "TensorBoard"
    }

    fn on_main_rank_only(&self) -> bool {
        true
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        match event {
            Event::Started => {
                let at = training.plan().resumes.then(|| training.position());
                self.file(Phase::Training, at)?;
                if training.plan().validation == super::Validation::Given {
                    self.file(Phase::Validation, at)?;
                }
            }
            Event::StepEnded { epoch, step, loss, .. } if self.steps => {
                let number = training.plan().steps_before(*epoch, *step);
                let scalars = [("batch_loss".to_owned(), *loss)];
                self.file(Phase::Training, None)?.record(&summary(
                    seconds(),
                    i64::try_from(number).unwrap_or(i64::MAX),
                    &scalars,
                ))?;
            }
            Event::EpochEnded { epoch, figures } => {
                for phase in [Phase::Training, Phase::Validation] {
                    let mut scalars = of_phase(figures, phase);
                    if phase == Phase::Training {
                        let rate = training.learning_rate();
                        scalars.push(("epoch_learning_rate".to_owned(), rate));
                        scalars.extend(of_ranks(training.rank_speeds()));
                    }
                    if !scalars.is_empty() {
                        self.file(phase, None)?.record(&summary(
                            seconds(),
                            *epoch as i64,
                            &scalars,
                        ))?;
                    }
                }
            }
            _ => {}
        }
        Ok(Flow::Continue)
    }
}

/// The rows a second of all ranks together and of each of them while it computes; none without a
/// cluster.
fn of_ranks(speeds: &[RankSpeed]) -> Vec<(String, f64)> {
    if speeds.is_empty() {
        return Vec::new();
    }
    let all = ("rows_per_second/all".to_owned(), rank_speed::rows_per_second(speeds));
    let of_rank = |(rank, speed): (usize, &RankSpeed)| {
        (format!("rows_per_second/rank_{rank}"), speed.rows_per_second())
    };
    std::iter::once(all).chain(speeds.iter().enumerate().map(of_rank)).collect()
}

/// The figures of a phase, named without the phase.
fn of_phase(figures: &Figures, phase: Phase) -> Vec<(String, f64)> {
    let of_this_phase = figures.entries().filter(|(figure, _)| figure.phase == phase);
    of_this_phase
        .map(|(figure, value)| (format!("epoch_{}", figures.name_without_phase(figure)), value))
        .collect()
}

/// A TFRecord file of `Event` messages (TensorFlow's `event.proto`).
#[derive(Debug)]
struct EventFile {
    path: PathBuf,
    file: File,
}

impl EventFile {
    fn create(folder: &Path) -> Result<EventFile> {
        let failed =
            |path: &Path, source| Error::File { action: "write", path: path.into(), source };
        fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("events.out.tfevents.{}.{}", now.as_micros(), std::process::id());
        let path = folder.join(name);
        let file = File::create(&path).map_err(|source| failed(&path, source))?;
        let mut file = EventFile { path, file };
        file.record(&version(seconds()))?;
        Ok(file)
    }

    fn record(&mut self, data: &[u8]) -> Result<()> {
        self.file.write_all(&record(data)).map_err(|source| Error::File {
            action: "write",
            path: self.path.clone(),
            source,
        })
    }
}

/// A TFRecord: length, masked checksum of the length, data, masked checksum of the data.
fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend(masked(&length).to_le_bytes());
    record.extend(data);
    record.extend(masked(data).to_le_bytes());
    record
}

/// TFRecord masks its checksums, because the checksum of data that contains its own checksum is
/// degenerate.
fn masked(bytes: &[u8]) -> u32 {
    Crc32c::of(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The first event of every file.
fn version(time: f64) -> Vec<u8> {
    let file_version = Some("brain.Event:2".to_owned());
    EventMessage { wall_time: time, file_version, ..Default::default() }.encode_to_vec()
}

/// A session start: TensorBoard discards the events of other files from this step on.
fn session_start(time: f64, step: i64) -> Vec<u8> {
    let session_log = Some(SessionLog { status: SessionLog::START });
    EventMessage { wall_time: time, step, session_log, ..Default::default() }.encode_to_vec()
}

fn summary(time: f64, step: i64, scalars: &[(String, f64)]) -> Vec<u8> {
    let value = |(tag, scalar): &(String, f64)| SummaryValue {
        tag: tag.clone(),
        simple_value: Some(*scalar as f32),
    };
    let summary = Some(Summary { value: scalars.iter().map(value).collect() });
    EventMessage { wall_time: time, step, summary, ..Default::default() }.encode_to_vec()
}

/// The fields of `Event` (TensorFlow's `event.proto`) that are written here.
#[derive(Clone, PartialEq, prost::Message)]
struct EventMessage {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    // A `oneof`; every event here sets one of the three.
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
    #[prost(message, optional, tag = "7")]
    session_log: Option<SessionLog>,
}

/// `Summary` of `summary.proto`.
#[derive(Clone, PartialEq, prost::Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<SummaryValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SummaryValue {
    #[prost(string, tag = "1")]
    tag: String,
    // Optional because it is part of a `oneof`, so that a 0 is written.
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SessionLog {
    #[prost(int32, tag = "1")]
    status: i32,
}

impl SessionLog {
    const START: i32 = 1;
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Script, *};

    /// The data of every record of the only file in a folder. Checks the checksums.
    fn records(folder: &Path) -> Vec<Vec<u8>> {
        let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
        let bytes = fs::read(file.path()).unwrap();
        let mut rest = &bytes[..];
        let mut records = Vec::new();
        while !rest.is_empty() {
            let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
            let sum = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
            let data = &rest[12..12 + length];
            assert_eq!((sum(8), sum(12 + length)), (masked(&rest[..8]), masked(data)));
            records.push(data.to_vec());
            rest = &rest[16 + length..];
        }
        records
    }

    fn contains(record: &[u8], part: &[u8]) -> bool {
        record.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn records_hold_the_figures_of_their_phase() {
        let folder = tempfile::tempdir().unwrap();
        let mut script = Script::default();
        script.run(TensorBoard::in_folder(folder.path()), &[0.5, 0.25]);
        let (train, validation) =
            (records(&folder.path().join("train")), records(&folder.path().join("validation")));
        assert_eq!((train.len(), validation.len()), (3, 3));
        assert!(contains(&train[0], b"brain.Event:2"));
        assert!(contains(&train[1], b"epoch_learning_rate"));
        let scalar = [&[2 * 8 + 5][..], &0.25f32.to_le_bytes()].concat();
        assert!(contains(&validation[2], &scalar) && contains(&validation[2], b"epoch_loss"));
    }

    /// Written with the `tensorboard` package by `tests/fixtures/tensorboard_golden.py`.
    #[test]
    fn records_are_those_of_the_tensorboard_package() {
        let scalars = [("epoch_loss".to_owned(), 0.25), ("epoch_mae".to_owned(), -1.5)];
        let ours = [version(1.5), summary(1.5, 300, &scalars), session_start(1.5, 7)];
        let golden = include_bytes!("../../../tests/fixtures/tensorboard.golden");
        assert_eq!(ours.map(|data| record(&data)).concat(), golden);
    }

    // TFRecord specification: masked_crc = ((crc >> 15) | (crc << 17)) + 0xa282ead8.
    #[test]
    fn checksums_are_masked() {
        assert_eq!(masked(b"123456789"), 0xe306_9283u32.rotate_right(15).wrapping_add(0xa282_ead8));
    }

    #[test]
    fn a_zero_is_written_and_a_step_takes_as_few_bytes_as_it_needs() {
        let data = summary(1.5, 300, &[("a".to_owned(), 0.0)]);
        assert_eq!(data[9..], [16, 0xac, 0x02, 42, 10, 10, 8, 10, 1, b'a', 21, 0, 0, 0, 0]);
    }
}
