//! What is written behind `export`.

use multi_input::prelude::*;

#[multi_input_model(export)]
pub struct House0 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export(onnx))]
pub struct House1 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = "onnx")]
pub struct House2 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = "house.onnx")]
pub struct House3 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx_file)]
pub struct House4 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = tflite)]
pub struct House5 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx, export = onnx)]
pub struct House6 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx())]
pub struct House7 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx(rooms))]
pub struct House8 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx(encoded))]
pub struct House9 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx(encoded = rooms))]
pub struct House10 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx(preprocessed(rooms)))]
pub struct House11 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx.encoded(rooms))]
pub struct House12 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(export = onnx encoded(rooms))]
pub struct House13 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(to_onnx)]
pub struct House14 {
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[input]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
