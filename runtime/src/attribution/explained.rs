//! The number of a prediction that is explained.

use multi_input_base::Result;
use multi_input_data::Table;
use multi_input_kernel::{Backend, Element};

use crate::{
    data::Batch,
    definition::{Output, TargetKind},
    feature::mistake,
    untyped::{rows_at_once, UntypedModel},
};

/// One number of the prediction of an output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Explained {
    /// The index of the output.
    pub(crate) output: usize,
    /// The class, the label or the element of the array; `None` for the predicted class of each row
    /// or the only number.
    pub(crate) element: Option<usize>,
    /// Whether the number is the head, before the link function and in the target's encoded unit.
    pub(crate) logit: bool,
}

impl Explained {
    /// The output.
    pub(crate) fn output<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
    ) -> Result<&'static Output> {
        let outputs = model.graph().outputs;
        outputs.get(self.output).ok_or_else(|| {
            let (index, count) = (self.output, outputs.len());
            mistake(format!("there is no output {index}: the model has {count}"))
        })
    }

    /// The numbers of the output for every encoded row, and how many of them a row has.
    pub(crate) fn numbers<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        ready: &Table,
    ) -> Result<(usize, Vec<f64>)> {
        let all: Vec<usize> = (0..ready.rows).collect();
        let mut numbers = Vec::new();
        for rows in all.chunks(rows_at_once(model.graph())) {
            let batch = Batch::new(ready, rows);
            let mut of_outputs =
                if self.logit { model.heads(&batch)? } else { model.predictions(&batch)? };
            numbers.append(&mut of_outputs[self.output]);
        }
        Ok((numbers.len() / ready.rows.max(1), numbers))
    }

    /// The explained number of every encoded row.
    pub(crate) fn values<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        ready: &Table,
        element: usize,
    ) -> Result<Vec<f64>> {
        let (width, numbers) = self.numbers(model, ready)?;
        Ok(numbers.chunks_exact(width.max(1)).map(|row| row[element]).collect())
    }

    /// The element that is explained in each encoded row, as an index and as it is shown: `None`
    /// for the element of an output that has one.
    pub(crate) fn elements<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        ready: &Table,
    ) -> Result<Vec<(usize, Option<usize>)>> {
        let output = self.output(model)?;
        let (width, mut numbers) = self.numbers(model, ready)?;
        if self.logit {
            // The predicted class is the most probable one, whose logit is explained.
            let predicted = Explained { logit: false, ..*self }.numbers(model, ready)?;
            match predicted.0 == width {
                true => numbers = predicted.1,
                false => self.check_threshold(output, width)?,
            }
        }
        let rows = numbers.chunks_exact(width.max(1));
        let element = |numbers: &[f64]| {
            let element = self.element(output, numbers)?;
            Ok((element, (width > 1).then_some(element)))
        };
        rows.map(element).collect()
    }

    /// The explained number in words: `price`, `topic[2]`, `logit of topic[2]`.
    pub(crate) fn in_words(output: &str, element: Option<usize>, logit: bool) -> String {
        let logit = if logit { "logit of " } else { "" };
        let element = element.map(|element| format!("[{element}]")).unwrap_or_default();
        format!("{logit}{output}{element}")
    }

    /// Checks that a number is chosen of a head that has not one for each number of the prediction, as
    /// that of ordered classes has one for each threshold between them.
    fn check_threshold(&self, output: &Output, width: usize) -> Result<()> {
        if self.element.is_some() || width == 1 || output.target.kind != TargetKind::Class {
            return Ok(());
        }
        Err(mistake(format!(
            "the head of `{}` has {width} thresholds between its {} classes: choose one by `element`, \
             from 0, or explain the probability of a class without `logit`",
            output.name, output.width
        )))
    }

    /// The element that is explained in a row with these numbers.
    fn element(&self, output: &Output, numbers: &[f64]) -> Result<usize> {
        let (name, count) = (output.name, numbers.len());
        match self.element {
            Some(element) if element < count => Ok(element),
            Some(element) => Err(mistake(format!(
                "`{name}` has no element {element}: the prediction of a row has {count}, from 0"
            ))),
            None if count == 1 => Ok(0),
            None if output.target.kind == TargetKind::Class => Ok(largest(numbers)),
            None => Err(mistake(format!(
                "the prediction of `{name}` has {count} elements: choose one by `element`, from 0"
            ))),
        }
    }
}

/// The index of the largest number, the first of equal ones.
fn largest(numbers: &[f64]) -> usize {
    let better =
        |best: usize, index: usize| if numbers[index] > numbers[best] { index } else { best };
    (0..numbers.len()).fold(0, better)
}
