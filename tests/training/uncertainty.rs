//! Uncertainty after training: coverage over many draws, calibration, thresholds, and files.

use multi_input::{
    data::{Class, LabelProbabilities, Probabilities},
    prelude::*,
    uncertainty::{Calibration, CalibrationMethod, Conformal, Criterion, Interval, Threshold},
    Error,
};

use crate::support::set;

/// One output of every kind, linear in the inputs.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    #[input]
    signal: [f32; 2],
    #[from(signal)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    level: f32,
    #[from(signal)]
    #[branch(Dense(2))]
    #[output(loss = mae)]
    pair: Option<[f32; 2]>,
    #[from(signal)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy)]
    kind: Class<3>,
    #[from(signal)]
    #[branch(Dense(2))]
    #[output(loss = cross_entropy, categories)]
    name: Class<2>,
    #[from(signal)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy, metrics(auc))]
    alarm: bool,
    #[from(signal)]
    #[branch(Dense(2))]
    #[output(loss = binary_cross_entropy)]
    flags: [bool; 2],
}

/// SplitMix64.
struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with a probability of 1 / (1 + exp(-logit)).
    fn flag(&mut self, logit: f64) -> bool {
        self.next() < 1.0 / (1.0 + (-logit).exp())
    }

    fn row(&mut self) -> ReadingSample {
        let signal = [4.0 * self.next() - 2.0, 4.0 * self.next() - 2.0];
        let [a, b] = signal;
        // Noise of a skewed distribution, whose scale depends on the row.
        let noise = -(1.0 - self.next()).ln() * (0.2 + a.abs());
        let kind = match self.next() {
            u if u < 0.2 + 0.1 * a => 0,
            u if u < 0.6 => 1,
            _ => 2,
        };
        let name = if self.flag(b) { "high" } else { "low" };
        ReadingSample {
            signal: signal.map(|number| number as f32),
            level: (a - b + noise) as f32,
            pair: (self.next() < 0.8).then_some([(a + noise) as f32, (3.0 * noise) as f32]),
            kind: Class::new(kind).unwrap(),
            name: name.into(),
            alarm: self.flag(1.5 * a),
            flags: [self.flag(a - b), self.flag(3.0 * b)],
        }
    }

    fn rows(&mut self, count: usize) -> Vec<ReadingSample> {
        (0..count).map(|_| self.row()).collect()
    }
}

fn trained() -> Model<Reading> {
    let mut model = Reading::build(&Cpu::default(), Seed(3));
    let trainer = Trainer::new(Adam::new(0.05)).epochs(8).progress(Progress::silent());
    trainer.fit(&mut model, &Random(1).rows(200)).unwrap();
    model
}

fn predict(model: &Model<Reading>, rows: &[ReadingSample]) -> Vec<ReadingOutputs> {
    let inputs: Vec<ReadingInputs> = rows.iter().cloned().map(ReadingInputs::from).collect();
    model.predict(&inputs).unwrap()
}

/// With 19 rows and a coverage of 0.9 the bound is the 18th of 19 scores, and a new score is at most
/// that with a probability of 18 / 20 exactly. One new row for each draw makes the draws independent:
/// the count is binomial.
#[test]
fn coverage_is_within_binomial_bounds_over_many_draws() {
    const DRAWS: u64 = 600;
    let model = trained();
    let mut covered = [0_u64; 8];
    let mut of_pairs = 0_u64;
    for draw in 0..DRAWS {
        let mut random = Random(1000 + draw);
        let mut rows = random.rows(20);
        // So that every draw has as many known pairs.
        rows.iter_mut().for_each(|row| row.pair = row.pair.or(Some([row.level, 0.0])));
        let (calibration, new) = (&rows[..19], &rows[19]);
        let conformal = Conformal::fit(&model, calibration, 0.9).unwrap();
        let predicted = &predict(&model, std::slice::from_ref(new))[0];
        let level = conformal.interval(Reading::level, &predicted.level).unwrap();
        let pair: [Interval; 2] = conformal.interval(Reading::pair, &predicted.pair).unwrap();
        let alarm = conformal.set(Reading::alarm, &predicted.alarm).unwrap();
        let flags = conformal.set(Reading::flags, &predicted.flags).unwrap();
        let truth = new.pair.unwrap();
        let found = [
            level.contains(new.level),
            pair[0].contains(truth[0]),
            pair[1].contains(truth[1]),
            conformal.set(Reading::kind, &predicted.kind).unwrap().contains(new.kind),
            conformal.set(Reading::name, &predicted.name).unwrap().contains(name_of(new)),
            alarm.contains(new.alarm),
            flags[0].contains(new.flags[0]),
            flags[1].contains(new.flags[1]),
        ];
        covered.iter_mut().zip(found).for_each(|(count, covered)| *count += u64::from(covered));
        of_pairs += u64::from(found[1] && found[2]);
    }
    let (mean, deviation) = (0.9 * DRAWS as f64, (0.09 * DRAWS as f64).sqrt());
    for (output, count) in covered.into_iter().enumerate() {
        let off = (count as f64 - mean) / deviation;
        assert!(off.abs() < 4.0, "output {output}: {count} of {DRAWS}");
    }
    // The guarantee is for each element.
    assert!(of_pairs < covered[1] && of_pairs < covered[2]);
}

fn name_of(row: &ReadingSample) -> &str {
    row.name.as_str()
}

#[test]
fn the_bound_is_a_residual_of_the_calibration_rows() {
    let (model, rows) = (trained(), Random(5).rows(49));
    let conformal = Conformal::fit(&model, &rows, 0.8).unwrap();
    let predicted = predict(&model, &rows);
    let residuals = rows
        .iter()
        .zip(&predicted)
        .map(|(row, predicted)| (f64::from(row.level) - f64::from(predicted.level)).abs());
    let mut residuals: Vec<f64> = residuals.collect();
    residuals.sort_by(f64::total_cmp);
    // ceil(50 * 0.8) = 40.
    assert_eq!(conformal.bounds(Reading::level), [residuals[39]]);
    assert_eq!((conformal.rows(Reading::level), conformal.coverage()), (49, 0.8));
    let known = rows.iter().filter(|row| row.pair.is_some()).count();
    assert_eq!((conformal.rows(Reading::pair), conformal.bounds(Reading::pair).len()), (known, 2));
    let interval = conformal.interval(Reading::level, &2.0f32).unwrap();
    assert_eq!(interval, Interval { low: 2.0 - residuals[39], high: 2.0 + residuals[39] });

    let within = |row: usize| {
        let p = predicted[row].kind.probability(rows[row].kind);
        1.0 - f64::from(p) <= conformal.bounds(Reading::kind)[0]
    };
    assert!((0..49).filter(|&row| within(row)).count() >= 40);
    let certain = Probabilities::new([1.0, 0.0, 0.0]);
    let set = conformal.set(Reading::kind, &certain).unwrap();
    assert_eq!(set.iter().map(|class| class.index()).collect::<Vec<_>>(), [0]);
    assert_eq!((set.len(), set.is_empty()), (1, false));
}

#[test]
fn too_few_rows_and_other_predictions_are_named() {
    let model = trained();
    let fit = |rows: &[ReadingSample], coverage| {
        Conformal::fit(&model, rows, coverage).unwrap_err().to_string()
    };
    assert_eq!(
        fit(&Random(2).rows(18), 0.95),
        "`Conformal::fit`: `level` has 18 calibration rows with a known target; a coverage of 0.95 \
         needs at least 19"
    );
    for coverage in [0.0, 1.0, f64::NAN, 90.0] {
        let error = fit(&Random(2).rows(30), coverage);
        assert!(error.contains("must be above 0 and below 1"), "{error}");
    }
    let mut unknown = Random(2).rows(30);
    unknown.iter_mut().for_each(|row| row.pair = None);
    assert!(matches!(Conformal::fit(&model, &unknown, 0.9), Err(Error::NoTargets(_))));
    assert!(matches!(Conformal::fit(&model, &[], 0.9), Err(Error::NoRows(_))));

    let conformal = Conformal::fit(&model, &Random(2).rows(40), 0.9).unwrap();
    let error = conformal.interval(Reading::alarm, &0.5f32).unwrap_err();
    assert!(error.to_string().contains("`alarm` has classes"), "{error}");
    let error = conformal.interval(Reading::pair, &0.5f32).unwrap_err();
    assert!(error.to_string().contains("has 2 numbers, but this one has 1"), "{error}");
    let error = conformal.set(Reading::flags, &0.5f32).unwrap_err();
    assert!(error.to_string().contains("of 2 flags, but this one has those of 1 flag"), "{error}");
}

#[test]
fn uncertainty_is_saved_with_the_model_and_belongs_to_its_weights() {
    let (mut model, rows) = (trained(), Random(6).rows(60));
    let conformal = Conformal::fit(&model, &rows, 0.9).unwrap();
    let calibration = Calibration::fit(&model, &rows, CalibrationMethod::Isotonic).unwrap();
    assert_eq!((model.conformal(), model.calibration()), (None, None));
    model.set_conformal(&conformal).unwrap();
    model.set_calibration(&calibration).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reading.safetensors");
    model.save(&path).unwrap();
    let loaded = Model::<Reading>::load(&path, &Cpu::default()).unwrap();
    assert_eq!(loaded.conformal(), Some(conformal.clone()));
    assert_eq!(loaded.calibration(), Some(calibration.clone()));

    let kept =
        |model: &Model<Reading>| model.conformal().is_some() || model.calibration().is_some();
    let again = || {
        let mut model = Model::<Reading>::load(&path, &Cpu::default()).unwrap();
        assert!(kept(&model));
        model.set_conformal(&conformal).unwrap();
        model
    };
    let mut model = again();
    let trainer = Trainer::new(Adam::new(0.05)).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    assert!(!kept(&model), "after training");
    let mut model = again();
    let _ = model.module_mut();
    assert!(!kept(&model), "after a change by hand");
    let mut model = again();
    model.restore(&model.snapshot().unwrap()).unwrap();
    assert!(!kept(&model), "after other weights");
    let mut model = again();
    let trainer = Trainer::new(Adam::new(0.05)).progress(Progress::silent());
    trainer.find_learning_rate(&mut model, &rows).unwrap();
    assert!(kept(&model), "the finder restores the model");
    let mut untrained = Reading::build(&Cpu::default(), Seed(1));
    untrained.save(&path).unwrap();
    model.load_weights(&path).unwrap();
    assert!(!kept(&model) && !kept(&untrained), "of another file");
    let error = untrained.set_conformal(&conformal).unwrap_err().to_string();
    assert_eq!(
        error,
        "`Model::set_conformal`: it was fitted on other weights or preprocessing than the model has: \
         fit it again"
    );
    assert!(untrained.set_calibration(&calibration).is_err());
}

#[test]
fn uncertainty_belongs_to_the_weights_that_it_was_fitted_on() {
    let rows = Random(6).rows(60);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reading.safetensors");
    let mut model = trained();
    model.set_conformal(&Conformal::fit(&model, &rows, 0.9).unwrap()).unwrap();
    model.save(&path).unwrap();
    let mut wide = Model::<Reading, f64>::load_converted(&path, &Cpu::default()).unwrap();
    assert!(wide.conformal().is_some(), "the same numbers");
    let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    trainer.fit(&mut wide, &rows).unwrap();
    wide.set_conformal(&Conformal::fit(&wide, &rows, 0.9).unwrap()).unwrap();
    wide.save(&path).unwrap();
    let rounded = Model::<Reading, f32>::load_converted(&path, &Cpu::default()).unwrap();
    assert!(rounded.conformal().is_none(), "other numbers");
}

#[test]
fn uncertainty_belongs_to_the_scale_of_the_inputs() {
    #[multi_input_model]
    #[derive(Clone)]
    struct Scaled {
        #[input(standardize)]
        x: f32,
        #[from(x)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        y: f32,
    }
    let row = |row: usize| ScaledSample { x: row as f32, y: (row as f32).sin() };
    let rows: Vec<ScaledSample> = (0..40).map(row).collect();
    let mut model = Scaled::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let conformal = Conformal::fit(&model, &rows, 0.9).unwrap();
    model.fit_preprocessing(&rows).unwrap();
    model.set_conformal(&conformal).unwrap();
    model.fit_preprocessing(&rows[..9]).unwrap();
    assert!(model.conformal().is_none() && model.set_conformal(&conformal).is_err());
}

/// Rows of a known distribution, and a model that is right about the order of their probabilities
/// but five times too certain, and three times of the last flag.
fn overconfident() -> (Model<Reading>, Vec<ReadingSample>) {
    let (mut model, rows) = (trained(), Random(8).rows(2000));
    let weights = [
        ("alarm.0.weight", vec![7.5, 0.0]),
        ("alarm.0.bias", vec![0.0]),
        ("flags.0.weight", vec![5.0, -5.0, 0.0, 9.0]),
        ("flags.0.bias", vec![0.0, 0.0]),
        // Labels are in the order of their bytes: high, low.
        ("name.0.weight", vec![0.0, 5.0, 0.0, 0.0]),
        ("name.0.bias", vec![0.0, 0.0]),
    ];
    let weights = weights.map(|(name, values)| (name.to_owned(), values));
    set(model.module_mut(), &weights);
    (model, rows)
}

#[test]
fn a_temperature_mends_overconfidence() {
    let (model, rows) = overconfident();
    let calibration = Calibration::fit(&model, &rows, CalibrationMethod::Temperature).unwrap();
    let near = |found: &[f64]| found.iter().all(|own| (4.2..6.0).contains(own));
    assert!(near(calibration.temperatures(Reading::alarm)), "{calibration:?}");
    let of_flags = calibration.temperatures(Reading::flags);
    assert!(near(&of_flags[..1]) && (2.5..3.6).contains(&of_flags[1]), "{calibration:?}");
    assert!(near(calibration.temperatures(Reading::name)), "{calibration:?}");
    assert_eq!(calibration.temperatures(Reading::flags).len(), 2);
    for change in [
        calibration.change(Reading::alarm).unwrap(),
        calibration.change(Reading::flags).unwrap(),
        calibration.change(Reading::name).unwrap(),
    ] {
        assert!(change.before > 2.5 * change.after && change.after < 0.05, "{change}");
    }
    // On other rows as well, and the order of the classes stays.
    let other = Random(9).rows(500);
    for (row, predicted) in other.iter().zip(predict(&model, &other)) {
        let alarm = calibration.apply(Reading::alarm, &predicted.alarm).unwrap();
        assert_eq!(alarm > 0.5, predicted.alarm > 0.5, "{row:?}");
        let name: LabelProbabilities<2> =
            calibration.apply(Reading::name, &predicted.name).unwrap();
        assert_eq!(name.most_likely(), predicted.name.most_likely());
        assert!((name.as_array().iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}

#[test]
fn isotonic_functions_give_probabilities() {
    let (model, rows) = overconfident();
    let calibration = Calibration::fit(&model, &rows, CalibrationMethod::Isotonic).unwrap();
    let change = calibration.change(Reading::alarm).unwrap();
    assert!(change.before > 0.1 && change.after < 1e-6, "{change}");
    assert_eq!(calibration.temperatures(Reading::alarm), [0.0f64; 0]);
    let mut last = 0.0;
    for step in 0..=100 {
        let alarm = calibration.apply(Reading::alarm, &(step as f32 / 100.0)).unwrap();
        assert!((last..=1.0).contains(&alarm), "{step}");
        last = alarm;
    }
    for predicted in predict(&model, &Random(9).rows(100)) {
        let kind = calibration.apply(Reading::kind, &predicted.kind).unwrap();
        assert!((kind.as_array().iter().sum::<f32>() - 1.0).abs() < 1e-5, "{kind:?}");
        let flags: [f32; 2] = calibration.apply(Reading::flags, &predicted.flags).unwrap();
        assert!(flags.iter().all(|flag| (0.0..=1.0).contains(flag)));
    }
    let error = calibration.apply(Reading::flags, &0.5f32).unwrap_err().to_string();
    assert!(error.contains("of 2 flags, but this one has those of 1 flag"), "{error}");
}

#[test]
fn thresholds_decide_predictions() {
    let (model, rows) = (trained(), Random(10).rows(400));
    let predicted = predict(&model, &rows);
    let best = |criterion| Threshold::best(criterion, &model, Reading::alarm, &rows).unwrap();
    let f1 = best(Criterion::F1);
    let [mut tp, mut wrong] = [0.0, 0.0];
    for (row, predicted) in rows.iter().zip(&predicted) {
        match (row.alarm, f1.decide(predicted.alarm)) {
            (true, true) => tp += 1.0,
            (false, false) => {}
            _ => wrong += 1.0,
        }
    }
    assert!((f1.figure - 2.0 * tp / (2.0 * tp + wrong)).abs() < 1e-12);
    // What is costly to miss is found earlier.
    let cost = |false_negative| best(Criterion::Cost { false_positive: 1.0, false_negative });
    assert!(cost(9.0).at < cost(1.0 / 9.0).at);
    assert!(
        (best(Criterion::Youden).figure - (2.0 * best(Criterion::BalancedAccuracy).figure - 1.0))
            .abs()
            < 1e-12
    );

    let labels = Threshold::best_of_labels(Criterion::F1, &model, Reading::flags, &rows).unwrap();
    assert_eq!(labels.len(), 2);
    let refused = |found: multi_input::Result<Threshold>| found.unwrap_err().to_string();
    let error = refused(Threshold::best(Criterion::F1, &model, Reading::flags, &rows));
    assert!(error.contains("2 labels") && error.contains("best_of_labels"), "{error}");
    let error = refused(Threshold::best(Criterion::F1, &model, Reading::kind, &rows));
    assert!(error.contains("`kind` has classes"), "{error}");
    let quiet: Vec<ReadingSample> = rows.iter().filter(|row| !row.alarm).cloned().collect();
    let error = refused(Threshold::best(Criterion::F1, &model, Reading::alarm, &quiet));
    let count = quiet.len();
    assert_eq!(
        error,
        format!(
            "`Threshold::best`: all {count} rows with a known target of `alarm` are false: a threshold \
             needs true and false ones"
        )
    );
    let cost = Criterion::Cost { false_positive: -1.0, false_negative: 1.0 };
    let error = refused(Threshold::best(cost, &model, Reading::alarm, &rows));
    assert!(
        error.contains("`false_positive` must be a number of at least 0, but is -1"),
        "{error}"
    );
}

#[test]
fn curves_agree_with_the_metrics_and_are_drawn() {
    let (mut model, rows) = (trained(), Random(11).rows(300));
    model.set_conformal(&Conformal::fit(&model, &rows, 0.9).unwrap()).unwrap();
    let calibration = Calibration::fit(&model, &rows, CalibrationMethod::Temperature).unwrap();
    model.set_calibration(&calibration).unwrap();
    let roc = &model.roc_curves(Reading::alarm, &rows).unwrap()[0];
    let auc = model.evaluate(&rows).unwrap().get("alarm_auc").unwrap();
    assert!((roc.area() - auc).abs() < 1e-9, "{} {auc}", roc.area());
    assert_eq!(model.roc_curves(Reading::kind, &rows).unwrap()[2].name, "kind[2]");
    assert_eq!(model.precision_recall_curves(Reading::flags, &rows).unwrap().len(), 2);
    let reliability = &model.reliability(Reading::kind, &rows).unwrap()[0];
    assert_eq!(reliability.bins.iter().map(|bin| bin.rows).sum::<u64>(), 300);

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    roc.plot(path("roc.svg")).unwrap();
    reliability.plot(path("reliability.svg")).unwrap();
    model.precision_recall_curves(Reading::alarm, &rows).unwrap()[0].plot(path("pr.svg")).unwrap();
    Report::new(&model).rows(&rows).unwrap().write(path("report.html")).unwrap();
    let page = std::fs::read_to_string(path("report.html")).unwrap();
    for words in [
        "Probabilities of `alarm`",
        "alarm: calibration error",
        "flags[1]: calibration error",
        "kind: ROC",
        "name: precision",
        "Intervals and sets, coverage 0.9",
        "error before",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("Probabilities of `level`"));
}

/// A target in double precision, on a model of `f64`.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Clock {
    #[input(standardize)]
    turns: f64,
    #[from(turns)]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    seconds: f64,
}

#[test]
fn intervals_of_doubles_are_exact() {
    let row = |n: u32| {
        let turns = f64::from(n);
        ClockSample { turns, seconds: 1e9 + turns + (turns * 0.7).sin() * 1e-3 }
    };
    let rows: Vec<ClockSample> = (0..60).map(row).collect();
    let mut model = Model::<Clock, f64>::build(&Cpu::default(), Seed(2));
    let trainer = Trainer::new(Adam::new(0.1)).epochs(60).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let conformal = Conformal::fit(&model, &rows, 0.9).unwrap();
    let inputs: Vec<ClockInputs> = rows.iter().cloned().map(ClockInputs::from).collect();
    let predicted = model.predict(&inputs).unwrap();
    let covered = rows.iter().zip(&predicted).filter(|(row, predicted)| {
        conformal.interval(Clock::seconds, &predicted.seconds).unwrap().contains(row.seconds)
    });
    // ceil(61 * 0.9) = 55 of the rows that it was fitted on, the one at the bound among them.
    assert!((54..=55).contains(&covered.count()));
}

/// Outputs whose predictions say how uncertain they are.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Spread {
    #[input]
    signal: [f32; 2],
    #[from(signal)]
    #[branch(Dense(3))]
    #[output(loss = quantile(0.1, 0.5, 0.9))]
    quantiles: f32,
    #[from(signal)]
    #[branch(Dense(8, tanh), Dense(2))]
    #[output(loss = gaussian, standardize)]
    normal: f32,
    #[from(signal)]
    #[branch(Dense(4), Reshape(2, 2))]
    #[output(loss = quantile(0.2, 0.8))]
    pair: [f32; 2],
}

fn spread(rows: Vec<ReadingSample>) -> Vec<SpreadSample> {
    let row = |row: ReadingSample| SpreadSample {
        signal: row.signal,
        quantiles: row.level,
        normal: row.level,
        pair: [row.level, -row.level],
    };
    rows.into_iter().map(row).collect()
}

#[test]
fn intervals_of_quantiles_and_distributions_cover_and_adapt() {
    const DRAWS: u64 = 600;
    let mut model = Spread::build(&Cpu::default(), Seed(3));
    let trainer = Trainer::new(Adam::new(0.03)).epochs(25).progress(Progress::silent());
    trainer.fit(&mut model, &spread(Random(1).rows(300))).unwrap();
    let mut covered = [0_u64; 4];
    let mut widths = [0.0; 2];
    for draw in 0..DRAWS {
        let rows = spread(Random(5000 + draw).rows(20));
        let (calibration, new) = (&rows[..19], &rows[19]);
        let conformal = Conformal::fit(&model, calibration, 0.9).unwrap();
        let predicted = &model.predict(&[new.clone().into()]).unwrap()[0];
        let quantiles = conformal.interval(Spread::quantiles, &predicted.quantiles).unwrap();
        let normal = conformal.interval(Spread::normal, &predicted.normal).unwrap();
        let pair: [Interval; 2] = conformal.interval(Spread::pair, &predicted.pair).unwrap();
        let bound = conformal.bounds(Spread::quantiles)[0];
        let low = f64::from(predicted.quantiles.quantile::<0>()) - bound;
        assert!(bound < 0.0 || quantiles.low == low);
        let found = [
            quantiles.contains(new.quantiles),
            normal.contains(new.normal),
            pair[0].contains(new.pair[0]),
            pair[1].contains(new.pair[1]),
        ];
        covered.iter_mut().zip(found).for_each(|(count, covered)| *count += u64::from(covered));
        // The noise grows with the size of the first number.
        let is_noisy = new.signal[0].abs() > 1.0;
        widths[usize::from(is_noisy)] += normal.width();
    }
    let (mean, deviation) = (0.9 * DRAWS as f64, (0.09 * DRAWS as f64).sqrt());
    for (output, count) in covered.into_iter().enumerate() {
        let off = (count as f64 - mean) / deviation;
        assert!(off.abs() < 4.0, "output {output}: {count} of {DRAWS}");
    }
    assert!(widths[1] > 1.3 * widths[0], "{widths:?}");
}
