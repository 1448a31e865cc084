//@ valid
//! A model with the rest of a crate around it, for `mutate.py`: a mistake in the model is one error, whatever the crate
//! does with it.

use std::sync::OnceLock;

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    prelude::*,
};

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct House {
    #[input(standardize)]
    #[branch(Dense(16, relu))]
    measurements: [f32; 10],
    #[input]
    #[branch(Embedding(100, 8))]
    district: u32,
    #[input(words(vocabulary = 1000, length = 20))]
    #[branch(Embedding(auto, 8), LSTM(8))]
    advert: String,
    #[input(missing = learned)]
    #[branch(Dense(4, relu), Dropout(0.1))]
    garden: Option<[f32; 3]>,
    #[merge(concat(measurements, district, advert, garden))]
    #[branch(Dense(16, relu))]
    joined: [f32; 16],
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae), standardize)]
    price: f32,
    #[from(joined)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy, metrics(accuracy), weight = 0.5)]
    kind: Class<3>,
}

struct Freezer;

impl Callback<House> for Freezer {
    fn name(&self) -> &'static str {
        "Freezer"
    }

    fn on(&mut self, _: &Event<'_>, training: &mut dyn Training<House>) -> multi_input::Result<Flow> {
        training.freeze(House::measurements, true);
        Ok(Flow::Continue)
    }
}

struct Server {
    model: Model<House>,
}

impl Server {
    fn price(&self, row: HouseInputs) -> multi_input::Result<f32> {
        Ok(self.model.predict(&[row])?[0].price)
    }
}

static MODEL: OnceLock<Model<House>> = OnceLock::new();

fn inputs_of(sample: HouseSample) -> HouseInputs {
    sample.into()
}

fn class_of(outputs: &HouseOutputs) -> usize {
    outputs.kind.most_likely().index()
}

fn train<N: Network<f32, Cpu>>(model: &mut Model<N>, rows: &[N::Sample]) -> multi_input::Result<History> {
    Trainer::new(Adam::new(1e-3)).fit(model, rows)
}

fn run() -> multi_input::Result<()> {
    let rows: Vec<HouseSample> = read_csv("houses.csv")?;
    let (rows, test) = rows.split(0.8, Seed(1));
    let (some, others) = rows.clone().split_stratified(0.5, Seed(1), |row| row.kind.index());
    let mut model = House::build(&Cpu::default(), Seed(7));
    let history = Trainer::new(Adam::new(1e-3))
        .epochs(3)
        .validation_data(&test)
        .drop_input(House::garden, 0.1)
        .freeze(House::district)
        .learning_rate_of(House::joined, 0.5)
        .class_weight(House::kind, [(0, 2.0)])
        .sample_weight(House::price, |row| row.price)
        .callback(EarlyStopping::on(Monitor::val(House::price, metric::Mae)).patience(3).restore_best())
        .callback(Checkpoint::in_folder("runs").best(Monitor::val(House::kind, metric::Accuracy)))
        .callback(Freezer)
        .fit(&mut model, &rows)?;
    train(&mut model, &some)?;
    println!("{history} {} {}", model.evaluate(&test)?, model.confusion_matrix(House::kind, &others)?);
    println!("{} {}", model.summary(), House::summary());
    let importance = Importance::by_permutation(&model, &test, 10, Seed(7))?;
    Report::new(&model).history(&history).rows(&test)?.importance(&importance).write("report.html")?;
    model.save("house.safetensors")?;
    let server = Server { model: Model::<House>::load("house.safetensors", &Cpu::default())? };
    let advert = "quiet".to_owned();
    let row = HouseInputs { measurements: [0.0; 10], district: 1, advert, garden: None };
    println!("{}", server.price(row)?);
    House::diagram("house.svg")?;
    for row in &rows {
        println!("{row:?} {}", class_of(&model.predict(&[inputs_of(row.clone())])?[0]));
    }
    println!("{:?}", House::GRAPH.nodes);
    let module: HouseModel<f32, Cpu> = dfdx::nn::DeviceBuildExt::build_module::<House, f32>(&Cpu::default());
    drop(module);
    assert!(MODEL.set(model).is_ok());
    Ok(())
}

fn main() {
    run().unwrap();
}
