use multi_input::prelude::*;

#[multi_input_model]
pub struct HouseA {
    #[input]
    rooms: [f32; 3],
    #[input(only_for(rankin))]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct HouseB {
    #[input]
    rooms: [f32; 3],
    #[input(only_for(joined))]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct HouseC {
    #[input]
    rooms: [f32; 3],
    #[input(only_for())]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct HouseD {
    #[input]
    rooms: [f32; 3],
    #[input(only_for = ranking)]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct HouseE {
    #[input]
    rooms: [f32; 3],
    #[input(only_for("ranking"))]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct HouseF {
    #[input]
    rooms: [f32; 3],
    #[input(only_for(ranking, ranking))]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct HouseG {
    #[input]
    rooms: [f32; 3],
    #[input(sensitive = true)]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, uses_sensitive(user_age))]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct HouseH {
    #[input]
    rooms: [f32; 3],
    #[input(sensitive)]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, uses_sensitive(user_agee))]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct HouseI {
    #[input]
    rooms: [f32; 3],
    #[input(sensitive)]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, uses_sensitive)]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct HouseJ {
    #[input]
    rooms: [f32; 3],
    #[input]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, independent_of(1))]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct HouseK {
    #[input]
    rooms: [f32; 3],
    #[input(independent_of(rooms))]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct HouseL {
    #[input]
    rooms: [f32; 3],
    #[input]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, sensitive)]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
