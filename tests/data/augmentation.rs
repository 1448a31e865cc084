//! Pictures that are changed at random, in training only.

use multi_input::{data::Source, prelude::*};

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Shade {
    #[input(resize(6, 5), flip(both), rotate(0.1), zoom(0.2), contrast(0.3), random_crop(4, 4))]
    #[branch(Flatten)]
    photo: Image<2>,
    #[from(photo)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    brightness: f32,
}

/// The same model without what happens in training alone.
mod plain {
    use multi_input::prelude::*;

    #[multi_input_model]
    pub struct Shade {
        #[input(resize(6, 5), random_crop(4, 4))]
        #[branch(Flatten)]
        photo: Image<2>,
        #[from(photo)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        brightness: f32,
    }
}

fn rows(count: usize) -> Vec<ShadeSample> {
    let row = |row: usize| {
        let pixels = (0..60).map(|place| ((place * 37 + row * 11) % 256) as u8).collect();
        let photo = Image::new(6, 5, pixels).unwrap();
        ShadeSample { photo, brightness: (row % 4) as f32 }
    };
    (0..count).map(row).collect()
}

fn trainer(seed: u64) -> Trainer<Shade, Sgd> {
    let trainer = Trainer::new(Sgd::new(1e-7)).epochs(2).batch_size(4).seed(Seed(seed));
    trainer.shuffle(Shuffle::Never).progress(Progress::silent())
}

fn answers(model: &Model<Shade>) -> Vec<u32> {
    let inputs: Vec<ShadeInputs> = rows(3).into_iter().map(ShadeInputs::from).collect();
    model.predict(&inputs).unwrap().iter().map(|outputs| outputs.brightness.to_bits()).collect()
}

fn trained(seed: u64) -> Model<Shade> {
    let mut model = Shade::build(&Cpu::default(), Seed(1));
    trainer(seed).fit(&mut model, &rows(10)).unwrap();
    model
}

#[test]
fn the_seed_decides_and_nothing_else() {
    assert_eq!(answers(&trained(1)), answers(&trained(1)));
    assert_ne!(answers(&trained(1)), answers(&trained(2)));
    let mut streamed = Shade::build(&Cpu::default(), Seed(1));
    trainer(1).fit_from(&mut streamed, &rows(10)).unwrap();
    assert_eq!(answers(&streamed), answers(&trained(1)), "a stream draws the same lots");
}

#[test]
fn predictions_are_not_changed_and_the_model_is_the_same_without() {
    let model = trained(1);
    assert_eq!(answers(&model), answers(&model));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shade.safetensors");
    model.save(&path).unwrap();
    let plain = Model::<plain::Shade>::load(&path, &Cpu::default()).unwrap();
    let inputs = rows(3).into_iter().map(|row| plain::ShadeInputs { photo: row.photo });
    let predicted = plain.predict(&inputs.collect::<Vec<_>>()).unwrap();
    let bits: Vec<u32> = predicted.iter().map(|outputs| outputs.brightness.to_bits()).collect();
    assert_eq!(bits, answers(&model));
}

#[test]
fn every_epoch_changes_pictures_anew() {
    // At a learning rate of almost nothing the losses differ only by the pictures.
    let mut model = Shade::build(&Cpu::default(), Seed(1));
    let history = trainer(1).epochs(3).fit(&mut model, &rows(10)).unwrap();
    let losses = history.curve("loss");
    assert!(losses[0] != losses[1] && losses[1] != losses[2], "{losses:?}");
    assert_eq!(rows(10).read_all().unwrap().len(), 10);
}
