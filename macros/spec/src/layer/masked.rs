//! The mask of a layer's output.

use super::Layer;
use crate::{mask::lost, MaskRule, Shape, Text};

/// The output of `layer` with its mask; `output` is the result of its formula for `input`.
pub const fn through(
    layer: &Layer,
    input: &Shape,
    output: Result<Shape, Text>,
) -> Result<Shape, Text> {
    let shape = match output {
        Ok(shape) => shape,
        Err(text) => return Err(text),
    };
    match layer.form.mask {
        MaskRule::Sets => Ok(shape),
        MaskRule::Loses if input.is_masked() => Err(lost(layer.name, input)),
        MaskRule::Loses => Ok(shape),
        MaskRule::Keeps => Ok(shape.with_mask(input.is_masked())),
        MaskRule::Reads => Ok(shape.with_mask(input.is_masked() && has_steps_of(&shape, input))),
    }
}

/// Whether the output has the steps of the input. A vector made of categories has as many
/// dimensions as they have.
const fn has_steps_of(output: &Shape, input: &Shape) -> bool {
    output.rank() == input.rank() && output.kind as usize == input.kind as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layer::{dense, flatten, lstm},
        Size, Value,
    };

    const SEQUENCE: Shape = Shape::numbers(&[Size::Known(7), Size::Known(5)]).with_mask(true);

    #[test]
    fn a_mask_stays_where_the_steps_do() {
        let absent = Value::Absent;
        let units = [Value::Size(Size::Known(3)), absent, absent, absent, absent, absent];
        let dense = through(&dense::LAYER, &SEQUENCE, dense::output(&SEQUENCE, &units));
        assert!(dense.unwrap().is_masked());
        let last = through(&lstm::LAYER, &SEQUENCE, lstm::output(&SEQUENCE, &units));
        assert!(!last.unwrap().is_masked());
        let every = [units[0], Value::Flag(true), Value::Absent, Value::Absent];
        let every = through(&lstm::LAYER, &SEQUENCE, lstm::output(&SEQUENCE, &every));
        assert!(every.unwrap().is_masked());
    }

    #[test]
    fn what_would_lose_it_is_refused_in_a_constant_too() {
        const FLAT: Result<Shape, Text> =
            through(&flatten::LAYER, &SEQUENCE, flatten::output(&SEQUENCE, &[]));
        assert_eq!(
            FLAT.unwrap_err().as_str(),
            "`Flatten` would mix the steps of padding in [7, 5] masked with the others; put \
             `DropMask` before it, so that all steps count on purpose"
        );
        let plain = SEQUENCE.with_mask(false);
        assert!(through(&flatten::LAYER, &plain, flatten::output(&plain, &[])).is_ok());
    }
}
