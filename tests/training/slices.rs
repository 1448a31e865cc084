//! Slices of the rows of models.

use multi_input::{data::chrono::NaiveDate, prelude::*, slices::SliceFinder, Error};

/// Inputs of the kinds that make groups, and one output that rows may lack.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Stay {
    #[input(standardize, columns("rooms", "age"))]
    sizes: [f32; 2],
    #[input]
    #[branch(Embedding(4, 2))]
    shop: u32,
    #[input(calendar(month), standardize)]
    day: NaiveDate,
    #[input]
    quiet: bool,
    #[input(clip(0, 100), pad(3))]
    #[branch(Dense(2), GlobalAveragePool1D)]
    visits: Vec<[f32; 2]>,
    #[merge(concat(sizes, shop, day, quiet, visits))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(2))]
    #[output(loss = gaussian)]
    price: f32,
    #[from(joined)]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy, weight = learned)]
    late: Option<bool>,
}

fn row(i: usize) -> StaySample {
    let wave = |k: f32| (i as f32 * k).sin();
    StaySample {
        sizes: [wave(0.7), wave(1.3)],
        shop: (i * 7 % 4) as u32,
        day: NaiveDate::from_ymd_opt(2026, 1 + (i * 5 % 12) as u32, 3).unwrap(),
        quiet: wave(9.1) > 0.0,
        visits: vec![[1.0, 2.0]; 1 + i * 11 % 3],
        price: wave(3.7),
        late: (!i.is_multiple_of(3)).then_some(wave(2.3) > 0.0),
    }
}

fn rows(change: impl Fn(&mut StaySample)) -> Vec<StaySample> {
    let rows = (0..900).map(|i| {
        let mut row = row(i);
        change(&mut row);
        row
    });
    rows.collect()
}

fn trained() -> Model<Stay> {
    let mut model = Stay::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(30).progress(Progress::silent());
    trainer.fit(&mut model, &rows(|_| ())).unwrap();
    model
}

#[test]
fn a_model_that_is_worse_nowhere_has_no_slice() {
    let slices = Slices::find(&trained(), &rows(|_| ())).unwrap();
    // Of each output: two columns in five ranges, four shops, a range and a value of each month, a
    // weekday of each, two flags, three lengths.
    assert!(slices.comparisons > 60, "{}", slices.comparisons);
    assert_eq!(slices.slices, [], "{slices}");
}

#[test]
fn every_kind_of_condition_is_found() {
    type Change = fn(&mut StaySample);
    let cases: [(Change, &str); 5] = [
        (|row| row.price += if row.sizes[1] > 0.9 { 9.0 } else { 0.0 }, "`age` from 0."),
        (|row| row.price += if row.shop == 2 { 9.0 } else { 0.0 }, "`shop` = 2"),
        (|row| row.price += if row.quiet { 9.0 } else { 0.0 }, "`quiet` = 1"),
        (|row| row.price += if row.visits.len() == 2 { 9.0 } else { 0.0 }, "`visits` = 2 items"),
        (
            |row| {
                row.price += if row.day.to_string().contains("-04-") { 9.0 } else { 0.0 };
            },
            "`day` month = 04",
        ),
    ];
    let model = trained();
    for (change, condition) in cases {
        let slices = Slices::find(&model, &rows(change)).unwrap();
        let found: Vec<String> = slices.slices.iter().map(|slice| slice.description()).collect();
        assert!(found.iter().any(|words| words.starts_with(condition)), "{condition}: {found:?}");
        assert!(slices.slices.iter().all(|slice| slice.output == "price"), "{slices}");
    }
}

#[test]
fn only_rows_with_a_known_target_count() {
    let change = |row: &mut StaySample| {
        row.late = row.late.map(|late| if row.shop == 1 { !late } else { row.sizes[0] > 0.0 });
    };
    let rows = rows(change);
    let mut model = Stay::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(2e-2)).epochs(30).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let slices = SliceFinder::default().most(1).find(&model, &rows).unwrap();
    let slice = slices.slices.iter().find(|slice| slice.output == "late").unwrap();
    assert_eq!(slice.description(), "`shop` = 1");
    let known = rows.iter().filter(|row| row.late.is_some());
    let of_shop = known.clone().filter(|row| row.shop == 1).count();
    assert_eq!((slice.rows, slice.other_rows), (of_shop, known.count() - of_shop));
    let text = slices.to_string();
    assert!(text.contains("hold together with 95.00 %"), "{text}");
}

#[test]
fn settings_are_validated() {
    let (model, rows) = (trained(), rows(|_| ()));
    let finder = SliceFinder::default;
    for (finder, words) in [
        (finder().minimum(1), "a slice needs at least 2 rows, found minimum(1)"),
        (finder().ranges(1), "expected at least 2 ranges, found ranges(1)"),
        (finder().confidence(1.0), "a confidence is between 0 and 1, found 1"),
        (finder().confidence(f64::NAN), "a confidence is between 0 and 1, found NaN"),
    ] {
        let error = finder.find(&model, &rows).unwrap_err();
        assert!(matches!(&error, Error::Settings(_)) && error.to_string().contains(words));
    }
    assert!(matches!(Slices::find(&model, &[]), Err(Error::NoRows(_))));
    let pairs = finder().pairs().find(&model, &rows).unwrap();
    assert!(pairs.comparisons > finder().find(&model, &rows).unwrap().comparisons);
}
