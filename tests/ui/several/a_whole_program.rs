//! A whole program with one mistake in its model, and one error.

use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct HousePrice {
    #[input(standardize, columns("rooms", "age", "size"))]
    #[branch(Dense(64, relu), Dense(32, relu))]
    measurements: [f32; 3],

    #[input(missing = learned)]
    #[branch(Embedding(100, 16), Flatten)]
    district: Option<u32>,

    #[merge(concat(measurements, district, present(district)))]
    joined: [f32; 48],

    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    price: f32,

    #[from(joined)]
    #[branch(Dense(4, softmax))]
    #[output(loss = cross_entropy)]
    kind: Class<4>,
}

fn main() -> multi_input::Result<()> {
    let rows: Vec<HousePriceSample> = read_csv("houses.csv")?;
    let (train, test) = rows.split(0.8, Seed(7));
    let mut model = HousePrice::build(&Cpu::default(), Seed(7));
    println!("{}", HousePrice::summary());
    let history = Trainer::new(Adam::new(1e-3))
        .epochs(50)
        .batch_size(32)
        .validation_split(0.2)
        .class_weight(HousePrice::kind, [(0, 1.0), (1, 2.0)])
        .callback(EarlyStopping::on(Monitor::val_loss()).patience(5).restore_best())
        .fit(&mut model, &train)?;
    println!("{history}\n{}", model.evaluate(&test)?);
    let rows = [HousePriceInputs { measurements: [0.0; 3], district: Some(3) }];
    let predicted = &model.predict(&rows)?[0];
    println!("{} {}", predicted.price, predicted.kind.most_likely());
    model.save("house.safetensors")?;
    let loaded = Model::<HousePrice, f32, Cpu>::load("house.safetensors", &Cpu::default())?;
    println!("{}", loaded.num_parameters());
    Ok(())
}
