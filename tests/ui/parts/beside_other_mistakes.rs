//! A mistake in the model, whose parts give no mistakes of their own.

use multi_input::prelude::*;

#[multi_input_model(part(Tower = vector))]
pub struct Shop {
    #[input]
    rooms: [f32; 4],
    #[from(rooms)]
    #[branch(Dense(8))]
    vector: [f32; 9],
    #[from(vector)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(6), Reshape(2, 3))]
    #[output]
    grid: _,
}

fn tower(model: &Model<Shop>, rows: &[TowerInputs]) -> Vec<[f32; 9]> {
    let tower: Model<Tower> = model.part().unwrap();
    tower.predict(rows).unwrap().into_iter().map(|row| row.vector).collect()
}

fn main() {
    let model = Shop::build(&Cpu::default(), Seed(1));
    let outputs: Vec<ShopOutputs> = model.predict(&[]).unwrap();
    let grid: [[f32; 3]; 2] = outputs[0].grid;
    println!("{:?}", grid.as_flattened());
    println!("{:?}", tower(&model, &[TowerInputs { rooms: [0.0; 4] }]));
}
