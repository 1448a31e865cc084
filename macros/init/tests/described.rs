//! What is written for a file is the program that `tests/pass/described.rs` compiles and trains.

use std::{env, fs, path::Path};

use multi_input_init::{describe, Request};

const FILE: &str = "fixtures/listings.csv";

fn request(target: &str) -> Request<'_> {
    Request { path: Path::new(FILE), target, name: None, names: None }
}

/// One test, because the folder is that of the process.
#[test]
fn what_is_written_is_what_is_tested() {
    env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests")).unwrap();
    let program = describe(&request("price")).unwrap();
    let golden = "pass/described/listings.rs";
    if env::var_os("MULTI_INPUT_BLESS").is_some() {
        fs::write(golden, &program).unwrap();
    }
    let known = fs::read_to_string(golden).unwrap();
    assert_eq!(program, known, "`MULTI_INPUT_BLESS=1` writes it anew");

    let error = |request: Request<'_>| describe(&request).unwrap_err();
    assert!(error(request("prize")).contains("has no column `prize`; the columns are `id`, "));
    let listed = error(request("Listed on"));
    assert_eq!(
        listed,
        "`Listed on` cannot be predicted: it is no number, flag or label of a class"
    );
    let nowhere = Request { path: Path::new("nowhere.csv"), ..request("a") };
    assert_eq!(error(nowhere), "nowhere.csv: there is no such file");
}

/// Every kind of column, by the lines of its field.
#[test]
fn columns_are_read_for_what_they_hold() {
    let rows: Vec<String> = (0..60)
        .map(|row| {
            let (day, month) = (1 + row % 28, 1 + row % 12);
            format!(
                "{row};{};{}.{month:02}.2023 10:00;2023-{month:02}-{day:02} 10:00:00Z;{};{};{};{};7;{};{row};{}",
                row % 7,
                day,
                ["true", "false"][row % 2],
                ["1,5", "2,25"][row % 2],
                ["$1,200", "$3"][row % 2],
                ["ash", "elm", "NA"][row % 3],
                1_700_000_000 + row * 3,
                ["cat", "dog", "fox"][row % 3],
            )
        })
        .collect();
    let names = "row;customer_id;odd;stamp;flag;comma;cost;tree;same;big;free text;kind";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all kinds.csv");
    fs::write(&path, format!("{names}\n{}\n", rows.join("\n"))).unwrap();
    let request = Request { path: &path, target: "kind", name: None, names: None };
    let program = describe(&request).unwrap();
    for line in [
        "pub struct AllKinds {",
        "    // `row` is left out: it counts the rows.",
        "    #[input(categories(9))]\n    #[branch(Embedding(auto))]\n    customer_id: u32,",
        "stamp: DateTime<Utc>,",
        "    #[input]\n    flag: bool,",
        "    #[input(decimal = \",\", standardize)]\n    comma: f32,",
        "    #[input(currency = \"$\", thousands = \",\", standardize)]\n    cost: f32,",
        "tree: String,",
        "    // `same` is left out: it has no two different values.",
        "    big: f64,",
        "    // `free text` is left out: it counts the rows.",
        "Dense(3, softmax))]\n    #[output(loss = cross_entropy, metrics(accuracy), categories)]\n    \
         kind: Class<3>,",
    ] {
        assert!(program.contains(line), "no `{line}` in\n{program}");
    }
}
