//! Counters of a mounted model, in the text format of Prometheus.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        atomic::{AtomicU64, Ordering::Relaxed},
        Mutex, PoisonError,
    },
    time::Duration,
};

/// The counters of a mounted model.
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    /// Rows that were predicted.
    pub(crate) rows: AtomicU64,
    /// Rows that were refused.
    pub(crate) refused: AtomicU64,
    /// Requests that have not been answered yet.
    pub(crate) pending: AtomicU64,
    /// Seconds from the head of a request to its answer.
    seconds: Histogram<12>,
    /// Rows that were predicted together.
    pub(crate) batches: Histogram<9>,
    /// How often the model was replaced.
    pub(crate) swaps: AtomicU64,
    shadow: Mutex<BTreeMap<String, Difference>>,
    /// Rows that the shadow model was too slow for.
    pub(crate) shadow_dropped: AtomicU64,
}

/// How far a shadow's predictions are from those of the model.
#[derive(Clone, Copy, Default)]
pub(crate) struct Difference {
    /// The numbers that were compared.
    pub(crate) count: u64,
    /// The sum of their absolute differences.
    pub(crate) sum: f64,
}

const SECONDS: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0];
const ROWS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            requests: Mutex::default(),
            rows: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            pending: AtomicU64::new(0),
            seconds: Histogram::new(SECONDS),
            batches: Histogram::new(ROWS),
            swaps: AtomicU64::new(0),
            shadow: Mutex::default(),
            shadow_dropped: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    /// Counts an answered request.
    pub(crate) fn answered(&self, route: &'static str, status: u16, took: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((route, status)).or_default() += 1;
        drop(requests);
        self.seconds.add(took.as_secs_f64());
    }

    /// Adds what a shadow's predictions of an output differ by.
    pub(crate) fn compared(&self, output: &str, difference: Difference) {
        let mut shadow = self.shadow.lock().unwrap_or_else(PoisonError::into_inner);
        let sums = shadow.entry(output.to_owned()).or_default();
        sums.count += difference.count;
        sums.sum += difference.sum;
    }
}

/// The metrics of all mounted models, by name.
pub(crate) fn text(models: &[(String, &Metrics)]) -> String {
    let mut text = String::new();
    let counter =
        |of: fn(&Metrics) -> &AtomicU64| move |metrics: &Metrics| of(metrics).load(Relaxed);
    head(&mut text, "requests_total", "counter", "Requests by route and status.");
    for (model, metrics) in models {
        let requests = metrics.requests.lock().unwrap_or_else(PoisonError::into_inner);
        for ((route, status), count) in &*requests {
            let labels = format!("model=\"{model}\",route=\"{route}\",status=\"{status}\"");
            line(&mut text, "requests_total", &labels, count);
        }
    }
    let simple: [(&str, &str, &str, fn(&Metrics) -> &AtomicU64); 5] = [
        ("rows_total", "counter", "Rows that were predicted.", |metrics| &metrics.rows),
        ("refused_rows_total", "counter", "Rows that were refused.", |metrics| &metrics.refused),
        ("pending_requests", "gauge", "Requests without an answer yet.", |metrics| {
            &metrics.pending
        }),
        ("swaps_total", "counter", "How often the model was replaced.", |metrics| &metrics.swaps),
        (
            "shadow_dropped_rows_total",
            "counter",
            "Rows that the shadow model was too slow for.",
            |metrics| &metrics.shadow_dropped,
        ),
    ];
    for (name, kind, help, of) in simple {
        head(&mut text, name, kind, help);
        let of = counter(of);
        models.iter().for_each(|(model, metrics)| {
            line(&mut text, name, &format!("model=\"{model}\""), of(metrics));
        });
    }
    head(&mut text, "request_duration_seconds", "histogram", "Time from a request to its answer.");
    for (model, metrics) in models {
        metrics.seconds.write(&mut text, "request_duration_seconds", model);
    }
    head(&mut text, "batch_rows", "histogram", "Rows that were predicted together.");
    for (model, metrics) in models {
        metrics.batches.write(&mut text, "batch_rows", model);
    }
    write_shadows(&mut text, models);
    text
}

fn write_shadows(text: &mut String, models: &[(String, &Metrics)]) {
    let help = "Absolute difference of a shadow's predictions from the model's, per number.";
    head(text, "shadow_difference", "summary", help);
    for (model, metrics) in models {
        let shadow = metrics.shadow.lock().unwrap_or_else(PoisonError::into_inner);
        for (output, Difference { count, sum }) in &*shadow {
            let labels = format!("model=\"{model}\",output=\"{output}\"");
            line(text, "shadow_difference_sum", &labels, sum);
            line(text, "shadow_difference_count", &labels, count);
        }
    }
}

/// Nothing fails that is written to memory.
fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    _ = writeln!(text, "# HELP multi_input_{name} {help}\n# TYPE multi_input_{name} {kind}");
}

fn line(text: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    _ = writeln!(text, "multi_input_{name}{{{labels}}} {value}");
}

/// Counts of numbers up to each of `N` bounds.
pub(crate) struct Histogram<const N: usize> {
    bounds: [f64; N],
    counts: [AtomicU64; N],
    count: AtomicU64,
    /// The sum in millionths.
    sum: AtomicU64,
}

impl<const N: usize> Histogram<N> {
    fn new(bounds: [f64; N]) -> Histogram<N> {
        let counts = std::array::from_fn(|_| AtomicU64::new(0));
        Histogram { bounds, counts, count: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }

    pub(crate) fn add(&self, number: f64) {
        self.count.fetch_add(1, Relaxed);
        self.sum.fetch_add((number * 1e6) as u64, Relaxed);
        if let Some(index) = self.bounds.iter().position(|bound| number <= *bound) {
            self.counts[index].fetch_add(1, Relaxed);
        }
    }

    fn write(&self, text: &mut String, name: &str, model: &str) {
        let mut below = 0;
        for (bound, count) in self.bounds.iter().zip(&self.counts) {
            below += count.load(Relaxed);
            let labels = format!("model=\"{model}\",le=\"{bound}\"");
            line(text, &format!("{name}_bucket"), &labels, below);
        }
        let count = self.count.load(Relaxed).max(below);
        line(text, &format!("{name}_bucket"), &format!("model=\"{model}\",le=\"+Inf\""), count);
        let labels = format!("model=\"{model}\"");
        line(text, &format!("{name}_sum"), &labels, self.sum.load(Relaxed) as f64 / 1e6);
        line(text, &format!("{name}_count"), &labels, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_prometheus() {
        let metrics = Metrics::default();
        metrics.answered("predict", 200, Duration::from_micros(700));
        metrics.answered("predict", 422, Duration::from_secs(20));
        metrics.batches.add(3.0);
        metrics.compared("price", Difference { count: 2, sum: 0.5 });
        let text = text(&[("house".to_owned(), &metrics)]);
        for line in [
            "# TYPE multi_input_requests_total counter",
            "multi_input_requests_total{model=\"house\",route=\"predict\",status=\"200\"} 1",
            "multi_input_request_duration_seconds_bucket{model=\"house\",le=\"0.0005\"} 0",
            "multi_input_request_duration_seconds_bucket{model=\"house\",le=\"0.001\"} 1",
            "multi_input_request_duration_seconds_bucket{model=\"house\",le=\"10\"} 1",
            "multi_input_request_duration_seconds_bucket{model=\"house\",le=\"+Inf\"} 2",
            "multi_input_request_duration_seconds_sum{model=\"house\"} 20.0007",
            "multi_input_batch_rows_bucket{model=\"house\",le=\"4\"} 1",
            "multi_input_shadow_difference_sum{model=\"house\",output=\"price\"} 0.5",
        ] {
            assert!(text.lines().any(|own| own == line), "{line}\n{text}");
        }
    }
}
