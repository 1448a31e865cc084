//! Applies the first preprocessing steps to images right after decoding, because a decoded
//! photograph may take a thousand times the memory of the preprocessed image.

use std::sync::Arc;

use multi_input_base::Result;

use crate::{
    schema::{RowTypes, Schema, Step},
    Picture, Table, Values,
};

/// Appends a row to train on to a table of raw values, with its images reduced by
/// [`FixedStep::shrink`](super::stage::FixedStep::shrink).
pub fn push_sample<M: RowTypes>(table: &mut Table, row: &M::Sample) -> Result<()> {
    table.push(|writer| M::write_sample(row, writer))?;
    shrink_last(&M::SCHEMA, table);
    Ok(())
}

/// Appends a row to predict from, as [`push_sample`].
pub fn push_inputs<M: RowTypes>(table: &mut Table, row: &M::Inputs) -> Result<()> {
    table.push(|writer| M::write_inputs(row, writer))?;
    shrink_last(&M::SCHEMA, table);
    Ok(())
}

/// Reduces the images of the last row.
fn shrink_last(schema: &Schema, table: &mut Table) {
    for (input, column) in schema.inputs.iter().zip(&mut table.columns) {
        let Values::Pictures(pictures) = Arc::make_mut(&mut column.values) else { continue };
        let last = pictures.last_mut().filter(|picture| picture.applied() == 0);
        if let Some(picture) = last {
            if let Some(smaller) = shrunk(input.steps, picture) {
                *picture = smaller;
            }
        }
    }
}

/// Applies the leading steps that make an image smaller; `None` where the first one does not.
fn shrunk(steps: &[Step], picture: &Picture) -> Option<Picture> {
    let mut smaller = None;
    for step in steps {
        match step.stage.shrink(step, smaller.as_ref().unwrap_or(picture)) {
            Some(next) => smaller = Some(next),
            None => break,
        }
    }
    smaller
}

#[cfg(test)]
mod tests {
    use multi_input_spec::{
        step::{center_crop, resize},
        Kind, Shape, Size, Value,
    };

    use super::*;
    use crate::{
        preprocess::{
            pipeline::{PipelineFit, Plan},
            CenterCrop, Resize, Stage,
        },
        schema::Input,
        Column, Content,
    };

    /// Appends a step with these arguments.
    fn push(
        steps: &mut Vec<Step>,
        spec: &'static multi_input_spec::step::Step,
        stage: &'static dyn Stage,
        [height, width]: [usize; 2],
    ) {
        let pictures = Shape::new(Kind::Pictures, &[Size::Known(3)]);
        let input = steps.last().map_or(pictures, |step| step.output);
        let mut arguments = [height, width].map(|size| Value::Size(Size::Known(size))).to_vec();
        arguments.resize(spec.parameters.len(), Value::Absent);
        let Ok(output) = (spec.output)(&input, &arguments) else { panic!("{}", spec.name) };
        let arguments = Box::leak(arguments.into());
        steps.push(Step { spec, arguments, own: None, input, output, vocabulary_of: None, stage });
    }

    fn input(steps: &[(&str, [usize; 2])]) -> &'static Input {
        let mut all = Vec::new();
        for (name, size) in steps {
            match *name {
                "resize" => push(&mut all, &resize::STEP, &Resize, *size),
                _ => push(&mut all, &center_crop::STEP, &CenterCrop, *size),
            }
        }
        let (kind, steps) = (Content::Pictures, Box::leak(all.into()));
        Box::leak(Box::new(Input {
            name: "photo",
            doc: "",
            unit: None,
            kind,
            shape: &[3],
            missing: None,
            steps,
            encoded_in_onnx: false,
        }))
    }

    fn encoded(input: &'static Input, pictures: Vec<Picture>) -> Result<Values> {
        let pipeline = PipelineFit::new(Plan::of_input(input)).finish().unwrap();
        let rows: Vec<usize> = (0..pictures.len()).collect();
        let values = Arc::new(Values::Pictures(pictures));
        let column = Column {
            name: "photo",
            content: Content::Pictures,
            width: 1,
            values,
            present: None,
            lengths: None,
        };
        let encoded = pipeline.encode(&column, &rows, (0, None))?;
        Ok((*encoded.values).clone())
    }

    fn picture([height, width]: [usize; 2], depth: u32) -> Picture {
        let value = |index: usize| (index * 7919 + index / 13 * 31) % 65536;
        let values = (0..height * width * 3).map(value);
        match depth {
            8 => Picture::new(height, width, 3, values.map(|v| v as u8).collect::<Vec<_>>()),
            _ => Picture::new_u16(height, width, 3, values.map(|v| v as u16).collect::<Vec<_>>()),
        }
        .unwrap()
    }

    #[test]
    fn what_is_kept_gives_the_same_bits_and_is_never_larger() {
        let chains: [&[(&str, [usize; 2])]; 5] = [
            &[("resize", [6, 7])],
            &[("center_crop", [9, 8])],
            &[("center_crop", [11, 12]), ("resize", [4, 3])],
            &[("resize", [12, 12]), ("center_crop", [5, 5]), ("resize", [2, 3])],
            &[("resize", [13, 11]), ("resize", [30, 30])],
        ];
        for steps in chains {
            let input = input(steps);
            for depth in [8, 16] {
                // The first steps of the last images do not make them smaller.
                let sizes = [[61, 83], [200, 31], [13, 12], [15, 14], [12, 13]];
                let pictures = sizes.map(|size| picture(size, depth)).to_vec();
                let kept = pictures.iter().map(|whole| {
                    let kept = shrunk(input.steps, whole).unwrap_or_else(|| whole.clone());
                    assert!(kept.bytes() <= whole.bytes(), "{steps:?} {whole:?}");
                    kept
                });
                let kept: Vec<Picture> = kept.collect();
                assert!(kept[0].applied() > 0, "{steps:?}");
                let expected = encoded(input, pictures).unwrap();
                assert_eq!(encoded(input, kept).unwrap(), expected, "{steps:?} {depth}");
            }
        }
    }

    #[test]
    fn a_photograph_takes_as_much_as_what_the_model_sees() {
        let photograph = picture([300, 400], 8);
        let kept = |steps: &[(&str, [usize; 2])]| shrunk(input(steps).steps, &photograph).unwrap();
        assert_eq!(kept(&[("resize", [32, 32])]).pixels().bytes(), 32 * 32 * 3 * 4);
        assert_eq!(kept(&[("center_crop", [32, 32])]).pixels().bytes(), 32 * 32 * 3);
        let both = kept(&[("center_crop", [256, 256]), ("resize", [32, 32])]);
        assert_eq!((both.applied(), both.original_size()), (2, [300, 400]));
        let tiny = picture([8, 8], 8);
        assert_eq!(shrunk(input(&[("resize", [32, 32])]).steps, &tiny), None);
    }

    #[test]
    fn one_that_is_too_small_is_refused_with_its_row() {
        let input = input(&[("center_crop", [10, 10]), ("resize", [2, 2])]);
        let kept = [picture([20, 20], 8), picture([9, 20], 8)]
            .map(|whole| shrunk(input.steps, &whole).unwrap_or(whole));
        assert_eq!(
            encoded(input, kept.to_vec()).unwrap_err().to_string(),
            "row 1, field `photo`: expected a picture of at least 10 x 10 pixels, found one of 9 x 20"
        );
    }
}
