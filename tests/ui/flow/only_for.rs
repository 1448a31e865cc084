use multi_input::prelude::*;

// It reaches the price by the node that both are made of.
#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 3],
    #[input(only_for(ranking))]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    ranking: f32,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

// Its presence alone flows, that of a hidden node as well.
#[multi_input_model]
pub struct Ward {
    #[input]
    pulse: f32,
    #[input(missing = zeros, only_for(days))]
    #[branch(Dense(3))]
    panel: Option<[f32; 6]>,
    #[from(panel)]
    #[branch(Dense(3))]
    deeper: _,
    #[merge(concat(pulse, deeper))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    days: f32,
    #[merge(concat(pulse, present(deeper)))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    cost: f32,
}

// An output without a loss is one, too, and so is an input that is an output.
#[multi_input_model]
pub struct Tower {
    #[input(only_for(rating))]
    #[branch(Dense(4))]
    #[output]
    user: [f32; 2],
    #[from(user)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    rating: f32,
}

fn main() {}
