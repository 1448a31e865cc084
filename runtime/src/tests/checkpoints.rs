use std::{fs, path::Path};

use multi_input_base::Error;

use super::models::{houses, inputs, House, Post};
use crate::{
    checkpoint::{CheckpointError, Contents, Stored},
    prelude::*,
    untyped::parameters,
};

fn trained() -> Model<House> {
    let mut model = Model::build(&Cpu::default(), Seed(7));
    Trainer::new(Adam::new(0.01)).epochs(2).fit(&mut model, &houses(40)).unwrap();
    model
}

/// The error of loading into a model, which must be unchanged afterwards.
fn refused(path: &Path) -> CheckpointError {
    let mut model = Model::<House>::build(&Cpu::default(), Seed(9));
    let before = parameters::read(&model.untyped().module);
    let error = model.load_weights(path).unwrap_err();
    assert_eq!(parameters::read(&model.untyped().module), before);
    assert!(model.preprocessing().is_none());
    match error {
        Error::Checkpoint(error) => error,
        other => panic!("{other}"),
    }
}

/// Saves a model, then rewrites the file with other contents and a valid checksum.
fn forged(path: &Path, change: impl FnOnce(&mut Contents)) {
    trained().save(path).unwrap();
    Contents::forge(path, change);
}

#[test]
fn a_saved_model_predicts_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.safetensors");
    let model = trained();
    model.save(&path).unwrap();
    model.save(&path).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no partial file is left");

    let loaded = Model::<House>::load(&path, &Cpu::default()).unwrap();
    assert_eq!(loaded.preprocessing(), model.preprocessing());
    let rows = inputs(&houses(9));
    assert_eq!(loaded.predict(&rows).unwrap(), model.predict(&rows).unwrap());
}

#[test]
fn files_that_cannot_be_read_or_written_say_so() {
    let error = trained().save("/nonexistent/house.safetensors").unwrap_err().to_string();
    assert!(error.starts_with("cannot write /nonexistent/house.safetensors: "), "{error}");
    let error = Model::<House>::load("/nonexistent/x", &Cpu::default()).unwrap_err().to_string();
    assert!(error.starts_with("cannot read /nonexistent/x: "), "{error}");
}

#[test]
fn a_truncated_file_is_refused_wherever_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.safetensors");
    trained().save(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    for len in (0..bytes.len()).step_by(97) {
        fs::write(&path, &bytes[..len]).unwrap();
        assert!(matches!(refused(&path), CheckpointError::Damaged { .. }), "{len}");
    }
}

#[test]
fn a_single_changed_bit_is_seen_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.safetensors");
    trained().save(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    for byte in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[byte] ^= 1 << (byte % 8);
        fs::write(&path, changed).unwrap();
        let error = refused(&path);
        let format = matches!(error, CheckpointError::Format { .. });
        assert!(format || matches!(error, CheckpointError::Damaged { .. }), "{byte}: {error}");
    }
}

#[test]
fn another_model_is_refused_with_what_differs_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("post.safetensors");
    Model::<Post>::build(&Cpu::default(), Seed(0)).save(&path).unwrap();
    let error = refused(&path).to_string();
    assert!(error.contains("differs first in input `measurements`"), "{error}");
    assert!(error.contains("input `point` (numbers [2]"), "{error}");
}

#[test]
fn a_tensor_of_another_dtype_or_shape_missing_or_too_many_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.safetensors");
    let model = Model::<House, f64>::build(&Cpu::default(), Seed(0));
    model.save(&path).unwrap();
    let error = refused(&path);
    assert!(
        matches!(&error, CheckpointError::Dtype { tensor, .. } if tensor == "measurements.0.weight")
    );

    forged(&path, |file| file.tensors.get_mut("price.0.weight").unwrap().shape = vec![8, 1]);
    let shape = CheckpointError::Shape {
        path: path.clone(),
        tensor: "price.0.weight".to_owned(),
        expected: vec![1, 8],
        found: vec![8, 1],
    };
    assert_eq!(refused(&path), shape);

    forged(&path, |file| drop(file.tensors.remove("age.0.bias")));
    assert_eq!(
        refused(&path),
        CheckpointError::Missing { path: path.clone(), tensor: "age.0.bias".to_owned() }
    );

    forged(&path, |file| {
        let odd = Stored::of::<f32>(vec![1], std::iter::once(0.0));
        file.tensors.insert("odd".to_owned(), odd);
    });
    assert_eq!(refused(&path), CheckpointError::Extra { path, tensor: "odd".to_owned() });
}

#[test]
fn intervals_that_do_not_fit_the_model_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.safetensors");
    let mut model = trained();
    let conformal = crate::uncertainty::Conformal::fit(&model, &houses(40), 0.9).unwrap();
    model.set_conformal(&conformal).unwrap();
    model.save(&path).unwrap();
    assert!(Model::<House>::load(&path, &Cpu::default()).unwrap().conformal().is_some());
    for (old, new, expected) in [
        ("\"price\"", "\"prize\"", "the bounds of `prize`"),
        ("\"bounds\":[", "\"bounds\":[1.5,", "the bounds of `price`"),
        ("\"coverage\":0.9", "\"coverage\":1.9", "a coverage of 1.9"),
        ("\"Absolute\"", "\"Scaled\"", "the bounds of `price`"),
        ("\"outputs\":[", "\"outputs\":", "at line 1"),
    ] {
        model.save(&path).unwrap();
        Contents::forge(&path, |file| {
            let text = file.texts.get_mut("multi_input.uncertainty").unwrap();
            assert!(text.contains(old), "{text}");
            *text = text.replacen(old, new, 1);
        });
        let error = refused(&path);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(matches!(error, CheckpointError::Damaged { .. }));
    }
}
