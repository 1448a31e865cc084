// A first model for fixtures/listings.csv, of 400 rows. Change what you know better.

use multi_input::{
    data::{Csv, Source},
    prelude::*,
};

/// What predicts `price`.
#[multi_input_model(data = "fixtures/listings.csv", allow(unused_columns))]
#[derive(Clone, Debug)]
pub struct Listings {
    #[input(columns("Listed on"), calendar(year, month_cycle, weekday_cycle, format = "%d/%m/%Y"), standardize)]
    listed_on: NaiveDate,
    #[input(columns("Living area (m2)"), missing("NA"), impute(median), standardize)]
    living_area_m2: f32,
    #[input(standardize)]
    rooms: f32,
    #[input(columns("Heating"), categories(5), missing = learned)]
    #[branch(Embedding(auto))]
    heating: Option<String>,
    #[input]
    garden: bool,
    #[input(columns("Description"), words(22, 6))]
    #[branch(Embedding(22, 16, mask), GlobalAveragePool1D)]
    description: String,
    #[input(percent, standardize)]
    commission: f32,
    #[input(categories(32))]
    #[branch(Embedding(auto))]
    zip_code: u32,
    #[input(columns("last renovation"), calendar(year, month_cycle, weekday_cycle), standardize, missing = learned)]
    last_renovation: Option<NaiveDate>,
    // `id` is left out: it counts the rows.
    #[merge(concat(listed_on, living_area_m2, rooms, heating, garden, description, commission, zip_code,
        last_renovation))]
    #[branch(Dense(64, relu), Dense(32, relu), Dense(1))]
    #[output(loss = mse, metrics(mae, r2), standardize)]
    price: f32,
}

fn main() -> multi_input::Result<()> {
    let source = Csv::<ListingsSample>::new("fixtures/listings.csv");
    let (train, test) = (source.part(0.0..0.8, Seed(1)), source.part(0.8..1.0, Seed(1)));
    let mut model = Listings::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(1e-3)).epochs(30).fit_from(&mut model, &train)?;
    let evaluation = model.evaluate_from(&test)?;
    println!("{evaluation}");
    println!("result: r2={:.4}", evaluation.get("r2").unwrap_or(f64::NAN));
    Ok(())
}
