//! Inputs that an exported file cannot take behind their preprocessing.

use multi_input::prelude::*;

#[multi_input_model(export = onnx(encoded(room, place)))]
pub struct House0 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[input(bins(edges = [1900.0, 1950.0]))]
    #[branch(Embedding(3, 2))]
    built: f32,
    #[derived(crossed(built, city, 100))]
    #[branch(Embedding(auto))]
    place: u32,
    #[input(categories(20))]
    #[branch(Embedding(auto))]
    city: String,
    #[merge(concat(rooms, age, built, place, city))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx(encoded(rooms, place, rooms)))]
pub struct House1 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[input(bins(edges = [1900.0, 1950.0]))]
    #[branch(Embedding(3, 2))]
    built: f32,
    #[derived(crossed(built, city, 100))]
    #[branch(Embedding(auto))]
    place: u32,
    #[input(categories(20))]
    #[branch(Embedding(auto))]
    city: String,
    #[merge(concat(rooms, age, built, place, city))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx(encoded(age, place)))]
pub struct House2 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[input(bins(edges = [1900.0, 1950.0]))]
    #[branch(Embedding(3, 2))]
    built: f32,
    #[derived(crossed(built, city, 100))]
    #[branch(Embedding(auto))]
    place: u32,
    #[input(categories(20))]
    #[branch(Embedding(auto))]
    city: String,
    #[merge(concat(rooms, age, built, place, city))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx(encoded(price, place)))]
pub struct House3 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[input(bins(edges = [1900.0, 1950.0]))]
    #[branch(Embedding(3, 2))]
    built: f32,
    #[derived(crossed(built, city, 100))]
    #[branch(Embedding(auto))]
    place: u32,
    #[input(categories(20))]
    #[branch(Embedding(auto))]
    city: String,
    #[merge(concat(rooms, age, built, place, city))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx(encoded(place, ages)))]
pub struct House4 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[input(bins(edges = [1900.0, 1950.0]))]
    #[branch(Embedding(3, 2))]
    built: f32,
    #[derived(crossed(built, city, 100))]
    #[branch(Embedding(auto))]
    place: u32,
    #[input(categories(20))]
    #[branch(Embedding(auto))]
    city: String,
    #[merge(concat(rooms, age, built, place, city))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx(encoded("rooms", place)))]
pub struct House5 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[input(bins(edges = [1900.0, 1950.0]))]
    #[branch(Embedding(3, 2))]
    built: f32,
    #[derived(crossed(built, city, 100))]
    #[branch(Embedding(auto))]
    place: u32,
    #[input(categories(20))]
    #[branch(Embedding(auto))]
    city: String,
    #[merge(concat(rooms, age, built, place, city))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx(encoded(city)))]
pub struct House6 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[input(bins(edges = [1900.0, 1950.0]))]
    #[branch(Embedding(3, 2))]
    built: f32,
    #[derived(crossed(built, city, 100))]
    #[branch(Embedding(auto))]
    place: u32,
    #[input(categories(20))]
    #[branch(Embedding(auto))]
    city: String,
    #[merge(concat(rooms, age, built, place, city))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
