//! The row types: named structs, so that inputs cannot be swapped or forgotten.

use multi_input_cells::{CellFormat, DateFormat};
use multi_input_spec::Predicted;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{quote, ToTokens};
use syn::Attribute;

use super::{
    formula::Formulas,
    newtypes::{self, row_value, SerdeOfNewtype},
    signatures::{RowField, Signatures},
};
use crate::{
    parse::{
        Argument, ColumnNames, Columns, Derives, Element, Field, FieldType, Head, LossCall,
        Newtype, Source,
    },
    shape::Flow,
    text::{compact, plain},
};

/// An output without a loss.
pub(crate) struct Value<'a> {
    pub(crate) field: &'a Field,
    /// The type of its predictions.
    pub(crate) ty: TokenStream,
}

/// A field of one of the row structs.
struct TypedField<'a> {
    field: &'a Field,
    ty: TokenStream,
    has_newtypes: bool,
}

/// `HousePriceInputs`, `HousePriceSample` and `HousePriceOutputs`.
pub(super) fn structs<'f>(
    signatures: &Signatures<'_>,
    inputs: &[&'f Field],
    outputs: &[&'f Field],
    values: &[Value<'f>],
) -> TokenStream {
    let (names, krate) = (signatures.names, &signatures.paths.krate);
    let model = signatures.head;
    let raw = |one: &&'f Field| TypedField {
        field: one,
        ty: raw_type(one, krate),
        has_newtypes: newtypes::newtype(one).is_some(),
    };
    let predicted = |(index, one): (usize, &&'f Field)| TypedField {
        field: one,
        ty: predicted_type(one, index, signatures),
        has_newtypes: predicts_newtypes(one),
    };
    let value = |value: &Value<'f>| TypedField {
        field: value.field,
        ty: value.ty.clone(),
        has_newtypes: false,
    };

    let given: Vec<_> = inputs.iter().map(raw).collect();
    let predictions = outputs.iter().enumerate().map(predicted).chain(values.iter().map(value));
    let doc = |text: &str| text.replace("{}", &names.definition.to_string());
    let row = |name, text, fields: &[TypedField<'_>]| row(model, name, &doc(text), fields, krate);
    let rows = [
        row(&names.inputs, "One row that [`{}`] predicts from.", &given),
        row(&names.outputs, "What [`{}`] predicts for one row.", &predictions.collect::<Vec<_>>()),
    ];
    if !signatures.has_samples {
        return quote!(#(#rows)*);
    }
    let samples = row(
        &names.sample,
        "One row that [`{}`] trains on: inputs and targets.",
        &given.into_iter().chain(outputs.iter().map(raw)).collect::<Vec<_>>(),
    );
    let (inputs_name, sample) = (&names.inputs, &names.sample);
    let input_names = inputs.iter().map(|field| &field.name);
    quote! {
        #(#rows)*
        #samples

        impl ::core::convert::From<#sample> for #inputs_name {
            fn from(sample_: #sample) -> Self {
                #inputs_name { #(#input_names: sample_.#input_names),* }
            }
        }
    }
}

/// A row struct with the user's derives and attributes.
fn row(
    model: &Head,
    name: &Ident,
    doc: &str,
    fields: &[TypedField<'_>],
    krate: &TokenStream,
) -> TokenStream {
    let visibility = &model.visibility;
    let attributes = model.attributes.iter().filter(|attribute| !attribute.path().is_ident("doc"));
    let with_newtypes = fields.iter().filter(|typed| typed.has_newtypes);
    let serde = with_newtypes
        .filter_map(|typed| SerdeOfNewtype::new(name, typed.field, &typed.ty, model.derives));
    let functions: Vec<_> = serde.map(|serde| serde.functions(krate)).collect();
    let functions = (!functions.is_empty()).then(|| quote!(impl #name { #(#functions)* }));
    let fields = fields.iter().map(|typed| field(typed, name, model.derives));
    quote! {
        #[doc = #doc]
        #(#attributes)*
        #[allow(dead_code)] // A user need not read every field.
        #visibility struct #name { #(#fields),* }
        #functions
    }
}

/// `pub name: Type` with the user's attributes.
fn field(typed: &TypedField<'_>, row: &Ident, derives: Derives) -> TokenStream {
    let TypedField { field, ty, has_newtypes } = typed;
    let name = &field.name;
    let serde = derives.serialize || derives.deserialize;
    let is_kept = |attribute: &&Attribute| serde || !attribute.path().is_ident("serde");
    let attributes = field.attributes.iter().filter(is_kept);
    let doc = format!("The node `{name}` of the model.");
    let has_doc = field.attributes.iter().any(|attribute| attribute.path().is_ident("doc"));
    let doc = (!has_doc).then(|| quote!(#[doc = #doc]));
    let with = SerdeOfNewtype::new(row, field, ty, derives).filter(|_| *has_newtypes);
    let with = with.map(|serde| serde.attribute());
    quote!(#(#attributes)* #with #doc pub #name: #ty)
}

/// The inputs as the rows hold them.
pub(super) fn input_fields<'a>(inputs: &[&'a Field], krate: &TokenStream) -> Vec<RowField<'a>> {
    let field = |field: &&'a Field| {
        let written = newtypes::newtype(field).map(|_| raw_type(field, krate));
        RowField { name: &field.name, written, predicted: None }
    };
    inputs.iter().map(field).collect()
}

/// The outputs with a loss as the rows hold them.
pub(super) fn output_fields<'a>(
    outputs: &[&'a Field],
    signatures: &Signatures<'_>,
) -> Vec<RowField<'a>> {
    let field = |(index, field): (usize, &&'a Field)| {
        let newtype = newtypes::newtype(field);
        let predicted = predicts_newtypes(field);
        RowField {
            name: &field.name,
            written: newtype.map(|_| raw_type(field, &signatures.paths.krate)),
            predicted: predicted.then(|| predicted_type(field, index, signatures)),
        }
    };
    outputs.iter().enumerate().map(field).collect()
}

/// The type of a field in a row.
fn raw_type(field: &Field, krate: &TokenStream) -> TokenStream {
    let ty = match &field.ty {
        Some(ty) if is_label(field) && ty.optional => {
            quote!(::core::option::Option<::std::string::String>)
        }
        Some(_) if is_label(field) => quote!(::std::string::String),
        Some(ty) => ty.absolute(krate),
        None => field.written.to_token_stream(),
    };
    spelled_out(ty)
}

/// The type, or `()` if it contains `_`.
fn spelled_out(ty: TokenStream) -> TokenStream {
    match is_spelled_out(&ty) {
        true => ty,
        false => quote!(()),
    }
}

/// Whether rows hold the label of a class instead of its index.
fn is_label(field: &Field) -> bool {
    let class = field.ty.as_ref().is_some_and(|ty| matches!(ty.element, Element::Class(_)));
    class && field.output.as_ref().is_some_and(|output| output.categories.is_some())
}

/// Whether a type has no `_`, which rustc does not infer in a struct.
pub(super) fn is_spelled_out(ty: &TokenStream) -> bool {
    ty.clone().into_iter().all(|tree| match tree {
        TokenTree::Ident(word) => word != "_",
        TokenTree::Group(group) => is_spelled_out(&group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => true,
    })
}

/// The type of a prediction: probabilities for classes, a probability for each flag, and what the
/// loss predicts of a number. It does not depend on whether rows may lack the target.
fn predicted_type(field: &Field, index: usize, signatures: &Signatures<'_>) -> TokenStream {
    let krate = &signatures.paths.krate;
    let Some(ty) = &field.ty else { return raw_type(field, krate) };
    match &ty.element {
        Element::Class(classes) => {
            let classes = classes.argument();
            match is_label(field) {
                true => quote!(#krate::LabelProbabilities<#classes>),
                false => quote!(#krate::Probabilities<#classes>),
            }
        }
        Element::Bool => in_arrays(ty, quote!(::core::primitive::f32)),
        Element::F32 | Element::F64 if ty.newtype.is_some() && predicts_its_target(field) => {
            ty.absolute_present(krate)
        }
        element @ (Element::F32 | Element::F64) => {
            let number = match (&ty.newtype, element.is_double()) {
                (Some(newtype), _) if newtype.inner.dims.is_empty() => newtype.path.clone(),
                (_, true) => quote!(::core::primitive::f64),
                (_, false) => quote!(::core::primitive::f32),
            };
            let loss = field.output.as_ref().and_then(|output| output.loss.as_ref());
            let predicted = match loss {
                Some(loss) => signatures.predicted_number(loss, index, &number),
                None => number,
            };
            spelled_out(in_arrays(ty, predicted))
        }
        _ => spelled_out(ty.absolute_present(krate)),
    }
}

/// Whether the loss of an output predicts the value of its target.
fn predicts_its_target(field: &Field) -> bool {
    let loss = field.output.as_ref().and_then(|output| output.loss.as_ref());
    let named = loss.and_then(LossCall::named);
    named.is_some_and(|loss| matches!(loss.spec.prediction, Predicted::Target))
}

/// Whether the type of an output's predictions has the newtype of its target: parts of a prediction
/// are of one number, so they have none of an array.
fn predicts_newtypes(field: &Field) -> bool {
    let is_number = |ty: &FieldType| matches!(ty.element, Element::F32 | Element::F64);
    let has_it = |newtype: &Newtype| newtype.inner.dims.is_empty() || predicts_its_target(field);
    field.ty.as_ref().is_some_and(is_number) && newtypes::newtype(field).is_some_and(has_it)
}

/// `element` in arrays of the type's lengths.
fn in_arrays(ty: &FieldType, element: TokenStream) -> TokenStream {
    let lengths = ty.dims.iter().rev().map(|dim| &dim.tokens);
    lengths.fold(element, |inner, length| quote!([#inner; #length]))
}

/// The type of an output without a loss, if the field's type says it: an input's says what rows hold.
pub(super) fn declared_value(field: &Field, krate: &TokenStream) -> Option<TokenStream> {
    if matches!(field.source, Some(Source::Input(_) | Source::Derived(_))) {
        return None;
    }
    let ty = field.ty.as_ref().filter(|ty| !matches!(ty.element, Element::Inferred))?;
    Some(ty.absolute_present(krate))
}

/// The type of an output without a loss in the shape of its node.
pub(super) fn inferred_value(flow: &Flow, formulas: &Formulas) -> TokenStream {
    let number = quote!(::core::primitive::f32);
    formulas.sizes(flow).iter().rev().fold(number, |inner, size| quote!([#inner; #size]))
}

/// `Deserialize` for rows from files, unless the user derives it.
pub(super) fn deserialize(
    signatures: &Signatures<'_>,
    inputs: &[&Field],
    outputs: &[&Field],
) -> TokenStream {
    if signatures.head.derives.deserialize {
        return TokenStream::new();
    }
    let (names, krate) = (signatures.names, &signatures.paths.krate);
    let row = |name, fields: &[&Field], others: &[TokenStream]| {
        let specs: Vec<_> = fields.iter().map(|field| field_spec(field, krate)).collect();
        let cells = fields.iter().enumerate().map(|(index, field)| take(field, index, krate));
        signatures.deserialize(name, &specs, others, &quote!(#(#cells),*))
    };
    let others = signatures.head.part_of.iter().flat_map(|whole| &whole.other_fields);
    let others: Vec<TokenStream> = others.map(|field| field_names(field, krate)).collect();
    let targets: Vec<TokenStream> = outputs.iter().map(|field| field_names(field, krate)).collect();
    let inputs_row = row(&names.inputs, inputs, &[targets, others.clone()].concat());
    let samples = signatures.has_samples;
    let sample_row = samples.then(|| row(&names.sample, &[inputs, outputs].concat(), &others));
    quote!(#inputs_row #sample_row)
}

/// Whether a cell is used unchanged as a text, so that `007` stays `007`.
fn is_written_as_text(field: &Field) -> bool {
    let element = field.ty.as_ref().map(|ty| &ty.element);
    let text = matches!(element, Some(Element::Text | Element::Image(_) | Element::Date(_)));
    text || is_label(field)
}

/// Whether a value is several items, each of which has a cell or a part of one.
fn is_list(field: &Field) -> bool {
    field.ty.as_ref().is_some_and(|ty| ty.list || !ty.dims.is_empty())
}

/// `name: cells.take(0)?`, or with the default or the function that the user names.
fn take(field: &Field, index: usize, krate: &TokenStream) -> TokenStream {
    let (name, ty) = (&field.name, raw_type(field, krate));
    let option = quote!(::core::option::Option);
    let default = field.columns.default.as_ref().map(|default| default.function(&ty));
    let of_newtype = newtypes::newtype(field).is_some();
    match (&field.columns.read_with, default) {
        (None, None) if of_newtype => {
            let call = quote!(take::<De::Error>(cells_, #index)?);
            let taken = row_value(&ty, call, krate);
            quote!(#name: #taken)
        }
        (None, Some(default)) if of_newtype => {
            let call = quote!(take_or::<De::Error>(cells_, #index, #default)?);
            let taken = row_value(&ty, call, krate);
            quote!(#name: #taken)
        }
        (None, None) => quote!(#name: cells_.take::<_, De::Error>(#index)?),
        (None, Some(default)) => {
            quote!(#name: cells_.take_or::<#ty, De::Error>(#index, #default)?)
        }
        (Some(read), default) => {
            let default = match default {
                Some(default) => quote!(#option::Some(#default)),
                None => quote!(#option::None),
            };
            quote! {
                #name: cells_.take_with::<#ty, De::Error>(#index, |cell_| #read(cell_), #default)?
            }
        }
    }
}

/// What separates the items of a list in a cell. A single text is cut by the step `split` itself.
fn separator(field: &Field) -> Option<String> {
    let Some(Source::Input(input)) = &field.source else { return None };
    let split = input.steps.iter().find(|step| step.spec.name == "split")?;
    match split.arguments.first() {
        Some(Argument::Text(separator)) if is_list(field) => Some(separator.value()),
        _ => None,
    }
}

/// The constant of a field's format.
fn format(field: &Field, krate: &TokenStream) -> TokenStream {
    let cells = quote!(#krate::data::columns::cells);
    let Some(options) = field.cells() else { return quote!(#cells::CellFormat::DEFAULT) };
    let split = separator(field);
    options.with_format(|format| {
        let format = CellFormat { split: split.as_deref(), ..format };
        if format.is_default() {
            return quote!(#cells::CellFormat::DEFAULT);
        }
        let CellFormat { missing, decimal, percent, truthy, falsy, base64, .. } = format;
        let optional = |value: Option<TokenStream>| match value {
            Some(value) => quote!(::core::option::Option::Some(#value)),
            None => quote!(::core::option::Option::None),
        };
        let thousands = optional(format.thousands.map(|letter| quote!(#letter)));
        let currency = optional(format.currency.map(|sign| quote!(#sign)));
        let split = optional(format.split.map(|separator| quote!(#separator)));
        let date = match format.date {
            DateFormat::Iso => quote!(Iso),
            DateFormat::Pattern(pattern) => quote!(Pattern(#pattern)),
            DateFormat::Seconds => quote!(Seconds),
            DateFormat::Milliseconds => quote!(Milliseconds),
        };
        quote! {
            #cells::CellFormat {
                missing: &[#(#missing),*],
                decimal: #decimal,
                thousands: #thousands,
                percent: #percent,
                currency: #currency,
                date: #cells::DateFormat::#date,
                truthy: &[#(#truthy),*],
                falsy: &[#(#falsy),*],
                split: #split,
                base64: #base64,
            }
        }
    })
}

/// The columns of a field.
fn field_names(field: &Field, krate: &TokenStream) -> TokenStream {
    let Columns { rename, aliases, .. } = &field.columns;
    let name = rename.as_ref().map_or_else(|| plain(&field.name), syn::LitStr::value);
    let aliases = aliases.iter().map(syn::LitStr::value);
    let cells = quote!(#krate::data::columns::cells);
    let columns = match field.cells().and_then(|cells| cells.columns.as_ref()) {
        None => quote!(Own),
        Some((ColumnNames::Named(names), _)) => quote!(Named(&[#(#names),*])),
        Some((ColumnNames::Constant { tokens, .. }, _)) => quote!(Named(#tokens)),
        Some((ColumnNames::Prefix(prefix), _)) => quote!(Prefix(#prefix)),
        Some((ColumnNames::AllOthers, _)) => quote!(AllOthers),
    };
    quote! {
        #cells::FieldNames {
            name: #name,
            aliases: &[#(#aliases),*],
            columns: #cells::ColumnNames::#columns,
        }
    }
}

/// The columns and the type of a field.
fn field_spec(field: &Field, krate: &TokenStream) -> TokenStream {
    let Columns { read_with, .. } = &field.columns;
    let (path, names) = (quote!(#krate::data::columns), field_names(field, krate));
    let input = match &field.source {
        Some(Source::Input(input)) => Some(input),
        _ => None,
    };
    // A function of the user reads the text as it is written.
    let reads = match is_written_as_text(field) || read_with.is_some() {
        true if input.is_some_and(|input| input.reads_within(is_list(field))) => {
            quote!(TextOrBlank)
        }
        true => quote!(Text),
        false if input.is_some_and(|input| input.fills()) => quote!(ValueOrBlank),
        false => quote!(Value),
    };
    let text = compact(&field.written.to_token_stream());
    let (ty, format) = (raw_type(field, krate), format(field, krate));
    let of_newtype = newtypes::newtype(field).is_some();
    let append = match read_with {
        None if of_newtype => row_value(&ty, quote!(APPEND), krate),
        Some(read) if of_newtype => {
            let call = quote!(append_with(grid_, columns_, to_, |cell_| #read(cell_)));
            let append = row_value(&ty, call, krate);
            quote!(|_, grid_, columns_, to_| #append)
        }
        None => quote!(#path::append::<#ty>),
        Some(read) => quote! {
            |_, grid_, columns_, to_| #path::append_with::<#ty>(grid_, columns_, to_, |cell_| #read(cell_))
        },
    };
    // Rustc reports a type that cannot be read where it is taken.
    let elements = match read_with {
        None if of_newtype => row_value(&ty, quote!(ELEMENTS), krate),
        None => quote!(<#ty as #path::FromCells>::ELEMENTS),
        Some(_) => quote!(0),
    };
    quote! {
        #path::FieldSpec {
            names: #names,
            elements: #elements,
            ty: #text,
            reads: #path::Reads::#reads,
            format: #format,
            append: #append,
        }
    }
}
