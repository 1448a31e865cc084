//! `CsvLog`: logs the figures of every epoch to a CSV file.

use std::path::Path;

use multi_input_base::Result;

use super::{log_file::LogFile, AnyCallback, AnyTraining, Event, Flow};
use crate::history::{Figures, Phase};

/// Writes one line per epoch: its number from 0, the learning rate, and every figure. A cell is
/// empty if the epoch was not validated, and `NaN` if no row has a known target. A resumed run
/// continues the file.
///
/// `keras.callbacks.CSVLogger`.
#[derive(Debug)]
#[doc(alias = "CSVLogger")]
pub struct CsvLog {
    file: LogFile,
}

impl CsvLog {
    /// Writes to a file, whose folder is created if it is missing.
    pub fn to(path: impl AsRef<Path>) -> CsvLog {
        CsvLog { file: LogFile::at(path) }
    }
}

impl AnyCallback for CsvLog {
    fn name(&self) -> &'static str {
        "CsvLog"
    }

    fn on_main_rank_only(&self) -> bool {
        true
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        match event {
            Event::Started => {
                let first = training.position().epoch;
                let known = move |line: &str| {
                    let number = line.split(',').next().map(str::parse::<usize>);
                    number.is_none_or(|number| number.map_or(true, |epoch| epoch < first))
                };
                let is_kept: &dyn Fn(&str) -> bool = &known;
                self.file.open(training.plan().resumes.then_some(is_kept))?;
                if self.file.is_empty() {
                    self.file.line(&header(training))?;
                }
            }
            Event::EpochEnded { epoch, figures } => {
                let values = names(training).into_iter().map(|name| figures.get(&name));
                let cells = values.map(|value| value.map_or(String::new(), |v| v.to_string()));
                let cells: Vec<String> = cells.collect();
                let rate = training.learning_rate();
                self.file.line(&format!("{epoch},{rate},{}", cells.join(",")))?;
            }
            _ => {}
        }
        Ok(Flow::Continue)
    }
}

fn header(training: &dyn AnyTraining) -> String {
    let names: Vec<String> = names(training).into_iter().map(cell).collect();
    format!("epoch,learning_rate,{}", names.join(","))
}

/// A name as a cell: the name of a metric may hold the label of a class, which may be any text.
fn cell(name: String) -> String {
    match name.contains(['"', ',']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name,
    }
}

/// The names of all figures that an epoch may have.
fn names(training: &dyn AnyTraining) -> Vec<String> {
    let run = training.plan();
    let phases: &[Phase] = match run.validation {
        super::Validation::Given => &[Phase::Training, Phase::Validation],
        super::Validation::Missing => &[Phase::Training],
    };
    phases.iter().flat_map(|phase| Figures::names(run.graph, *phase)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{super::tests::Script, *};

    #[test]
    fn a_run_that_goes_on_takes_up_the_table_where_it_left_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs").join("run.csv");
        let mut script = Script::default();
        script.run(CsvLog::to(&path), &[0.5, 0.25, 0.125]);
        let table = "epoch,learning_rate,loss,val_loss\n0,1,1,0.5\n1,1,0.5,0.25\n2,1,0.25,0.125\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), table);

        // Interrupted in the middle of a line, and resumed before the last epoch.
        fs::write(&path, format!("{table}3,1,0.0")).unwrap();
        script.plan.resumes = true;
        script.position.epoch = 2;
        let mut log = CsvLog::to(&path);
        AnyCallback::on(&mut log, &Event::Started, &mut script).unwrap();
        script.run_epochs(&mut log, &[0.125], 2);
        assert_eq!(fs::read_to_string(&path).unwrap(), table);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let error = CsvLog::to("/proc/nothing/run.csv");
        let mut script = Script::default();
        let error = AnyCallback::on(&mut { error }, &Event::Started, &mut script).unwrap_err();
        assert!(error.to_string().contains("/proc/nothing/run.csv"), "{error}");
    }
}
