//! Baselines compared with scikit-learn, whose answers `tests/fixtures/sklearn_baselines.py` recorded.

use multi_input_data::{Column, Content, Table, Values};
use multi_input_nn::loss::{CrossEntropy, Mse};
use serde::Deserialize;

use super::{
    features::{Features, Matrix},
    neighbours::Neighbours,
    output::{Errors, OutputBaselines},
    Method,
};
use crate::definition::{Graph, Input, Output, Schema, Target, TargetKind};

#[derive(Deserialize)]
struct Answers {
    train: Vec<Vec<f64>>,
    test: Vec<Vec<f64>>,
    number: [Vec<f64>; 2],
    class: [Vec<u32>; 2],
    ridge: Vec<f64>,
    nearest_numbers: Vec<f64>,
    multinomial: Vec<Vec<f64>>,
    nearest_classes: Vec<Vec<f64>>,
    binary: Vec<f64>,
    figures: [f64; 4],
}

fn answers() -> Answers {
    serde_json::from_str(include_str!("../../../tests/fixtures/baselines.json")).unwrap()
}

static GRAPH: Graph = Graph {
    schema: Schema {
        name: "Wine",
        inputs: &[Input {
            name: "measurements",
            doc: "",
            unit: None,
            kind: Content::Doubles { blanks: false },
            shape: &[12],
            missing: None,
            steps: &[],
            encoded_in_onnx: false,
        }],
        derived: &[],
        targets: &[],
    },
    nodes: &[],
    outputs: &[],
    values: &[],
    cost: crate::definition::Cost { flops: 0, memory: 0 },
};

const NUMBER: Output = Output {
    target: Target {
        name: "alcohol",
        doc: "",
        unit: None,
        kind: TargetKind::Doubles,
        width: 1,
        steps: &[],
        columns: &[],
        labels: false,
        optional: false,
    },
    head: 1,
    loss: &Mse,
    weight: 1.0,
    learned_weight: false,
    metrics: &[],
    weighted_metrics: &[],
};

fn column(content: Content, width: usize, values: Values) -> Column {
    Column { name: "x", content, width, values: values.into(), present: None, lengths: None }
}

fn table(rows: &[Vec<f64>]) -> Table {
    let values = Values::Doubles(rows.concat());
    let columns = vec![column(Content::Doubles { blanks: false }, 12, values)];
    Table { columns, rows: rows.len() }
}

/// The largest difference between the predictions of a method and scikit-learn's.
fn distance(
    (fitted, neighbours): (&OutputBaselines, &[Neighbours]),
    method: Method,
    test: &Matrix,
    expected: &[Vec<f64>],
) -> f64 {
    let rows = expected.iter().enumerate().flat_map(|(row, expected)| {
        let nearest: Vec<_> = neighbours.iter().map(|own| own.nearest(test.row(row))).collect();
        let found = fitted.predict(method, test.row(row), &nearest);
        assert_eq!(found.len(), expected.len());
        found.into_iter().zip(expected).map(|(found, expected)| (found - expected).abs())
    });
    rows.collect::<Vec<_>>().into_iter().fold(0.0, f64::max)
}

/// The numbers of all rows of a table.
fn all(table: &Table) -> Vec<usize> {
    (0..table.rows).collect()
}

/// The figures of predictions for the rows of a target.
fn figures(output: &Output, target: &Column, predicted: &[f64]) -> Vec<(String, f64)> {
    let mut errors = Errors::default();
    let rows: Vec<usize> = (0..target.values.len()).collect();
    // In two steps, as a large table is evaluated.
    let (first, second) = rows.split_at(7);
    let (of_first, of_second) = predicted.split_at(7 * output.width);
    errors.add(output, (target, first), of_first);
    errors.add(output, (target, second), of_second);
    errors.figures(output)
}

fn each(numbers: &[f64]) -> Vec<Vec<f64>> {
    numbers.iter().map(|number| vec![*number]).collect()
}

#[test]
fn regression_and_neighbours_of_numbers() {
    let answers = answers();
    let (train, test) = (table(&answers.train), table(&answers.test));
    let features = Features::fit(&GRAPH, &train);
    let test = features.of(&test, &all(&test));
    let (of, mut pool) = ((&features, &train), Vec::new());
    let [of_train, of_test] =
        answers.number.map(|number| column(Content::TargetDoubles, 1, Values::Doubles(number)));
    let fitted = OutputBaselines::fit(&NUMBER, &of_train, of, &mut pool).unwrap();
    assert!(distance((&fitted, &pool), Method::Linear, &test, &each(&answers.ridge)) < 1e-9);
    assert!(
        distance((&fitted, &pool), Method::Neighbours, &test, &each(&answers.nearest_numbers))
            < 1e-9
    );
    let figures = figures(&NUMBER, &of_test, &answers.ridge);
    for ((_, found), expected) in figures.iter().zip(&answers.figures[..2]) {
        assert!((found - expected).abs() < 1e-12);
    }
}

#[test]
fn logistic_regression_and_neighbours_of_classes() {
    let answers = answers();
    let kind = Output {
        target: Target { kind: TargetKind::Class, width: 3, ..NUMBER.target },
        head: 3,
        loss: &CrossEntropy { label_smoothing: 0.0 },
        ..NUMBER
    };
    let (train, test) = (table(&answers.train), table(&answers.test));
    let features = Features::fit(&GRAPH, &train);
    let test = features.of(&test, &all(&test));
    let (of, mut pool) = ((&features, &train), Vec::new());
    let [of_train, of_test] = answers
        .class
        .clone()
        .map(|classes| column(Content::Categories { below: 3 }, 1, Values::Categories(classes)));
    let fitted = OutputBaselines::fit(&kind, &of_train, of, &mut pool).unwrap();
    let by_regression = distance((&fitted, &pool), Method::Linear, &test, &answers.multinomial);
    assert!(by_regression < 1e-5, "{by_regression}");
    assert!(
        distance((&fitted, &pool), Method::Neighbours, &test, &answers.nearest_classes) < 1e-12
    );
    let figures = figures(&kind, &of_test, &answers.multinomial.concat());
    for ((_, found), expected) in figures.iter().zip(&answers.figures[2..]) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }

    let flag = Output { target: Target { kind: TargetKind::Flag, ..NUMBER.target }, ..NUMBER };
    let flags = answers.class[0].iter().map(|class| f32::from(u8::from(*class == 0))).collect();
    let of_train = column(Content::TargetNumbers, 1, Values::Numbers(flags));
    let fitted = OutputBaselines::fit(&flag, &of_train, of, &mut pool).unwrap();
    assert!(distance((&fitted, &pool), Method::Linear, &test, &each(&answers.binary)) < 1e-5);
    assert_eq!(pool.len(), 1, "outputs with the same rows share their neighbours");
}
