//! Metrics of the user's own, and averages over classes and labels.

use std::fs;

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    data::{JsonLines, Source},
    history::End,
    metric::{check, Average, Averaged, Label, Row, TargetRow, F1},
    prelude::*,
    report::Report,
};

use crate::support::fixture::Fixture;

/// What a user has in a crate of their own.
mod my {
    use multi_input::metric::{Direction, Labels, Mean, Metric, Running, Target, TargetRow};

    /// The share of rows whose prediction is off by at most a share of the target.
    #[derive(Debug)]
    pub struct Within(pub f64);

    impl Within {
        pub const HALF: Within = Within(0.5);
    }

    impl Metric for Within {
        const NAME: &'static str = "within";
        const TARGETS: &'static [Target] = &[Target::Numbers];

        fn name(&self) -> std::borrow::Cow<'static, str> {
            format!("within_{}", self.0).into()
        }
        fn direction(&self) -> Direction {
            Direction::Higher
        }
        fn start(&self) -> Box<dyn Running> {
            let share = self.0;
            Box::new(Mean::of(move |prediction, target| {
                let error = (prediction[0] - target.at(0)).abs();
                f64::from(u8::from(error <= share * target.at(0).abs()))
            }))
        }
    }

    /// A quantile of the absolute errors, from a histogram of cells of one width.
    #[derive(Clone, Copy, Debug)]
    pub struct ErrorQuantile {
        pub quantile: f64,
        width: f64,
    }

    impl ErrorQuantile {
        pub const fn of(quantile: f64) -> ErrorQuantile {
            ErrorQuantile { quantile, width: 0.01 }
        }
    }

    impl Metric for ErrorQuantile {
        const NAME: &'static str = "error_quantile";
        const TARGETS: &'static [Target] = &[Target::Numbers];

        fn direction(&self) -> Direction {
            Direction::Lower
        }
        fn start(&self) -> Box<dyn Running> {
            Box::new(Histogram { of: *self, cells: Vec::new() })
        }
    }

    struct Histogram {
        of: ErrorQuantile,
        cells: Vec<f64>,
    }

    impl Running for Histogram {
        fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, weight: f64) {
            let cell = ((prediction[0] - target.at(0)).abs() / self.of.width) as usize;
            let cell = cell.min(10_000);
            self.cells.resize(self.cells.len().max(cell + 1), 0.0);
            self.cells[cell] += weight;
        }
        fn value(&self) -> f64 {
            let needed = self.of.quantile * self.cells.iter().sum::<f64>();
            let mut sum = 0.0;
            let found = self.cells.iter().position(|weight| {
                sum += weight;
                sum >= needed
            });
            found.map_or(f64::NAN, |cell| (cell as f64 + 0.5) * self.of.width)
        }
        fn state(&self) -> Vec<f64> {
            self.cells.clone()
        }
        fn set_state(&mut self, state: &[f64]) {
            self.cells = state.to_vec();
        }
        fn merge(&mut self, state: &[f64]) {
            self.cells.resize(self.cells.len().max(state.len()), 0.0);
            self.cells.iter_mut().zip(state).for_each(|(own, more)| *own += more);
        }
    }

    /// The mean probability of what is the case.
    #[derive(Debug)]
    pub struct Confidence;

    impl Metric for Confidence {
        const NAME: &'static str = "confidence";
        const TARGETS: &'static [Target] = &[Target::Class, Target::Flag, Target::Flags];

        fn direction(&self) -> Direction {
            Direction::Higher
        }
        fn start(&self) -> Box<dyn Running> {
            Box::new(Mean::of(|prediction, target| match target {
                TargetRow::Class(class) => prediction[class],
                _ if target.at(0) > 0.5 => prediction[0],
                _ => 1.0 - prediction[0],
            }))
        }
    }

    /// The share of rows of which every label is right.
    #[derive(Debug)]
    pub struct Exact;

    impl Metric for Exact {
        const NAME: &'static str = "exact";
        const TARGETS: &'static [Target] = &[Target::Flags];

        fn direction(&self) -> Direction {
            Direction::Higher
        }
        fn start(&self) -> Box<dyn Running> {
            Box::new(Mean::of(|prediction, target| {
                let mut labels = prediction.iter().enumerate();
                let right = labels.all(|(label, y)| (*y > 0.5) == (target.at(label) > 0.5));
                f64::from(u8::from(right))
            }))
        }
        fn start_labels(&self, _labels: usize) -> Labels {
            Labels::Row(self.start())
        }
    }
}

const TENTH: f64 = 0.1;

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Trip {
    #[input(standardize)]
    weather: [f32; 2],
    #[from(weather)]
    #[branch(Dense(8, tanh), Dropout(0.1))]
    hidden: _,
    #[from(hidden)]
    #[branch(Dense(1))]
    #[output(
        loss = mse,
        metrics(mae, my::Within(TENTH), my::Within::HALF, my::ErrorQuantile::of(0.9)),
        weighted_metrics(my::Within(TENTH)),
        standardize
    )]
    minutes: f32,
    #[from(hidden)]
    #[branch(Dense(3, softmax))]
    #[output(
        loss = cross_entropy,
        metrics(
            accuracy,
            my::Confidence,
            f1,
            f1(average = macro),
            f1(average = micro),
            f1(weighted),
            f1(average = binary(2)),
            f1(average = binary("train")),
            fbeta(beta = 0.5, average = micro),
            auc(average = weighted),
            auc(multi_class = ovo),
        ),
        categories
    )]
    by: Class<3>,
    #[from(hidden)]
    #[branch(Dense(2, sigmoid))]
    #[output(
        loss = binary_cross_entropy,
        metrics(my::Confidence, my::Exact, f1(average = micro), f1(average = binary("late"))),
        columns("crowded", "late")
    )]
    flags: [bool; 2],
}

fn trips(count: usize) -> Vec<TripSample> {
    let trip = |n: usize| {
        let (x, y) = ((n as f32 * 0.37).sin(), (n as f32 * 0.73).cos());
        let by = ["bus", "train", "walk"][usize::from(x > 0.2) + usize::from(y > 0.4)];
        let minutes = 30.0 + 10.0 * x;
        TripSample { weather: [x, y], minutes, by: by.to_owned(), flags: [y > 0.0, x > 0.3] }
    };
    (0..count).map(trip).collect()
}

fn build() -> Model<Trip> {
    Trip::build(&Cpu::default(), Seed(3))
}

fn trainer(epochs: usize) -> Trainer<Trip, Adam> {
    Trainer::new(Adam::new(0.02)).epochs(epochs).batch_size(16).progress(Progress::silent())
}

#[test]
fn metrics_of_ones_own_are_figures_like_ours() {
    let (rows, mut model) = (trips(120), build());
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("log.csv");
    let json = folder.path().join("log.jsonl");
    let weight = |row: &TripSample| if row.minutes > 30.0 { 2.0 } else { 0.0 };
    let history = trainer(30)
        .validation_split(0.2)
        .sample_weight(Trip::minutes, weight)
        .callback(CsvLog::to(&csv))
        .callback(multi_input::callback::JsonLog::to(&json))
        .callback(TensorBoard::in_folder(folder.path()))
        .fit(&mut model, &rows)
        .unwrap();
    let names = history.names();
    for name in [
        "minutes_within_0.1",
        "val_minutes_within_0.5",
        "minutes_error_quantile",
        "minutes_weighted_within_0.1",
        "val_by_confidence",
        "flags_confidence",
        "flags_confidence_1",
        "flags_exact",
        "flags_f1_micro",
        "flags_f1_binary_1",
        "by_f1",
        "by_f1_macro",
        "by_f1_micro",
        "by_f1_weighted",
        "by_f1_binary_2",
        "by_f1_binary_train",
        "by_f0.5_micro",
        "by_auc_weighted",
        "by_auc_ovo",
    ] {
        assert!(names.iter().any(|known| known == name), "{name} is not among {names:?}");
    }
    let without = ["flags_exact_0", "flags_f1_micro_0", "flags_f1_binary_1_0"];
    assert!(names.iter().all(|name| !without.contains(&name.as_str())), "{names:?}");
    assert!(history.curve("val_by_accuracy").last().unwrap() > &0.6, "{history}");

    // The same name and the same value in the logs.
    let log = fs::read_to_string(&csv).unwrap();
    let column = log.lines().next().unwrap().split(',').position(|c| c == "minutes_within_0.1");
    let last = log.lines().last().unwrap().split(',').nth(column.unwrap()).unwrap().to_owned();
    let expected = *history.curve("minutes_within_0.1").last().unwrap();
    assert_eq!(last.parse::<f64>().unwrap(), expected);
    assert!(fs::read_to_string(&json).unwrap().contains("\"minutes_error_quantile\":"));

    let evaluation = model.evaluate(&rows).unwrap();
    let get = |name: &str| evaluation.get(name).unwrap();
    assert_eq!(get("by_f1_micro"), get("by_accuracy"));
    assert_eq!(get("by_f1_macro"), get("by_f1"));
    assert_eq!(get("by_f0.5_micro"), get("by_accuracy"));
    let mean = (get("flags_confidence_0") + get("flags_confidence_1")) / 2.0;
    assert_eq!(get("flags_confidence"), mean);
    // A table by label has the metrics that have a figure for each.
    assert_eq!(evaluation.by_label()[0].metrics, ["confidence"]);

    let page = folder.path().join("report.html");
    Report::new(&model).history(&history).rows(&rows).unwrap().write(&page).unwrap();
    let page = fs::read_to_string(&page).unwrap();
    for expected in ["minutes_within_0.1", ">walk<", "<td>crowded</td>", "flags_f1_micro"] {
        assert!(page.contains(expected), "no {expected}");
    }
}

#[test]
fn a_source_is_scored_as_rows_in_memory() {
    let (rows, mut models) = (trips(90), [build(), build()]);
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("trips.jsonl");
    let lines = rows.iter().map(|row| {
        let TripSample { weather, minutes, by, flags } = row;
        format!(
            "{{\"weather\":{weather:?},\"minutes\":{minutes},\"by\":{by:?},\"flags\":{flags:?}}}\n"
        )
    });
    fs::write(&json, lines.collect::<String>()).unwrap();
    let source = || JsonLines::<TripSample>::new(&json);
    assert_eq!(source().rows().unwrap().map(Result::unwrap).collect::<Vec<_>>(), rows);
    let trainer = || trainer(3).shuffle(Shuffle::Never);
    let in_memory = trainer().fit(&mut models[0], &rows).unwrap();
    let streamed = trainer().fit_from(&mut models[1], &source()).unwrap();
    for name in in_memory.names() {
        assert_eq!(in_memory.curve(&name), streamed.curve(&name), "{name}");
    }
    let (one, other) = (models[0].evaluate(&rows), models[1].evaluate_from(&source()));
    assert_eq!(one.unwrap(), other.unwrap());
}

#[test]
fn monitors_take_metrics_of_ones_own() {
    let rows = trips(100);
    let monitor = || Monitor::val(Trip::by, my::Confidence);
    let folder = tempfile::tempdir().unwrap();
    let mut model = build();
    let history = trainer(12)
        .validation_split(0.25)
        .callback(EarlyStopping::on(monitor()).patience(3).restore_best())
        .callback(ReduceOnPlateau::on(Monitor::train(Trip::minutes, my::Within(0.1))).patience(1))
        .callback(Checkpoint::in_folder(folder.path()).best(monitor()))
        .fit(&mut model, &rows)
        .unwrap();
    let best = history.curve("val_by_confidence").into_iter().fold(f64::NEG_INFINITY, f64::max);
    for model in
        [model, Model::load(folder.path().join("best.safetensors"), &Cpu::default()).unwrap()]
    {
        let now = model.evaluate(&rows[75..]).unwrap().get("by_confidence").unwrap();
        assert!((now - best).abs() < 1e-9, "{now} instead of {best}");
    }
    let average = |average| Monitor::val(Trip::by, Averaged { metric: F1, average });
    let of_label = average(Average::Binary(Label::Text("train")));
    assert_eq!(
        of_label.to_string(),
        "`f1_binary_train` of `by` on the validation rows, the higher the better"
    );
    let stopping = EarlyStopping::on(of_label);
    trainer(2).validation_split(0.25).callback(stopping).fit(&mut build(), &rows).unwrap();
}

#[test]
fn a_monitor_of_other_parameters_is_refused() {
    let rows = trips(40);
    let refused = |monitor: Monitor<Trip>| {
        let trainer = trainer(1).validation_split(0.5).callback(EarlyStopping::on(monitor));
        trainer.fit(&mut build(), &rows).unwrap_err().to_string()
    };
    let error = refused(Monitor::val(Trip::minutes, my::Within(0.2)));
    let expected = "a callback watches `within_0.2` of output `minutes`, which reports `mae`, \
                    `within_0.1`, `within_0.5`, `error_quantile`";
    assert!(error.contains(expected), "{error}");
    let average = Average::Binary(Label::Index(0));
    let error = refused(Monitor::val(Trip::by, Averaged { metric: F1, average }));
    assert!(error.contains("a callback watches `f1_binary_0` of output `by`"), "{error}");
    let error = refused(Monitor::val(Trip::flags, my::Exact).of_label(1));
    let expected =
        "a callback watches label 1 of `exact` of output `flags`, which is one figure of \
                    all labels";
    assert!(error.contains(expected), "{error}");
}

/// Pauses after a number of steps.
struct PauseAfter(usize);

impl Callback<Trip> for PauseAfter {
    fn name(&self) -> &'static str {
        "PauseAfter"
    }
    fn on(
        &mut self,
        event: &Event<'_>,
        training: &mut dyn Training<Trip>,
    ) -> multi_input::Result<Flow> {
        let at = training.position();
        let done = at.epoch * training.plan().steps_per_epoch + at.step;
        let pauses = matches!(event, Event::StepEnded { .. }) && done == self.0;
        Ok(if pauses { Flow::Pause } else { Flow::Continue })
    }
}

#[test]
fn a_run_goes_on_with_the_same_bits_in_the_middle_of_an_epoch() {
    let (rows, folder) = (trips(80), tempfile::tempdir().unwrap());
    let run = |name: &str, steps: usize| {
        let folder = folder.path().join(name);
        let trainer = trainer(2)
            .validation_split(0.25)
            .resume(&folder)
            .callback(Checkpoint::in_folder(&folder))
            .callback(PauseAfter(steps));
        trainer.fit(&mut build(), &rows).unwrap()
    };
    let whole = run("whole", usize::MAX);
    for steps in [1, 3, 6] {
        let name = steps.to_string();
        assert_eq!(run(&name, steps).end, End::Paused);
        let history = run(&name, usize::MAX);
        assert_eq!(history.epochs, whole.epochs, "{steps}");
    }
}

mod other_parameters {
    use super::my;
    use multi_input::prelude::*;

    macro_rules! line {
        ($name:ident, $share:literal) => {
            pub mod $name {
                use super::*;

                #[multi_input_model]
                #[derive(Clone, Debug)]
                pub struct Line {
                    #[input]
                    x: f32,
                    #[from(x)]
                    #[branch(Dense(1))]
                    #[output(loss = mse, metrics(my::Within($share)))]
                    y: f32,
                }
            }
        };
    }

    line!(tenth, 0.1);
    line!(half, 0.5);
}

#[test]
fn a_run_goes_on_with_the_same_metrics_only() {
    use other_parameters::{half, tenth};
    let folder = tempfile::tempdir().unwrap();
    let rows = || (0..20).map(|n| n as f32);
    let first: Vec<_> = rows().map(|x| tenth::LineSample { x, y: x }).collect();
    Trainer::new(Sgd::new(1e-4))
        .callback(Checkpoint::in_folder(folder.path()))
        .progress(Progress::silent())
        .fit(&mut tenth::Line::build(&Cpu::default(), Seed(1)), &first)
        .unwrap();
    let second: Vec<_> = rows().map(|x| half::LineSample { x, y: x }).collect();
    let error = Trainer::new(Sgd::new(1e-4))
        .callback(Checkpoint::in_folder(folder.path()))
        .resume(folder.path())
        .progress(Progress::silent())
        .fit(&mut half::Line::build(&Cpu::default(), Seed(1)), &second)
        .unwrap_err()
        .to_string();
    assert!(error.contains("its metrics") && error.contains("Within(0.1)"), "{error}");
}

#[test]
fn a_label_that_no_row_has_is_named_before_training() {
    let mut rows = trips(40);
    rows.iter_mut().filter(|row| row.by == "train").for_each(|row| row.by = "tram".to_owned());
    let mut model = build();
    let error = trainer(1).fit(&mut model, &rows).unwrap_err().to_string();
    let expected = "`f1_binary_train` of output `by`: no training row has the label `train`; the \
                    labels are `bus`, `tram`, `walk`";
    assert!(error.contains(expected), "{error}");
    // The model is as it was.
    assert!(model.evaluate(&rows).unwrap_err().to_string().contains("fit"), "unfitted");
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Misleading {
    #[input]
    x: f32,
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(named::One(name = "val_loss"), named::Two(name = "mae"), mae))]
    y: f32,
}

mod named {
    use multi_input::metric::{Direction, Mean, Metric, Running, Target};

    macro_rules! named {
        ($name:ident) => {
            #[derive(Debug)]
            pub struct $name {
                pub name: &'static str,
            }

            impl Metric for $name {
                const NAME: &'static str = "named";
                const TARGETS: &'static [Target] = &[Target::Numbers];

                fn name(&self) -> std::borrow::Cow<'static, str> {
                    self.name.into()
                }
                fn direction(&self) -> Direction {
                    Direction::Lower
                }
                fn start(&self) -> Box<dyn Running> {
                    Box::new(Mean::of(|prediction, _| prediction[0]))
                }
            }
        };
    }

    named!(One);
    named!(Two);
}

#[test]
fn two_figures_of_one_name_are_refused() {
    let rows: Vec<MisleadingSample> =
        (0..8).map(|n| MisleadingSample { x: n as f32, y: 1.0 }).collect();
    let mut model = Misleading::build(&Cpu::default(), Seed(1));
    let error = Trainer::new(Sgd::new(0.01)).fit(&mut model, &rows).unwrap_err().to_string();
    for expected in
        ["two figures are named `mae`", "the metric `val_loss` of output `y` begins with `val_`"]
    {
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn accumulators_of_ones_own_are_checked() {
    let rows: Vec<([f64; 1], [f64; 1])> =
        (0..20).map(|n| ([n as f64 / 3.0], [(n as f64).sin()])).collect();
    let rows: Vec<Row<'_>> = rows
        .iter()
        .map(|(y, t)| Row { prediction: y, target: TargetRow::Doubles(t), weight: 1.5 })
        .collect();
    check(&my::Within(0.5), &rows).unwrap();
    check(&my::ErrorQuantile::of(0.5), &rows).unwrap();
    check(&my::Confidence, &rows).unwrap();
}

/// Five labels straight from logits, as in `labels`.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Recorded {
    #[input]
    logits: [f32; 5],
    #[from(logits)]
    #[branch(Dense(5, sigmoid, bias = false))]
    #[output(
        loss = binary_cross_entropy,
        metrics(
            precision(average = micro), precision(average = macro), precision(average = weighted),
            recall(average = micro), recall(average = macro), recall(average = weighted),
            f1(average = micro), f1(average = macro), f1(average = weighted),
            fbeta(average = micro), fbeta(average = macro), fbeta(average = weighted),
            auc(average = micro), auc(average = macro), auc(average = weighted)
        ),
        weighted_metrics(
            precision(average = micro), precision(average = macro), precision(average = weighted),
            recall(average = micro), recall(average = macro), recall(average = weighted),
            f1(average = micro), f1(average = macro), f1(average = weighted),
            fbeta(average = micro), fbeta(average = macro), fbeta(average = weighted),
            auc(average = micro), auc(average = macro), auc(average = weighted)
        )
    )]
    tags: [bool; 5],
}

#[test]
fn averages_over_labels_are_those_of_scikit_learn() {
    let fixture = Fixture::read("labels");
    let rows = |name: &str| -> Vec<[f64; 5]> {
        fixture.f64s(name).chunks_exact(5).map(|row| row.try_into().unwrap()).collect()
    };
    let rows: Vec<RecordedSample> = rows("logits")
        .into_iter()
        .zip(rows("targets"))
        .map(|(logits, tags)| RecordedSample {
            logits: logits.map(|logit| logit as f32),
            tags: tags.map(|tag| tag == 1.0),
        })
        .collect();
    let mut model = Model::<Recorded, f64>::build(&Cpu::default(), Seed(0));
    let identity: Vec<f64> = (0..25).map(|n| if n % 6 == 0 { 1.0 } else { 0.0 }).collect();
    let name = crate::support::parameters(model.module_mut())[0].0.clone();
    crate::support::set(model.module_mut(), &[(name, identity)]);
    let weights: Vec<([f32; 5], f32)> = rows
        .iter()
        .zip(fixture.f64s("weights"))
        .map(|(row, weight)| (row.logits, weight as f32))
        .collect();
    let weight = move |row: &RecordedSample| {
        weights.iter().find(|(logits, _)| *logits == row.logits).unwrap().1
    };
    let trainer = Trainer::new(Sgd::new(1e-300)).batch_size(64).progress(Progress::silent());
    let history = trainer.sample_weight(Recorded::tags, weight).fit(&mut model, &rows).unwrap();
    for metric in ["precision", "recall", "f1", "f2", "auc"] {
        for average in ["micro", "macro", "weighted"] {
            let name = format!("{metric}_{average}");
            let theirs = format!("{metric}.{average}");
            for (ours, theirs) in [
                (name.clone(), theirs.clone()),
                (format!("weighted_{name}"), format!("{theirs}_weighted")),
            ] {
                let (found, expected) = (history.curve(&ours)[0], fixture.f64(&theirs));
                assert!((found - expected).abs() < 1e-12, "{ours}: {found} instead of {expected}");
            }
        }
    }
}
