//! The shards of a batch are augmented as the whole batch is.

use std::sync::Arc;

use multi_input_base::RngKey;
use multi_input_spec::{
    self as spec,
    step::{categories, contrast, flip, pad, random_crop, rotate, zoom},
    Kind, Shape, Size, Value,
};

use super::{
    pipeline::{PipelineFit, Plan},
    Categories, Contrast, Flip, Pad, RandomCrop, Rotate, Stage, Zoom,
};
use crate::{
    schema::{Input, Missing, Step},
    Column, Content, Values,
};

/// The number of rows of the whole batch.
const ROWS: usize = 7;
/// The rows that have a value, where values are optional.
const PRESENT: [bool; ROWS] = [true, false, true, true, false, false, true];

/// Appends a step with these arguments to the steps of values of a shape.
fn push(
    steps: &mut Vec<Step>,
    first: Shape,
    (spec, stage): (&'static spec::step::Step, &'static dyn Stage),
    arguments: &[Value],
) {
    let input = steps.last().map_or(first, |step| step.output);
    let mut arguments = arguments.to_vec();
    arguments.resize(spec.parameters.len(), Value::Absent);
    let Ok(output) = (spec.output)(&input, &arguments) else { panic!("{}", spec.name) };
    let output = output.with_list(input.is_list() && !spec.form.takes_lists);
    let arguments = Box::leak(arguments.into());
    steps.push(Step { spec, arguments, own: None, input, output, vocabulary_of: None, stage });
}

fn input(steps: Vec<Step>, kind: Content) -> &'static Input {
    let missing = Some(Missing::Zeros);
    let (name, steps) = ("photo", Box::leak(steps.into()));
    let input = Input {
        name,
        doc: "",
        unit: None,
        kind,
        shape: &[],
        missing,
        steps,
        encoded_in_onnx: false,
    };
    Box::leak(Box::new(input))
}

/// Compares a batch with its shards: all rows in one table, and each shard in a table of its own.
fn check(steps: Vec<Step>, (content, width): (Content, usize), values: Values) {
    let input = input(steps, content);
    for present in [None, Some(PRESENT.to_vec())] {
        let values = Arc::new(values.clone());
        let all: Vec<usize> = (0..ROWS).collect();
        let batch = Column { name: "photo", content, width, values, present, lengths: None };
        let mut fit = PipelineFit::new(Plan::of_input(input));
        fit.update(&batch, &all, 0).unwrap();
        fit.end_pass();
        let pipeline = fit.finish().unwrap();
        let encode = |rows: &[usize], first_row: usize| {
            let key = RngKey { seed: 3, first_row: first_row as u64, ..RngKey::default() };
            let shared = pipeline.encode(&batch, rows, (0, Some(key))).unwrap();
            let (own, all) = (batch.of_rows(rows), (0..rows.len()).collect::<Vec<_>>());
            let own = pipeline.encode(&own, &all, (0, Some(key))).unwrap();
            assert_eq!(own.values, shared.values);
            shared
        };
        let whole = encode(&all, 0);
        let plain = pipeline.encode(&batch, &all, (0, None)).unwrap();
        assert_ne!(whole.values, plain.values, "something is random");
        for shards in [[3, 0, 4], [0, 1, 6]] {
            let mut first = 0;
            for rows in shards {
                let shard = encode(&all[first..first + rows], first);
                let expected = whole.of_rows(&all[first..first + rows]);
                assert_eq!(shard.values, expected.values, "{rows} rows from {first}");
                first += rows;
            }
        }
    }
}

#[test]
fn pictures_of_a_shard_are_changed_as_in_the_whole_batch() {
    let known = |sizes: &[usize]| sizes.iter().map(|size| Size::Known(*size)).collect::<Vec<_>>();
    let picture = Shape::numbers(&known(&[1, 4, 5]));
    let values = Values::Numbers((0..ROWS * 20).map(|k| (k * 37 % 256) as f32).collect());
    let (half, size) = (Value::Number(0.5), Value::Size(Size::Known(3)));
    let steps: [(&'static spec::step::Step, &'static dyn Stage, &[Value]); 5] = [
        (&flip::STEP, &Flip, &[Value::Word("both")]),
        (&rotate::STEP, &Rotate, &[half]),
        (&zoom::STEP, &Zoom, &[half]),
        (&contrast::STEP, &Contrast, &[half]),
        (&random_crop::STEP, &RandomCrop, &[size, size]),
    ];
    let mut all = Vec::new();
    let content = Content::Numbers { blanks: false };
    for (spec, stage, arguments) in steps {
        let mut alone = Vec::new();
        push(&mut alone, picture, (spec, stage), arguments);
        check(alone, (content, 20), values.clone());
        push(&mut all, picture, (spec, stage), arguments);
    }
    check(all, (content, 20), values);
}

/// `categories(8, unknown_rate = 0.4)`.
fn unknown_at_random(steps: &mut Vec<Step>, first: Shape) {
    let arguments = [Value::Size(Size::Known(8)), Value::Absent, Value::Absent, Value::Number(0.4)];
    push(steps, first, (&categories::STEP, &Categories), &arguments);
}

fn texts(count: usize) -> Values {
    let text = |k: usize| Arc::from(["a", "b", "c"][k % 3]);
    Values::Texts((0..count).map(text).collect())
}

#[test]
fn categories_of_a_shard_become_unknown_as_in_the_whole_batch() {
    for width in [1, 3] {
        let dims: &[Size] = if width == 1 { &[] } else { &[Size::Known(3)] };
        let mut steps = Vec::new();
        unknown_at_random(&mut steps, Shape::new(Kind::Texts, dims));
        check(steps, (Content::Names, width), texts(ROWS * width));
    }
}

#[test]
fn items_of_a_shard_become_unknown_as_in_the_whole_batch() {
    let lists = [3, 0, 4, 1, 2, 4, 3].map(|items| Arc::new(texts(items))).to_vec();
    let mut steps = Vec::new();
    unknown_at_random(&mut steps, Shape::new(Kind::Texts, &[]).with_list(true));
    let list = steps[0].output;
    push(&mut steps, list, (&pad::STEP, &Pad), &[Value::Size(Size::Known(4))]);
    let content = Content::Lists { of: &Content::Names, width: 1 };
    check(steps, (content, 1), Values::Lists(lists));
}
