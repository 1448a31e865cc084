use super::{
    value::{margins, padding, pair},
    *,
};
use multi_input_spec::{Range, Size};
use syn::parse_quote;

/// The parameters of every callable of the DSL.
fn all_parameters() -> Vec<(&'static str, &'static [Parameter])> {
    use multi_input_spec::{derived::DERIVATIONS, layer::LAYERS, merge::MERGES, step::STEPS};
    let layers = LAYERS.iter().map(|layer| (layer.name, layer.parameters));
    let steps = STEPS.iter().map(|step| (step.name, step.parameters));
    let merges = MERGES.iter().map(|merge| (merge.name, merge.parameters));
    let derived = DERIVATIONS.iter().map(|derived| (derived.name, derived.parameters));
    layers.chain(steps).chain(merges).chain(derived).collect()
}

#[test]
fn every_real_number_is_compared_with_its_range_or_left_to_rustc() {
    let mut seen = 0;
    for (callee, parameters) in all_parameters() {
        for parameter in parameters {
            let (wrong, constant): (Expr, Expr) = match parameter.kind {
                ArgumentKind::Number(_) => (parse_quote!(0.0 / 0.0), parse_quote!(RATE)),
                ArgumentKind::Numbers(_) => (parse_quote!([1e999]), parse_quote!([RATE])),
                _ => continue,
            };
            seen += 1;
            let mut errors = Diagnostics::new();
            let span = Span::call_site();
            let optional = Parameter { required: false, ..*parameter };
            let mut read = |value| {
                let given = vec![Given { name: None, value }];
                super::read(callee, span, &[optional], given, &mut errors).is_some()
            };
            assert!(!read(wrong) && read(constant), "{callee} {parameter:?}");
            assert_eq!(errors.take_requirements().len(), 1, "{callee} {parameter:?}");
            assert!(errors.finish().unwrap_err().to_string().contains("finite number"));
        }
    }
    assert!(seen >= 30, "{seen}");
}

#[test]
fn a_literal_outside_of_its_range_is_refused() {
    let error = |range, value: Expr| {
        let parameter = Parameter::required("rate", ArgumentKind::Number(range));
        let mut errors = Diagnostics::new();
        let given = vec![Given { name: None, value }];
        read("Dropout", Span::call_site(), &[parameter], given, &mut errors);
        errors.finish().err().map(|error| error.to_string())
    };
    let said = "`rate` of `Dropout` must be at least 0 and below 1, but is -0.5";
    assert_eq!(error(Range::Fraction, parse_quote!(-1.0 / 2)).as_deref(), Some(said));
    assert_eq!(error(Range::Fraction, parse_quote!(0.5)), None);
    assert_eq!(error(Range::NonNegative, parse_quote!(-0.0)), None);
}

#[test]
fn a_pair_is_one_size_or_two() {
    let sizes = |value: Expr| pair(&value).map(|pair| pair.map(|size| size.value));
    assert_eq!(sizes(parse_quote!(3)).unwrap(), [Size::Known(3); 2]);
    assert_eq!(sizes(parse_quote!((3))).unwrap(), [Size::Known(3); 2]);
    assert_eq!(sizes(parse_quote!((3, K))).unwrap(), [Size::Known(3), Size::Unknown]);
    assert_eq!(
        sizes(parse_quote!((1, 0))).unwrap_err().to_string(),
        "a size is at least 1, this is 0"
    );
    assert_eq!(
        sizes(parse_quote!((1, 2, 3))).unwrap_err().to_string(),
        "expected a size, or a pair of sizes such as `(3, 5)`; found `(1, 2, 3)`"
    );
    assert!(sizes(parse_quote!("3")).is_err());
}

#[test]
fn margins_are_one_number_or_two_or_four() {
    let sizes = |value: Expr| margins(&value).map(|sizes| sizes.map(|size| size.value.get()));
    assert_eq!(sizes(parse_quote!(2)).unwrap(), [2, 2, 2, 2]);
    assert_eq!(sizes(parse_quote!((0, 1))).unwrap(), [0, 0, 1, 1]);
    assert_eq!(sizes(parse_quote!(((0, 1), (2, 3)))).unwrap(), [0, 1, 2, 3]);
    assert_eq!(sizes(parse_quote!((1, (2, 3)))).unwrap(), [1, 1, 2, 3]);
    let error = |value: Expr| sizes(value).unwrap_err().to_string();
    assert_eq!(error(parse_quote!(-1)), "a margin is at least 0, this is -1");
    for wrong in [parse_quote!((1, 2, 3)), parse_quote!((1, (2, (3, 4))))] {
        assert!(error(wrong).starts_with("expected a margin, a pair such as"));
    }
}

#[test]
fn a_padding_is_a_word_or_a_number() {
    let read = |value: Expr| {
        let mut errors = Diagnostics::new();
        let read = padding(&value, &mut errors);
        errors.finish().map_err(|error| error.to_string())?;
        match read {
            Some(PaddingExpr::Word(word)) => Ok(word),
            Some(PaddingExpr::Zeros(zeros)) => Ok(Padding::Zeros(zeros.value)),
            None => Err("nothing is reported".to_owned()),
        }
    };
    assert_eq!(read(parse_quote!(same)), Ok(Padding::Same));
    assert_eq!(read(parse_quote!(valid)), Ok(Padding::Valid));
    assert_eq!(read(parse_quote!(0)), Ok(Padding::Zeros(Size::Known(0))));
    assert_eq!(read(parse_quote!(SIZE)), Ok(Padding::Zeros(Size::Unknown)));
    let error = |value: Expr| read(value).unwrap_err();
    assert_eq!(error(parse_quote!(smae)), "there is no padding `smae`; did you mean `same`?");
    assert_eq!(error(parse_quote!(-1)), "a padding is at least 0, this is -1");
    assert_eq!(error(parse_quote!("same")), "write `same` without quotes");
    assert_eq!(
        error(parse_quote!((1, 2))),
        "expected `valid`, `same`, or a number of zeros on every side; found `(1, 2)`"
    );
}
