//! Losses, metrics and options of outputs as other libraries write them.
use multi_input::prelude::*;

#[multi_input_model]
struct House {
    #[input]
    #[branch(Dense(4))]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(mse)]
    price_0: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = bce)]
    price_1: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = "mse")]
    price_2: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = nn.MSELoss())]
    price_3: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss: mse)]
    price_4: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = rmse)]
    price_5: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(losses = mse)]
    price_6: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics("mae", "r2"))]
    price_7: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics = [mae])]
    price_8: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metric = mae)]
    price_9: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mcc))]
    price_10: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mean_absolute_error))]
    price_11: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, loss_weight = 0.5)]
    price_12: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss mse)]
    price_13: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = CTCLoss)]
    price_14: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(f05))]
    price_15: f32,
}

fn main() {}
