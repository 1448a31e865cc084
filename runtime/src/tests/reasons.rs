//! Reasons of a model with a loss of one's own whose predictions are no probabilities, with ordered
//! classes, learned weights, and an output without a loss.

use dfdx::tensor::Cpu;
use multi_input_data::{Class, Probabilities};

use crate::{
    attribution::Attribution,
    callback::Progress,
    importance::Importance,
    loss::{LossForm, LossFormula, Real, TargetRow},
    model::Baselines,
    multi_input_model,
    optim::Adam,
    partial_dependence::PartialDependence,
    report::Report,
    slices::SliceFinder,
    train::Trainer,
    uncertainty::{Calibration, CalibrationMethod, Conformal, Criterion, Threshold},
    Model, Seed,
};

/// Squared distances from 10 and -10, so that predictions are far from 0 and 1.
#[derive(Debug)]
pub(crate) struct Margin;

impl LossFormula for Margin {
    const FORM: LossForm = LossForm { link: None, ..LossForm::of_flags("margin") };

    fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
        (head[0] - N::from(20.0 * target.at(0) - 10.0)).powi(2)
    }
}

#[multi_input_model(crate = crate)]
#[derive(Clone, Debug)]
struct Judged {
    #[input(standardize)]
    numbers: [f32; 2],
    #[from(numbers)]
    #[branch(Dense(3, tanh))]
    #[output]
    code: [f32; 3],
    #[from(code)]
    #[branch(Dense(1))]
    #[output(loss = Margin)]
    good: bool,
    #[from(code)]
    #[branch(Dense(3))]
    #[output(loss = ordinal)]
    grade: Class<4>,
    #[from(code)]
    #[branch(Dense(1))]
    #[output(loss = mse, weight = learned)]
    price: f32,
    #[from(code)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy)]
    kind: Class<3>,
    #[from(code)]
    #[branch(Dense(3))]
    #[output(loss = binary_cross_entropy)]
    flags: [bool; 3],
}

fn rows(count: usize) -> Vec<JudgedSample> {
    let row = |row: usize| {
        let wave = |by: f32| (row as f32 * by).sin();
        JudgedSample {
            numbers: [wave(0.7), wave(1.9)],
            good: wave(0.7) > 0.0,
            grade: Class::new(row % 4).unwrap(),
            price: wave(0.7) + wave(1.9),
            kind: Class::new(row % 3).unwrap(),
            flags: [2, 3, 5].map(|by| row.is_multiple_of(by)),
        }
    };
    (0..count).map(row).collect()
}

fn trained() -> Model<Judged> {
    let mut model = Judged::build(&Cpu::default(), Seed(5));
    let trainer = Trainer::new(Adam::new(5e-2)).epochs(30).progress(Progress::silent());
    trainer.fit(&mut model, &rows(90)).unwrap();
    model
}

#[test]
fn predictions_that_are_no_probabilities_are_refused() {
    let (model, rows) = (trained(), rows(60));
    let words = "which is no probability";
    let conformal = Conformal::fit(&model, &rows, 0.9).unwrap_err().to_string();
    assert!(conformal.contains("`good`") && conformal.contains(words), "{conformal}");
    let calibration = Calibration::fit(&model, &rows, CalibrationMethod::Isotonic).unwrap_err();
    let threshold = Threshold::best(Criterion::F1, &model, Judged::good, &rows).unwrap_err();
    let reliability = model.reliability(Judged::good, &rows).unwrap_err();
    let roc = model.roc_curves(Judged::good, &rows).unwrap_err();
    let precision = model.precision_recall_curves(Judged::good, &rows).unwrap_err();
    for error in [calibration, threshold, reliability, roc, precision] {
        assert!(error.to_string().contains(words), "{error}");
    }
    assert_eq!(model.roc_curves(Judged::kind, &rows).unwrap().len(), 3);
}

#[test]
fn a_report_says_which_output_has_no_probabilities() {
    let (model, rows) = (trained(), rows(90));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let report = Report::new(&model).rows(&rows).unwrap().training_rows(&rows).unwrap();
    let importance = Importance::by_permutation(&model, &rows, 2, Seed(7)).unwrap();
    report.importance(&importance).write(&path).unwrap();
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page.contains("There are no curves: the prediction of `good` is"));
    assert!(!page.contains("predicted code"), "an output without a loss has no target");
    // The worst row, by the weighted sum of the losses, which learned weights do not change.
    let losses = rows.iter().map(|row| model.evaluate(std::slice::from_ref(row)).unwrap().loss());
    let worst = losses.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert!(page.contains(&format!("<p>Row {}</p>", worst.0)), "row {}", worst.0);
    let printed = crate::short::Short(worst.1).to_string();
    assert!(page.contains(&format!("<td>{printed}</td>")), "{printed}");
}

#[test]
fn thresholds_of_ordered_classes_are_chosen() {
    let (model, rows) = (trained(), rows(30));
    let gradients = || Attribution::integrated_gradients(&model, Judged::grade);
    let shapley = || Attribution::shapley(&model, Judged::grade).background(&rows).unwrap();
    let text = "the head of `grade` has 3 thresholds between its 4 classes";
    let errors = [
        gradients().logit().explain_samples(&rows[..2]).unwrap_err(),
        shapley().logit().explain_samples(&rows[..2]).unwrap_err(),
        PartialDependence::of(&model, Judged::grade)
            .logit()
            .on((Judged::numbers, 0), &rows)
            .unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().contains(text), "{error}");
    }
    let why = gradients().logit().element(1).explain_samples(&rows[..2]).unwrap();
    assert!(why[0].residual().abs() < 1e-3 && why[0].element == Some(1));
    let most = gradients().explain_samples(&rows[..1]).unwrap()[0].element;
    assert!(most.is_some_and(|class| class < 4));
    // Of other classes it is the logit of the predicted one.
    let of_kind = || Attribution::integrated_gradients(&model, Judged::kind);
    let logit = of_kind().logit().explain_samples(&rows[..5]).unwrap();
    for (logit, why) in logit.iter().zip(of_kind().explain_samples(&rows[..5]).unwrap()) {
        assert_eq!(logit.element, why.element);
    }
}

#[test]
fn values_without_a_loss_count_nowhere() {
    let (model, rows) = (trained(), rows(90));
    let why = Attribution::integrated_gradients(&model, Judged::price).explain_samples(&rows[..2]);
    assert!(why.unwrap().iter().all(|why| why.residual().abs() < 1e-3));
    let why = Attribution::shapley(&model, Judged::price).background(&rows).unwrap();
    assert_eq!(why.explain_samples(&rows[..1]).unwrap()[0].features.len(), 1);
    let slices = SliceFinder::default().minimum(10).find(&model, &rows).unwrap();
    assert!(slices.comparisons > 0 && slices.not_finite == 0);
    let figures = Baselines::fit(&model, &rows).unwrap().evaluate(&rows).unwrap();
    assert_eq!(figures.outputs.len(), 5);
}

#[test]
fn sets_are_of_predictions_of_their_output() {
    // Without `good`, whose predictions are no probabilities, nothing else refuses.
    let model = crate::tests::attribution::trained();
    let rows = crate::tests::attribution::claims(60);
    let conformal = Conformal::fit(&model, &rows, 0.9).unwrap();
    let calibration = Calibration::fit(&model, &rows, CalibrationMethod::Isotonic).unwrap();
    let class = crate::tests::attribution::Claim::class;
    assert!(conformal.set(class, &Probabilities::new([0.2, 0.3, 0.5])).is_ok());
    let two = Probabilities::new([0.5, 0.5]);
    let errors = [
        conformal.set(class, &two).unwrap_err(),
        calibration.apply(class, &two).unwrap_err(),
        conformal.set(class, &[0.2_f32, 0.3, 0.5]).unwrap_err(),
        conformal.set(class, &0.5_f32).unwrap_err(),
        calibration.apply(class, &[0.2_f32, 0.3, 0.5]).unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().contains("the probabilities of 3 classes"), "{error}");
    }
}
