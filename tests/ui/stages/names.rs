use multi_input::prelude::*;

#[multi_input_model(stages(booking, departure, arrival))]
pub struct HouseA {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at = departur)]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

#[multi_input_model(stages(booking, departure, arrival))]
pub struct HouseB {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at = departure)]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = bookin)]
    price: f32,
}

#[multi_input_model]
pub struct HouseC {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at = departure)]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

#[multi_input_model(stages(booking, departure, arrival))]
pub struct HouseD {
    #[input]
    rooms: [f32; 3],
    #[input]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

#[multi_input_model(stages(booking, departure, arrival))]
pub struct HouseE {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at = departure)]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(stages(booking, departure, arrival))]
pub struct HouseF {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at = "departure")]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

#[multi_input_model(stages(booking, departure, arrival))]
pub struct HouseG {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at(departure))]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

#[multi_input_model(stages(booking, departure, arrival))]
pub struct HouseH {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at)]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

#[multi_input_model(stages(booking))]
pub struct HouseI {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at = departure)]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

#[multi_input_model(stages)]
pub struct HouseJ {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at = departure)]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

#[multi_input_model(stages("booking", departure))]
pub struct HouseK {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at = departure)]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

#[multi_input_model(stages(booking, departure, booking))]
pub struct HouseL {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at = departure)]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

#[multi_input_model(stages(booking < departure))]
pub struct HouseM {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at = departure)]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

#[multi_input_model(stages(booking, departure, arrival))]
pub struct HouseN {
    #[input(known_at = booking)]
    rooms: [f32; 3],
    #[input(known_at = booking, known_at = departure)]
    delay: f32,
    #[merge(concat(rooms, delay))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, known_at = departure)]
    price: f32,
}

fn main() {}
