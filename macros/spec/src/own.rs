//! The shapes of a user's own steps, merges and derivations: what their `const fn output_shape` gives is
//! compared with what the annotation claims.

use crate::{Kind, Shape, Size, Text};

/// A shape that the macro takes for the output of a user's own `const fn`, which it cannot call.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// What is claimed to have the shape, as the user wrote it.
    pub of: &'a str,
    /// The shape.
    pub shape: Shape,
    /// Whether it is written down, or the shape that is taken without a claim.
    pub form: ClaimForm,
}

/// How a shape is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimForm {
    /// `=> [3]`
    Written,
    /// By the type of the field.
    Type,
    /// By no type, so that it is one number.
    NoType,
    /// Not at all: the shape of what flows in.
    Kept,
}

/// For the `const fn output_shape` of a user.
impl Shape {
    /// This shape, where its elements are numbers.
    ///
    /// # Errors
    /// Another kind.
    pub const fn of_numbers(&self) -> Result<Shape, Text> {
        self.of_kind(Kind::Numbers)
    }

    /// This shape, where its elements are of `kind`.
    ///
    /// # Errors
    /// Another kind.
    pub const fn of_kind(&self, kind: Kind) -> Result<Shape, Text> {
        if self.kind as usize == kind as usize {
            return Ok(*self);
        }
        let takes = match kind {
            Kind::Numbers => "numbers",
            Kind::Categories => "categories",
            Kind::Texts => "texts",
            Kind::Pictures => "pictures",
            Kind::Dates => "dates",
        };
        Err(Text::new("it takes ").str(takes).str(", but this is ").shape(self))
    }
}

/// What a `const fn output_shape` gives, if categories have a bound, which an `Embedding` needs.
pub const fn bounded(given: Result<Shape, Text>) -> Result<Shape, Text> {
    match given {
        Ok(shape) => match (shape.kind, shape.below) {
            (Kind::Categories, Size::Unknown) => Err(Text::new(
                "it gives categories, but does not say how many: \
                 `Shape::categories(&[]).below(Size::Known(10))`",
            )),
            _ => Ok(shape),
        },
        Err(text) => Err(text),
    }
}

/// The real shape, or an error where it is not as claimed.
pub const fn compare(claim: &Claim<'_>, given: Result<Shape, Text>) -> Result<Shape, Text> {
    let given = match given {
        Ok(given) => given,
        Err(text) => return Err(Text::new("`").str(claim.of).str("`: ").text(&text)),
    };
    if !given.differs(&claim.shape) {
        return Ok(given);
    }
    let text = Text::new("`").str(claim.of).str("` ");
    Err(match claim.form {
        ClaimForm::Written => {
            text.str("is claimed to give ").shape(&claim.shape).str(", but gives ").shape(&given)
        }
        ClaimForm::Type => {
            text.str("gives ").shape(&given).str(", but the type says ").shape(&claim.shape)
        }
        ClaimForm::NoType => {
            let text = text.str("gives ").shape(&given);
            text.str(", but `_` is one number here; write the type of the field")
        }
        ClaimForm::Kept => {
            let text = text.str("gives ").shape(&given).str(" for ").shape(&claim.shape);
            let text = text.str(", which the annotation has to claim: `").str(claim.of);
            claimed(text.str(" => "), &given).str("`")
        }
    })
}

/// Appends a shape as it is claimed: `[3]`, `u32`, `[u32; 5]`.
const fn claimed(text: Text, shape: &Shape) -> Text {
    match (shape.kind, shape.rank()) {
        (Kind::Numbers, 0) => text.str("f32"),
        (Kind::Numbers, _) => text.shape(&shape.with_mask(false).with_list(false)),
        (Kind::Categories, 0) => text.str("u32"),
        (Kind::Categories, 1) => text.str("[u32; ").size(shape.dim(0)).str("]"),
        (Kind::Texts, 0) => text.str("String"),
        _ => text.str("..."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: Shape = Shape::numbers(&[Size::Known(3)]);

    fn refusal(form: ClaimForm, given: Shape) -> Option<String> {
        let claim = Claim { of: "my::Step(2)", shape: THREE, form };
        compare(&claim, Ok(given)).err().map(|text| text.as_str().to_owned())
    }

    #[test]
    fn a_claim_is_compared() {
        for form in [ClaimForm::Written, ClaimForm::Type, ClaimForm::Kept] {
            assert_eq!(refusal(form, THREE), None);
        }
        let four = Shape::numbers(&[Size::Known(4)]);
        let said = "`my::Step(2)` is claimed to give [3], but gives [4]";
        assert_eq!(refusal(ClaimForm::Written, four).unwrap(), said);
        let said = "`my::Step(2)` gives [4], but the type says [3]";
        assert_eq!(refusal(ClaimForm::Type, four).unwrap(), said);
        let said =
            "`my::Step(2)` gives [4], but `_` is one number here; write the type of the field";
        assert_eq!(refusal(ClaimForm::NoType, four).unwrap(), said);
        let said = "`my::Step(2)` gives [4] for [3], which the annotation has to claim: \
                    `my::Step(2) => [4]`";
        assert_eq!(refusal(ClaimForm::Kept, four).unwrap(), said);
        let index = refusal(ClaimForm::Kept, Shape::categories(&[])).unwrap();
        assert!(index.ends_with("`my::Step(2) => u32`"), "{index}");
        let indices = refusal(ClaimForm::Kept, Shape::categories(&[Size::Known(5)])).unwrap();
        assert!(indices.ends_with("`my::Step(2) => [u32; 5]`"), "{indices}");
    }

    #[test]
    fn categories_are_bounded() {
        let indices = Shape::categories(&[]);
        assert!(bounded(Ok(indices)).is_err() && bounded(Ok(THREE)).is_ok());
        assert!(bounded(Ok(indices.below(Size::Known(3)))).is_ok());
    }

    #[test]
    fn a_refusal_names_what_refuses() {
        let claim = Claim { of: "my::Step", shape: THREE, form: ClaimForm::Kept };
        let refused = compare(&claim, Err(Text::new("it takes texts"))).unwrap_err();
        assert_eq!(refused.as_str(), "`my::Step`: it takes texts");
    }
}
