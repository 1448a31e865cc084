//! Derivations of a user's own, and arithmetic of inputs.

use multi_input::{
    data::{read_csv_from, Table, Values},
    definition::{Derived, Shape, Text},
    prelude::*,
    preprocess::{
        stage::{Derivation, Refusal, Sources},
        Preprocessing,
    },
};

use crate::my;

const SCALE: f64 = 100.0;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct House {
    #[input(impute(mean), standardize)]
    rooms: f32,
    #[input(missing = mean)]
    households: Option<f64>,
    #[input]
    sides: [f32; 3],
    #[input]
    people: u32,
    #[input]
    has_garden: bool,
    #[derived(rooms / households, impute(median), standardize)]
    rooms_each: _,
    #[derived(sides * people - max(sides, SCALE / 50.0))]
    areas: [f32; 3],
    #[derived(people / (has_garden + people))]
    share: f32,
    #[merge(concat(rooms, households, sides, rooms_each, areas, share))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn house(rooms: f32, households: Option<f64>) -> HouseSample {
    let sides = [1.0, 2.0, 3.0];
    HouseSample { rooms, households, sides, people: 4, has_garden: true, price: 1.0 }
}

/// The encoded column of a node.
fn column(rows: &[HouseSample], name: &str) -> multi_input::Result<Vec<f32>> {
    let mut table = Table::of_samples(&House::GRAPH);
    rows.iter().for_each(|row| table.push(|to| House::write_sample(row, to)).unwrap());
    let all: Vec<usize> = (0..rows.len()).collect();
    let fitted = Preprocessing::fit(&House::GRAPH, &table, &all)?;
    let encoded = fitted.encode(&table, &all, 0)?;
    let column = encoded.columns.iter().find(|column| column.name == name).unwrap();
    let Values::Numbers(numbers) = &*column.values else { panic!("{column:?}") };
    Ok(numbers.clone())
}

#[test]
fn numbers_are_computed_before_the_steps_of_inputs() {
    let rows = [house(6.0, Some(2.0)), house(5.0, Some(5.0)), house(4.0, Some(2.0))];
    // 3, 1 and 2 are standardised.
    let deviation = (2.0f32 / 3.0).sqrt();
    let found = column(&rows, "rooms_each").unwrap();
    let expected = [1.0 / deviation, -1.0 / deviation, 0.0];
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    assert_eq!(column(&rows, "areas").unwrap()[..3], [2.0, 6.0, 9.0]);
    assert_eq!(column(&rows, "share").unwrap()[0], 0.8);
}

#[test]
fn a_result_that_is_missing_is_imputed() {
    let rows = [
        house(6.0, Some(2.0)),
        house(5.0, None),
        house(4.0, Some(0.0)),
        house(f32::NAN, Some(1.0)),
    ];
    // The median of the only known quotient.
    assert_eq!(column(&rows, "rooms_each").unwrap(), [0.0; 4]);
}

#[test]
fn a_row_without_a_result_is_named() {
    let mut rows = vec![house(6.0, Some(2.0)); 3];
    rows[1].people = 0;
    rows[1].has_garden = false;
    let error = column(&rows, "share").unwrap_err().to_string();
    assert_eq!(
        error,
        "row 1, field `share`: expected a finite number, or `impute(...)` for a missing one, found \
         none, of people = 0, has_garden = 0"
    );
    let mut model = House::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(1).progress(Progress::silent());
    assert_eq!(trainer.fit(&mut model, &rows).unwrap_err().to_string(), error);
}

#[test]
fn a_file_has_no_column_of_it() {
    let csv = "rooms,households,sides_0,sides_1,sides_2,people,has_garden,price\n";
    let rows: Result<Vec<HouseSample>, _> = read_csv_from(csv.as_bytes(), "houses");
    let message = rows.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(!message.contains("rooms_each"), "{message}");
}

#[multi_input_model]
pub struct Way {
    #[input]
    from: [f32; 2],
    #[input]
    to: [f32; 2],
    #[derived(my::Distance(from, to, scale = 10.0))]
    distance: _,
    #[from(distance)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    minutes: f32,
}

#[test]
fn inputs_that_no_layer_sees_are_taken() {
    let model = Way::build(&Cpu::default(), Seed(1));
    let predict = |to| {
        let rows = [WayInputs { from: [0.0, 0.0], to }];
        model.predict(&rows).unwrap()[0].minutes
    };
    assert_eq!(predict([3.0, 4.0]), predict([0.0, -5.0]));
    assert!((predict([6.0, 8.0]) - 2.0 * predict([3.0, 4.0])).abs() < 1e-3);
}

/// Takes what the steps of its inputs make of them.
#[derive(Debug)]
struct Interval;

impl Interval {
    const fn output_shape(&self, _: &[Shape]) -> Result<Shape, Text> {
        Ok(Shape::numbers(&[]))
    }
}

impl Derivation for Interval {
    fn takes_encoded(&self) -> bool {
        true
    }

    fn derive(&self, _: &Derived, of: &Sources<'_>) -> Result<Values, Refusal> {
        Ok(of.each_number(|row| row.number(0)))
    }
}

#[test]
fn no_step_learns_from_what_is_derived_of_steps_that_learn() {
    #[multi_input_model]
    #[derive(Clone)]
    struct Person {
        #[input(bins(edges = [10.0, 20.0]))]
        age: f32,
        #[derived(Interval(age), standardize)]
        decade: _,
        #[from(decade)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        y: f32,
    }
    let mut model = Person::build(&Cpu::default(), Seed(1));
    let rows = [5.0, 15.0, 25.0].map(|age| PersonSample { age, y: 1.0 });
    let trainer = Trainer::new(Adam::new(0.1)).progress(Progress::silent());
    let error = trainer.fit(&mut model, &rows).unwrap_err().to_string();
    assert!(
        error.contains("`decade`: its steps would learn from what is derived of `age`"),
        "{error}"
    );
}
