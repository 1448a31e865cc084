//! What a user writes.

use multi_input::{
    data::Values,
    definition::{Derived, Kind, Operand, Shape, Size, Step, Text},
    merge::{Merge, RowOperand},
    preprocess::{
        stage::{
            from_bytes, to_bytes, Derivation, FixedStep, LearnedStep, Refusal, RowRng, Sources,
        },
        Inverse, Nature,
    },
};

/// Cuts numbers at quantiles of the training rows.
#[derive(Debug)]
pub struct Winsorize(pub f64);

impl Winsorize {
    pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
        input.of_numbers()
    }
}

impl LearnedStep for Winsorize {
    type State = Vec<Vec<f64>>;
    type Fitted = Vec<[f64; 2]>;

    fn start(&self, step: &Step) -> Vec<Vec<f64>> {
        vec![Vec::new(); step.input.last().get()]
    }

    fn update(&self, columns: &mut Vec<Vec<f64>>, _: &Step, values: &Values) {
        let count = columns.len();
        values.each_number(|index, number| columns[index % count].push(number));
    }

    fn save_state(&self, columns: &Vec<Vec<f64>>) -> Result<Vec<u8>, String> {
        to_bytes(columns)
    }

    fn merge_state(
        &self,
        columns: &mut Vec<Vec<f64>>,
        _: &Step,
        later: &[u8],
    ) -> Result<(), String> {
        let later: Vec<Vec<f64>> = from_bytes(later)?;
        columns.iter_mut().zip(later).for_each(|(column, later)| column.extend(later));
        Ok(())
    }

    fn learn(&self, columns: Vec<Vec<f64>>, _: &Step) -> Vec<[f64; 2]> {
        let bounds = |mut column: Vec<f64>| {
            column.sort_by(f64::total_cmp);
            let cut = (self.0 * column.len() as f64) as usize;
            match column.len() {
                0 => [f64::MIN, f64::MAX],
                count => [column[cut], column[count - 1 - cut]],
            }
        };
        columns.into_iter().map(bounds).collect()
    }

    fn check(&self, bounds: &Vec<[f64; 2]>, step: &Step) -> Result<(), String> {
        let is_sound = bounds.iter().all(|[low, high]| low <= high);
        match is_sound && bounds.len() == step.input.last().get() {
            true => Ok(()),
            false => Err("bounds of another input".to_owned()),
        }
    }

    fn apply(&self, bounds: &Vec<[f64; 2]>, _: &Step, values: Values) -> Result<Values, Refusal> {
        Ok(values.map_numbers(|index, number| {
            let [low, high] = bounds[index % bounds.len()];
            number.clamp(low, high)
        }))
    }
}

/// The powers of a number: x, x^2, .., x^degree.
#[derive(Debug)]
pub struct Polynomial(pub usize);

impl Polynomial {
    pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
        match input.of_numbers() {
            Ok(input) if input.rank() == 0 => Ok(Shape::numbers(&[Size::Known(self.0)])),
            Ok(_) => Err(Text::new("it takes one number")),
            Err(text) => Err(text),
        }
    }
}

impl FixedStep for Polynomial {
    fn apply(&self, _: &Step, values: Values) -> Result<Values, Refusal> {
        let mut powers = Vec::new();
        values.each_number(|_, number| {
            powers.extend((1..=self.0).map(|power| number.powi(power as i32)));
        });
        Ok(Values::Doubles(powers))
    }
}

/// ln(x + offset), with an inverse.
#[derive(Debug)]
pub struct Log {
    pub offset: f64,
}

impl Log {
    pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
        input.of_numbers()
    }
}

impl FixedStep for Log {
    const INVERSE: Inverse = Inverse::Nonlinear;

    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        let mut refused = None;
        let logarithms = values.map_numbers(|index, number| {
            if number + self.offset <= 0.0 {
                refused.get_or_insert((index, number));
            }
            (number + self.offset).ln()
        });
        match refused {
            None => Ok(logarithms),
            Some((index, number)) => {
                let expected = format!("a number above {}", -self.offset);
                Err(Refusal::of_element(step, index, expected, number))
            }
        }
    }

    fn invert(&self, _: &Step, numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|number| *number = number.exp() - self.offset);
    }
}

/// x - mean of the training rows, with an inverse.
#[derive(Debug)]
pub struct Centre;

impl Centre {
    pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
        input.of_numbers()
    }
}

impl LearnedStep for Centre {
    type State = (f64, f64);
    type Fitted = f64;

    const INVERSE: Inverse = Inverse::Affine;

    fn start(&self, _: &Step) -> (f64, f64) {
        (0.0, 0.0)
    }

    fn update(&self, (sum, count): &mut (f64, f64), _: &Step, values: &Values) {
        values.each_number(|_, number| {
            *sum += number;
            *count += 1.0;
        });
    }

    fn learn(&self, (sum, count): (f64, f64), _: &Step) -> f64 {
        sum / count.max(1.0)
    }

    fn apply(&self, mean: &f64, _: &Step, values: Values) -> Result<Values, Refusal> {
        Ok(values.map_numbers(|_, number| number - mean))
    }

    fn invert(&self, mean: &f64, _: &Step, numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|number| *number += mean);
    }
}

/// Adds noise to training rows.
#[derive(Debug)]
pub struct Jitter(pub f64);

impl Jitter {
    pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
        input.of_numbers()
    }
}

impl FixedStep for Jitter {
    const NATURE: Nature = Nature::Random;

    fn apply(&self, _: &Step, values: Values) -> Result<Values, Refusal> {
        Ok(values)
    }

    fn apply_in_training(
        &self,
        step: &Step,
        values: Values,
        rng: &RowRng,
    ) -> Result<Values, Refusal> {
        let width = step.input.elements().get();
        Ok(values.map_numbers(|index, number| {
            number + self.0 * (rng.uniform(index / width, (index % width) as u64) - 0.5)
        }))
    }
}

/// The number of letters of a text.
#[derive(Debug)]
pub struct Length;

impl Length {
    pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
        match input.of_kind(Kind::Texts) {
            Ok(_) => Ok(Shape::numbers(&[])),
            Err(text) => Err(text),
        }
    }
}

impl FixedStep for Length {
    fn apply(&self, _: &Step, values: Values) -> Result<Values, Refusal> {
        let Values::Texts(texts) = &values else { return Ok(values) };
        Ok(Values::Numbers(texts.iter().map(|text| text.chars().count() as f32).collect()))
    }
}

/// A text in small letters.
#[derive(Debug)]
pub struct Lower;

impl Lower {
    pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
        input.of_kind(Kind::Texts)
    }
}

impl FixedStep for Lower {
    fn apply(&self, _: &Step, values: Values) -> Result<Values, Refusal> {
        let Values::Texts(texts) = &values else { return Ok(values) };
        Ok(Values::Texts(texts.iter().map(|text| text.to_lowercase().into()).collect()))
    }
}

/// 0 below 0, 1 at 0, 2 above.
#[derive(Debug)]
pub struct Sign;

impl Sign {
    pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
        match input.of_numbers() {
            Ok(_) => Ok(Shape::categories(&[]).below(Size::Known(3))),
            Err(text) => Err(text),
        }
    }
}

impl FixedStep for Sign {
    fn apply(&self, _: &Step, values: Values) -> Result<Values, Refusal> {
        let mut signs = Vec::new();
        values.each_number(|_, number| {
            signs.push(if number < 0.0 { 0 } else { 1 + u32::from(number > 0.0) });
        });
        Ok(Values::Categories(signs))
    }
}

/// a * sigmoid(sharpness b), of the same shapes; a where b is absent.
#[derive(Debug)]
pub struct Gated {
    pub sharpness: f64,
}

impl Gated {
    pub const fn output_shape(&self, operands: &[Operand<'_>]) -> Result<Shape, Text> {
        match operands {
            [a, b] if !a.shape.differs(&b.shape) => Ok(a.shape),
            [_, _] => Err(multi_input_list("it takes two nodes of one shape, not ", operands)),
            _ => Err(Text::new("it takes two nodes")),
        }
    }

    fn gate(&self, b: &RowOperand<'_>, index: usize) -> f64 {
        match b.is_present {
            true => 1.0 / (1.0 + (-self.sharpness * b.values[index]).exp()),
            false => 1.0,
        }
    }
}

const fn multi_input_list(text: &str, operands: &[Operand<'_>]) -> Text {
    let (a, b) = (&operands[0], &operands[1]);
    Text::new(text).shape(&a.shape).str(" and ").shape(&b.shape)
}

impl Merge for Gated {
    fn forward(&self, operands: &[RowOperand<'_>], output: &mut [f64]) {
        let [a, b] = operands else { return };
        for (index, output) in output.iter_mut().enumerate() {
            *output = a.values[index] * self.gate(b, index);
        }
    }

    fn backward(
        &self,
        operands: &[RowOperand<'_>],
        grad_output: &[f64],
        gradients: &mut [&mut [f64]],
    ) {
        let ([a, b], [grad_a, grad_b]) = (operands, gradients) else { return };
        for (index, grad) in grad_output.iter().enumerate() {
            let gate = self.gate(b, index);
            grad_a[index] += grad * gate;
            if b.is_present {
                grad_b[index] += grad * a.values[index] * self.sharpness * gate * (1.0 - gate);
            }
        }
    }
}

/// [`Gated`] of sharpness 1.
pub const fn gated() -> Gated {
    Gated { sharpness: 1.0 }
}

/// All products of an element of a and one of b.
#[derive(Debug)]
pub struct Outer;

impl Outer {
    pub const fn output_shape(&self, operands: &[Operand<'_>]) -> Result<Shape, Text> {
        match operands {
            [a, b] => Ok(Shape::numbers(&[a.shape.elements().times(b.shape.elements())])),
            _ => Err(Text::new("it takes two nodes")),
        }
    }
}

impl Merge for Outer {
    fn forward(&self, operands: &[RowOperand<'_>], output: &mut [f64]) {
        let [a, b] = operands else { return };
        let products = a.values.iter().flat_map(|a| b.values.iter().map(move |b| a * b));
        output.iter_mut().zip(products).for_each(|(output, product)| *output = product);
    }

    fn backward(
        &self,
        operands: &[RowOperand<'_>],
        grad_output: &[f64],
        gradients: &mut [&mut [f64]],
    ) {
        let ([a, b], [grad_a, grad_b]) = (operands, gradients) else { return };
        let width = b.values.len();
        for (index, grad) in grad_output.iter().enumerate() {
            grad_a[index / width] += grad * b.values[index % width];
            grad_b[index % width] += grad * a.values[index / width];
        }
    }
}

/// The Euclidean distance of two points, times `scale`.
#[derive(Debug)]
pub struct Distance {
    pub scale: f64,
}

impl Distance {
    pub const fn output_shape(&self, of: &[Shape]) -> Result<Shape, Text> {
        match of {
            [from, to] if !from.differs(to) && from.rank() == 1 => Ok(Shape::numbers(&[])),
            _ => Err(Text::new("it takes two points")),
        }
    }
}

impl Derivation for Distance {
    fn derive(&self, _: &Derived, of: &Sources<'_>) -> Result<Values, Refusal> {
        Ok(of.each_number(|row| {
            let (from, to) = (row.numbers(0)?, row.numbers(1)?);
            let squares = from.iter().zip(&to).map(|(a, b)| (a - b) * (a - b));
            Some(self.scale * squares.sum::<f64>().sqrt())
        }))
    }
}

/// 0 for an empty text, 1 for a short and 2 for a long one; 3 without a text.
#[derive(Debug)]
pub struct TextSize;

impl TextSize {
    pub const fn output_shape(&self, _: &[Shape]) -> Result<Shape, Text> {
        Ok(Shape::categories(&[]).below(Size::Known(4)))
    }
}

impl Derivation for TextSize {
    fn derive(&self, _: &Derived, of: &Sources<'_>) -> Result<Values, Refusal> {
        Ok(of.each_category(|row| match row.text(0).map(str::len) {
            None => 3,
            Some(0) => 0,
            Some(1..5) => 1,
            Some(_) => 2,
        }))
    }
}
