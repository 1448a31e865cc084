//! Lists in damaged files: in one cell, in columns that end in blanks, and in JSON. What is read is
//! what a simple reader finds, by rows and by tables alike.

use std::{fs, path::Path};

use multi_input::{
    data::{Csv, JsonLines, Source},
    prelude::*,
};
use serde_json::Value as Json;

use crate::mutate::{number, separated, Random};

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Basket {
    #[input(split(" "), multi_hot(9))]
    articles: Vec<u32>,
    #[input(split("|"), categories(9), multi_hot(9))]
    tags: Vec<String>,
    #[input(columns("a1"..="a4"), standardize, pad(4))]
    #[branch(GlobalAveragePool1D)]
    amounts: Vec<f32>,
    #[merge(concat(articles, tags, amounts))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn csv() -> String {
    let row = |i: usize| {
        let articles = (0..i % 4).map(|k| ((i + k) % 9).to_string()).collect::<Vec<_>>().join(" ");
        let tags = ["new|red", "", "red", "old|red|big"][i % 4];
        let amounts: Vec<String> =
            (0..4).map(|k| if k < i % 5 { format!("{k}.5") } else { String::new() }).collect();
        format!("{articles},{tags},{},{i}\n", amounts.join(","))
    };
    "articles,tags,a1,a2,a3,a4,price\n".to_owned() + &(0..12).map(row).collect::<String>()
}

fn json() -> String {
    let row = |i: usize| {
        let articles = (0..i % 4).map(|k| ((i + k) % 9).to_string()).collect::<Vec<_>>().join(", ");
        let tags = [r#"["new", "red"]"#, "[]", "null", r#"["old"]"#][i % 4];
        format!(
            r#"{{"articles": [{articles}], "tags": {tags}, "amounts": [1, 2.5], "price": {i}}}"#
        )
    };
    (0..12).map(row).collect::<Vec<_>>().join("\n")
}

fn trained() -> Model<Basket> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baskets.csv");
    fs::write(&path, csv()).unwrap();
    let mut model = Basket::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).progress(Progress::silent());
    trainer.fit_from(&mut model, &Csv::new(&path)).unwrap();
    model
}

/// What a model makes of the rows is the same by rows and by tables, and so is what is wrong.
fn assert_same<S: Source<Row = BasketSample>>(model: &Model<Basket>, source: &S, case: usize) {
    let by_rows = source.read_all().and_then(|rows| model.evaluate(&rows));
    match (by_rows, model.evaluate_from(source)) {
        (Ok(by_rows), Ok(by_tables)) => assert_eq!(by_rows, by_tables, "case {case}"),
        // Rows in memory have no line, so only the fact is compared.
        (Err(_), Err(_)) => {}
        (by_rows, by_tables) => panic!("case {case}: {by_rows:?} but {by_tables:?}"),
    }
}

/// As many mutations of a table; returns how many were read.
fn tables(folder: &Path, model: &Model<Basket>, mutations: usize) -> usize {
    let path = folder.join("baskets.csv");
    let mut random = Random(3);
    let pieces: [&[u8]; 9] = [b",", b"|", b" ", b"\n", b"\"", b"\xff", b"NaN", b"7", b",,"];
    let mut read = 0;
    for case in 0..mutations {
        let bytes = random.mutate(csv().as_bytes(), &pieces);
        fs::write(&path, &bytes).unwrap();
        let source = Csv::<BasketSample>::new(&path).delimiter(b',');
        assert_same(model, &source, case);
        let Ok(rows) = source.read_all() else { continue };
        read += 1;
        let text = std::str::from_utf8(&bytes).unwrap();
        let mut records = separated(text, ',').expect("all quotes are closed").into_iter();
        let header = records.next().unwrap();
        let place = |name: &str| header.iter().position(|column| column.trim() == name).unwrap();
        for (row, record) in rows.iter().zip(records) {
            let cell = |name: &str| record[place(name)].trim();
            let articles: Vec<f32> = row.articles.iter().map(|index| *index as f32).collect();
            let held: Vec<f32> = cell("articles").split_whitespace().map(number).collect();
            assert_eq!(articles, held, "case {case}");
            let pieces = cell("tags").split('|').map(str::trim);
            let held: Vec<&str> = pieces.filter(|piece| !piece.is_empty()).collect();
            assert_eq!(row.tags, held, "case {case}");
            let mut held: Vec<&str> = ["a1", "a2", "a3", "a4"].map(cell).to_vec();
            let is_blank = |cell: &&&str| cell.is_empty() || cell.eq_ignore_ascii_case("nan");
            held.truncate(4 - held.iter().rev().take_while(is_blank).count());
            let held: Vec<f32> = held.into_iter().map(number).collect();
            assert_eq!(row.amounts, held, "case {case}");
        }
    }
    read
}

/// As many mutations of lines; returns how many rows were read.
fn lines(folder: &Path, model: &Model<Basket>, mutations: usize) -> usize {
    let path = folder.join("baskets.jsonl");
    let mut random = Random(4);
    let pieces: [&[u8]; 9] = [b",", b"[", b"]", b"\n", b"\"", b"null", b"[]", b"7", b"\xff"];
    let mut read = 0;
    for case in 0..mutations {
        let bytes = random.mutate(json().as_bytes(), &pieces);
        fs::write(&path, &bytes).unwrap();
        let source = JsonLines::<BasketSample>::new(&path);
        assert_same(model, &source, case);
        let all = bytes.as_slice().split(|byte| *byte == b'\n');
        let held = all.filter(|line| !line.trim_ascii().is_empty());
        for (row, line) in source.rows().unwrap().zip(held) {
            let Ok(row) = row else { continue };
            read += 1;
            let held: Json = serde_json::from_slice(line).unwrap();
            let list = |key: &str| held[key].as_array().cloned().unwrap_or_default();
            let numbers = |key: &str| -> Vec<f32> {
                list(key).iter().map(|item| number(&item.to_string().replace('"', ""))).collect()
            };
            let articles: Vec<f32> = row.articles.iter().map(|index| *index as f32).collect();
            // A text in the place of a list is cut at its separator.
            if held["articles"].is_array() {
                assert_eq!(articles, numbers("articles"), "case {case}");
            }
            if held["amounts"].is_array() {
                assert_eq!(row.amounts, numbers("amounts"), "case {case}");
            }
            if held["tags"].is_array() {
                let tags = list("tags");
                let tags = tags.iter().map(|tag| match tag.as_str() {
                    Some(text) => text.trim().to_owned(),
                    None => tag.to_string(),
                });
                assert_eq!(row.tags, tags.collect::<Vec<_>>(), "case {case}");
            }
        }
    }
    read
}

/// Mutates both kinds of files.
pub(crate) fn mutated_lists(mutations: usize) {
    let folder = tempfile::tempdir().unwrap();
    let model = trained();
    let (tables, rows) =
        (tables(folder.path(), &model, mutations), lines(folder.path(), &model, mutations));
    assert!(tables > mutations / 10 && rows > mutations, "{tables} tables and {rows} rows read");
}
