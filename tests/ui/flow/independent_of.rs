use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 3],
    #[input]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    ranking: f32,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, independent_of(user_age))]
    price: f32,
}

#[multi_input_model]
pub struct Hidden {
    #[input]
    rooms: [f32; 3],
    #[input]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, independent_of(joined))]
    price: f32,
}

#[multi_input_model]
pub struct Sensitive {
    #[input]
    rooms: [f32; 3],
    #[input(sensitive)]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, independent_of(user_age))]
    price: f32,
}

#[multi_input_model]
pub struct LossOnInput {
    #[input(sensitive)]
    #[output(loss = mse)]
    user_age: f32,
    #[input]
    #[branch(Dense(1))]
    rooms: [f32; 3],
    #[from(rooms)]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct Twice {
    #[input]
    age: f32,
    #[input(columns("age"))]
    years: f32,
    #[from(age)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    risk: f32,
    #[from(years)]
    #[branch(Dense(1))]
    #[output(loss = mse, independent_of(age))]
    price: f32,
}

fn main() {}
