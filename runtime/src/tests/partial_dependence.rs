//! Partial dependence against brute force.

use dfdx::tensor::Cpu;
use multi_input_data::chrono::NaiveDate;

use super::attribution::{claims, inputs, trained, Claim, ClaimInputs};
use crate::{
    callback::Progress, multi_input_model, optim::Adam, partial_dependence::PartialDependence,
    train::Trainer, Seed,
};

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-4 * expected.abs().max(1.0), "{found} {expected}");
}

#[test]
fn the_average_is_that_of_predictions_on_changed_rows() {
    let (model, rows) = (trained(), claims(30));
    let mean = |change: &dyn Fn(&mut ClaimInputs)| {
        let mut changed: Vec<_> = rows.iter().map(inputs).collect();
        changed.iter_mut().for_each(change);
        let predicted = model.predict(&changed).unwrap();
        predicted.iter().map(|row| f64::from(row.cost)).sum::<f64>() / 30.0
    };
    let cost = || PartialDependence::of(&model, Claim::cost);

    let by_speed = cost().points(6).individual().on((Claim::numbers, 1), &rows).unwrap();
    let points = &by_speed.axes[0].points;
    assert_eq!((&*by_speed.axes[0].feature.name, points.len(), by_speed.rows), ("speed", 6, 30));
    assert!(points.windows(2).all(|pair| pair[0].number < pair[1].number), "{points:?}");
    for (index, (point, average)) in points.iter().zip(&by_speed.average).enumerate() {
        let speed = point.number.unwrap() as f32;
        near(*average, mean(&|row| row.numbers[1] = speed));
        let mut own = inputs(&rows[7]);
        own.numbers[1] = speed;
        near(by_speed.individual[7][index], f64::from(model.predict(&[own]).unwrap()[0].cost));
    }

    let by_kind = cost().on(Claim::kind, &rows).unwrap();
    // The squares of row numbers are 0 and 1 modulo 4.
    let kinds: Vec<&str> = by_kind.axes[0].points.iter().map(|point| &*point.value).collect();
    assert_eq!(kinds, ["0", "1"]);
    near(by_kind.average[1], mean(&|row| row.kind = 1));

    let both = cost().on_both((Claim::numbers, 2), Claim::kind, &rows).unwrap();
    assert_eq!((both.axes[0].points.len(), both.average.len()), (10, 20));
    let mass = both.axes[0].points[4].number.unwrap() as f32;
    near(both.average[9], mean(&|row| (row.numbers[2], row.kind) = (mass, 1)));

    let two_columns = cost().points(3).on_both((Claim::numbers, 0), (Claim::numbers, 2), &rows);
    let two_columns = two_columns.unwrap();
    let at =
        |axis: usize, point: usize| two_columns.axes[axis].points[point].number.unwrap() as f32;
    near(
        two_columns.average[5],
        mean(&|row| {
            (row.numbers[0], row.numbers[2]) = (at(0, 1), at(1, 2));
        }),
    );
}

#[test]
fn a_column_of_an_option_is_set_where_it_is_present() {
    let (model, rows) = (trained(), claims(30));
    let found = PartialDependence::of(&model, Claim::cost).points(4).on((Claim::extra, 0), &rows);
    let found = found.unwrap();
    let present: Vec<_> = rows.iter().filter(|row| row.extra.is_some()).map(inputs).collect();
    assert_eq!(found.rows, present.len());
    let number = found.axes[0].points[2].number.unwrap() as f32;
    let mut changed = present.clone();
    changed.iter_mut().for_each(|row| row.extra.as_mut().unwrap()[0] = number);
    let predicted = model.predict(&changed).unwrap();
    let sum: f64 = predicted.iter().map(|row| f64::from(row.cost)).sum();
    near(found.average[2], sum / present.len() as f64);
}

#[test]
fn pictures_of_dependences_show_their_values() {
    let (model, rows) = (trained(), claims(30));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dependence.svg");
    let class = || PartialDependence::of(&model, Claim::class).element(2);
    let curve = class().individual().on((Claim::numbers, 0), &rows).unwrap();
    let bars = class().on(Claim::kind, &rows).unwrap();
    let cells = class().on_both(Claim::kind, (Claim::numbers, 0), &rows).unwrap();
    let single = class().points(1).on((Claim::numbers, 0), &rows).unwrap();
    let all = [
        (curve, "class[2] by age"),
        (bars, ">0<"),
        (cells, "kind and age"),
        (single, "class[2] by age"),
    ];
    for (found, words) in all {
        found.plot(&path).unwrap();
        let picture = std::fs::read_to_string(&path).unwrap();
        assert!(picture.contains(words) && !picture.contains("NaN"), "{words} in {picture}");
        assert!(found.to_string().contains("means over 30 rows"), "{found}");
    }
}

#[test]
fn what_has_no_dependence_is_said() {
    let (model, rows) = (trained(), claims(5));
    let cost = || PartialDependence::of(&model, Claim::cost);
    let message = |found: crate::Result<PartialDependence>| found.unwrap_err().to_string();
    let found = message(cost().on(Claim::numbers, &rows));
    assert!(found.contains("`numbers` is an array of 3 elements: name one"), "{found}");
    assert!(message(cost().on((Claim::numbers, 3), &rows)).contains("has no column 3: it has 3"));
    assert!(message(cost().on((Claim::kind, 0), &rows)).contains("no array"));
    assert!(message(cost().on(Claim::joined, &rows)).contains("`joined` is no input"));
    assert!(message(cost().on(Claim::kind, &[])).contains("no rows to average over"));
    assert!(message(cost().on_both(Claim::kind, Claim::kind, &rows)).contains("is both axes"));
    assert!(message(cost().points(0).on(Claim::kind, &rows)).contains("`points`"));
}

/// A date and a number that may be absent.
#[multi_input_model(crate = crate)]
#[derive(Clone, Debug)]
struct Sale {
    #[input(calendar(month))]
    #[branch(Dense(2, tanh))]
    day: NaiveDate,
    #[input(missing = zeros)]
    area: Option<f32>,
    #[merge(concat(day, area))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn dates_and_options_have_curves() {
    let row = |row: u32| SaleSample {
        day: NaiveDate::from_ymd_opt(2024, 1 + row % 12, 2).unwrap(),
        area: (!row.is_multiple_of(3)).then_some(row as f32),
        price: row as f32,
    };
    let rows: Vec<SaleSample> = (0..24).map(row).collect();
    let mut model = Sale::build(&Cpu::default(), Seed(5));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(1).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dependence.svg");
    let picture = |found: PartialDependence| {
        found.plot(&path).unwrap();
        std::fs::read_to_string(&path).unwrap()
    };
    let price = || PartialDependence::of(&model, Sale::price).individual();
    let by_day = picture(price().on(Sale::day, &rows).unwrap());
    assert!(by_day.contains(">year<") && by_day.matches("<polyline").count() == 25, "{by_day}");
    let by_area = price().on(Sale::area, &rows).unwrap();
    assert_eq!(by_area.axes[0].points.last().unwrap().value, "absent");
    let by_area = picture(by_area);
    assert!(by_area.contains(">absent<") && by_area.contains(">value<"), "{by_area}");
    assert_eq!(by_area.matches("<polyline").count(), 26);
}
