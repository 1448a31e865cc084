//! Folders and lists of Parquet and Arrow files.

use std::{fs, path::Path, sync::Arc};

use arrow_array::{ArrayRef, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use multi_input::{
    data::{Arrow, BadRow, Parquet, Source},
    prelude::*,
    Result,
};
use parquet::arrow::ArrowWriter;

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Sale {
    #[input(standardize)]
    amount: f32,
    #[input(standardize)]
    year: f32,
    #[input(categories(9), missing = learned)]
    #[branch(Embedding(9, 2))]
    city: Option<String>,
    #[merge(concat(amount, year, city))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn numbers(values: &[f32]) -> ArrayRef {
    Arc::new(Float32Array::from(values.to_vec()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = fs::File::create(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "arrow") {
        let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
    } else {
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
}

fn sale(amount: f32, year: f32, city: Option<&str>) -> SaleSample {
    SaleSample { amount, year, city: city.map(str::to_owned), price: 2.0 * amount }
}

#[test]
fn a_folder_of_parts_is_one_source_and_its_folders_are_columns() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let part = |name: &str, amounts: &[f32], cities: Option<&[&str]>| {
        let prices: Vec<f32> = amounts.iter().map(|amount| 2.0 * amount).collect();
        let mut columns = vec![("price", numbers(&prices)), ("amount", numbers(amounts))];
        columns.extend(cities.map(|cities| ("city", texts(cities))));
        write(&root.join(name), columns);
    };
    part("year=2023/part-10.parquet", &[3.0], Some(&["Bern"]));
    part("year=2023/part-2.parquet", &[1.0, 2.0], Some(&["Chur", "Bern"]));
    part("year=2024/city=Z%C3%BCrich/a.parquet", &[4.0], None);
    part("year=2024/city=__HIVE_DEFAULT_PARTITION__/a.parquet", &[5.0], None);
    fs::write(root.join("_SUCCESS"), "").unwrap();
    let known = [
        sale(1.0, 2023.0, Some("Chur")),
        sale(2.0, 2023.0, Some("Bern")),
        sale(3.0, 2023.0, Some("Bern")),
        sale(4.0, 2024.0, Some("Z\u{fc}rich")),
        sale(5.0, 2024.0, None),
    ];
    let source = Parquet::<SaleSample>::new(root);
    let rows = source.read_all().unwrap();
    // `__` precedes `Z`.
    let order = [0, 1, 2, 4, 3].map(|index| known[index].clone());
    assert!(rows == known || rows == order, "{rows:?}");
    let mut model = Sale::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(1e-2)).progress(Progress::silent()).fit(&mut model, &rows).unwrap();
    assert_eq!(model.evaluate(&rows).unwrap(), model.evaluate_from(&source).unwrap());

    part("plain/a.parquet", &[7.0], Some(&["Bern"]));
    let error = Parquet::<SaleSample>::new(root.join("plain")).read_all().unwrap_err().to_string();
    assert!(
        error.contains("a.parquet, row 0: field `year`: the column `year` is missing"),
        "{error}"
    );
    let listed = Parquet::<SaleSample>::files([
        root.join("year=2024"),
        root.join("year=2023/part-2.parquet"),
    ]);
    let error = listed.read_all().unwrap_err().to_string();
    // The folder itself is named by its path, so that it is a column only of a folder above.
    assert!(error.contains("the column `year` is missing"), "{error}");
    assert_eq!(listed.on_bad_row(BadRow::Skip).read_all().unwrap(), []);
    fs::remove_dir_all(root.join("plain")).unwrap();
    assert_eq!(Parquet::<SaleSample>::files([root]).read_all().unwrap(), rows);
}

#[test]
fn a_list_and_a_pattern_of_files_are_one_source() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for kind in ["parquet", "arrow"] {
        for (name, amount) in [("a2", 1.0), ("a10", 2.0)] {
            let amounts = numbers(&[amount]);
            let columns = vec![
                ("year", numbers(&[2024.0])),
                ("amount", amounts.clone()),
                ("city", texts(&["Bern"])),
                ("price", amounts),
            ];
            write(&path(&format!("{name}.{kind}")), columns);
        }
    }
    let pattern = |kind: &str| path(&format!("a*.{kind}")).display().to_string();
    let amounts = |rows: Result<Vec<SaleSample>>| -> Vec<f32> {
        rows.unwrap().iter().map(|row| row.amount).collect()
    };
    assert_eq!(amounts(Parquet::pattern(pattern("parquet")).read_all()), [1.0, 2.0]);
    assert_eq!(amounts(Arrow::pattern(pattern("arrow")).read_all()), [1.0, 2.0]);
    let reversed = |kind: &str| ["a10", "a2"].map(|name| path(&format!("{name}.{kind}")));
    assert_eq!(amounts(Parquet::files(reversed("parquet")).read_all()), [2.0, 1.0]);
    assert_eq!(amounts(Arrow::files(reversed("arrow")).read_all()), [2.0, 1.0]);
    let none = Parquet::<SaleSample>::pattern(pattern("pq")).read_all().unwrap_err().to_string();
    assert!(none.contains("no file matches this pattern"), "{none}");
}

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    #[input(categories(9))]
    #[branch(Embedding(9, 2))]
    city: String,
    #[input(categories(9), missing = learned)]
    #[branch(Embedding(9, 2))]
    road: Option<String>,
    #[input(standardize, columns("whole", "real"))]
    pair: [f32; 2],
    #[merge(concat(city, road, pair))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

/// Texts that repeat are stored as a dictionary, of which a batch uses a part.
#[test]
fn texts_of_dictionaries_are_those_of_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("visits.parquet");
    let city = |row: usize| ["Bern", " Chur\t", "Z\u{fc}rich"][row * row % 3].to_owned();
    // The first batch has more texts than the dictionary, later ones fewer.
    let road = |row: usize| match row {
        _ if row % 7 == 0 => None,
        _ if row % 5 == 0 => Some(" ".to_owned()),
        _ => Some(format!("road {}", row % 5000)),
    };
    for count in [9000, 12] {
        let rows = || 0..count;
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("city", Arc::new(rows().map(|row| Some(city(row))).collect::<StringArray>())),
            ("road", Arc::new(rows().map(road).collect::<StringArray>())),
            ("whole", Arc::new(rows().map(|row| Some(row as i64 - 7)).collect::<Int64Array>())),
            ("real", Arc::new(rows().map(|row| Some(row as f64 / 8.0)).collect::<Float64Array>())),
            ("price", numbers(&rows().map(|row| row as f32).collect::<Vec<_>>())),
        ];
        write(&path, columns);
        let source = Parquet::<VisitSample>::new(&path);
        let read = source.read_all().unwrap();
        let known = rows().map(|row| VisitSample {
            city: city(row).trim().to_owned(),
            road: road(row).filter(|road| road != " "),
            pair: [row as f32 - 7.0, row as f32 / 8.0],
            price: row as f32,
        });
        assert!(read == known.collect::<Vec<_>>());
        let mut model = Visit::build(&Cpu::default(), Seed(1));
        let trainer = Trainer::new(Adam::new(1e-2)).progress(Progress::silent());
        trainer.fit(&mut model, &read[..12]).unwrap();
        assert_eq!(model.evaluate(&read).unwrap(), model.evaluate_from(&source).unwrap());
    }
}
