use multi_input::prelude::*;

#[multi_input_model(stages(booking, departure, arrival))]
pub struct Trip {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at = arrival)]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

// The presence of an input is known when the input is, and a derived node when the last of its inputs is.
#[multi_input_model(stages(booking, departure, arrival))]
pub struct Flight {
    #[input(known_at = booking)]
    seats: f32,
    #[input(known_at = departure, missing = zeros)]
    passengers: Option<f32>,
    #[input(known_at = arrival)]
    fuel: f32,
    #[derived(fuel / seats, impute(mean))]
    fuel_each: f32,
    #[merge(concat(seats, present(passengers)))]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = booking)]
    price: f32,
    #[merge(concat(fuel_each, seats))]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    delay: f32,
    #[from(fuel_each)]
    #[output(known_at = booking)]
    shown: _,
}

fn main() {}
