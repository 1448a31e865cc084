//! Models that state that they are exported: all of the macro, nothing of the saved form.

#![deny(warnings)]

use multi_input::prelude::*;

/// With a column of every kind that enters encoded, and parts with and without them.
#[multi_input_model(
    export = onnx(encoded(city, r#type, place)),
    part(Cities = city),
    part(Rooms = rooms)
)]
pub(crate) struct House {
    #[input(standardize)]
    #[branch(Dense(4, relu))]
    rooms: [f32; 3],
    #[input(hashed(100))]
    #[branch(Embedding(100, 4))]
    city: String,
    #[input(hashed(50), missing = zeros)]
    #[branch(Embedding(50, 4))]
    r#type: Option<String>,
    #[derived(crossed(city, r#type, 100))]
    #[branch(Embedding(auto))]
    place: u32,
    #[merge(concat(rooms, city, r#type, place, present(r#type)))]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    price: f32,
}

/// The same without the option.
mod plain {
    use multi_input::prelude::*;

    #[multi_input_model]
    #[derive(Clone)]
    pub(crate) struct House {
        #[input(standardize)]
        #[branch(Dense(4, relu))]
        rooms: [f32; 3],
        #[input(hashed(100))]
        #[branch(Embedding(100, 4))]
        city: String,
        #[input(hashed(50), missing = zeros)]
        #[branch(Embedding(50, 4))]
        r#type: Option<String>,
        #[derived(crossed(city, r#type, 100))]
        #[branch(Embedding(auto))]
        place: u32,
        #[merge(concat(rooms, city, r#type, place, present(r#type)))]
        #[branch(Dense(1))]
        #[output(loss = mse, standardize)]
        price: f32,
    }

    pub(crate) fn rows() -> Vec<HouseSample> {
        let row = |n: u8| HouseSample {
            rooms: [n.into(), (n % 3).into(), (n % 5).into()],
            city: format!("city {}", n % 7),
            r#type: n.is_multiple_of(2).then(|| "flat".to_owned()),
            price: n.into(),
        };
        (0..32).map(row).collect()
    }
}

#[test]
fn the_definition_says_which_columns_enter_encoded() {
    let schema = House::SCHEMA;
    let encoded = schema.inputs.iter().map(|input| input.encoded_in_onnx);
    assert_eq!(encoded.collect::<Vec<_>>(), [false, true, true]);
    assert!(schema.derived[0].encoded_in_onnx);
    assert!(Cities::SCHEMA.inputs[0].encoded_in_onnx && !Rooms::SCHEMA.inputs[0].encoded_in_onnx);
    assert!(plain::House::SCHEMA.inputs.iter().all(|input| !input.encoded_in_onnx));
}

#[test]
fn the_option_is_no_part_of_a_saved_model() {
    let mut model = plain::House::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.01)).epochs(1).progress(Progress::silent());
    trainer.fit(&mut model, &plain::rows()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("house.safetensors");
    model.save(&file).unwrap();
    assert!(Model::<House>::load(&file, &Cpu::default()).is_ok());
}
