use multi_input::prelude::*;

// One output states it, the other does not.
#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 3],
    #[input(sensitive)]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, uses_sensitive(user_age))]
    ranking: f32,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

// Neither does, which is one mistake.
#[multi_input_model]
pub struct Neither {
    #[input]
    rooms: [f32; 3],
    #[input(sensitive)]
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

// A derived node, and a weight of a list.
#[multi_input_model]
pub struct Shop {
    #[input(sensitive)]
    age: f32,
    #[input]
    income: f32,
    #[derived(income / age, impute(mean))]
    each: f32,
    #[input(pad(7))]
    articles: Vec<u32>,
    #[input(pad(7), sensitive)]
    amounts: Vec<f32>,
    #[merge(weighted(articles, amounts))]
    #[branch(EmbeddingBag(50, 4, sum))]
    bought: _,
    #[merge(concat(each, bought))]
    #[branch(Dense(1))]
    #[output(loss = mse, uses_sensitive(amounts))]
    price: f32,
}

// A part predicts what is inside of the model.
#[multi_input_model(part(UserTower = user_vector))]
pub struct Towers {
    #[input(sensitive)]
    #[branch(Embedding(10, 4))]
    user: u32,
    #[input]
    #[branch(Embedding(10, 4))]
    item: u32,
    #[from(user)]
    #[branch(Dense(4))]
    user_vector: [f32; 4],
    #[merge(dot(user_vector, item))]
    #[output(loss = mse, uses_sensitive(user))]
    rating: f32,
}

// It is stated and not so.
#[multi_input_model]
pub struct Superfluous {
    #[input]
    rooms: [f32; 3],
    #[input(sensitive)]
    user_age: f32,
    #[merge(concat(rooms, user_age))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, uses_sensitive(user_age))]
    ranking: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, uses_sensitive(user_age, rooms))]
    price: f32,
}

// Another input reads its column.
#[multi_input_model]
pub struct Twice {
    #[input(sensitive)]
    age: f32,
    #[input(columns("age"))]
    years: f32,
    #[from(age)]
    #[branch(Dense(1))]
    #[output(loss = mse, uses_sensitive(age))]
    risk: f32,
    #[from(years)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
