//! Budgets, ways of inputs and stages that are kept.

#![deny(warnings)]

use multi_input::{definition::Cost, prelude::*};

const WIDTH: usize = 8;
const LIMIT: usize = 1_000;

/// A ranking, and what it costs. A row is booked, then departs.
#[multi_input_model(
    max_parameters = LIMIT,
    max_flops = 2 * LIMIT,
    max_memory = "4 KiB",
    stages(booking, departure),
    part(UserTower = user_vector)
)]
#[derive(Clone)]
pub(crate) struct Trip {
    #[input(sensitive, known_at = booking)]
    #[branch(Embedding(20, 4))]
    user: u32,
    #[input(standardize, known_at = booking)]
    #[branch(Dense(WIDTH, relu))]
    price: [f32; 2],
    #[input(only_for(delay), known_at = departure, missing = zeros)]
    wind: Option<f32>,
    #[from(user)]
    #[branch(Dense(WIDTH))]
    #[output(uses_sensitive(user), known_at = booking)]
    user_vector: [f32; WIDTH],
    /// Computed beforehand.
    #[from(price)]
    #[branch(Dense(WIDTH))]
    #[output(independent_of(user, wind), known_at = booking)]
    trip_vector: [f32; WIDTH],
    #[merge(dot(user_vector, trip_vector))]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy, uses_sensitive(user), known_at = booking)]
    booked: bool,
    #[merge(concat(trip_vector, wind, present(wind)))]
    #[branch(Dense(1))]
    #[output(loss = mse, independent_of(user), known_at = departure)]
    delay: f32,
}

/// A module of one's own is left out of the figures.
#[multi_input_model(max_flops = 500, allow(uncounted))]
pub(crate) struct Partly {
    #[input]
    #[branch(Dense(8), crate::own_module::Gate<8> => [8], Dense(8))]
    a: [f32; 2],
    #[from(a)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    b: f32,
}

#[test]
fn the_summary_says_what_a_prediction_costs() {
    let model = Trip::build(&Cpu::default(), Seed(1));
    // user, price, user_vector, trip_vector, booked, delay.
    let layers = [80, 24, 40, 72, 2, 11];
    assert_eq!(model.summary().trainable(), layers.iter().sum::<usize>());
    let flops = [0, 32 + 8 + 8, 64 + 8, 128 + 8, 16 + 2 + 1 + 1, 20 + 1];
    let Cost { flops: found, memory } = model.summary().cost();
    assert_eq!(found, flops.iter().sum::<usize>());
    // Of the most numbers: `wind`, both vectors, their concatenation with `wind` and its presence.
    assert_eq!(memory, 4 * (229 + 8 + 8 + 1 + 1 + 10));
    let text = model.summary().to_string();
    assert!(text.contains("a prediction: 297 FLOPs, 1.028 kB"), "{text}");
    let text = Partly::build(&Cpu::default(), Seed(1)).summary().to_string();
    assert!(text.ends_with("FLOPs, 484 B, without modules and merges of your own"), "{text}");
}

#[test]
fn a_model_with_rules_trains_and_predicts() {
    let row = |n: u8| TripSample {
        user: u32::from(n % 20),
        price: [n.into(), (n % 7).into()],
        wind: (n > 3).then_some(n.into()),
        booked: n.is_multiple_of(2),
        delay: (n % 5).into(),
    };
    let rows: Vec<TripSample> = (0..64).map(row).collect();
    let mut model = Trip::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.01)).epochs(3).progress(Progress::silent());
    let history = trainer.fit(&mut model, &rows).unwrap();
    assert!(history.to_string().contains("loss"));
    let predicted =
        model.predict(&[TripInputs { user: 1, price: [1.0, 2.0], wind: None }]).unwrap();
    assert!(predicted[0].delay.is_finite() && predicted[0].trip_vector.len() == WIDTH);
    let tower: Model<UserTower> = model.part().unwrap();
    assert_eq!(tower.predict(&[UserTowerInputs { user: 1 }]).unwrap()[0].user_vector.len(), WIDTH);
}
