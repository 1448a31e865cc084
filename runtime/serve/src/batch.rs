//! Requests that are predicted together.

use std::{ops::Range, sync::atomic::Ordering::Relaxed};

use bytes::Bytes;
use multi_input_base::{Error, Result};
use multi_input_data::{json_row::RowMistake, Table};
use tokio::sync::oneshot;

use crate::{
    answer::write_row,
    deployment::Loaded,
    metrics::Metrics,
    predictor::Predictor,
    refusal::{BadRow, Refusal},
    rows::{self, Form},
};

/// A request that waits for its prediction.
pub(crate) struct Job {
    pub(crate) body: Body,
    pub(crate) reply: oneshot::Sender<Reply>,
}

/// The rows of a job.
pub(crate) enum Body {
    /// JSON, of at most this many rows.
    Json(Bytes, usize),
    /// Lines of a stream, of which the first row has this index.
    Lines(Bytes, usize),
}

/// The answer to a job.
pub(crate) struct Reply {
    /// The body.
    pub(crate) answer: std::result::Result<Vec<u8>, Refusal>,
    /// The generation of the model.
    pub(crate) generation: u64,
}

/// Jobs that are predicted together.
pub(crate) struct Batch<'a> {
    loaded: &'a Loaded,
    metrics: &'a Metrics,
    table: Table,
    jobs: Vec<Parsed>,
}

/// A job with its rows, each by its index in the table.
struct Parsed {
    reply: oneshot::Sender<Reply>,
    form: Form,
    /// The index of the first row in the request.
    first: usize,
    rows: Vec<std::result::Result<usize, RowMistake>>,
}

/// The predictions for a table.
pub(crate) struct Predicted {
    /// The numbers of every output, row by row.
    pub(crate) values: Vec<Vec<f64>>,
    /// The rows that the model does not accept, which have no numbers.
    refused: Vec<(usize, RowMistake)>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(loaded: &'a Loaded, metrics: &'a Metrics) -> Batch<'a> {
        Batch { loaded, metrics, table: loaded.predictor.table(), jobs: Vec::new() }
    }

    /// The number of jobs.
    pub(crate) fn jobs(&self) -> usize {
        self.jobs.len()
    }

    /// The raw rows.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Reads the rows of a job. One that cannot be read is answered at once.
    pub(crate) fn add(&mut self, job: Job) {
        // The client has gone.
        if job.reply.is_closed() {
            return;
        }
        let (parsed, first) = match &job.body {
            Body::Json(body, most) => (rows::of_json(body, *most), 0),
            Body::Lines(body, first) => (Ok(rows::of_lines(body)), *first),
        };
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(refusal) => return self.reply(job.reply, Err(refusal)),
        };
        let start = self.table.rows;
        let rows: Vec<_> = parsed.rows.into_iter().map(|row| self.read(row)).collect();
        let refused = rows.iter().filter(|row| row.is_err()).count();
        if refused > 0 && parsed.form != Form::Lines {
            self.table.truncate(start);
            self.metrics.refused.fetch_add(refused as u64, Relaxed);
            let bad = rows.into_iter().enumerate();
            let bad = bad.filter_map(|(row, read)| Some(BadRow::new(row, read.err()?)));
            return self.reply(job.reply, Err(Refusal::of_rows(bad.collect())));
        }
        self.jobs.push(Parsed { reply: job.reply, form: parsed.form, first, rows });
    }

    /// Appends a row to the table and returns its index.
    fn read(
        &mut self,
        row: std::result::Result<&str, RowMistake>,
    ) -> std::result::Result<usize, RowMistake> {
        let index = self.table.rows;
        self.loaded.predictor.read(row?, &mut self.table).map(|()| index)
    }

    /// Predicts all rows and answers all jobs. Returns the predictions.
    pub(crate) fn answer(&mut self) -> Option<Predicted> {
        if self.jobs.is_empty() {
            return None;
        }
        self.metrics.batches.add(self.table.rows as f64);
        let predicted = match Predicted::of(&*self.loaded.predictor, &self.table) {
            Ok(predicted) => predicted,
            Err(error) => {
                let refusal = failed(&error);
                for job in std::mem::take(&mut self.jobs) {
                    self.reply(job.reply, Err(refusal.clone()));
                }
                return None;
            }
        };
        for job in std::mem::take(&mut self.jobs) {
            let answer = self.answer_to(&job, &predicted);
            self.reply(job.reply, answer);
        }
        Some(predicted)
    }

    /// The answer to a job.
    fn answer_to(
        &self,
        job: &Parsed,
        predicted: &Predicted,
    ) -> std::result::Result<Vec<u8>, Refusal> {
        let rows = || {
            job.rows.iter().map(|row| match row {
                Ok(row) => predicted.mistake_of(*row).map_or(Ok(*row), Err),
                Err(mistake) => Err(mistake),
            })
        };
        let refused = rows().filter(std::result::Result::is_err).count() as u64;
        self.metrics.refused.fetch_add(refused, Relaxed);
        if refused > 0 && job.form != Form::Lines {
            let bad = rows().enumerate();
            let bad = bad.filter_map(|(row, read)| Some(BadRow::new(row, read.err()?.clone())));
            return Err(Refusal::of_rows(bad.collect()));
        }
        self.metrics.rows.fetch_add(job.rows.len() as u64 - refused, Relaxed);
        let outputs = &self.loaded.description.outputs;
        let (start, between, end) = match job.form {
            Form::One => ("", "", ""),
            Form::List => ("[", ",", "]"),
            Form::Lines => ("", "\n", "\n"),
        };
        let mut json = start.as_bytes().to_vec();
        for (index, row) in rows().enumerate() {
            if index > 0 {
                json.extend_from_slice(between.as_bytes());
            }
            match row {
                Ok(row) => write_row(outputs, &predicted.values, row, &mut json),
                Err(mistake) => {
                    json.extend_from_slice(b"{\"error\":");
                    let bad = BadRow::new(job.first + index, mistake.clone());
                    // Nothing fails that is written to memory.
                    _ = serde_json::to_writer(&mut json, &bad);
                    json.push(b'}');
                }
            }
        }
        if !job.rows.is_empty() || job.form == Form::List {
            json.extend_from_slice(end.as_bytes());
        }
        Ok(json)
    }

    fn reply(&self, reply: oneshot::Sender<Reply>, answer: std::result::Result<Vec<u8>, Refusal>) {
        // A client that has gone needs no answer.
        _ = reply.send(Reply { answer, generation: self.loaded.generation });
    }
}

/// The answer where a model fails on all rows.
pub(crate) fn failed(error: &Error) -> Refusal {
    match error {
        Error::Unfitted { .. } => Refusal::unavailable(error.to_string()),
        error => {
            tracing::error!(%error, "prediction failed");
            Refusal::internal()
        }
    }
}

impl Predicted {
    /// Predicts a table, except for the rows that the model does not accept.
    pub(crate) fn of(predictor: &dyn Predictor, table: &Table) -> Result<Predicted> {
        let mut predicted = Predicted { values: Vec::new(), refused: Vec::new() };
        predicted.add(predictor, table, 0..table.rows)?;
        Ok(predicted)
    }

    /// Predicts some rows. After a row that is refused, both halves are predicted by themselves.
    fn add(&mut self, predictor: &dyn Predictor, table: &Table, rows: Range<usize>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let selected = (rows.len() < table.rows).then(|| {
            let rows: Vec<usize> = rows.clone().collect();
            table.select(&rows)
        });
        let mut next = rows.start;
        let result = predictor.predict(selected.as_ref().unwrap_or(table), &mut |values, count| {
            self.put(values, count, next, table.rows);
            next += count;
        });
        match result {
            Err(error @ Error::Value { .. }) if rows.len() == 1 => {
                self.refused.push((rows.start, error.into()));
                Ok(())
            }
            Err(Error::Value { .. }) => {
                let middle = rows.start + rows.len() / 2;
                self.add(predictor, table, rows.start..middle)?;
                self.add(predictor, table, middle..rows.end)
            }
            result => result,
        }
    }

    /// Stores the numbers of some rows, of which `all` is the number in the end.
    fn put(&mut self, values: &[Vec<f64>], count: usize, first: usize, all: usize) {
        self.values.resize_with(values.len(), Vec::new);
        for (own, values) in self.values.iter_mut().zip(values) {
            let width = values.len() / count.max(1);
            own.resize(all * width, f64::NAN);
            own[first * width..first * width + values.len()].copy_from_slice(values);
        }
    }

    /// Why a row is refused; rows are in ascending order.
    fn mistake_of(&self, row: usize) -> Option<&RowMistake> {
        let found = self.refused.binary_search_by_key(&row, |(row, _)| *row).ok()?;
        self.refused.get(found).map(|(_, mistake)| mistake)
    }
}
