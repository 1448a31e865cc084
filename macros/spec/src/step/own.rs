//! A user's own step.

use super::{masked, Form, Inverse, Step};
use crate::{
    own::{compare, Claim},
    Doc, Shape, Text,
};

/// What the macro knows of a user's own step; the expansion adds its name, and the step's trait says
/// its nature and its inverse. It is no row of the table.
pub const STEP: Step = Step {
    name: "own",
    type_name: "Own",
    doc: Doc::new("a step of one's own"),
    parameters: &[],
    output: |input, _| Ok(*input),
    form: Form { reads_within: true, ..Form::FIXED },
};

/// The output of a user's own step for `input`, where `given` is what its `const fn output_shape` gives for
/// [`item`]. For a list it is that of one item.
pub const fn through(
    claim: &Claim<'_>,
    input: &Shape,
    given: Result<Shape, Text>,
) -> Result<Shape, Text> {
    if input.is_masked() {
        return Err(masked(claim.of, input));
    }
    match compare(claim, given) {
        Ok(shape) => Ok(shape.with_list(input.is_list())),
        Err(text) => Err(text),
    }
}

/// The shape that a step of one's own takes: of a list, that of one item.
pub const fn item(input: &Shape) -> Shape {
    input.with_list(false)
}

/// An error if a user's own step has no inverse, so that it cannot stand on a target; or if a length
/// in the target's unit, which the text describes, would have no counterpart after it.
pub const fn stands_on_a_target(
    name: &str,
    inverse: Inverse,
    length: Option<&str>,
) -> Result<Shape, Text> {
    let text = Text::new("");
    match (inverse, length) {
        (Inverse::None, _) => Err(text
            .str("nothing brings predictions back from `")
            .str(name)
            .str("`: it has no `INVERSE`")),
        (Inverse::Nonlinear, Some(length)) => Err(text
            .str(length)
            .str(" is a difference in the target's unit, but equal differences are no longer equal after `")
            .str(name)
            .str("`, whose `INVERSE` is `Nonlinear`; use `mse` or `mae`, or leave it out")),
        _ => Ok(Shape::numbers(&[])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{own::ClaimForm, Size};

    #[test]
    fn items_of_a_list_are_taken_and_padding_is_refused() {
        let list = Shape::numbers(&[]).with_list(true);
        let pair = Shape::numbers(&[Size::Known(2)]);
        let claim = Claim { of: "my::Pair", shape: pair, form: ClaimForm::Written };
        let output = through(&claim, &list, Ok(pair)).unwrap();
        assert!(output.is_list() && output.rank() == 1 && !item(&list).is_list());
        let masked = Shape::numbers(&[Size::Known(9)]).with_mask(true);
        let refused = through(&claim, &masked, Ok(pair)).unwrap_err();
        assert!(refused.as_str().starts_with("`my::Pair` would compute with padding"));
    }

    #[test]
    fn a_target_needs_an_inverse() {
        let refusal = |inverse, length| {
            let checked = stands_on_a_target("my::Log", inverse, length);
            checked.err().map(|text| text.as_str().to_owned())
        };
        let none = refusal(Inverse::None, None).unwrap();
        assert_eq!(none, "nothing brings predictions back from `my::Log`: it has no `INVERSE`");
        assert_eq!(refusal(Inverse::Nonlinear, None), None);
        assert_eq!(refusal(Inverse::Affine, Some("the `delta` of `huber`")), None);
        let curved = refusal(Inverse::Nonlinear, Some("the `delta` of `huber`")).unwrap();
        assert!(curved.starts_with("the `delta` of `huber` is a difference"), "{curved}");
    }
}
