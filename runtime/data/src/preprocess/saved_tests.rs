//! Property test: fitted preprocessing survives saving and loading, for chains of all compatible
//! steps with random arguments and rows.

use std::sync::Arc;

use multi_input_spec::{
    step::{calendar, hashed, item, pad, through, Inverse, Step as Spec, STEPS},
    ArgumentKind, Kind, Shape, Size, Value,
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{select, Index},
};

use super::{stage::Stage, *};
use crate::{
    schema::{Input, Step, Target, TargetKind},
    Content, Picture, Values,
};

/// The stage of the step called `name`, as the macro would name it.
pub(super) fn stage_of(name: &str) -> Option<&'static dyn Stage> {
    Some(match name {
        "standardize" => &Standardize,
        "min_max" => &MinMax,
        "robust" => &Robust,
        "log1p" => &Log1p,
        "clip" => &Clip,
        "rescale" => &Rescale,
        "impute" => &Impute,
        "bins" => &Bins,
        "categories" => &Categories,
        "hashed" => &Hashed,
        "one_hot" => &OneHot,
        "split" => &Split,
        "pad" => &Pad,
        "multi_hot" => &MultiHot,
        "words" => &Words,
        "calendar" => &Calendar,
        "resize" => &Resize,
        "center_crop" => &CenterCrop,
        "normalize" => &Normalize,
        "flip" => &Flip,
        "rotate" => &Rotate,
        "zoom" => &Zoom,
        "contrast" => &Contrast,
        "random_crop" => &RandomCrop,
        _ => return None,
    })
}

#[test]
fn steps_are_of_the_nature_that_the_table_says() {
    for spec in STEPS {
        if let Some(stage) = stage_of(spec.name) {
            assert_eq!(stage.nature(), spec.form.nature, "{}", spec.name);
        }
    }
}

#[test]
fn every_step_takes_part() {
    // A tokenizer learns nothing, and its file is compiled in.
    let missing = STEPS.iter().filter(|step| stage_of(step.name).is_none());
    assert_eq!(missing.map(|step| step.name).collect::<Vec<_>>(), ["tokenizer"]);
}

pub(super) fn leak<T>(values: Vec<T>) -> &'static [T] {
    Box::leak(values.into_boxed_slice())
}

/// An argument for one parameter. A user's constant may be any number, including NaN.
fn value(kind: ArgumentKind, which: Index) -> Value {
    const SIZES: [usize; 6] = [1, 2, 3, 4, 7, 20];
    const NUMBERS: [f64; 12] =
        [0.0, 1.0, -0.0, 0.5, -1.5, 2.0, 1e-7, 1e30, -1e38, 3e38, 1e300, f64::NAN];
    const LISTS: [&[f64]; 7] = [
        &[1.0],
        &[0.0],
        &[-1.0, 0.0, 2.5],
        &[0.5, 1.0, 2.0],
        &[-1e38, 1e300],
        &[1e-300],
        &[f64::NAN, 1.0],
    ];
    match kind {
        ArgumentKind::Size => Value::Size(Size::Known(*which.get(&SIZES))),
        ArgumentKind::Number(_) => Value::Number(*which.get(&NUMBERS)),
        ArgumentKind::Numbers(_) => Value::Numbers(LISTS[which.index(LISTS.len())]),
        ArgumentKind::Flag => Value::Flag(which.index(2) == 1),
        ArgumentKind::Word(words) | ArgumentKind::Words(words) => {
            Value::Word(words[which.index(words.len())])
        }
        ArgumentKind::Text => Value::Text(["b", " ", ","][which.index(3)]),
        _ => Value::Absent,
    }
}

/// The choice of a step: its index among the compatible steps, and its arguments.
type Choice = (Index, Vec<(Index, bool)>);

/// A chain of compatible steps.
fn chain(mut shape: Shape, choices: &[Choice], may: fn(&Spec) -> bool) -> &'static [Step] {
    let mut steps = Vec::new();
    for (which, arguments) in choices {
        let of = |spec: &'static Spec| {
            let values =
                spec.parameters.iter().zip(arguments).map(|(parameter, (which, given))| {
                    let given = parameter.required || *given;
                    if given {
                        value(parameter.kind, *which)
                    } else {
                        Value::Absent
                    }
                });
            step(spec, leak(values.collect()), shape)
        };
        let fitting: Vec<Step> = STEPS.iter().filter(|spec| may(spec)).filter_map(of).collect();
        let Some(step) = (!fitting.is_empty()).then(|| which.get(&fitting)) else { break };
        shape = step.output;
        steps.push(*step);
    }
    end_list(shape, &mut steps);
    leak(steps)
}

/// A step, if it takes the shape.
pub(super) fn step(spec: &'static Spec, arguments: &'static [Value], input: Shape) -> Option<Step> {
    let output = (spec.output)(&item(spec, &input), arguments);
    let output = through(spec, &input, output).ok()?;
    let stage = stage_of(spec.name)?;
    Some(Step { spec, arguments, own: None, input, output, vocabulary_of: None, stage })
}

/// Ends a list in `pad`, as layers need it.
fn end_list(mut shape: Shape, steps: &mut Vec<Step>) {
    const FIVE: &[Value] = &[Value::Size(Size::Known(5)), Value::Absent, Value::Absent];
    const DAY: &[Value] = &[Value::Word("day")];
    let ends: &[(&'static Spec, &'static [Value])] = match shape.kind {
        _ if !shape.is_list() => &[],
        Kind::Texts => &[(&hashed::STEP, FIVE), (&pad::STEP, FIVE)],
        Kind::Dates => &[(&calendar::STEP, DAY), (&pad::STEP, FIVE)],
        _ => &[(&pad::STEP, FIVE)],
    };
    for (spec, arguments) in ends {
        if let Some(step) = step(spec, arguments, shape) {
            shape = step.output;
            steps.push(step);
        }
    }
}

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    vec((any::<Index>(), vec((any::<Index>(), any::<bool>()), 7)), 0..5)
}

/// Finite numbers.
fn numbers() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => (-3..4).prop_map(|whole| whole as f32),
        2 => -1e3..1e3f32,
        1 => select(vec![0.0, -0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1e-45, 1e38, 16_777_217.0]),
    ]
}

/// Any `f32`, including infinities and NaN, which is a missing number.
fn any_numbers() -> impl Strategy<Value = f32> {
    prop_oneof![6 => numbers(), 2 => Just(f32::NAN), 1 => any::<u32>().prop_map(f32::from_bits)]
}

/// The values of one input, with their type and shape.
#[derive(Clone, Debug)]
struct Raw {
    kind: Kind,
    /// The shape of a value, or of an item of a list.
    shape: &'static [usize],
    is_list: bool,
    values: Values,
}

const ROWS: std::ops::RangeInclusive<usize> = 1..=12;

fn raw(rows: usize) -> BoxedStrategy<Raw> {
    let of = |kind: Kind,
              shapes: &'static [&'static [usize]],
              each: fn(usize) -> BoxedStrategy<Values>| {
        select(shapes.to_vec()).prop_flat_map(move |shape| {
            let count = if kind == Kind::Pictures { 1 } else { shape.iter().product() };
            let is_list = false;
            each(rows * count).prop_map(move |values| Raw { kind, shape, is_list, values })
        })
    };
    let lists = |kind: Kind,
                 shapes: &'static [&'static [usize]],
                 each: fn(usize) -> BoxedStrategy<Values>| {
        let list = move |shape: &'static [usize]| {
            let item: usize = shape.iter().product();
            let list = (0..4_usize).prop_flat_map(move |count| each(count * item));
            vec(list.prop_map(Arc::new), rows).prop_map(move |lists| Raw {
                kind,
                shape,
                is_list: true,
                values: Values::Lists(lists),
            })
        };
        select(shapes.to_vec()).prop_flat_map(list)
    };
    let finite = |count| vec(numbers(), count).prop_map(Values::Numbers).boxed();
    let any_number = |count| vec(any_numbers(), count).prop_map(Values::Numbers).boxed();
    let ids = |count| {
        let id = prop_oneof![0..5u32, Just(u32::MAX), any::<u32>()];
        vec(id, count).prop_map(Values::Categories).boxed()
    };
    let texts = |count| {
        let text = select(vec!["", "a", "b", "a b a", "A, b!", "\u{1b}[31m", "\u{e9} \u{1f600}"]);
        vec(text.prop_map(Into::into), count).prop_map(Values::Texts).boxed()
    };
    let dates = |count| {
        let of = |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        let date = (-8_000_000_000_000..8_000_000_000_000_i64).prop_map(move |s| of(s).naive_utc());
        vec(date, count).prop_map(Values::Dates).boxed()
    };
    const NUMBERS: &[&[usize]] = &[&[], &[1], &[3], &[2, 2], &[1, 3, 2]];
    prop_oneof![
        3 => of(Kind::Numbers, NUMBERS, finite),
        3 => of(Kind::Numbers, NUMBERS, any_number),
        1 => of(Kind::Categories, &[&[], &[3]], ids),
        1 => of(Kind::Texts, &[&[], &[2]], texts),
        1 => of(Kind::Pictures, &[&[1], &[3]], pictures),
        1 => of(Kind::Dates, &[&[]], dates),
        1 => lists(Kind::Numbers, &[&[], &[2]], finite),
        1 => lists(Kind::Numbers, &[&[], &[2]], any_number),
        1 => lists(Kind::Categories, &[&[]], ids),
        1 => lists(Kind::Texts, &[&[]], texts),
        1 => lists(Kind::Dates, &[&[]], dates),
    ]
    .boxed()
}

fn targets(count: usize) -> impl Strategy<Value = Vec<f32>> {
    prop_oneof![2 => vec(numbers(), count), 1 => vec(any_numbers(), count)]
}

/// Images with three channels, which do not match every input.
fn pictures(count: usize) -> BoxedStrategy<Values> {
    let picture = (1..6usize, 1..6usize, any::<u8>()).prop_map(|(height, width, grey)| {
        Picture::new(height, width, 3, vec![grey; height * width * 3]).unwrap_or_else(Picture::none)
    });
    vec(picture, count).prop_map(Values::Pictures).boxed()
}

fn content(raw: &Raw, steps: &[Step]) -> Content {
    let of = content_of_items(raw, steps);
    match raw.is_list {
        true => Content::Lists { of: Box::leak(Box::new(of)), width: raw.shape.iter().product() },
        false => of,
    }
}

fn content_of_items(raw: &Raw, steps: &[Step]) -> Content {
    match raw.kind {
        Kind::Numbers => Content::Numbers { blanks: steps.iter().any(|step| step.spec.form.fills) },
        Kind::Categories => Content::Categories { below: usize::MAX },
        Kind::Texts => Content::Texts,
        Kind::Pictures => Content::Pictures,
        Kind::Dates => Content::Dates,
    }
}

/// An input with its steps.
fn input(raw: &Raw, choices: &[Choice], missing: Option<Missing>) -> Input {
    let sizes: Vec<Size> = raw.shape.iter().map(|size| Size::Known(*size)).collect();
    let shape = Shape::new(raw.kind, &sizes).with_list(raw.is_list);
    let steps = chain(shape, choices, |_| true);
    // Only numbers have a mean.
    let has_mean = raw.kind == Kind::Numbers && !raw.is_list;
    let missing = missing.filter(|m| *m != Missing::Mean || has_mean);
    Input {
        name: "raw",
        doc: "",
        unit: None,
        kind: content(raw, steps),
        shape: raw.shape,
        missing,
        steps,
        encoded_in_onnx: false,
    }
}

/// An output of numbers with invertible steps, or of a class by label.
fn target(choices: &[Choice], labels: bool) -> Target {
    let may = |spec: &Spec| spec.form.inverse != Inverse::None;
    let steps = if labels { &[] } else { chain(Shape::numbers(&[Size::Known(2)]), choices, may) };
    Target {
        name: "target",
        doc: "",
        unit: None,
        kind: if labels { TargetKind::Class } else { TargetKind::Numbers },
        width: if labels { 4 } else { 2 },
        optional: false,
        columns: &[],
        steps,
        labels,
    }
}

#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) schema: &'static Schema,
    pub(super) table: Table,
    pub(super) training: Vec<usize>,
}

pub(super) fn any_case() -> impl Strategy<Value = Case> {
    let missing =
        select(vec![None, Some(Missing::Zeros), Some(Missing::Mean), Some(Missing::Learned)]);
    let rows = ROWS.prop_flat_map(|rows| {
        let labels = vec(select(vec!["yes", "no", "\u{202e}maybe", ""]), rows);
        (raw(rows), targets(2 * rows), labels, vec(any::<bool>(), rows))
    });
    let all = (rows, choices(), choices(), missing, any::<bool>(), any::<Index>());
    all.prop_map(
        |((raw, targets, labels, present), steps, target_steps, missing, by_label, cut)| {
            let rows = present.len();
            let input = input(&raw, &steps, missing);
            let target = target(&target_steps, by_label);
            let schema = Schema {
                name: "Any",
                inputs: leak(vec![input]),
                derived: &[],
                targets: leak(vec![target]),
            };
            let mut table = Table::of_samples(&schema);
            table.rows = rows;
            table.columns[0].values = Arc::new(raw.values);
            table.columns[0].present = table.columns[0].present.as_ref().map(|_| present);
            table.columns[1].values = Arc::new(match by_label {
                true => Values::Texts(labels.into_iter().map(Into::into).collect()),
                false => Values::Numbers(targets),
            });
            // The other rows are not used in fitting.
            let training = (0..=cut.index(rows)).collect();
            Case { schema: Box::leak(Box::new(schema)), table, training }
        },
    )
}

/// The bits of each encoded row, or its error.
fn encoded(
    fitted: &Preprocessing,
    table: &Table,
) -> Vec<std::result::Result<Vec<Vec<u32>>, String>> {
    let bits = |column: &Column| match &*column.values {
        Values::Numbers(numbers) => {
            let given = fitted.schema.inputs[0].steps.is_empty() || column.name == "target";
            assert!(given || numbers.iter().all(|number| number.is_finite()), "{numbers:?}");
            numbers.iter().map(|number| number.to_bits()).collect()
        }
        Values::Categories(indices) => indices.clone(),
        other => vec![other.len() as u32],
    };
    let row = |row: usize| {
        let table = fitted.classes(table.select(&[row]), row)?;
        Ok(fitted.encode(&table, &[0], row)?.columns.iter().map(bits).collect())
    };
    (0..table.rows)
        .map(|number| row(number).map_err(|error: multi_input_base::Error| error.to_string()))
        .collect()
}

fn check(Case { schema, table, training }: &Case) -> std::result::Result<(), TestCaseError> {
    let fitted = match Preprocessing::fit(schema, table, training) {
        Ok(fitted) => fitted,
        Err(error) => {
            let error = error.to_string();
            prop_assert!(error.contains("`raw`") || error.contains("`target`"), "{}", error);
            return Ok(());
        }
    };
    let saved = fitted.save().expect("JSON of what was learned");
    let restored = Preprocessing::restore(schema, &saved);
    let restored = restored.map_err(|reason| TestCaseError::fail(format!("{reason}: {saved}")))?;
    prop_assert_eq!(&restored, &fitted);
    prop_assert_eq!(restored.save().expect("JSON"), saved);
    prop_assert_eq!(restored.overflow(), fitted.overflow());
    let (own, others) = (encoded(&fitted, table), encoded(&restored, table));
    prop_assert_eq!(own, others);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn what_is_saved_can_be_loaded_and_encodes_the_same_bits(case in any_case()) {
        check(&case)?;
    }
}
