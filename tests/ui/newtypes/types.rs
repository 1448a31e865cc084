//! Types that are no newtypes, or wrap something else.

use multi_input::prelude::*;

#[derive(Clone, Debug)]
pub struct Metres(f32);
type Area = f32;
#[derive(Clone, Debug, Newtype)]
pub struct Euros(f64);
#[derive(Clone, Debug, Newtype)]
pub struct Rgb([f32; 3]);
const CHANNELS: usize = 4;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct House {
    #[input(wraps = f32, standardize, missing = mean)]
    height: Option<Metres>,
    #[input(wraps = f32)]
    #[serde(default = "no_area")]
    area: Area,
    #[input(wraps = [f32; CHANNELS])]
    color: Rgb,
    #[merge(concat(height, area, color))]
    #[branch(Dense(1))]
    #[output(loss = mse, wraps = f32)]
    price: Euros,
}

fn no_area() -> Area {
    0.0
}

fn main() -> multi_input::Result<()> {
    let rows: Vec<HouseSample> = read_csv("houses.csv")?;
    let mut model = House::build(&Cpu::default(), Seed(7));
    Trainer::new(Adam::new(1e-3)).fit(&mut model, &rows)?;
    println!("{:?}", model.predict(&[HouseInputs::from(rows[0].clone())])?);
    Ok(())
}
