//! Baselines beside models of every kind of output.

use std::fs;

use multi_input::{
    baselines::{BaselineFigures, Method},
    prelude::*,
    Error, Quantiles,
};

/// Outputs of every kind, some of which rows may lack.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Trip {
    #[input(standardize)]
    sizes: [f32; 3],
    #[input(categories(8))]
    #[branch(Embedding(8, 2))]
    town: String,
    #[input(words(vocabulary = 50, length = 3))]
    #[branch(Embedding(50, 2), Flatten)]
    note: String,
    #[input(missing = zeros)]
    serum: Option<f32>,
    #[merge(concat(sizes, town, note, serum))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(3))]
    #[output(loss = quantile(0.1, 0.5, 0.9), metrics(mae, r2), standardize)]
    price: f32,
    #[from(joined)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, metrics(f1), categories, weight = learned)]
    kind: Option<Class<3>>,
    #[from(joined)]
    #[branch(Dense(2, sigmoid))]
    #[output(loss = binary_cross_entropy, metrics(auc))]
    late: [bool; 2],
    #[from(joined)]
    #[branch(Dense(2))]
    #[output(loss = gaussian, weight = 0.5)]
    pair: f64,
}

fn row(i: usize) -> TripSample {
    let wave = |k: f32| (i as f32 * k).sin();
    let sizes = [wave(0.7), 10.0 * wave(1.3), wave(0.31)];
    let town = ["Ulm", "Bonn", "Kiel"][i % 3];
    TripSample {
        sizes,
        town: town.to_owned(),
        note: "large and bright".to_owned(),
        serum: (!i.is_multiple_of(4)).then_some(wave(0.2)),
        price: 100.0 + 20.0 * sizes[0] - 3.0 * sizes[1] + (i % 3) as f32 + wave(5.1),
        kind: (!i.is_multiple_of(5)).then(|| town.to_owned()),
        late: [sizes[0] > 0.0, sizes[2] > 0.9],
        pair: f64::from(sizes[2]) * 7.0,
    }
}

fn rows(range: std::ops::Range<usize>) -> Vec<TripSample> {
    range.map(row).collect()
}

fn trained(epochs: usize) -> Model<Trip> {
    let mut model = Trip::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(epochs).progress(Progress::silent());
    trainer.fit(&mut model, &rows(0..300)).unwrap();
    model
}

fn figure(figures: &BaselineFigures, output: &str, method: Method, name: &str) -> f64 {
    figures.get(output, method, name).unwrap_or_else(|| panic!("{output} {name} in {figures}"))
}

#[test]
fn every_output_is_compared_by_its_errors_and_metrics() {
    let model = trained(3);
    let test = rows(300..400);
    let figures = Baselines::fit(&model, &rows(0..300)).unwrap().evaluate(&test).unwrap();
    let of = |output, method, name| figure(&figures, output, method, name);

    // The model's own figures are those of the evaluation.
    let evaluation = model.evaluate(&test).unwrap();
    for (output, name) in [("price", "mae"), ("price", "r2"), ("kind", "f1"), ("late", "auc")] {
        let own = evaluation.get(&format!("{output}_{name}")).unwrap();
        assert!((of(output, Method::Model, name) - own).abs() < 1e-9, "{output} {name}");
    }
    let predicted = model.predict(&test.iter().cloned().map(Into::into).collect::<Vec<_>>());
    let middle = |price: &Quantiles<f32, 3>| f64::from(price.quantile::<1>());
    let squares = predicted
        .unwrap()
        .into_iter()
        .zip(&test)
        .map(|(predicted, row)| (middle(&predicted.price) - f64::from(row.price)).powi(2));
    let rmse = (squares.sum::<f64>() / 100.0).sqrt();
    assert!((of("price", Method::Model, "rmse") - rmse).abs() < 1e-6);

    // What is linear, regression finds; nothing beats noise by the mean.
    assert!(of("price", Method::Linear, "rmse") < 1.5);
    assert!(of("price", Method::Mean, "rmse") > 15.0);
    assert!(of("price", Method::Mean, "r2").abs() < 0.2);
    assert!(of("price", Method::Linear, "r2") > 0.98);
    assert!(of("price", Method::Neighbours, "mae") < of("price", Method::Mean, "mae"));
    assert!(of("kind", Method::Linear, "accuracy") == 1.0);
    assert!((0.2..0.5).contains(&of("kind", Method::Mean, "accuracy")));
    assert!(of("late", Method::Linear, "accuracy") > 0.95);
    assert!(of("late", Method::Linear, "log_loss") < of("late", Method::Mean, "log_loss"));
    assert!(of("pair", Method::Linear, "rmse") < 0.1 * of("pair", Method::Mean, "rmse"));

    let kind = &figures.outputs[1];
    assert_eq!((kind.output, kind.rows), ("kind", 80));
    let rows: Vec<_> = kind.methods.iter().map(|method| method.training_rows).collect();
    assert_eq!(rows, [None, Some(240), Some(240), Some(240)]);
    assert_eq!(figures.left_out, [("note", "texts")]);
    let text = figures.to_string();
    for words in [
        "`price` on 100 rows\nmethod                training rows",
        "\nlogistic regression ",
        "\n5 nearest neighbours ",
        "The baselines do not use `note` (texts).",
    ] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn baselines_need_rows_and_targets_and_a_fitted_model() {
    let model = trained(1);
    assert!(matches!(Baselines::fit(&model, &[]).err(), Some(Error::NoRows(_))));
    let fitted = Baselines::fit(&model, &rows(0..30)).unwrap();
    assert!(matches!(fitted.evaluate(&[]), Err(Error::NoRows(_))));
    let untrained = Trip::build(&Cpu::default(), Seed(1));
    assert!(matches!(Baselines::fit(&untrained, &rows(0..9)).err(), Some(Error::Unfitted { .. })));
    let without: Vec<TripSample> =
        rows(0..30).into_iter().map(|row| TripSample { kind: None, ..row }).collect();
    let figures = Baselines::fit(&model, &without).unwrap().evaluate(&rows(0..9)).unwrap();
    let outputs: Vec<&str> = figures.outputs.iter().map(|output| output.output).collect();
    assert_eq!(outputs, ["price", "late", "pair"]);
}

#[test]
fn a_report_compares_and_names_slices_and_unknown_values() {
    let model = trained(3);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let mut test = rows(300..500);
    test.iter_mut().filter(|row| row.town == "Kiel").for_each(|row| row.price += 500.0);
    test[7].sizes[2] = 1000.0;
    let report = Report::new(&model).rows(&test).unwrap().training_rows(&rows(0..300)).unwrap();
    report.write(&path).unwrap();
    let page = fs::read_to_string(path).unwrap();
    for words in [
        "<h2>Baselines</h2>",
        "<td>linear regression</td><td>300</td>",
        "The baselines do not use `note` (texts).",
        "<h2>Where the model is worse</h2>",
        "corrected by Bonferroni",
        "<td>price</td><td>`town` = Kiel</td>",
        "<h2>Values that training has not seen</h2>",
        "1 of 200 rows have such a value.",
        "<td>sizes[2]</td><td>1</td><td>1000</td>",
    ] {
        assert!(page.contains(words), "{words}");
    }
    // Without training rows there are no baselines.
    let path = folder.path().join("rows.html");
    Report::new(&model).rows(&test).unwrap().write(&path).unwrap();
    assert!(!fs::read_to_string(path).unwrap().contains("Baselines"));
}
