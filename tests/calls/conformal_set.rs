//! The set of classes of what has none.

use multi_input::{prelude::*, uncertainty::Conformal};

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy)]
    sold: bool,
    #[from(rooms)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy)]
    kind: Class<3>,
}

fn sets(conformal: &Conformal<House>, predicted: &HouseOutputs) -> multi_input::Result<()> {
    conformal.interval(House::price, &predicted.price)?;
    conformal.set(House::sold, &predicted.sold)?;
    conformal.set(House::kind, &predicted.kind)?;
    conformal.set(House::price, &predicted.price)?;
    Ok(())
}

fn main() {
    let _ = sets;
}
