//! Fitting on several parts of the rows, compared with fitting on all rows.

use std::{ops::Range, sync::Arc};

use multi_input_base::Result;
use multi_input_spec::{
    derived::crossed,
    step::{
        bins, categories, impute, min_max, multi_hot, one_hot, own, robust, standardize, words,
        Nature, Step as Spec, STEPS,
    },
    Kind, Shape, Size, Value,
};
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::Value as Json;

use super::{
    saved_tests::{any_case, leak, stage_of, step, Case},
    stage::{LearnedStep, Refusal},
    *,
};
use crate::{
    schema::{Derived, Input, Step, Target, TargetKind},
    Content, Values,
};

/// The ranges of `rows` that cuts at these positions give.
fn parts(rows: usize, mut cuts: Vec<usize>) -> Vec<Range<usize>> {
    cuts.extend([0, rows]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| pair[0].min(rows)..pair[1].min(rows)).collect()
}

/// Fits as processes do that each read a part of the rows.
fn fit_in_parts(
    schema: &'static Schema,
    table: &Table,
    parts: &[Range<usize>],
    start: impl Fn() -> Fitting,
) -> Result<Preprocessing> {
    let ranks = 0..parts.len() as u64;
    let mut ranks: Vec<Fitting> = ranks.map(|part| for_part(start(), part)).collect();
    assert_eq!(ranks[0].unmergeable(), None);
    while !ranks[0].is_done() {
        for (rank, part) in ranks.iter_mut().zip(parts) {
            let rows: Vec<usize> = part.clone().collect();
            rank.update(table, &rows, &|_, _| true, 0)?;
        }
        let states: Vec<Vec<u8>> = ranks.iter().map(Fitting::pass_state).collect::<Result<_>>()?;
        for rank in &mut ranks {
            rank.restart_pass();
            states.iter().try_for_each(|state| rank.merge_pass(state))?;
            rank.end_pass();
        }
    }
    let fitted = ranks.into_iter().map(Fitting::finish).collect::<Result<Vec<_>>>()?;
    let saved = json(&fitted[0]);
    assert!(fitted.iter().all(|other| json(other) == saved), "the ranks differ");
    assert_eq!(fitted[0].schema.name, schema.name);
    Ok(fitted.into_iter().next().unwrap())
}

fn json(fitted: &Preprocessing) -> Json {
    serde_json::from_str(&fitted.save().unwrap()).unwrap()
}

/// Whether two values have the same bits, or, with a `tolerance`, numbers that differ by no more than it
/// times the largest of them or of `scale`.
fn are_alike(own: &Json, other: &Json, tolerance: Option<(f64, f64)>) -> bool {
    match (own, other, tolerance) {
        (Json::Number(own), Json::Number(other), Some((tolerance, scale))) => {
            let [own, other] = [own, other].map(|number| number.as_f64().unwrap());
            (own - other).abs() <= tolerance * scale.max(own.abs()).max(other.abs())
        }
        (Json::Array(own), Json::Array(others), _) => {
            own.len() == others.len()
                && own.iter().zip(others).all(|(own, other)| are_alike(own, other, tolerance))
        }
        (Json::Object(own), Json::Object(others), _) => {
            own.len() == others.len()
                && own.iter().all(|(key, own)| {
                    others.get(key).is_some_and(|other| are_alike(own, other, tolerance))
                })
        }
        (own, other, _) => own == other,
    }
}

/// Whether a step learns means, which depend on the order of sums in their last bits.
fn learns_means(step: &Step) -> bool {
    match step.spec.name {
        "standardize" => true,
        "impute" => step.argument("strategy").word_or("") == "mean",
        _ => false,
    }
}

/// Compares what a field has learned: bit for bit up to the first step that learns means, which are
/// compared with a tolerance. What later steps learn depends on their last bits.
fn assert_field_alike(own: &Json, other: &Json, steps: &[Step], scale: f64) {
    assert_eq!((&own["seen"], &own["labels"]), (&other["seen"], &other["labels"]));
    let means = Some((1e-12, scale));
    assert!(are_alike(&own["means"], &other["means"], means), "{own} is not {other}");
    let saved = steps.iter().filter(|step| !step.is_for_training_only());
    for (position, step) in saved.enumerate() {
        let (own, other) = (&own["steps"][position], &other["steps"][position]);
        if learns_means(step) {
            // Other steps may have changed the scale.
            let is_alike = position > 0 || are_alike(own, other, means);
            assert!(is_alike, "{step:?}: {own} is not {other}");
            return;
        }
        assert_eq!(own, other, "{step:?}");
    }
}

/// The largest absolute number, to which rounding is relative.
fn largest(values: &Values) -> f64 {
    match values {
        Values::Numbers(numbers) => {
            let finite = numbers.iter().filter(|number| number.is_finite());
            finite.fold(0.0, |largest, number| f64::from(number.abs()).max(largest))
        }
        Values::Lists(lists) => lists.iter().map(|list| largest(list)).fold(0.0, f64::max),
        _ => 0.0,
    }
}

fn check(Case { schema, table, training }: &Case, cuts: &[Index]) {
    let cuts = cuts.iter().map(|cut| cut.index(training.len() + 1)).collect();
    let parts = parts(training.len(), cuts);
    let whole = Preprocessing::fit(schema, table, training);
    let merged = fit_in_parts(schema, table, &parts, || Fitting::new(schema));
    let (whole, merged) = match (whole, merged) {
        (Ok(whole), Ok(merged)) => (json(&whole), json(&merged)),
        (Err(_), Err(_)) => return,
        (whole, merged) => panic!("{:?}, but {:?}", whole.err(), merged.err()),
    };
    let scale: Vec<f64> = table.columns.iter().map(|column| largest(&column.values)).collect();
    let input = schema.inputs[0].steps;
    assert_field_alike(&whole["inputs"][0], &merged["inputs"][0], input, scale[0]);
    let target = schema.targets[0].steps;
    assert_field_alike(&whole["targets"][0], &merged["targets"][0], target, scale[1]);
}

fn for_part(mut fitting: Fitting, part: u64) -> Fitting {
    fitting.set_part(part);
    fitting
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

#[test]
    fn parts_give_what_all_rows_give(case in any_case(), cuts in vec(any::<Index>(), 0..7)) {
        check(&case, &cuts);
    }
}

fn known(size: usize) -> Value {
    Value::Size(Size::Known(size))
}

/// A step with some arguments by name.
fn with(spec: &'static Spec, arguments: &[(&str, Value)], input: Shape) -> Step {
    let value = |name: &str| {
        let given = arguments.iter().find(|(given, _)| *given == name);
        given.map_or(Value::Absent, |(_, value)| *value)
    };
    let values = spec.parameters.iter().map(|parameter| value(parameter.name));
    step(spec, leak(values.collect()), input).unwrap()
}

/// Every step that learns from rows, with each of its kinds of statistics.
fn learning() -> Vec<Step> {
    let (number, pair) = (Shape::numbers(&[]), Shape::numbers(&[Size::Known(2)]));
    let (text, index) = (Shape::new(Kind::Texts, &[]), Shape::categories(&[]));
    let nine = index.below(Size::Known(9));
    let strategy = |strategy| [("strategy", Value::Word(strategy))];
    vec![
        with(&standardize::STEP, &[], pair),
        with(&min_max::STEP, &[], number),
        with(&robust::STEP, &[], pair),
        with(&bins::STEP, &[("count", known(4))], pair),
        with(&impute::STEP, &strategy("mean"), number),
        with(&impute::STEP, &strategy("median"), pair),
        with(&impute::STEP, &strategy("most_frequent"), number),
        with(&categories::STEP, &[("capacity", known(9))], text),
        with(&categories::STEP, &[("capacity", known(9))], index),
        with(&one_hot::STEP, &[("size", known(9))], nine),
        with(&multi_hot::STEP, &[("size", known(9))], nine.with_list(true)),
        with(&words::STEP, &[("vocabulary", known(9)), ("length", known(4))], text),
    ]
}

#[test]
fn every_step_that_learns_can_be_merged() {
    let learning = learning();
    for spec in STEPS.iter().filter(|spec| spec.form.nature == Nature::Learned) {
        // A tokenizer learns nothing, and its file is compiled in.
        let tested = learning.iter().any(|step| step.spec.name == spec.name);
        assert!(tested || spec.name == "tokenizer", "{} is not tested", spec.name);
    }
    for step in &learning {
        let mut fit = step.stage.start(step, 0).expect("statistics");
        let state = fit.save().unwrap();
        assert_eq!(fit.merge(step, &state), Ok(()), "{step:?}");
        assert_eq!(fit.save().unwrap(), state, "{step:?}: no rows change something");
        assert!(fit.merge(step, &state[..state.len() - 1]).is_err(), "{step:?}");
        let others = learning.iter().filter_map(|other| other.stage.start(other, 0)?.save().ok());
        let refused = others.filter(|other| fit.merge(step, other).is_err()).count();
        assert!(refused > 0, "{step:?} merges the statistics of any step");
    }
}

#[test]
fn the_stages_of_all_steps_are_listed() {
    let names: Vec<&str> = STEPS.iter().map(|step| step.type_name).collect();
    for listed in stages::NAMES {
        assert!(names.contains(listed), "{listed}");
    }
    let missing = STEPS.iter().filter(|step| !stages::NAMES.contains(&step.type_name));
    assert_eq!(missing.map(|step| step.name).collect::<Vec<_>>(), ["tokenizer"]);
    let unnamed = STEPS.iter().filter(|step| stage_of(step.name).is_none());
    assert_eq!(unnamed.map(|step| step.name).collect::<Vec<_>>(), ["tokenizer"]);
}

const INPUT: Input = Input {
    name: "",
    doc: "",
    unit: None,
    kind: Content::Texts,
    shape: &[],
    missing: None,
    steps: &[],
    encoded_in_onnx: false,
};

/// Inputs of every kind, with absent rows, a shared vocabulary, a derived node, steps in several passes,
/// and two targets.
fn everything() -> (&'static Schema, Table) {
    let (number, text) = (Shape::numbers(&[]), Shape::new(Kind::Texts, &[]));
    let pair = Shape::numbers(&[Size::Known(2)]);
    let of = |capacity: usize| [("capacity", known(capacity))];
    let city = with(&categories::STEP, &of(5), text);
    let tags = with(&words::STEP, &[("vocabulary", known(6)), ("length", known(3))], text);
    let (imputed, binned) = (
        with(&impute::STEP, &[("strategy", Value::Word("median"))], pair),
        with(&bins::STEP, &[("count", known(3))], pair),
    );
    let unknown_rate = ("unknown_rate", Value::Number(0.1));
    let kind = with(&categories::STEP, &[("capacity", known(9)), unknown_rate], text);
    let counted = with(&categories::STEP, &of(9), kind.output);
    let parts = with(&categories::STEP, &of(7), text.with_list(true));
    let part = with(&multi_hot::STEP, &[("size", known(7))], parts.output);
    let bucket = Shape::categories(&[]).below(Size::Known(50));
    let hot = with(&one_hot::STEP, &[("size", known(50))], bucket);
    let lists = Content::Lists { of: &Content::Texts, width: 1 };
    let derived = Derived {
        name: "both",
        spec: &crossed::DERIVATION,
        inputs: leak(vec![0, 1]),
        arguments: leak(vec![known(50), Value::Absent]),
        own: None,
        raw: bucket,
        steps: leak(vec![hot]),
        output: hot.output,
        encoded_in_onnx: false,
        derivation: &Crossed,
    };
    let target = |name, labels, steps| Target {
        name,
        doc: "",
        unit: None,
        kind: if labels { TargetKind::Class } else { TargetKind::Doubles },
        width: if labels { 3 } else { 1 },
        optional: true,
        columns: &[],
        steps,
        labels,
    };
    let optional = Some(Missing::Zeros);
    let numbers = Content::Numbers { blanks: true };
    let schema = Schema {
        name: "Everything",
        inputs: leak(vec![
            Input { name: "from", missing: optional, steps: leak(vec![city]), ..INPUT },
            Input {
                name: "to",
                steps: leak(vec![Step { vocabulary_of: Some(0), ..city }]),
                ..INPUT
            },
            Input { name: "text", steps: leak(vec![tags]), ..INPUT },
            Input {
                name: "pair",
                kind: numbers,
                shape: &[2],
                steps: leak(vec![imputed, binned]),
                ..INPUT
            },
            Input { name: "mean", kind: numbers, missing: Some(Missing::Mean), ..INPUT },
            Input { name: "kind", steps: leak(vec![kind, counted]), ..INPUT },
            Input { name: "list", kind: lists, steps: leak(vec![parts, part]), ..INPUT },
        ]),
        derived: leak(vec![derived]),
        targets: leak(vec![
            target("price", false, leak(vec![with(&min_max::STEP, &[], number)])),
            target("class", true, &[]),
        ]),
    };
    let schema = Box::leak(Box::new(schema));
    let mut table = Table::of_samples(schema);
    let texts = |texts: &str| Values::Texts(texts.split('|').map(Into::into).collect());
    let list = |list: &str| match list {
        "" => Arc::new(texts("").slice(0..0)),
        list => Arc::new(Values::Texts(list.split(' ').map(Into::into).collect())),
    };
    let nan = f32::NAN;
    let values = [
        texts("rome|oslo|rome|bonn|-|oslo|bern|rome"),
        texts("oslo|oslo|kyiv|rome|bern|lima|bern|kyiv"),
        texts("a b|b c|a a|d|e a||b b b|c"),
        Values::Numbers(vec![
            1.0, 9.0, nan, 8.0, 3.0, 7.0, 4.0, nan, 5.0, 0.1, -0.0, 4.0, 7.0, 3.0, 8.0, 2.5,
        ]),
        Values::Numbers(vec![1.0, 2.0, 4.0, 0.1, 8.0, 0.0, 16.0, 32.0]),
        texts("x|y|x|y|x|y|z|z"),
        Values::Lists(["p q", "", "q", "r p", "s", "q q", "", "t"].map(list).to_vec()),
        Values::Doubles(vec![1.5, 2.5, 1e300, 0.25, -3.0, 1e-300, 7.0, 0.1]),
        texts("yes|no|yes|maybe|no|yes|yes|no"),
    ];
    for (column, values) in table.columns.iter_mut().zip(values) {
        column.values = Arc::new(values);
    }
    let present = |absent: usize| Some((0..8).map(|row| row != absent).collect());
    table.columns[0].present = present(4);
    table.columns[4].present = present(5);
    table.columns[7].present = present(2);
    table.columns[8].present = present(5);
    table.rows = 8;
    (schema, table)
}

#[test]
fn everything_is_fitted_in_parts_as_on_all_rows() {
    let (schema, table) = everything();
    let all: Vec<usize> = (0..table.rows).collect();
    let whole = json(&Preprocessing::fit(schema, &table, &all).unwrap());
    let cuts: [&[usize]; 7] = [
        &[],
        &[4],
        &[1, 7],
        &[0, 8],
        &[3, 3, 3],
        &[1, 2, 3, 4, 5, 6],
        &[0, 1, 2, 3, 4, 5, 6, 7, 8, 8],
    ];
    for cuts in cuts {
        let parts = parts(table.rows, cuts.to_vec());
        let labels_first = || Fitting::new(schema).with_labels_first();
        for merged in [
            fit_in_parts(schema, &table, &parts, || Fitting::new(schema)).unwrap(),
            fit_in_parts(schema, &table, &parts, labels_first).unwrap(),
        ] {
            let merged = json(&merged);
            for (whole, merged) in [&whole["inputs"], &whole["derived"], &whole["targets"]]
                .into_iter()
                .zip([&merged["inputs"], &merged["derived"], &merged["targets"]])
            {
                assert!(are_alike(whole, merged, Some((1e-15, 0.0))), "{whole} is not {merged}");
            }
        }
    }
    assert_eq!(
        whole["inputs"][1]["steps"][0]["entries"],
        serde_json::json!(["rome", "oslo", "bern"])
    );
    assert_eq!(whole["targets"][1]["labels"], serde_json::json!(["maybe", "no", "yes"]));
    // x, y, z and the unknown category, which is counted once in all parts.
    assert_eq!(whole["inputs"][5]["steps"][1]["entries"], serde_json::json!([3, 2, 4, 1]));
}

#[test]
fn no_rows_at_all_are_fitted_as_one_process_does() {
    let (schema, table) = everything();
    let none = Preprocessing::fit(schema, &table, &[]).unwrap();
    let merged = fit_in_parts(schema, &table, &[0..0, 0..0], || Fitting::new(schema)).unwrap();
    assert_eq!(json(&merged), json(&none));
}

#[test]
fn fitted_fields_are_kept_in_parts_and_go_on_recording() {
    let (schema, table) = everything();
    let early = Preprocessing::fit(schema, &table, &[0, 1, 3, 5]).unwrap();
    let kept = early.fields().without(schema, &["pair", "class"]);
    let keeping = || Fitting::keeping(schema, &kept);
    let all: Vec<usize> = (0..table.rows).collect();
    let whole = Preprocessing::fit_keeping(schema, &table, &all, &kept).unwrap();
    let merged = fit_in_parts(schema, &table, &[0..3, 3..8], keeping).unwrap();
    assert_eq!(json(&merged), json(&whole));
}

#[test]
fn an_empty_part_changes_no_byte() {
    let (schema, table) = everything();
    let (mut some, none) = (Fitting::new(schema), for_part(Fitting::new(schema), 1));
    some.update(&table, &[0, 1, 2], &|_, _| true, 0).unwrap();
    let (state, empty) = (some.pass_state().unwrap(), none.pass_state().unwrap());
    some.merge_pass(&empty).unwrap();
    let mut merged = none;
    merged.merge_pass(&state).unwrap();
    let restored = merged.pass_state().unwrap();
    some.restart_pass();
    some.merge_pass(&state).unwrap();
    assert_eq!(some.pass_state().unwrap().len(), state.len());
    assert_eq!(restored.len(), state.len());
    some.restart_pass();
    assert_eq!(some.pass_state().unwrap(), Fitting::new(schema).pass_state().unwrap());
}

#[test]
fn other_bytes_are_refused() {
    let (schema, table) = everything();
    let mut fitting = Fitting::new(schema);
    fitting.update(&table, &[0, 1, 2], &|_, _| true, 0).unwrap();
    let state = fitting.pass_state().unwrap();
    for index in 0..state.len() {
        let mut damaged = state.clone();
        damaged[index] ^= 1;
        assert!(fitting.merge_pass(&damaged).is_err(), "{index}");
        assert!(fitting.merge_pass(&state[..index]).is_err(), "{index}");
    }
    let error =
        |fitting: &mut Fitting, state: &[u8]| fitting.merge_pass(state).unwrap_err().to_string();
    let others = Box::leak(Box::new(Schema { targets: &[], name: "Others", ..*schema }));
    assert_eq!(
        error(&mut Fitting::new(others), &state),
        "the training cannot start:\n  - they are not the statistics of this build of `Others`"
    );
    let mut labels = Fitting::new(schema).with_labels_first();
    assert_eq!(
        error(&mut labels, &state),
        "the training cannot start:\n  - expected the statistics of the same pass"
    );
    fitting.end_pass();
    assert_eq!(
        error(&mut fitting, &state),
        "the training cannot start:\n  - `from`, expected statistics after 1 fitted steps, found 0"
    );
}

#[test]
fn labels_of_all_parts_are_no_more_than_the_classes() {
    let (schema, mut table) = everything();
    let labels = ["a", "b", "c", "d", "a", "b", "c", "d"].map(Into::into);
    table.columns[8].values = Arc::new(Values::Texts(labels.to_vec()));
    table.columns[8].present = None;
    let merged = fit_in_parts(schema, &table, &[0..2, 2..4], || Fitting::new(schema));
    assert_eq!(
        merged.err().unwrap().to_string(),
        "the training cannot start:\n  - `class`: expected at most 3 labels in the rows of all ranks, as \
         `Class<3>` says, found 4: `a`, `b`, `c`, `d`"
    );
}

#[test]
fn observed_values_are_merged() {
    let (schema, table) = everything();
    let fitted = Preprocessing::fit(schema, &table, &[0, 1]).unwrap();
    let mut whole = fitted.clone();
    whole.observe(&table, &[2, 3, 4, 5, 6, 7], &|_, _| true);
    let (mut own, mut other) = (fitted.clone(), fitted);
    own.observe(&table, &[2, 3, 4], &|_, _| true);
    other.observe(&table, &[5, 6, 7], &|_, _| true);
    let observed = other.observed().unwrap();
    own.merge_observed(&observed).unwrap();
    assert_eq!(json(&own), json(&whole));
    assert!(own.merge_observed(&observed[1..]).is_err());
}

#[test]
fn vocabularies_grow_by_the_entries_of_several_parts() {
    let (schema, table) = everything();
    let fitted = Preprocessing::fit(schema, &table, &[0, 1]).unwrap();
    let of = |rows: &[usize]| {
        let mut growing = Growing::new(fitted.clone());
        let mut table = table.select(rows);
        table.columns[8].values = Arc::new(Values::Texts(vec!["yes".into(); rows.len()]));
        growing.update(&table, 0).unwrap();
        growing
    };
    let (whole, _) = of(&[2, 3, 4, 5, 6, 7]).finish(|_| None).unwrap();
    let mut merged = of(&[2, 3]);
    merged.merge(&of(&[]).state().unwrap()).unwrap();
    merged.merge(&of(&[4, 5, 6, 7]).state().unwrap()).unwrap();
    assert!(merged.merge(b"").is_err());
    let (merged, _) = merged.finish(|_| None).unwrap();
    assert_eq!(json(&merged), json(&whole));
    assert_ne!(json(&merged), json(&fitted));
}

/// A step of the user's own that cannot be merged.
#[derive(Debug)]
struct Alone;

impl LearnedStep for Alone {
    type State = f64;
    type Fitted = f64;

    fn start(&self, _: &Step) -> f64 {
        0.0
    }

    fn update(&self, sum: &mut f64, _: &Step, values: &Values) {
        values.each_number(|_, number| *sum += number);
    }

    fn learn(&self, sum: f64, _: &Step) -> f64 {
        sum
    }

    fn apply(&self, _: &f64, _: &Step, values: Values) -> std::result::Result<Values, Refusal> {
        Ok(values)
    }
}

#[test]
fn a_step_that_cannot_be_merged_is_named_before_its_pass() {
    let number = Shape::numbers(&[]);
    let first = with(&standardize::STEP, &[], number);
    let alone =
        Step { spec: &own::STEP, arguments: &[], own: Some(&Alone), stage: &Alone, ..first };
    let steps = leak(vec![first, alone]);
    let kind = Content::Numbers { blanks: false };
    let schema = Schema {
        name: "Own",
        inputs: leak(vec![Input { name: "rooms", kind, steps, ..INPUT }]),
        derived: &[],
        targets: &[],
    };
    let mut fitting = Fitting::new(Box::leak(Box::new(schema)));
    let reason = "`rooms`, `Alone`: it has no `save_state` and `merge_state`: implement both \
                  methods of `LearnedStep`, or train on one rank";
    assert_eq!(fitting.unmergeable().as_deref(), Some(reason));
    fitting.end_pass();
    let error = fitting.pass_state().unwrap_err().to_string();
    assert_eq!(error, format!("the training cannot start:\n  - {reason}"));
}
