//! Augmentations with fixed parameters, compared with the outputs of Keras's layers that
//! `tests/fixtures/preprocessing_augmentation.py` recorded.

use multi_input_spec::{step::flip, Shape, Size, Value};
use serde_json::Value as Json;

use super::{
    contrast::adjust,
    flip::{mirrored, Mirror},
    image::{crop, moved, sources, Affinity},
    rotate::rotation,
    zoom::scaling,
    Flip,
};
use crate::{schema::Step, Values};

/// A step with the image shape of the fixture; its specification is not used.
fn step(fixture: &Json) -> Step {
    let sizes: Vec<Size> =
        flat(&fixture["shape"]).iter().map(|n| Size::Known(*n as usize)).collect();
    let shape = Shape::numbers(&sizes);
    let arguments = &[Value::Absent];
    Step {
        spec: &flip::STEP,
        arguments,
        own: None,
        input: shape,
        output: shape,
        vocabulary_of: None,
        stage: &Flip,
    }
}

fn fixture() -> (Json, Values) {
    let text = include_str!("../../../../tests/fixtures/preprocessing_augmentation.json");
    let fixture: Json = serde_json::from_str(text).unwrap();
    let image = flat(&fixture["image"]);
    (fixture, Values::Numbers(image))
}

fn flat(list: &Json) -> Vec<f32> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

#[track_caller]
fn assert_close(values: &Values, answer: &Json, tolerance: f32) {
    let Values::Numbers(numbers) = values else { panic!("{values:?}") };
    let answer = flat(answer);
    assert_eq!(numbers.len(), answer.len());
    for (index, (ours, theirs)) in numbers.iter().zip(&answer).enumerate() {
        assert!((ours - theirs).abs() <= tolerance, "{index}: {ours} is not {theirs}");
    }
}

#[test]
fn a_mirrored_picture_is_that_of_keras() {
    let (fixture, image) = fixture();
    for (mode, left_right, up_down) in [
        ("horizontal", true, false),
        ("vertical", false, true),
        ("horizontal_and_vertical", true, true),
    ] {
        let ours = mirrored(&step(&fixture), &image, |_| Mirror { left_right, up_down });
        assert_close(&ours, &fixture["flip"][mode], 0.0);
    }
}

/// Compares the transformation of each case, given its parameter `name`; values are up to 255.
fn check_moves(kind: &str, name: &str, affinity: impl Fn(f64) -> Affinity) {
    let (fixture, image) = fixture();
    for case in fixture[kind].as_array().unwrap() {
        let parameter = case[name].as_f64().unwrap();
        let ours = moved(&step(&fixture), &image, |_| affinity(parameter));
        assert_close(&ours, &case["answer"], 2e-3);
    }
}

#[test]
fn a_turned_picture_is_that_of_keras() {
    check_moves("rotate", "turn", rotation);
}

#[test]
fn a_nearer_or_farther_picture_is_that_of_keras() {
    check_moves("zoom", "scale", scaling);
}

#[test]
fn more_or_less_contrast_is_that_of_keras() {
    let (fixture, image) = fixture();
    for case in fixture["contrast"].as_array().unwrap() {
        let Values::Numbers(mut numbers) = image.clone() else { panic!() };
        adjust(&step(&fixture), &mut numbers, |_| case["by"].as_f64().unwrap());
        assert_close(&Values::Numbers(numbers), &case["answer"], 1e-4);
    }
}

#[test]
fn a_part_of_a_picture_is_that_of_keras() {
    let (fixture, image) = fixture();
    for case in fixture["random_crop"].as_array().unwrap() {
        let corner: Vec<usize> = flat(&case["corner"]).iter().map(|n| *n as usize).collect();
        let mut part = Vec::new();
        let source = &sources(&step(&fixture), &image)[0];
        crop(source, [corner[0], corner[1]], [4, 3], &mut part);
        assert_close(&Values::Numbers(part), &case["answer"], 0.0);
    }
}
