//! Outputs of several labels: `[bool; N]`.

use std::fs;

use multi_input::{
    data::{Csv, JsonLines, Source},
    importance::Importance,
    prelude::*,
    report::Report,
    NoticeKind,
};

use crate::support::fixture::Fixture;

/// Five labels straight from logits: nothing is learned.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Recorded {
    #[input]
    logits: [f32; 5],
    #[from(logits)]
    #[branch(Dense(5, sigmoid, bias = false))]
    #[output(
        loss = binary_cross_entropy,
        metrics(accuracy, precision, recall, f1, auc),
        weighted_metrics(accuracy, precision, recall, f1, auc)
    )]
    tags: [bool; 5],
}

fn recorded(fixture: &Fixture) -> Vec<RecordedSample> {
    let rows = |name: &str| -> Vec<[f64; 5]> {
        fixture.f64s(name).chunks_exact(5).map(|row| row.try_into().unwrap()).collect()
    };
    let rows = rows("logits").into_iter().zip(rows("targets"));
    let sample = |(logits, tags): ([f64; 5], [f64; 5])| RecordedSample {
        logits: logits.map(|logit| logit as f32),
        tags: tags.map(|tag| tag == 1.0),
    };
    rows.map(sample).collect()
}

/// A model whose logits are its inputs.
fn identity() -> Model<Recorded, f64> {
    let mut model = Model::<Recorded, f64>::build(&Cpu::default(), Seed(0));
    let identity: Vec<f64> = (0..25).map(|n| if n % 6 == 0 { 1.0 } else { 0.0 }).collect();
    let name = crate::support::parameters(model.module_mut())[0].0.clone();
    crate::support::set(model.module_mut(), &[(name, identity)]);
    model
}

const METRICS: [&str; 5] = ["accuracy", "precision", "recall", "f1", "auc"];

#[track_caller]
fn assert_close(found: f64, expected: f64, what: &str) {
    let equal = found.is_nan() && expected.is_nan() || (found - expected).abs() < 1e-12;
    assert!(equal, "{what}: {found}, but scikit-learn {expected}");
}

#[test]
fn metrics_of_labels_are_those_of_scikit_learn() {
    let fixture = Fixture::read("labels");
    let (rows, model) = (recorded(&fixture), identity());
    let evaluation = model.evaluate(&rows).unwrap();
    let [table] = &evaluation.by_label()[..] else { panic!("one table") };
    assert_eq!(
        (table.output.as_str(), &table.metrics[..5]),
        ("tags", &METRICS.map(String::from)[..])
    );
    for (index, metric) in METRICS.into_iter().enumerate() {
        let theirs = fixture.f64s(metric);
        for (label, expected) in theirs[..5].iter().enumerate() {
            assert_close(table.labels[label][index], *expected, &format!("{metric}_{label}"));
            let by_name = evaluation.get(&format!("{metric}_{label}")).unwrap();
            assert_close(by_name, *expected, metric);
        }
        assert_close(evaluation.get(metric).unwrap(), theirs[5], metric);
        assert_close(table.mean[index], theirs[5], metric);
    }

    let matrices = model.confusion_matrices(Recorded::tags, &rows).unwrap();
    let counts: Vec<usize> = matrices
        .iter()
        .flat_map(|matrix| matrix.counts.iter().flatten())
        .map(|count| *count as usize)
        .collect();
    assert_eq!(counts, fixture.indices("confusion"));
    assert_eq!(matrices[2].label, Some(2));
    let error = model.confusion_matrix(Recorded::tags, &rows).unwrap_err().to_string();
    assert!(error.contains("`tags` has 5 labels: `confusion_matrices`"), "{error}");
}

#[test]
fn weighted_metrics_of_labels_are_those_of_scikit_learn() {
    let fixture = Fixture::read("labels");
    let (rows, mut model) = (recorded(&fixture), identity());
    let weights = fixture.f64s("weights");
    let numbered: Vec<([f32; 5], f32)> =
        rows.iter().zip(&weights).map(|(row, weight)| (row.logits, *weight as f32)).collect();
    let weight = move |row: &RecordedSample| {
        numbered.iter().find(|(logits, _)| *logits == row.logits).unwrap().1
    };
    let trainer = Trainer::new(Sgd::new(1e-300)).batch_size(64).progress(Progress::silent());
    let history = trainer.sample_weight(Recorded::tags, weight).fit(&mut model, &rows).unwrap();
    for (case, name) in
        METRICS.into_iter().flat_map(|metric| [(metric, metric), ("weighted", metric)])
    {
        let (theirs, ours) = match case {
            "weighted" => (fixture.f64s(&format!("{name}_weighted")), format!("weighted_{name}")),
            _ => (fixture.f64s(name), name.to_owned()),
        };
        for (label, expected) in theirs[..5].iter().enumerate() {
            let found = history.curve(&format!("{ours}_{label}"))[0];
            assert_close(found, *expected, &format!("{ours}_{label}"));
        }
        assert_close(history.curve(&ours)[0], theirs[5], &ours);
    }
}

/// Posts whose tags may be unknown, beside a topic.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    #[input(standardize)]
    length: [f32; 2],
    #[input]
    noise: f32,
    #[merge(concat(length, noise))]
    #[branch(Dense(8, tanh))]
    hidden: _,
    #[from(hidden)]
    #[branch(Dense(3, sigmoid))]
    #[output(
        loss = binary_cross_entropy(label_smoothing = 0.01),
        metrics(accuracy, f1, auc),
        weighted_metrics(accuracy)
    )]
    tags: Option<[bool; 3]>,
    #[from(hidden)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    score: f32,
}

fn posts(count: usize) -> Vec<PostSample> {
    let post = |n: usize| {
        let (x, y) = ((n as f32 * 0.37).sin(), (n as f32 * 0.73).cos());
        PostSample {
            length: [10.0 * x, 100.0 + y],
            noise: (n as f32 * 1.9).sin(),
            tags: (n % 4 != 1).then_some([x > 0.0, y > 0.3, x + y > 0.0]),
            score: x - y,
        }
    };
    (0..count).map(post).collect()
}

fn trainer(epochs: usize) -> Trainer<Post, Adam> {
    Trainer::new(Adam::new(0.02)).epochs(epochs).progress(Progress::silent())
}

fn build() -> Model<Post> {
    Post::build(&Cpu::default(), Seed(3))
}

#[test]
fn labels_are_learned_and_predicted_as_probabilities() {
    let (rows, mut model) = (posts(200), build());
    let history = trainer(40).validation_split(0.2).fit(&mut model, &rows).unwrap();
    assert!(history.curve("val_tags_f1").last().unwrap() > &0.9, "{history}");
    let names = history.names();
    for name in ["tags_f1", "tags_f1_0", "tags_f1_2", "val_tags_auc_1", "weighted_tags_accuracy"] {
        let name = name.replace("weighted_tags", "tags_weighted");
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    // A table has the means alone.
    assert!(!history.to_string().contains("f1_0"), "{history}");

    let inputs: Vec<PostInputs> = rows.iter().cloned().map(PostInputs::from).collect();
    let predicted = model.predict(&inputs).unwrap();
    let of_label = |row: usize| -> [f32; 3] { predicted[row].tags };
    for (row, sample) in rows.iter().enumerate().take(20) {
        let Some(tags) = sample.tags else { continue };
        let right = of_label(row).iter().zip(tags).filter(|(p, tag)| (**p > 0.5) == *tag).count();
        assert!(right >= 2, "{row}: {:?} of {tags:?}", of_label(row));
    }
    // A lone row has the same prediction.
    let alone = model.predict(&inputs[7..8]).unwrap();
    assert!(alone[0].tags.iter().zip(of_label(7)).all(|(one, other)| (one - other).abs() < 1e-5));

    let evaluation = model.evaluate(&rows).unwrap();
    let line = evaluation.to_string();
    assert!(line.contains("tags_f1 ") && !line.contains("tags_f1_0"), "{line}");
    let table = evaluation.by_label()[0].to_string();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["tags", "accuracy", "f1", "auc", "weighted_accuracy"]
    );
    assert_eq!(lines.len(), 5, "{table}");
    assert!(lines[4].trim_start().starts_with("mean"), "{table}");

    let importance = Importance::by_permutation(&model, &rows, 2, Seed(1)).unwrap();
    assert_eq!(importance.inputs[0].input, "length");
}

#[test]
fn figures_of_unknown_rows_are_left_out() {
    let (rows, mut model) = (posts(60), build());
    trainer(1).fit(&mut model, &rows).unwrap();
    let known: Vec<PostSample> = rows.iter().filter(|row| row.tags.is_some()).cloned().collect();
    let (all, known) = (model.evaluate(&rows), model.evaluate(&known));
    let (all, known) = (all.unwrap(), known.unwrap());
    for name in ["tags_loss", "tags_f1", "tags_f1_1", "tags_auc_2", "tags_accuracy_0"] {
        assert!((all.get(name).unwrap() - known.get(name).unwrap()).abs() < 1e-6, "{name}");
    }
}

#[test]
fn a_source_trains_and_scores_as_rows_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("posts.jsonl");
    let rows = posts(90);
    let mut lines = String::new();
    for row in &rows {
        let tags = row.tags.map_or("null".to_owned(), |tags| format!("{tags:?}"));
        let (length, noise, score) = (row.length, row.noise, row.score);
        lines += &format!(
            "{{\"length\":{length:?},\"noise\":{noise},\"tags\":{tags},\"score\":{score}}}\n"
        );
    }
    fs::write(&json, lines).unwrap();

    let read: Vec<PostSample> = JsonLines::new(&json).rows().unwrap().map(Result::unwrap).collect();
    assert_eq!(read, rows);
    let mut models = [build(), build()];
    let trainer = || trainer(3).shuffle(Shuffle::Never).class_weight(Post::tags, [(1, 3.0)]);
    let in_memory = trainer().fit(&mut models[0], &rows).unwrap();
    let streamed = trainer().fit_from(&mut models[1], &JsonLines::new(&json)).unwrap();
    assert_eq!(in_memory.names(), streamed.names());
    for name in in_memory.names() {
        assert_eq!(in_memory.curve(&name), streamed.curve(&name), "{name}");
    }
    let one = models[0].evaluate(&rows).unwrap();
    let other = models[1].evaluate_from(&JsonLines::new(&json)).unwrap();
    assert_eq!(one, other);
}

/// Films with a column for each genre, in other words for true and false.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Film {
    #[input(standardize)]
    minutes: f32,
    #[from(minutes)]
    #[branch(Dense(3, sigmoid))]
    #[output(
        loss = binary_focal,
        metrics(recall),
        columns("comedy", "drama", "war"),
        truthy("Y"),
        falsy("N"),
        missing("?")
    )]
    genres: Option<[bool; 3]>,
}

#[test]
fn each_label_may_have_a_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("films.csv");
    let lines = "minutes,war,comedy,drama\n90,Y,N,n\n120,N,Y,y\n100,?,?,?\n80,,,\n";
    fs::write(&path, lines).unwrap();
    let rows = Csv::<FilmSample>::new(&path).read_all().unwrap();
    let genres: Vec<_> = rows.iter().map(|row| row.genres).collect();
    let expected = [Some([false, false, true]), Some([true, true, false]), None, None];
    assert_eq!(genres, expected);
    let mut model = Film::build(&Cpu::default(), Seed(1));
    let trainer = || Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    let streamed = trainer().fit_from(&mut model, &Csv::new(&path)).unwrap();
    let mut model = Film::build(&Cpu::default(), Seed(1));
    let in_memory = trainer().shuffle(Shuffle::Never).fit(&mut model, &rows).unwrap();
    assert!((streamed.curve("loss")[0] - in_memory.curve("loss")[0]).abs() < 1e-6);
    fs::write(&path, "minutes,war,comedy,drama\n90,Y,N,maybe\n").unwrap();
    let error = Csv::<FilmSample>::new(&path).read_all().unwrap_err().to_string();
    assert!(error.contains("field `genres`, column `drama`"), "{error}");
    fs::write(&path, "minutes,war,comedy\n90,Y,N\n").unwrap();
    let error = Csv::<FilmSample>::new(&path).read_all().unwrap_err().to_string();
    assert!(error.contains("field `genres`: the column `drama`"), "{error}");
}

#[test]
fn a_monitor_watches_the_mean_or_a_label() {
    let rows = posts(80);
    let of_label = || Monitor::val(Post::tags, metric::F1).of_label(2);
    assert_eq!(
        of_label().to_string(),
        "`f1` of label 2 of `tags` on the validation rows, the higher the better"
    );
    let folder = tempfile::tempdir().unwrap();
    for monitor in [Monitor::val(Post::tags, metric::F1), of_label()] {
        let name = if monitor == of_label() { "val_tags_f1_2" } else { "val_tags_f1" };
        let mut model = build();
        let stopping = EarlyStopping::on(monitor).patience(4).restore_best();
        let history =
            trainer(25).validation_split(0.25).callback(stopping).fit(&mut model, &rows).unwrap();
        let best = history.curve(name).into_iter().fold(f64::NEG_INFINITY, f64::max);
        let now = model.evaluate(&rows[60..]).unwrap();
        let now = now.get(name.trim_start_matches("val_")).unwrap();
        assert!((now - best).abs() < 1e-9, "{name}: {now} instead of {best}");
    }
    let path = folder.path().join("post.safetensors");
    let model = build();
    let mut model = model;
    trainer(1).fit(&mut model, &rows).unwrap();
    model.save(&path).unwrap();
    let loaded = Model::<Post>::load(&path, &Cpu::default()).unwrap();
    assert_eq!(loaded.evaluate(&rows).unwrap(), model.evaluate(&rows).unwrap());
}

#[test]
fn a_label_that_an_output_does_not_have_is_refused() {
    let rows = posts(40);
    let cases = [
        (
            Monitor::val(Post::tags, metric::F1).of_label(3),
            "a callback watches label 3 of output `tags`, whose labels are 0 to 2",
        ),
        (
            Monitor::val(Post::score, metric::Mae).of_label(0),
            "a callback watches label 0 of output `score`, which has no labels",
        ),
        (Monitor::val_loss().of_label(0), "a callback watches label 0 of the total loss"),
    ];
    for (monitor, expected) in cases {
        let trainer = trainer(1).validation_split(0.5).callback(EarlyStopping::on(monitor));
        let error = trainer.fit(&mut build(), &rows).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// The tags alone, in the order `a`, `b`.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Bare {
    #[input]
    x: f32,
    #[from(x)]
    #[branch(Dense(2))]
    #[output(loss = balanced_binary_focal(alpha = 0.4), metrics(f1, auc), weighted_metrics(accuracy))]
    tags: [bool; 2],
}

fn bare(rows: &[(f32, [bool; 2])]) -> Vec<BareSample> {
    rows.iter().map(|&(x, tags)| BareSample { x, tags }).collect()
}

#[test]
fn class_weights_count_for_every_element() {
    let rows = bare(&[(0.5, [true, false]), (-1.0, [false, false]), (2.0, [true, true])]);
    let loss = |class_weights: &[(usize, f64)]| {
        let mut model = Model::<Bare, f64>::build(&Cpu::default(), Seed(2));
        let trainer = Trainer::new(Sgd::new(1e-300)).progress(Progress::silent());
        let trainer = trainer.class_weight(Bare::tags, class_weights.iter().copied());
        trainer.fit(&mut model, &rows).unwrap().curve("loss")[0]
    };
    let (of_false, of_true) = (loss(&[(1, 0.0)]), loss(&[(0, 0.0)]));
    assert!(of_false > 0.0 && of_true > 0.0);
    // Both halves have the same number of rows: a mean over elements.
    let close = |one: f64, other: f64| (one - other).abs() < 1e-12;
    assert!(close(loss(&[]), loss(&[(0, 1.0), (1, 1.0)])));
    assert!(close(loss(&[(1, 3.0)]), of_false + 3.0 * of_true), "{of_false} {of_true}");
    assert!(close(loss(&[]), of_false + of_true));
}

#[test]
fn labels_of_one_side_are_named_in_notices() {
    let constant: Vec<(f32, [bool; 2])> =
        (0..20).map(|n| (n as f32 / 10.0, [n % 2 == 0, n >= 15])).collect();
    let notices = |rows: &[BareSample], validation: f64| {
        let mut model = Bare::build(&Cpu::default(), Seed(2));
        let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
        let trainer = trainer.validation_split(validation);
        let history = trainer.fit(&mut model, rows).unwrap();
        history.notices.into_iter().map(|n| (n.kind, n.message)).collect::<Vec<_>>()
    };
    let found = notices(&bare(&constant), 0.25);
    let expected = [
        (
            NoticeKind::ConstantColumn,
            "label 1 is the same in all 15 training rows, which therefore say nothing of when it \
             holds",
        ),
        (
            NoticeKind::ClassUnseen,
            "label 1 holds in validation rows, but in no training row; `validation_split` cuts off \
             the last rows: shuffle rows that are sorted",
        ),
        (
            NoticeKind::UndefinedMetric,
            "`auc` of label 1 is not defined on the validation rows: all rows are of one class",
        ),
    ];
    let expected: Vec<_> = expected.map(|(kind, text)| (kind, text.to_owned())).to_vec();
    assert_eq!(found, expected);
    let mixed: Vec<(f32, [bool; 2])> =
        (0..20).map(|n| (n as f32 / 10.0, [n % 2 == 0, n % 3 == 0])).collect();
    assert_eq!(notices(&bare(&mixed), 0.25), []);
}

#[test]
fn a_report_has_a_table_by_label() {
    let (rows, mut model) = (posts(60), build());
    let history = trainer(2).fit(&mut model, &rows).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let report = Report::new(&model).history(&history).rows(&rows).unwrap();
    report.write(&path).unwrap();
    let page = fs::read_to_string(&path).unwrap();
    for expected in
        ["Labels of `tags`", "weighted_accuracy", "true negatives", "Confusion of `tags`"]
    {
        assert!(page.contains(expected), "no {expected}");
    }
}
