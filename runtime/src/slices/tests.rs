//! Slices of losses that are given.

use multi_input_base::RngKey;
use multi_input_data::{Column, Content, Values};
use multi_input_nn::loss::Mse;

use super::*;
use crate::definition::{Input, Missing, Output, Schema, Target, TargetKind};

const TARGET: Target = Target {
    name: "price",
    doc: "",
    unit: None,
    kind: TargetKind::Numbers,
    width: 1,
    steps: &[],
    columns: &[],
    labels: false,
    optional: false,
};
const fn input(name: &'static str, kind: Content, shape: &'static [usize]) -> Input {
    Input {
        name,
        doc: "",
        unit: None,
        kind,
        shape,
        missing: None,
        steps: &[],
        encoded_in_onnx: false,
    }
}
static GRAPH: Graph = Graph {
    schema: Schema {
        name: "House",
        inputs: &[
            input("town", Content::Names, &[]),
            input("sizes", Content::Numbers { blanks: false }, &[3]),
            Input {
                missing: Some(Missing::Zeros),
                ..input("garden", Content::Doubles { blanks: false }, &[])
            },
        ],
        derived: &[],
        targets: &[TARGET],
    },
    nodes: &[],
    outputs: &[Output {
        target: TARGET,
        head: 1,
        loss: &Mse,
        weight: 1.0,
        learned_weight: false,
        metrics: &[],
        weighted_metrics: &[],
    }],
    values: &[],
    cost: crate::definition::Cost { flops: 0, memory: 0 },
};

const ROWS: usize = 600;

/// Uniform random numbers in [0, 1).
struct Random(RngKey, u64);

impl Random {
    fn of(seed: u64) -> Random {
        Random(RngKey { seed, ..RngKey::default() }, 0)
    }

    fn next(&mut self) -> f64 {
        self.1 += 1;
        (self.0.numbers()(self.1) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (radius, angle) = ((-2.0 * (1.0 - self.next()).ln()).sqrt(), self.next());
        radius * (std::f64::consts::TAU * angle).cos()
    }
}

fn table(random: &mut Random) -> Table {
    let names = ["Ulm", "Bonn", "Kiel", "Jena", "Trier", "Hof"];
    // Towns of very different sizes.
    let town = |random: &mut Random| names[(6.0 * random.next().powi(2)) as usize].into();
    let towns = (0..ROWS).map(|_| town(random)).collect();
    let sizes = (0..3 * ROWS).map(|_| random.next() as f32).collect();
    let gardens = (0..ROWS).map(|_| random.normal()).collect();
    let present = (0..ROWS).map(|_| random.next() > 0.3).collect();
    let column = |index: usize, width, values, present| Column {
        name: GRAPH.inputs[index].name,
        content: GRAPH.inputs[index].kind,
        width,
        values: std::sync::Arc::new(values),
        present,
        lengths: None,
    };
    let columns = vec![
        column(0, 1, Values::Texts(towns), None),
        column(1, 3, Values::Numbers(sizes), None),
        column(2, 1, Values::Doubles(gardens), Some(present)),
    ];
    Table { columns, rows: ROWS }
}

/// Squared errors of normally distributed residuals, whose deviation depends on the row.
fn losses(random: &mut Random, deviation: impl Fn(usize) -> f64) -> Vec<Vec<(usize, f64)>> {
    vec![(0..ROWS).map(|row| (row, (deviation(row) * random.normal()).powi(2))).collect()]
}

fn town(table: &Table, row: usize) -> &str {
    match &*table.columns[0].values {
        Values::Texts(towns) => &towns[row],
        _ => "",
    }
}

fn size(table: &Table, row: usize, element: usize) -> f32 {
    match &*table.columns[1].values {
        Values::Numbers(sizes) => sizes[3 * row + element],
        _ => f32::NAN,
    }
}

#[test]
fn noise_has_a_slice_no_more_often_than_is_said() {
    for (finder, seeds) in [(SliceFinder::default(), 400), (SliceFinder::default().pairs(), 60)] {
        let found = (0..seeds).filter(|seed| {
            let mut random = Random::of(*seed);
            let table = table(&mut random);
            let losses = losses(&mut random, |_| 1.0);
            let slices = finder.compare((&GRAPH, None), &table, &losses);
            assert!(slices.comparisons >= 20, "{}", slices.comparisons);
            !slices.slices.is_empty()
        });
        let (found, seeds) = (found.count() as f64, seeds as f64);
        // At most 5 %, and three deviations of the count.
        assert!(found <= 0.05 * seeds + 3.0 * (0.05 * 0.95 * seeds).sqrt(), "{found} of {seeds}");
    }
}

#[test]
fn a_planted_slice_is_found_with_its_counts() {
    for seed in 0..20 {
        let mut random = Random::of(seed);
        let table = table(&mut random);
        let losses = losses(&mut random, |row| if town(&table, row) == "Kiel" { 2.0 } else { 1.0 });
        let slices = SliceFinder::default().compare((&GRAPH, None), &table, &losses);
        let slice = &slices.slices[0];
        assert_eq!((slice.output, slice.description()), ("price", "`town` = Kiel".to_owned()));
        let rows = (0..ROWS).filter(|row| town(&table, *row) == "Kiel").count();
        assert_eq!((slice.rows, slice.other_rows), (rows, ROWS - rows));
        let [low, high] = slice.interval;
        assert!(low > 0.0 && low < slice.difference && slice.difference < high);
        assert!((slice.loss - slice.other_loss - slice.difference).abs() < 1e-12);
        assert!(slices.to_string().contains("`town` = Kiel"), "{slices}");
    }
}

#[test]
fn a_range_of_a_column_and_absent_rows_are_found() {
    let mut random = Random::of(3);
    let table = table(&mut random);
    let is_absent = |row: usize| !table.columns[2].is_present(row);
    let wide = |row: usize| {
        if size(&table, row, 1) > 0.8 || is_absent(row) {
            3.0
        } else {
            1.0
        }
    };
    let losses = losses(&mut random, wide);
    let slices = SliceFinder::default().compare((&GRAPH, None), &table, &losses);
    let found: Vec<String> = slices.slices.iter().map(Slice::description).collect();
    assert!(found.iter().any(|words| words.starts_with("`sizes[1]` from 0.8")), "{found:?}");
    assert!(found.iter().any(|words| words == "`garden` absent"), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn a_pair_is_found_and_not_beside_a_condition_that_does_as_well() {
    let mut random = Random::of(5);
    let table = table(&mut random);
    let is_large = |row: usize| size(&table, row, 0) > 0.6;
    let both = |row: usize| if is_large(row) && town(&table, row) == "Ulm" { 5.0 } else { 1.0 };
    let planted = losses(&mut random, both);
    let slices = SliceFinder::default().pairs().compare((&GRAPH, None), &table, &planted);
    let first = slices.slices[0].description();
    assert!(first.starts_with("`town` = Ulm and `sizes[0]` from 0."), "{first}");

    let town_only = losses(&mut random, |row| if town(&table, row) == "Ulm" { 3.0 } else { 1.0 });
    let slices = SliceFinder::default().pairs().compare((&GRAPH, None), &table, &town_only);
    assert!(slices.slices.iter().any(|slice| slice.description() == "`town` = Ulm"), "{slices}");
}

#[test]
fn a_row_with_an_unknown_target_or_loss_is_in_no_group() {
    let mut random = Random::of(1);
    let table = table(&mut random);
    let mut losses = losses(&mut random, |_| 1.0);
    losses[0].truncate(50);
    let slices = SliceFinder::default().compare((&GRAPH, None), &table, &losses);
    assert_eq!((slices.comparisons, slices.slices.len()), (0, 0));
    assert!(slices.to_string().ends_with("In no group is the loss larger than in the others."));
}

#[test]
fn losses_that_are_not_finite_are_counted_and_left_out() {
    let mut random = Random::of(3);
    let table = table(&mut random);
    let mut losses = losses(&mut random, |_| 1.0);
    let whole = SliceFinder::default().compare((&GRAPH, None), &table, &losses);
    assert_eq!(whole.not_finite, 0);
    (losses[0][5].1, losses[0][7].1) = (f64::NAN, f64::INFINITY);
    let found = SliceFinder::default().compare((&GRAPH, None), &table, &losses);
    assert_eq!((found.not_finite, found.comparisons), (2, whole.comparisons));
    assert!(found.method().contains("2 losses are not finite"), "{}", found.method());
}
