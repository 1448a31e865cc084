//! A shape with the origin of the sizes that the macro does not know.

use multi_input_spec::{HeadForm, Kind, LossForm, Shape, Size};
use proc_macro2::Span;
use quote::quote;

use crate::{parse::SizeExpr, text::compact};

/// The shape of the values on an edge.
#[derive(Clone)]
pub(crate) struct Flow {
    /// The shape as far as the macro knows it.
    pub(crate) shape: Shape,
    pub(crate) unknown: Unknown,
    /// Whether no step bounds the categories, although the shape is computed.
    unbounded: bool,
}

/// The origin of the sizes that the macro does not know.
#[derive(Clone)]
pub(crate) enum Unknown {
    /// The user's expressions, one per axis.
    Written(Vec<SizeExpr>),
    /// The axes of constant number `constant`, after the first `skipped`.
    Computed { constant: usize, skipped: usize },
}

impl Flow {
    /// A shape of the user's sizes.
    pub(crate) fn declared(kind: Kind, dims: &[SizeExpr]) -> Flow {
        let sizes: Vec<Size> = dims.iter().map(|dim| dim.value).collect();
        Flow {
            shape: Shape::new(kind, &sizes),
            unknown: Unknown::Written(dims.to_vec()),
            unbounded: false,
        }
    }

    /// A shape of known sizes.
    pub(crate) fn known(shape: Shape) -> Flow {
        Flow { shape, unknown: Unknown::Written(Vec::new()), unbounded: false }
    }

    /// A shape whose unknown sizes come from constant number `constant`.
    pub(super) fn computed(shape: Shape, constant: usize) -> Flow {
        Flow { shape, unknown: Unknown::Computed { constant, skipped: 0 }, unbounded: false }
    }

    /// The head that a loss needs for a target of this shape; see [`LossForm::head`].
    pub(super) fn head(mut self, form: &LossForm, times: usize) -> Flow {
        let rank = self.shape.rank();
        self.shape = form.head(&self.shape, times);
        let Unknown::Written(sizes) = &mut self.unknown else { return self };
        match form.head {
            HeadForm::Target | HeadForm::Pair => {}
            HeadForm::Parts(_) if self.shape.rank() == rank => sizes.clear(),
            HeadForm::Parts(_) => {
                sizes.push(SizeExpr::literal(self.shape.last().get(), Span::call_site()));
            }
            HeadForm::Cumulative => sizes.iter_mut().for_each(|size| {
                let (classes, written) = (&size.tokens, &size.written);
                size.tokens = quote!(::core::primitive::usize::saturating_sub(#classes, 1));
                size.written = quote!(#written - 1);
            }),
        }
        self
    }

    /// This shape with or without a mask.
    pub(crate) fn with_mask(mut self, masked: bool) -> Flow {
        self.shape = self.shape.with_mask(masked);
        self
    }

    /// A list of any length of items of this shape, or a single item.
    pub(crate) fn with_list(mut self, list: bool) -> Flow {
        self.shape = self.shape.with_list(list);
        self
    }

    /// The shape of one step.
    pub(crate) fn of_step(&self) -> Flow {
        let unknown = match &self.unknown {
            Unknown::Written(sizes) => Unknown::Written(sizes.iter().skip(1).cloned().collect()),
            Unknown::Computed { constant, skipped } => {
                Unknown::Computed { constant: *constant, skipped: skipped + 1 }
            }
        };
        Flow { shape: self.shape.of_step(), unknown, unbounded: self.unbounded }
    }

    /// Whether the macro knows every size, and the bound of categories computed by a formula.
    pub(crate) fn is_known(&self) -> bool {
        let bounded = !self.is_computed()
            || self.shape.kind != Kind::Categories
            || self.shape.below != Size::Unknown;
        bounded && (0..self.shape.rank()).all(|axis| self.shape.dim(axis) != Size::Unknown)
    }

    /// Whether categories have a bound.
    pub(crate) fn is_bounded(&self) -> bool {
        self.shape.below != Size::Unknown || self.is_computed() && !self.unbounded
    }

    /// This shape, bounded as `input` is, whose categories it holds.
    pub(super) fn bounded_as(self, input: &Flow) -> Flow {
        Flow { unbounded: !input.is_bounded(), ..self }
    }

    /// Whether rustc computes its unknown sizes.
    pub(crate) fn is_computed(&self) -> bool {
        matches!(self.unknown, Unknown::Computed { .. })
    }

    /// `[32]` or `[7, 32] masked`, with the user's expression for a size that only rustc knows, and
    /// `?` for one computed from it.
    pub(crate) fn text(&self) -> String {
        let size = |axis| match (self.shape.dim(axis), &self.unknown) {
            (Size::Known(number), _) => number.to_string(),
            (Size::Unknown, Unknown::Written(sizes)) => compact(&sizes[axis].written),
            (Size::Unknown, Unknown::Computed { .. }) => "?".to_owned(),
        };
        let sizes: Vec<String> = (0..self.shape.rank()).map(size).collect();
        let mask = if self.shape.is_masked() { " masked" } else { "" };
        format!("[{}]{mask}", sizes.join(", "))
    }
}
