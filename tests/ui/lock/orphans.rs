//! Edits after which saved models do not load, each compared with the same lock.

use multi_input::multi_input_model;

mod units {
use super::*;

#[multi_input_model(lock = "data/house.lock")]
pub struct House {
    #[input(standardize)]
    #[branch(Dense(16, relu), BatchNorm)]
    rooms: [f32; 3],
    #[input(categories(20), missing = learned)]
    #[branch(Embedding(20, 4))]
    city: Option<String>,
    #[merge(concat(rooms, city))]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    price: f32,
}
}

mod steps {
use super::*;

#[multi_input_model(lock = "data/house.lock")]
pub struct House {
    #[input(min_max)]
    #[branch(Dense(8, relu), BatchNorm)]
    rooms: [f32; 3],
    #[input(categories(30), missing = zeros)]
    #[branch(Embedding(30, 4))]
    city: Option<String>,
    #[merge(concat(city, rooms))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}
}

mod renamed {
use super::*;

#[multi_input_model(lock = "data/house.lock")]
pub struct House {
    #[input(standardize)]
    #[branch(Dense(8, relu), BatchNorm)]
    size: [f32; 3],
    #[input(categories(20), missing = learned)]
    #[branch(Embedding(20, 4))]
    city: Option<String>,
    #[merge(concat(size, city))]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    price: f32,
}
}

mod others {
use super::*;

#[multi_input_model(lock = "data/house.lock")]
pub struct House {
    #[input(standardize)]
    #[branch(Dense(8, relu), BatchNorm)]
    rooms: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy)]
    sold: bool,
}
}

mod absent {
use super::*;

#[multi_input_model(lock = "data/no_house.lock")]
pub struct House {
    #[input]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}
}

mod no_lock {
use super::*;

#[multi_input_model(lock = "data/houses.csv")]
pub struct House {
    #[input]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(lock(house))]
pub struct Cottage {
    #[input]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}
}

fn main() {}
