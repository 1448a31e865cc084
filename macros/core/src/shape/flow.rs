//! A shape together with the tokens that say it in the expansion.

use multi_input_spec::{Kind, Shape, Size};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use crate::{
    parse::{const_argument, SizeExpr},
    text::compact,
};

/// What flows along an edge.
#[derive(Clone)]
pub(crate) struct Flow {
    /// The shape as far as the macro knows it.
    pub(crate) shape: Shape,
    /// Each size as a constant expression of type `usize`.
    sizes: Vec<TokenStream>,
    /// The constant of type `Shape` that holds the sizes which are not known.
    computed: Option<TokenStream>,
}

impl Flow {
    /// The user's sizes.
    pub(crate) fn declared(kind: Kind, dims: &[SizeExpr]) -> Flow {
        let sizes: Vec<Size> = dims.iter().map(|dim| dim.value).collect();
        let shape = Shape::new(kind, &sizes);
        let tokens = dims.iter().map(|dim| match dim.value {
            Size::Known(number) => literal(number),
            Size::Unknown => dim.tokens.clone(),
        });
        Flow { shape, sizes: tokens.collect(), computed: None }
    }

    /// Sizes that are all known.
    pub(crate) fn known(shape: Shape) -> Flow {
        let sizes = (0..shape.rank()).map(|axis| literal(shape.dim(axis).get())).collect();
        Flow { shape, sizes, computed: None }
    }

    /// Sizes of which those that are not known are taken from a constant of type `Shape`.
    pub(crate) fn computed(shape: Shape, constant: TokenStream) -> Flow {
        let sizes = (0..shape.rank()).map(|axis| match shape.dim(axis) {
            Size::Known(number) => literal(number),
            Size::Unknown => {
                let axis = literal(axis);
                quote!(#constant.dim(#axis).get())
            }
        });
        Flow { shape, sizes: sizes.collect(), computed: Some(constant) }
    }

    /// The same with a mask, or without one.
    pub(crate) fn with_mask(mut self, masked: bool) -> Flow {
        self.shape = self.shape.with_mask(masked);
        self
    }

    /// What each step of it holds.
    pub(crate) fn of_step(&self) -> Flow {
        Flow {
            shape: self.shape.of_step(),
            sizes: self.sizes.iter().skip(1).cloned().collect(),
            computed: self.computed.as_ref().map(|constant| quote!(#constant.of_step())),
        }
    }

    /// Whether the macro knows every size, and the bound of categories that a formula gave.
    pub(crate) fn is_known(&self) -> bool {
        let bounded = self.computed.is_none()
            || self.shape.kind != Kind::Categories
            || self.shape.below != Size::Unknown;
        bounded && (0..self.shape.rank()).all(|axis| self.shape.dim(axis) != Size::Unknown)
    }

    /// Whether something says how many categories there are.
    pub(crate) fn is_bounded(&self) -> bool {
        self.shape.below != Size::Unknown || self.computed.is_some()
    }

    /// Each size as a constant expression.
    pub(crate) fn sizes(&self) -> &[TokenStream] {
        &self.sizes
    }

    /// Each size as it can stand between `<` and `>`.
    pub(crate) fn arguments(&self) -> Vec<TokenStream> {
        self.sizes.iter().map(const_argument).collect()
    }

    /// `[32]` or `[7, 32] masked`, with the user's expression for a size that only rustc knows, and `?` for one that a
    /// formula computes from it.
    pub(crate) fn text(&self) -> String {
        let size = |(axis, size): (usize, &TokenStream)| match self.shape.dim(axis) {
            Size::Unknown if self.computed.is_some() => "?".to_owned(),
            _ => compact(size),
        };
        let sizes: Vec<String> = self.sizes.iter().enumerate().map(size).collect();
        let mask = if self.shape.is_masked() { " masked" } else { "" };
        format!("[{}]{mask}", sizes.join(", "))
    }

    /// The product of all sizes, as a constant expression.
    pub(crate) fn elements(&self) -> TokenStream {
        match self.shape.elements() {
            Size::Known(number) => literal(number),
            Size::Unknown => {
                let sizes = &self.sizes;
                quote!(1 #(* (#sizes))*)
            }
        }
    }

    /// A constant expression of type `Shape`. A size that a formula could not compute stays
    /// unknown in it, so that a mistake is not followed by others.
    pub(crate) fn expression(&self, spec: &TokenStream) -> TokenStream {
        let sizes = self.sizes.iter().enumerate().map(|(axis, size)| match &self.computed {
            Some(constant) if self.shape.dim(axis) == Size::Unknown => {
                let axis = literal(axis);
                quote!(#constant.dim(#axis))
            }
            _ => given(size, spec),
        });
        let kind = kind(self.shape.kind);
        let below = match (self.shape.below, &self.computed) {
            (Size::Known(bound), _) => {
                let bound = literal(bound);
                Some(quote!(.below(#spec::Size::Known(#bound))))
            }
            (Size::Unknown, Some(constant)) => Some(quote!(.below(#constant.below))),
            (Size::Unknown, None) => None,
        };
        // Whether there is a mask is known to the macro in any case.
        let mask = self.shape.is_masked().then(|| quote!(.with_mask(true)));
        quote!(#spec::Shape::new(#spec::Kind::#kind, &[#(#sizes),*])#below #mask)
    }
}

/// The variant of the spec's `Kind`.
pub(crate) fn kind(kind: Kind) -> Ident {
    let name = match kind {
        Kind::Numbers => "Numbers",
        Kind::Categories => "Categories",
        Kind::Texts => "Texts",
        Kind::Pictures => "Pictures",
        Kind::Dates => "Dates",
    };
    Ident::new(name, Span::call_site())
}

/// A size of the user's as a constant of type `Size`. As the length of an array it must be a
/// `usize`, which rustc says in few words.
pub(super) fn given(size: &TokenStream, spec: &TokenStream) -> TokenStream {
    quote!(#spec::Size::given([(); #size].len()))
}

/// The same where zero is as good as any other number.
pub(super) fn given_or_zero(size: &TokenStream, spec: &TokenStream) -> TokenStream {
    quote!(#spec::Size::Known([(); #size].len()))
}

/// `64`.
pub(crate) fn literal(number: usize) -> TokenStream {
    let literal = Literal::usize_unsuffixed(number);
    quote!(#literal)
}
