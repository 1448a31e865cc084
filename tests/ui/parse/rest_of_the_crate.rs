//! One mistake is one error, whatever the rest of the crate does with the model.

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    prelude::*,
};

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct House {
    #[input(standardize)]
    #[branch(Dense(16, relu))]
    measurements: [f32],
    #[input(missing = zeros)]
    garden: Option<[f32; 3]>,
    #[merge(concat(measurements, garden))]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    price: f32,
}

struct Mine;

impl Callback<House> for Mine {
    fn name(&self) -> &'static str {
        "Mine"
    }

    fn on(
        &mut self,
        _: &Event<'_>,
        training: &mut dyn Training<House>,
    ) -> multi_input::Result<Flow> {
        training.freeze(House::measurements, true);
        Ok(Flow::Continue)
    }
}

impl std::fmt::Display for HouseOutputs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.price)
    }
}

struct Server {
    model: Model<House>,
}

impl Server {
    fn price(&self, row: &HouseInputs) -> f32 {
        let HouseInputs { measurements, .. } = row;
        self.model
            .predict(&[HouseInputs { measurements: *measurements, garden: row.garden }])
            .unwrap()[0]
            .price
    }
}

static MODEL: std::sync::OnceLock<Model<House>> = std::sync::OnceLock::new();

fn main() -> multi_input::Result<()> {
    let rows: Vec<HouseSample> = read_csv("houses.csv")?;
    let (train, test) = rows.split(0.8, Seed(1));
    let mut model = House::build(&Cpu::default(), Seed(7));
    let history = Trainer::new(Adam::new(1e-3))
        .validation_data(&test)
        .drop_input(House::garden, 0.1)
        .sample_weight(House::price, |row| row.price)
        .callback(EarlyStopping::on(Monitor::val(House::price, metric::Mae)).patience(3))
        .callback(Mine)
        .fit(&mut model, &train)?;
    println!("{history} {} {}", model.evaluate(&test)?, House::summary());
    let server = Server { model };
    println!("{}", server.price(&HouseInputs { measurements: [0.0; 10], garden: None }));
    for row in &train {
        println!("{row:?} {}", row.price + row.measurements.iter().sum::<f32>());
    }
    let module: HouseModel<f32, Cpu> =
        dfdx::nn::DeviceBuildExt::build_module::<House, f32>(&Cpu::default());
    println!("{:?} {}", House::GRAPH.nodes, module.price.0.weight.array()[0][0]);
    MODEL.set(server.model).ok().unwrap();
    Ok(())
}
