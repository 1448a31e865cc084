//! `Model::description`, and the document that is made of it.

use multi_input::{
    description::{DateForm, Keys, Parts, Predicts, Scalar, ValueKind},
    prelude::*,
};

use crate::house::{trained, House};

#[test]
fn a_fitted_model_describes_its_inputs() {
    let description = trained(7).description();
    assert_eq!(description.model, "House");
    let names: Vec<&str> = description.inputs.iter().map(|input| &*input.name).collect();
    assert_eq!(names, ["measures", "town", "garden", "rents", "district", "sold", "tags"]);
    let [measures, town, garden, rents, district, sold, tags] = &description.inputs[..] else {
        panic!("{description:?}")
    };
    assert_eq!(measures.doc, "Square metres and years.");
    assert_eq!(measures.keys, Keys::Each(vec!["area".to_owned(), "age".to_owned()]));
    assert_eq!(
        (&measures.value, &measures.shape[..]),
        (&ValueKind::Number { double: false }, &[2][..])
    );
    assert_eq!(measures.steps, ["standardize"]);
    let range = |least, most| Some([Scalar::Number(least), Scalar::Number(most)]);
    assert_eq!(measures.seen, [range(40.0, 99.0), range(0.0, 29.5)]);
    assert_eq!(town.value, ValueKind::Text { category: true });
    assert!(town.shape.is_empty() && !town.optional);
    let mut known = town.known.clone().unwrap().entries;
    known.sort();
    assert_eq!(known, ["Bonn", "Kiel", "Ulm"]);
    assert_eq!((&garden.value, &garden.shape[..]), (&ValueKind::Flag, &[][..]));
    assert!(rents.optional);
    assert_eq!((&rents.value, &rents.shape[..]), (&ValueKind::Number { double: true }, &[2][..]));
    assert_eq!(rents.keys, Keys::One("rents".to_owned()));
    assert_eq!(district.value, ValueKind::Category { below: 5 });
    assert_eq!(sold.value, ValueKind::Date { form: DateForm::Iso });
    let range = ["2024-01-01", "2024-12-24"].map(|day| Scalar::Date(day.to_owned()));
    assert_eq!(sold.seen, [Some(range)]);
    assert!(tags.list && tags.shape.is_empty());
}

#[test]
fn a_model_describes_its_predictions() {
    let description = trained(7).description();
    let [price, days, kind, flags, code] = &description.outputs[..] else {
        panic!("{description:?}")
    };
    assert_eq!((&*price.doc, price.unit.as_deref()), ("What it fetched.", Some("Euros")));
    assert_eq!((&price.predicts, &price.shape[..]), (&Predicts::Numbers, &[][..]));
    assert_eq!(days.parts, Parts::Named(vec!["mean".to_owned(), "std".to_owned()]));
    let labels = Some(vec!["flat".to_owned(), "villa".to_owned()]);
    assert_eq!((&kind.predicts, &kind.shape[..]), (&Predicts::Classes { labels }, &[3][..]));
    assert_eq!((&flags.predicts, &flags.shape[..]), (&Predicts::Flags, &[2][..]));
    assert_eq!((&code.predicts, &code.shape[..]), (&Predicts::Values, &[6][..]));
}

#[test]
fn a_description_is_saved_and_read() {
    let description = trained(7).description();
    let text = serde_json::to_string(&description).unwrap();
    assert_eq!(
        serde_json::from_str::<multi_input::description::Description>(&text).unwrap(),
        description
    );
}

#[test]
fn what_is_not_fitted_is_described_without_what_is_learned() {
    let description = House::build(&Cpu::default(), Seed(1)).description();
    assert!(description.inputs.iter().all(|input| input.seen.is_empty() && input.known.is_none()));
    assert_eq!(description.outputs[2].predicts, Predicts::Classes { labels: None });
}
