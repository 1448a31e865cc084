//! What is meant by a type that no row holds: the types of other languages and libraries, and those
//! of Rust that rows do without.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{quote, ToTokens};
use syn::{
    parse_quote, spanned::Spanned, Expr, GenericArgument, Lit, PathArguments, PathSegment, Type,
    TypeParamBound,
};

use super::{
    attribute::point,
    branch::{Branch, LayerKind},
    Argument,
};
use crate::{suggest::suggest, text::compact};

/// What is said of a type that [`data_type::read`](super::data_type::read) refuses with `error`; the
/// branch says how many classes there are.
pub(super) fn by(ty: &Type, branch: Option<&Branch>, error: syn::Error) -> syn::Error {
    let Some(Piece { ty, advice }) = wrong(ty, branch) else { return error };
    // The star of a pointer is none of a product.
    let found = compact(&ty.to_token_stream()).trim_start().replacen("* ", "*", 1);
    syn::Error::new(point(&ty), format!("`{found}` is no type of a row: {advice}"))
}

/// The part of a type that is wrong.
struct Piece {
    ty: Type,
    advice: String,
}

impl Piece {
    fn new(ty: &Type, advice: impl Into<String>) -> Option<Piece> {
        Some(Piece { ty: ty.clone(), advice: advice.into() })
    }

    /// A type that is written otherwise.
    fn written(ty: &Type, meant: &Type) -> Option<Piece> {
        Piece::new(ty, format!("write `{}`", compact(&meant.to_token_stream())))
    }
}

/// The first part that is wrong for a known reason.
fn wrong(ty: &Type, branch: Option<&Branch>) -> Option<Piece> {
    match ty {
        Type::Group(group) => wrong(&group.elem, branch),
        Type::Paren(paren) => wrong(&paren.elem, branch),
        Type::Array(array) => {
            wrong(&array.elem, branch).or_else(|| length(ty, &array.elem, &array.len))
        }
        Type::Slice(slice) => {
            let element = &slice.elem;
            let text = compact(&element.to_token_stream());
            let advice = format!(
                "write `[{text}; N]` where every row has N of them, or `Vec<{text}>` where a row has \
                 any number"
            );
            Piece::new(ty, advice)
        }
        Type::Reference(reference) => {
            let inner = &*reference.elem;
            match wrong(inner, branch) {
                Some(piece) => Some(Piece { ty: ty.clone(), ..piece }),
                None => held(ty, inner),
            }
        }
        Type::Ptr(pointer) => held(ty, &pointer.elem),
        Type::Tuple(tuple) => {
            let texts: Vec<_> = tuple.elems.iter().map(ToTokens::to_token_stream).collect();
            let is_uniform = texts.windows(2).all(|pair| compact(&pair[0]) == compact(&pair[1]));
            match (&tuple.elems.first(), is_uniform && texts.len() > 1) {
                (Some(element), true) => {
                    let count = texts.len();
                    let count = proc_macro2::Literal::usize_unsuffixed(count);
                    Piece::written(ty, &parse_quote!([#element; #count]))
                }
                _ => Piece::new(ty, "give every value a field of its own"),
            }
        }
        Type::ImplTrait(bounds) => into(ty, bounds.bounds.iter()),
        Type::TraitObject(bounds) => into(ty, bounds.bounds.iter()),
        Type::BareFn(_) => Piece::new(
            ty,
            "rows hold data; what computes goes into `#[branch(...)]`, `#[derived(...)]` or a step \
             of `#[input(...)]`",
        ),
        Type::Never(_) | Type::Macro(_) => {
            Piece::new(ty, "name the type of the data, such as `f32`")
        }
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let arguments = types(last);
            match (last.ident.to_string().as_str(), &arguments[..]) {
                ("Option" | "Vec" | "Masked", [inner]) => wrong(inner, branch),
                _ => named(ty, last, &arguments, branch),
            }
        }
        _ => None,
    }
}

/// A value behind a pointer of some kind.
fn held(ty: &Type, inner: &Type) -> Option<Piece> {
    let text = compact(&inner.to_token_stream());
    Piece::new(ty, format!("rows own what they hold: write `{text}`"))
}

/// `impl Into<f32>`.
fn into<'a>(ty: &Type, mut bounds: impl Iterator<Item = &'a TypeParamBound>) -> Option<Piece> {
    let inner = bounds.find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => types(bound.path.segments.last()?).into_iter().next(),
        _ => None,
    });
    let advice = "a field has one type, whatever traits others have";
    match inner {
        Some(inner) => {
            let text = compact(&inner.to_token_stream());
            Piece::new(ty, format!("{advice}: write `{text}`"))
        }
        None => Piece::new(ty, format!("{advice}, such as `f32`")),
    }
}

/// A length in quotes, with a decimal point, or too small.
fn length(ty: &Type, element: &Type, length: &Expr) -> Option<Piece> {
    let Expr::Lit(literal) = length else { return None };
    let text = match &literal.lit {
        Lit::Str(text) => text.value(),
        Lit::Float(number) => {
            number.base10_digits().trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => return None,
    };
    let count: usize = text.trim().parse().ok()?;
    let count = proc_macro2::Literal::usize_unsuffixed(count);
    Piece::written(ty, &parse_quote!([#element; #count]))
}

/// A type with a name.
fn named(
    ty: &Type,
    last: &PathSegment,
    arguments: &[Type],
    branch: Option<&Branch>,
) -> Option<Piece> {
    let written = |meant: Type| Piece::written(ty, &meant);
    let first = arguments.first();
    let count = given(last);
    match (last.ident.to_string().as_str(), first) {
        ("str" | "char" | "string" | "Str" | "OsString" | "CString" | "PathBuf" | "Path", _)
        | ("Uuid" | "Url", None) => written(parse_quote!(String)),
        ("Cow", Some(_)) => written(parse_quote!(String)),
        ("f16" | "bf16" | "float" | "float32" | "Float" | "float16" | "number" | "real", None) => {
            written(parse_quote!(f32))
        }
        (
            "double" | "Double" | "float64" | "f128" | "Decimal" | "BigDecimal" | "NotNan"
            | "OrderedFloat",
            _,
        ) => written(parse_quote!(f64)),
        ("boolean" | "Boolean" | "Bool", None) => written(parse_quote!(bool)),
        (
            "int" | "Int" | "integer" | "Integer" | "int32" | "int64" | "uint" | "long" | "i128"
            | "u128" | "BigInt" | "NonZeroU32",
            None,
        ) => Piece::new(
            ty,
            "a category index is `u32` and a number is `f32` (`f64`, `i64` or `u64` where it has many \
             digits)",
        ),
        ("Image", None) if count == 0 => Piece::new(
            ty,
            "say how many channels a picture has: `Image<3>` for colours, `Image<1>` for grey",
        ),
        ("Image", _) if count > 1 => {
            let channels = channels(last);
            Piece::new(
                ty,
                format!(
                    "pictures have any size, which the step `resize(height, width)` makes one; write \
                     `Image<{}>`",
                    compact(&channels)
                ),
            )
        }
        ("DynamicImage" | "RgbImage" | "Picture" | "ImageBuffer", _) => written(parse_quote!(Image<3>)),
        ("GrayImage", _) => written(parse_quote!(Image<1>)),
        ("Class", _) if count != 1 => match units(branch) {
            Some(units) => Piece::new(
                ty,
                format!("say how many classes there are: `Class<{}>`", compact(&units)),
            ),
            None => Piece::new(ty, "say how many classes there are: `Class<10>`"),
        },
        ("Probabilities" | "LabelProbabilities", _) => Piece::new(
            ty,
            "that is what is predicted of a target of the type `Class<N>`, which is written here",
        ),
        ("Option", _) => Piece::new(ty, "say what may be missing: `Option<f32>`"),
        ("Vec", _) => Piece::new(ty, "say what a list holds: `Vec<f32>`, `Vec<String>`"),
        ("Some" | "Optional" | "Maybe" | "Nullable", Some(inner)) => written(parse_quote!(Option<#inner>)),
        ("None", None) => Piece::new(ty, "what may be missing is written `Option<f32>`"),
        ("Box" | "Rc" | "Arc" | "Cell" | "RefCell" | "Mutex" | "RwLock" | "Wrapping", Some(inner)) => {
            held(ty, inner)
        }
        (
            "VecDeque" | "LinkedList" | "HashSet" | "BTreeSet" | "List" | "list" | "Sequence"
            | "SmallVec" | "ArrayVec" | "BinaryHeap",
            Some(inner),
        ) => written(parse_quote!(Vec<#inner>)),
        ("list" | "List" | "set" | "Sequence", None) => {
            Piece::new(ty, "a list of any length is `Vec<f32>`, one of N numbers `[f32; N]`")
        }
        ("HashMap" | "BTreeMap" | "IndexMap" | "dict" | "Dict" | "Map" | "Value", _) => {
            Piece::new(ty, "give every key a field of its own")
        }
        (
            "Array" | "Array1" | "Array2" | "Array3" | "ArrayD" | "ArrayBase" | "ndarray" | "Tensor"
            | "Tensor1D" | "Tensor2D" | "Tensor3D" | "DMatrix" | "DVector" | "SVector" | "Matrix"
            | "Vector" | "Series" | "DataFrame",
            _,
        ) => Piece::new(
            ty,
            "one row holds plain arrays: `[f32; N]`, or `[[f32; COLUMNS]; ROWS]`",
        ),
        ("DateTime" | "SystemTime" | "Timestamp" | "OffsetDateTime" | "Instant", None) => Piece::new(
            ty,
            "a date with a time is chrono's `NaiveDateTime`, one in UTC `DateTime<Utc>`, one without \
             a time `NaiveDate`",
        ),
        ("datetime" | "Datetime" | "PrimitiveDateTime", None) => written(parse_quote!(NaiveDateTime)),
        ("date", None) => written(parse_quote!(NaiveDate)),
        ("NaiveTime" | "time", None) => Piece::new(
            ty,
            "a time of day is a number, such as `f32` of hours, or a part of a `NaiveDateTime`",
        ),
        ("Duration" | "TimeDelta", None) => Piece::new(
            ty,
            "a duration is a number, such as `f32` of seconds",
        ),
        ("Categorical" | "category" | "Category", _) => Piece::new(
            ty,
            "a category is `u32`, an index, or `String`, a name; a target's is `Class<N>`",
        ),
        // The reader says which one is meant.
        ("usize" | "isize" | "u8" | "u16" | "i8" | "i16" | "i32", _) => None,
        (name, None) => slip(ty, name),
        _ => None,
    }
}

/// A misspelt name.
fn slip(ty: &Type, name: &str) -> Option<Piece> {
    const KNOWN: [&str; 8] =
        ["String", "NaiveDate", "NaiveDateTime", "bool", "f32", "f64", "u32", "i64"];
    if KNOWN.contains(&name) {
        return None;
    }
    let near = suggest(name, KNOWN);
    // A word of its own is not a slip for a short name.
    let is_near = |known: &&str| {
        near.contains(&format!("`{known}`")) && name.len().abs_diff(known.len()) <= 1
    };
    let meant = KNOWN.into_iter().find(|known| name.len() > 2 && is_near(known))?;
    let meant = Ident::new(meant, ty.span());
    Piece::written(ty, &parse_quote!(#meant))
}

/// The types between `<` and `>`.
fn types(segment: &PathSegment) -> Vec<Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.collect()
}

/// How many arguments are between `<` and `>`.
fn given(segment: &PathSegment) -> usize {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.len(),
        _ => 0,
    }
}

/// The first of the numbers of a picture that is likely its number of channels.
fn channels(segment: &PathSegment) -> TokenStream {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return quote!(3) };
    let texts: Vec<TokenStream> = arguments.args.iter().map(ToTokens::to_token_stream).collect();
    let few = texts.iter().find(|text| ["1", "3", "4"].contains(&text.to_string().as_str()));
    few.or(texts.first()).cloned().unwrap_or_else(|| quote!(3))
}

/// The units of the last layer of a branch.
fn units(branch: Option<&Branch>) -> Option<TokenStream> {
    let named = branch?.layers.iter().rev().find_map(|layer| match &layer.kind {
        LayerKind::Named { spec, arguments, .. } if spec.name == "Dense" => arguments.first(),
        _ => None,
    });
    let Argument::Size(size) = named? else { return None };
    let is_literal =
        size.tokens.clone().into_iter().all(|tree| matches!(tree, TokenTree::Literal(_)));
    is_literal.then(|| size.tokens.clone())
}
