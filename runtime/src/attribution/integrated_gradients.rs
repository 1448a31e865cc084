//! Integrated gradients: the integral of the gradient along the line from the baseline to the row.
//!
//! ```text
//! share(i) = (x_i - b_i) * integral over alpha from 0 to 1 of df/dx_i (b + alpha (x - b))
//! ```
//!
//! Here x and b are encoded, after preprocessing; `path.rs` has the path of inputs that are not
//! numbers. Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", 2017.

use dfdx::{
    tensor::{Gradients, OwnedTape},
    tensor_ops::Backward,
};
use multi_input_base::{Error, Result, Seed};
use multi_input_data::{columns::RowSpec, Column, Content, Lengths, Table, Values};
use multi_input_kernel::{Backend, Element};

use super::{
    path::{points, Point},
    Attribution, Explained, FeatureAttribution,
};
use crate::{
    cell_text::cell_text,
    data::Batch,
    definition::Traced,
    feature::{columns, mistake, Feature},
    objective::{head_values, predictions, scalar_on_tape},
    untyped::{rows_at_once, AnyDifferentiable, UntypedModel},
};

/// The settings of an explanation by integrated gradients.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct IntegratedGradientsSettings {
    pub(crate) explained: Explained,
    pub(crate) baseline: Baseline,
    pub(crate) by_column: bool,
    /// The number of points of the quadrature.
    pub(crate) steps: usize,
    pub(crate) row: Option<&'static RowSpec>,
}

/// The start of the path.
#[derive(Clone, Debug)]
pub(crate) enum Baseline {
    /// Encoded numbers of 0, categories of index 0, absent `Option`s.
    Zeros,
    /// The mean of the encoded numbers and the most frequent categories of rows; absent `Option`s.
    Mean(Table),
    /// One row.
    Row(Table),
}

/// What is explained, and with which module.
struct Integral<'a, E: Element, D: Backend<E>> {
    model: &'a UntypedModel<E, D>,
    module: &'a dyn AnyDifferentiable<E, D>,
    explained: Explained,
    element: usize,
}

/// The model at points of the path.
struct AtPoints {
    /// The explained number at every point.
    values: Vec<f64>,
    /// For each encoded column of numbers, its index and the gradients with respect to its elements
    /// at every point, multiplied by the weights of the points.
    gradients: Vec<(usize, Vec<f64>)>,
}

/// The attributions of rows of inputs.
pub(crate) fn integrated_gradients<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    module: &dyn AnyDifferentiable<E, D>,
    settings: &IntegratedGradientsSettings,
    rows: &Table,
) -> Result<Vec<Attribution>> {
    if rows.rows == 0 {
        return Err(Error::NoRows("explain"));
    }
    if settings.steps == 0 {
        return Err(mistake("`steps` must be at least 1".to_owned()));
    }
    let output = settings.explained.output(model)?;
    let (fitted, graph) = (model.fitted()?, model.graph());
    let mut raw = rows.clone();
    raw.columns.truncate(graph.inputs.len());
    let all: Vec<usize> = (0..raw.rows).collect();
    let ready = fitted.encode(&raw, &all, 0)?;
    let baseline = baseline(model, &settings.baseline, &raw)?;
    let features = features(model, settings, &ready);
    let elements = settings.explained.elements(model, &ready)?;
    let explain = |(row, (element, shown)): (usize, (usize, Option<usize>))| {
        let mut pair = ready.select(&[row]);
        pair.append(&baseline, 0..1);
        let integral = Integral { model, module, explained: settings.explained, element };
        let ends = settings.explained.values(model, &pair, element)?;
        let shares = integral.shares(&pair, settings.steps)?;
        let feature = |feature: &Feature| {
            let attribution = match feature.column {
                None => shares[feature.index].iter().sum(),
                Some(column) => shares[feature.index][column],
            };
            let value = match raw.columns.get(feature.index) {
                Some(column) => cell_text(column, row, feature.column),
                None => cell_text(&ready.columns[feature.index], row, None),
            };
            FeatureAttribution { feature: feature.clone(), value, attribution, error: 0.0 }
        };
        Ok(Attribution {
            output: output.name,
            element: shown,
            logit: settings.explained.logit,
            prediction: ends[0],
            baseline: ends[1],
            features: features.iter().map(feature).collect(),
        })
    };
    elements.into_iter().enumerate().map(explain).collect()
}

/// The inputs or their columns, and the derived nodes. An array has columns here where it is
/// numbers after preprocessing as well, as many as before, and no `Option`, which switches as a
/// whole.
fn features<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    settings: &IntegratedGradientsSettings,
    ready: &Table,
) -> Vec<Feature> {
    let graph = model.graph();
    let has_columns = |index: usize| {
        let (input, encoded) = (&graph.inputs[index], &ready.columns[index]);
        let are_numbers = input.kind.blanks().is_some() && is_numbers(encoded);
        let count = columns(input);
        let has_columns = count > 1 && encoded.width == count;
        settings.by_column && are_numbers && has_columns && input.missing.is_none()
    };
    let of_input = |index: usize| match has_columns(index) {
        false => vec![Feature::whole(graph, index)],
        true => {
            let of_column = |column| Feature::of_column(graph, settings.row, index, column);
            (0..columns(&graph.inputs[index])).map(of_column).collect()
        }
    };
    let derived = graph.derived.iter().enumerate().map(|(number, derived)| Feature {
        input: derived.name,
        column: None,
        name: derived.name.to_owned(),
        index: graph.inputs.len() + number,
    });
    (0..graph.inputs.len()).flat_map(of_input).chain(derived).collect()
}

/// Whether a layer may read the column.
fn is_encoded(column: &Column) -> bool {
    matches!(*column.values, Values::Numbers(_) | Values::Categories(_))
}

fn is_numbers(column: &Column) -> bool {
    matches!(*column.values, Values::Numbers(_)) && column.lengths.is_none()
}

/// The encoded baseline, a table of one row. `raw` are the explained rows.
fn baseline<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    baseline: &Baseline,
    raw: &Table,
) -> Result<Table> {
    let (fitted, graph) = (model.fitted()?, model.graph());
    let mut rows = match baseline {
        Baseline::Zeros => raw.select(&[0]),
        Baseline::Mean(rows) | Baseline::Row(rows) => rows.clone(),
    };
    rows.columns.truncate(graph.inputs.len());
    if rows.rows == 0 {
        return Err(Error::NoRows("compare with"));
    }
    if let Baseline::Mean(_) | Baseline::Zeros = baseline {
        for column in &mut rows.columns {
            column.present.iter_mut().for_each(|present| present.fill(false));
        }
    }
    let all: Vec<usize> = (0..rows.rows).collect();
    let ready = fitted.encode(&rows, &all, 0)?;
    if let Baseline::Row(_) = baseline {
        return Ok(ready.select(&[0]));
    }
    let means = matches!(baseline, Baseline::Mean(_));
    let columns = ready.columns.iter().enumerate().map(|(index, column)| {
        let kind = graph.inputs.get(index).map(|input| input.kind);
        // Neither texts nor lists have a most frequent element at a position.
        let is_sequence = matches!(kind, Some(Content::Texts | Content::Lists { .. }));
        match column.present {
            // As an absent value is encoded.
            Some(_) => column.of_rows(&[0]),
            None => typical(column, means && !is_sequence),
        }
    });
    Ok(Table { columns: columns.collect(), rows: 1 })
}

/// A row of zeros, or of the means of numbers and the most frequent categories.
fn typical(column: &Column, means: bool) -> Column {
    let width = column.width;
    let rows = column.values.len() / width.max(1);
    let values = match (&*column.values, means) {
        (Values::Numbers(numbers), true) => {
            let mean = |element: usize| {
                let own = numbers.iter().skip(element).step_by(width).map(|n| f64::from(*n));
                (own.sum::<f64>() / rows as f64) as f32
            };
            Values::Numbers((0..width).map(mean).collect())
        }
        (Values::Categories(categories), true) => {
            let own = |element| categories.iter().skip(element).step_by(width).copied();
            Values::Categories((0..width).map(|element| most_frequent(own(element))).collect())
        }
        (Values::Numbers(_), false) => Values::Numbers(vec![0.0; width]),
        (Values::Categories(_), false) => Values::Categories(vec![0; width]),
        // No layer reads anything else, such as a text of which a derived node is made.
        _ => return column.of_rows(&[0]),
    };
    let lengths = column.lengths.as_ref();
    let lengths =
        lengths.map(|lengths| Lengths { of_rows: vec![0], padded_before: lengths.padded_before });
    Column { values: values.into(), present: None, lengths, ..*column }
}

/// The most frequent number, the smallest of equally frequent ones; 0 if there is none.
fn most_frequent(numbers: impl Iterator<Item = u32>) -> u32 {
    let mut sorted: Vec<u32> = numbers.collect();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b);
    let best = runs.fold(&[][..], |best, run| if run.len() > best.len() { run } else { best });
    best.first().copied().unwrap_or_default()
}

impl<E: Element, D: Backend<E>> Integral<'_, E, D> {
    /// The share of every element of every encoded column; one number for a column that switches.
    /// `pair` has the row and the baseline.
    fn shares(&self, pair: &Table, steps: usize) -> Result<Vec<Vec<f64>>> {
        let columns = &pair.columns;
        let moves =
            |column: &Column| is_numbers(column) && column.is_present(0) == column.is_present(1);
        let differs =
            |column: &Column| is_encoded(column) && column.of_rows(&[0]) != column.of_rows(&[1]);
        // The number of the switch of each column.
        let mut switches = 0;
        let switch_of = columns.iter().map(|column| {
            let switch = (!moves(column) && differs(column)).then_some(switches);
            switches += usize::from(switch.is_some());
            switch
        });
        let switch_of: Vec<Option<usize>> = switch_of.collect();
        let mut shares: Vec<Vec<f64>> = columns
            .iter()
            .map(|column| vec![0.0; if moves(column) { column.width } else { 1 }])
            .collect();
        let path = points(steps, switches, Seed(0));
        for points in path.chunks(rows_at_once(self.model.graph())) {
            let table = table(pair, &switch_of, points);
            let AtPoints { values, gradients } = self.at(&table, points)?;
            for (column, gradient) in gradients {
                if switch_of[column].is_some() || !moves(&columns[column]) {
                    continue;
                }
                let Values::Numbers(ends) = &*columns[column].values else { continue };
                let width = columns[column].width;
                for (index, grad) in gradient.iter().enumerate() {
                    let element = index % width;
                    let difference = f64::from(ends[element]) - f64::from(ends[width + element]);
                    shares[column][element] += difference * grad;
                }
            }
            for (column, switch) in switch_of.iter().enumerate() {
                let Some(switch) = switch else { continue };
                let own = points.iter().zip(&values).flat_map(|(point, value)| {
                    let shares = point.shares.iter().filter(|(own, _)| own == switch);
                    shares.map(move |(_, weight)| weight * value)
                });
                shares[column][0] += own.sum::<f64>();
            }
        }
        Ok(shares)
    }

    /// Computes the model and its gradients at points of the path.
    fn at(&self, table: &Table, points: &[Point]) -> Result<AtPoints> {
        let all: Vec<usize> = (0..table.rows).collect();
        let device = &self.model.device;
        let tape = OwnedTape::<E, D>::default();
        let traced = self.module.trace(&Batch::new(table, &all), device, tape);
        let Traced { heads, inputs, tape } = traced.map_err(Error::device)?;
        let (values, grads) =
            self.of_heads(head_values(self.model.graph(), &heads, table.rows)?, points);
        let total = scalar_on_tape(0.0, (heads, grads), tape, device).map_err(Error::device)?;
        let mut gradients: Gradients<E, D> = total.try_backward().map_err(Error::device)?;
        let inputs = inputs.into_iter().map(|(column, input)| {
            let read = |gradient: &mut [E]| gradient.iter().map(|grad| grad.as_f64()).collect();
            let gradient = D::edit_gradient(&mut gradients, &input, read);
            Ok((column, gradient.map_err(Error::device)?))
        });
        Ok(AtPoints { values, gradients: inputs.collect::<Result<_>>()? })
    }

    /// The explained number of each row, and for each head its weighted gradient with respect to the
    /// head. From head to prediction the derivative is a central difference in `f64`, so that
    /// predictions of every kind are explained by the function that computes them.
    fn of_heads(&self, heads: Vec<Vec<f64>>, points: &[Point]) -> (Vec<f64>, Vec<Vec<f64>>) {
        const STEP: f64 = 1e-6;
        let (output, rows) = (self.explained.output, points.len().max(1));
        let mut grads: Vec<Vec<f64>> = heads.iter().map(|head| vec![0.0; head.len()]).collect();
        let width = heads[output].len() / rows;
        let values = self.of_rows(heads.clone(), rows);
        for index in 0..width {
            if self.explained.logit && index != self.element {
                continue;
            }
            let shifted = |by: f64| {
                let mut shifted = heads.clone();
                let own = shifted[output].iter_mut().skip(index).step_by(width);
                own.for_each(|head| *head += by * head.abs().max(1.0));
                self.of_rows(shifted, rows)
            };
            let (above, below) = (shifted(STEP), shifted(-STEP));
            for (row, point) in points.iter().enumerate() {
                let at = row * width + index;
                let step = 2.0 * STEP * heads[output][at].abs().max(1.0);
                grads[output][at] = point.gradient * (above[row] - below[row]) / step;
            }
        }
        (values, grads)
    }

    /// The explained number of each row, from the heads.
    fn of_rows(&self, heads: Vec<Vec<f64>>, rows: usize) -> Vec<f64> {
        let numbers = match self.explained.logit {
            true => heads,
            false => predictions(self.model.graph(), self.model.preprocessing.as_ref(), heads),
        };
        let numbers = &numbers[self.explained.output];
        let width = (numbers.len() / rows).max(1);
        numbers.chunks_exact(width).map(|row| row[self.element]).collect()
    }
}

/// The encoded rows at points of the path.
fn table(pair: &Table, switch_of: &[Option<usize>], points: &[Point]) -> Table {
    let columns = pair.columns.iter().zip(switch_of).map(|(column, switch)| {
        let sources = points.iter().map(|point| match switch {
            Some(switch) => usize::from(!point.switched[*switch]),
            None => 0,
        });
        let mut moved = column.of_rows(&sources.collect::<Vec<_>>());
        if let (None, Values::Numbers(ends)) = (switch, &*column.values) {
            let (row, baseline) = ends.split_at(column.width);
            let at = |point: &Point| {
                let ends = row.iter().zip(baseline);
                let alpha = point.alpha;
                ends.map(move |(row, baseline)| {
                    let (row, baseline) = (f64::from(*row), f64::from(*baseline));
                    (baseline + alpha * (row - baseline)) as f32
                })
            };
            moved.values = Values::Numbers(points.iter().flat_map(at).collect()).into();
        }
        moved
    });
    Table { columns: columns.collect(), rows: points.len() }
}
