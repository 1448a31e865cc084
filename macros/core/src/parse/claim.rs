//! The shape that is claimed for a thing of the user's own: `=> [3]`, `=> f32`, `=> [u32; 5]`.

use multi_input_spec::Kind;
use syn::{
    parse::ParseStream, punctuated::Punctuated, spanned::Spanned, token::Bracket, Expr, Token, Type,
};

use super::{
    data_type::{self, Element},
    number::SizeExpr,
};
use crate::diagnostics::Diagnostics;

/// A claimed shape.
#[derive(Clone)]
pub(crate) struct Claim {
    pub(crate) kind: Kind,
    pub(crate) dims: Vec<SizeExpr>,
}

impl Claim {
    /// Reads `=> ...`, if there is one.
    pub(super) fn parse(input: ParseStream<'_>) -> syn::Result<Option<Claim>> {
        if !input.peek(Token![=>]) {
            return Ok(None);
        }
        input.parse::<Token![=>]>()?;
        match is_list_of_sizes(input) {
            true => sizes(input).map(Some),
            false => of_type(&input.parse()?).map(Some),
        }
    }

    /// Requires rustc to refuse constant sizes of zero.
    pub(super) fn require(&mut self, errors: &mut Diagnostics) {
        self.dims.iter_mut().for_each(|size| size.require(errors));
    }
}

/// Whether `[3, 4]` follows, and not the type `[u32; 5]`.
fn is_list_of_sizes(input: ParseStream<'_>) -> bool {
    input.peek(Bracket) && input.fork().parse::<Type>().is_err() || input.fork().call(sizes).is_ok()
}

/// `[3, 4]`: numbers.
fn sizes(input: ParseStream<'_>) -> syn::Result<Claim> {
    let content;
    let bracket = syn::bracketed!(content in input);
    let sizes = Punctuated::<Expr, Token![,]>::parse_terminated(&content)?;
    if sizes.is_empty() {
        return Err(syn::Error::new(
            bracket.span.join(),
            "a shape has at least one size: `=> [1]`",
        ));
    }
    let dims = sizes.iter().map(SizeExpr::read).collect::<syn::Result<Vec<_>>>()?;
    Ok(Claim { kind: Kind::Numbers, dims })
}

/// `f32`, `u32`, `String`, or an array of them.
fn of_type(ty: &Type) -> syn::Result<Claim> {
    let read = data_type::read(ty, None)?;
    let kind = match read.element {
        Element::F32 => Some(Kind::Numbers),
        Element::U32 => Some(Kind::Categories),
        Element::Text => Some(Kind::Texts),
        _ => None,
    };
    match kind.filter(|_| !read.optional && !read.masked && !read.list) {
        Some(kind) => Ok(Claim { kind, dims: read.dims }),
        None => {
            let text =
                "a shape is claimed by its sizes, `=> [3]`, or as `f32`, `u32`, `String` or \
                        an array of them";
            Err(syn::Error::new(ty.span(), text))
        }
    }
}

#[cfg(test)]
mod tests {
    use syn::parse::Parser;

    use super::*;

    fn read(text: &str) -> syn::Result<Option<(Kind, usize)>> {
        let claim = Claim::parse.parse_str(text)?;
        Ok(claim.map(|claim| (claim.kind, claim.dims.len())))
    }

    #[test]
    fn sizes_and_types_are_claims() {
        for (text, claim) in [
            ("=> [3]", Some((Kind::Numbers, 1))),
            ("=> [N, 2 * M]", Some((Kind::Numbers, 2))),
            ("=> f32", Some((Kind::Numbers, 0))),
            ("=> [f32; 3]", Some((Kind::Numbers, 1))),
            ("=> u32", Some((Kind::Categories, 0))),
            ("=> [u32; N]", Some((Kind::Categories, 1))),
            ("=> String", Some((Kind::Texts, 0))),
            ("", None),
        ] {
            assert_eq!(read(text).unwrap(), claim, "{text}");
        }
        for wrong in ["=> []", "=> [0]", "=> Vec<f32>", "=> Option<u32>", "=> Image<3>", "=> 3"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
