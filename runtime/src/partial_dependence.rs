//! Partial dependence: the mean prediction as a function of one or two inputs.
//!
//! ```text
//! pd(v) = mean over rows r of f(r with the input set to v)
//! ```
//!
//! The values v come from the rows: for numbers and dates quantiles, for categories the most
//! frequent ones. Friedman, "Greedy function approximation: a gradient boosting machine", 2001; the
//! curves of single rows: Goldstein et al., "Peeking inside the black box", 2015 (ICE).

use std::{fmt, path::Path};

use multi_input_base::{Error, Result};
use multi_input_data::{
    chrono::{Datelike, Timelike},
    columns::RowSpec,
    Column, Table, Values,
};
use multi_input_kernel::{Backend, Element};

pub use crate::feature::Feature;
use crate::{
    attribution::Explained,
    cell_text::cell_text,
    feature::mistake,
    plot,
    short::Short,
    untyped::{rows_at_once, Composer, UntypedModel},
};

/// The mean prediction as a function of one or two inputs or columns.
/// `sklearn.inspection.partial_dependence`, with `kind="average"` and `kind="individual"`. `Display`
/// prints a table.
#[derive(Clone, Debug, PartialEq)]
pub struct PartialDependence {
    /// The name of the output.
    pub output: &'static str,
    /// The index of the class, label or element; `None` for an output of one number.
    pub element: Option<usize>,
    /// Whether the head before the link function is averaged.
    pub logit: bool,
    /// One or two axes.
    pub axes: Vec<Axis>,
    /// The mean over the rows for every point of the first axis, and within it of the second.
    pub average: Vec<f64>,
    /// For every row, its own predictions in the order of `average`; empty unless asked for.
    pub individual: Vec<Vec<f64>>,
    /// The number of rows: all those that have the columns of the axes. (A whole `Option` is set in
    /// every row, a column of one only where it is present.)
    pub rows: usize,
}

/// An axis of a [`PartialDependence`].
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The input or column.
    pub feature: Feature,
    /// Its values, in ascending order for numbers and dates, the most frequent first for others.
    pub points: Vec<AxisPoint>,
}

/// A value on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisPoint {
    /// The raw value as text; `absent` for an `Option` without a value.
    pub value: String,
    /// The raw value, if it is a number.
    pub number: Option<f64>,
    /// Where it lies on the axis of a picture: the number, or the year of a date, with its fraction.
    place: Option<f64>,
    /// The row that provides the value.
    row: usize,
}

/// The settings of a partial dependence.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct PartialDependenceSettings {
    pub(crate) explained: Explained,
    /// The names of the inputs, and their columns.
    pub(crate) features: Vec<(&'static str, Option<usize>)>,
    /// The most points of an axis.
    pub(crate) points: usize,
    pub(crate) individual: bool,
    pub(crate) row: Option<&'static RowSpec>,
}

impl PartialDependence {
    /// The mean predictions over values of the rows.
    pub(crate) fn over_rows<E: Element, D: Backend<E>>(
        model: &UntypedModel<E, D>,
        settings: &PartialDependenceSettings,
        raw: &Table,
    ) -> Result<PartialDependence> {
        let (graph, output) = (model.graph(), settings.explained.output(model)?);
        if settings.points == 0 {
            return Err(mistake("an axis needs at least one of `points`".to_owned()));
        }
        let named =
            |named: &(&'static str, Option<usize>)| Feature::named(graph, settings.row, *named);
        let features = settings.features.iter().map(named).collect::<Result<Vec<_>>>()?;
        if let [first, second] = &features[..] {
            if first == second {
                return Err(mistake(format!("`{}` is both axes", first.name)));
            }
        }
        let axis = |feature: Feature| Axis::over(feature, raw, settings.points);
        let axes = features.into_iter().map(axis).collect::<Result<Vec<_>>>()?;
        let rows = axes.iter().fold((0..raw.rows).collect::<Vec<_>>(), |mut rows, axis| {
            let column = &raw.columns[axis.feature.index];
            rows.retain(|row| axis.feature.column.is_none() || column.is_present(*row));
            rows
        });
        if rows.is_empty() {
            return Err(Error::NoRows("average over"));
        }
        let split = (0..graph.inputs.len()).map(|input| {
            let of_input = |axis: &Axis| axis.feature.index == input;
            axes.iter().any(|axis| of_input(axis) && axis.feature.column.is_some())
        });
        let composer = Composer::new(model, raw.clone(), split.collect())?;
        let elements = settings.explained.elements(model, &composer.ready().select(&rows[..1]));
        let (element, shown) = elements?[0];
        let mut found = PartialDependence {
            output: output.name,
            element: shown,
            logit: settings.explained.logit,
            axes,
            average: Vec::new(),
            individual: Vec::new(),
            rows: rows.len(),
        };
        found.fill(model, (settings, element), (&composer, &rows))?;
        Ok(found)
    }

    /// Computes the predictions at every point for every row.
    fn fill<E: Element, D: Backend<E>>(
        &mut self,
        model: &UntypedModel<E, D>,
        (settings, element): (&PartialDependenceSettings, usize),
        (composer, rows): (&Composer<'_>, &[usize]),
    ) -> Result<()> {
        if settings.individual {
            self.individual = vec![Vec::new(); rows.len()];
        }
        for point in self.points() {
            let mut sum = 0.0;
            for (chunk, numbers) in rows.chunks(rows_at_once(model.graph())).enumerate() {
                let source = |row: usize, input: usize, index: usize| {
                    let mut axes = self.axes.iter().zip(&point);
                    let set = axes.find(|(axis, _)| axis.feature.includes(input, index));
                    set.map_or(numbers[row], |(axis, point)| axis.points[*point].row)
                };
                let ready = composer.compose(numbers.len(), &source)?;
                let values = settings.explained.values(model, &ready, element)?;
                sum += values.iter().sum::<f64>();
                let first = chunk * rows_at_once(model.graph());
                let own = self.individual.iter_mut().skip(first);
                own.zip(values).for_each(|(own, value)| own.push(value));
            }
            self.average.push(sum / rows.len() as f64);
        }
        Ok(())
    }

    /// The points of the grid, as indices of the points of every axis; the last axis runs fastest.
    fn points(&self) -> Vec<Vec<usize>> {
        let start = vec![Vec::new()];
        self.axes.iter().fold(start, |grid, axis| {
            let next = |point: Vec<usize>| {
                (0..axis.points.len()).map(move |own| [&point[..], &[own]].concat())
            };
            grid.into_iter().flat_map(next).collect()
        })
    }

    /// Draws the dependence: a curve over numbers and dates, with up to 50 curves of single rows if
    /// there are any, and a dashed line for the absent value; bars over categories, and over a single
    /// value; a table of colours over two inputs.
    /// `sklearn.inspection.PartialDependenceDisplay`.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        plot::write(path.as_ref(), &self.picture())
    }

    fn picture(&self) -> String {
        let names =
            |axis: &Axis| axis.points.iter().map(|point| point.value.clone()).collect::<Vec<_>>();
        match &self.axes[..] {
            [first, second] => plot::cells(
                &self.title(),
                (&names(first), &names(second)),
                &self.average,
                [&first.feature.name, &second.feature.name],
            ),
            [axis] if axis.points.iter().filter(|point| point.place.is_some()).count() > 1 => {
                self.curve(axis)
            }
            _ => {
                let points = self.axes.iter().flat_map(|axis| &axis.points);
                let bars = points.zip(&self.average).map(|(point, value)| plot::Bar {
                    name: point.value.clone(),
                    value: *value,
                    deviation: 0.0,
                });
                plot::bars(&self.title(), &bars.collect::<Vec<_>>())
            }
        }
    }

    fn curve(&self, axis: &Axis) -> String {
        const MOST_ROWS: usize = 50;
        // An absent value has no place on the axis.
        let places = axis.points.iter().map(|point| point.place);
        let series = |name: &str, values: &[f64]| {
            let points = places.clone().zip(values);
            let points = points.filter_map(|(place, value)| Some((place?, *value)));
            plot::Series { name: name.to_owned(), points: points.collect(), dashed: false }
        };
        let ends = || {
            let placed = places.clone().flatten();
            placed.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)))
        };
        let absent =
            axis.points.iter().zip(&self.average).filter(|(point, _)| point.place.is_none());
        let absent = absent.map(|(point, value)| plot::Series {
            name: point.value.clone(),
            points: vec![(ends().0, *value), (ends().1, *value)],
            dashed: true,
        });
        // Curves without a name are drawn behind the others.
        let rows = self.individual.iter().take(MOST_ROWS).map(|row| series("", row));
        plot::panel(&plot::Panel {
            title: self.title(),
            x_title: if axis.points.iter().any(|point| point.number.is_some()) {
                "value"
            } else {
                "year"
            },
            x_scale: plot::XScale::Linear,
            series: [series("mean", &self.average)].into_iter().chain(absent).chain(rows).collect(),
        })
    }

    fn title(&self) -> String {
        let explained = Explained::in_words(self.output, self.element, self.logit);
        let axes = self.axes.iter().map(|axis| &*axis.feature.name).collect::<Vec<_>>();
        format!("{explained} by {}", axes.join(" and "))
    }
}

impl Axis {
    /// The values of a feature in rows, at most `most`.
    fn over(feature: Feature, raw: &Table, most: usize) -> Result<Axis> {
        let column = &raw.columns[feature.index];
        let element = match feature.column {
            Some(element) => element,
            None if column.width == 1 => 0,
            None => {
                return Err(mistake(format!(
                    "`{}` is an array of {} elements: name one of its columns",
                    feature.name, column.width
                )))
            }
        };
        let present: Vec<usize> = (0..raw.rows).filter(|row| column.is_present(*row)).collect();
        let at = |row: usize| row * column.width + element;
        let mut rows = match &*column.values {
            Values::Numbers(all) => quantiles(present, most, |row| f64::from(all[at(row)])),
            Values::Doubles(all) => quantiles(present, most, |row| all[at(row)]),
            Values::Dates(all) => {
                quantiles(present, most, |row| all[at(row)].and_utc().timestamp_micros() as f64)
            }
            Values::Categories(all) => most_frequent(present, most, |row| all[at(row)]),
            Values::Texts(all) => most_frequent(present, most, |row| all[at(row)].clone()),
            Values::Pictures(_) | Values::Lists(_) => {
                return Err(mistake(format!(
                    "`{}` is a picture or a list, whose values have neither an order nor frequent \
                     ones",
                    feature.name
                )))
            }
        };
        // A whole field may also be absent.
        let absent = (0..raw.rows).find(|row| !column.is_present(*row));
        rows.extend(absent.filter(|_| feature.column.is_none()));
        let point = |row: usize| AxisPoint {
            value: cell_text(column, row, Some(element)),
            number: number(column, row, element),
            place: number(column, row, element).or_else(|| year(column, row, element)),
            row,
        };
        let points = rows.into_iter().map(point).collect();
        Ok(Axis { feature, points })
    }
}

/// The number at an element of a row, if it is one.
fn number(column: &Column, row: usize, element: usize) -> Option<f64> {
    let at = row * column.width + element;
    match &*column.values {
        Values::Numbers(all) => column.is_present(row).then(|| f64::from(all[at])),
        Values::Doubles(all) => column.is_present(row).then(|| all[at]),
        _ => None,
    }
}

/// The year of a date at an element of a row, with its fraction.
fn year(column: &Column, row: usize, element: usize) -> Option<f64> {
    let Values::Dates(all) = &*column.values else { return None };
    let date = column.is_present(row).then(|| all[row * column.width + element])?;
    let seconds = f64::from(date.num_seconds_from_midnight());
    let days = if date.date().leap_year() { 366.0 } else { 365.0 };
    Some(f64::from(date.year()) + (f64::from(date.ordinal0()) + seconds / 86_400.0) / days)
}

/// Rows whose values are quantiles of all, without repetition: all different values where they are
/// few, and otherwise `most` in equal steps of probability, each the nearest value that occurs.
fn quantiles(mut rows: Vec<usize>, most: usize, value: impl Fn(usize) -> f64) -> Vec<usize> {
    rows.retain(|row| value(*row).is_finite());
    rows.sort_by(|a, b| value(*a).total_cmp(&value(*b)));
    let mut different = rows.clone();
    different.dedup_by(|a, b| value(*a) == value(*b));
    if different.len() <= most {
        return different;
    }
    // A single point is the median.
    if most == 1 {
        return vec![rows[(rows.len() - 1) / 2]];
    }
    let steps = most - 1;
    let nearest = |step: usize| rows[(step * (rows.len() - 1) + steps / 2) / steps];
    let mut found: Vec<usize> = (0..most).map(nearest).collect();
    found.dedup_by(|a, b| value(*a) == value(*b));
    found
}

/// A row for each of the most frequent values, the most frequent first; equally frequent ones in
/// ascending order.
fn most_frequent<T: Ord>(
    mut rows: Vec<usize>,
    most: usize,
    value: impl Fn(usize) -> T,
) -> Vec<usize> {
    rows.sort_by_key(|row| value(*row));
    let mut runs: Vec<&[usize]> = rows.chunk_by(|a, b| value(*a) == value(*b)).collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
    runs.iter().take(most).map(|run| run[0]).collect()
}

impl fmt::Display for PartialDependence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: means over {} rows", self.title(), self.rows)?;
        for (point, value) in self.points().iter().zip(&self.average) {
            let set = self.axes.iter().zip(point).map(|(axis, point)| {
                format!("{} = {}", axis.feature.name, axis.points[*point].value)
            });
            write!(f, "\n{}: {}", set.collect::<Vec<_>>().join(", "), Short(*value))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occur() {
        let values = [5.0, 1.0, 3.0, 3.0, f64::NAN, 2.0, 4.0];
        let of = |most| {
            let rows = quantiles((0..values.len()).collect(), most, |row| values[row]);
            rows.iter().map(|row| values[*row]).collect::<Vec<_>>()
        };
        assert_eq!(of(10), [1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(of(3), [1.0, 3.0, 5.0]);
        assert_eq!(of(2), [1.0, 5.0]);
        assert_eq!(of(1), [3.0]);
    }

    #[test]
    fn the_most_frequent_values_come_first() {
        let values = [2, 7, 7, 1, 2, 7, 9];
        let rows = most_frequent((0..values.len()).collect(), 3, |row| values[row]);
        assert_eq!(rows.iter().map(|row| values[*row]).collect::<Vec<_>>(), [7, 2, 1]);
    }
}
