//! What was fitted on numbers that are missing can be saved, loaded and gone on with.

use multi_input::prelude::*;

/// Absent rows get the mean of what is there, and missing numbers of present rows are imputed.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Holes {
    #[input(impute(median), standardize, missing = mean)]
    serum: Option<[f32; 2]>,
    #[input]
    age: f32,
    #[merge(concat(serum, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    score: f32,
}

#[test]
fn a_mean_beside_missing_numbers_is_saved_and_loaded() {
    let serums = [Some([1.0, f32::NAN]), None, Some([f32::NAN, 8.0]), Some([3.0, 4.0])];
    let rows = serums.map(|serum| HolesSample { serum, age: 1.0, score: 2.0 });
    let folder = tempfile::tempdir().unwrap();
    let train = |epochs| {
        let mut model = Holes::build(&Cpu::default(), Seed(1));
        let trainer = Trainer::new(Adam::new(1e-2)).epochs(epochs).progress(Progress::silent());
        let trainer = trainer.resume(folder.path()).callback(Checkpoint::in_folder(folder.path()));
        trainer.fit(&mut model, &rows).map(|_| model)
    };
    train(1).unwrap();
    let model = train(2).unwrap();
    let path = folder.path().join("model.safetensors");
    model.save(&path).unwrap();
    let loaded = Model::<Holes>::load(&path, &Cpu::default()).unwrap();
    assert_eq!(loaded.preprocessing(), model.preprocessing());
    let inputs: Vec<HolesInputs> = rows.map(HolesInputs::from).to_vec();
    let scores = |model: &Model<Holes>, rows: &[HolesInputs]| -> Vec<f32> {
        model.predict(rows).unwrap().into_iter().map(|predicted| predicted.score).collect()
    };
    assert_eq!(scores(&loaded, &inputs), scores(&model, &inputs));
    assert!(scores(&model, &inputs).iter().all(|score| score.is_finite()));

    // (1 + 3) / 2 and (8 + 4) / 2: a row of them is one that is absent.
    let of_means = HolesInputs { serum: Some([2.0, 6.0]), age: 1.0 };
    assert_eq!(scores(&model, &[of_means]), scores(&model, &inputs[1..2]));
}
