use std::io::Write;

use serde::Deserialize;

use super::*;
use crate::{read_csv, Class};

#[derive(Debug, PartialEq)]
struct Row {
    vitals: [f32; 2],
    serum: Option<[f32; 2]>,
    sex: u32,
    smoker: bool,
    group: Class<3>,
}

static ROW: RowSpec = RowSpec {
    row: "Row",
    others: &[],
    fields: &[
        FieldSpec {
            names: FieldNames {
                name: "vitals",
                aliases: &[],
                columns: ColumnNames::Named(&["pulse", "pressure"]),
            },
            elements: <[f32; 2] as FromCells>::ELEMENTS,
            ty: "[f32; 2]",
            reads: Reads::Value,
            format: CellFormat::DEFAULT,
            append: append::<[f32; 2]>,
        },
        FieldSpec {
            names: FieldNames {
                name: "serum",
                aliases: &[],
                columns: ColumnNames::Named(&["s1", "s2"]),
            },
            elements: <Option<[f32; 2]> as FromCells>::ELEMENTS,
            ty: "Option<[f32; 2]>",
            reads: Reads::Value,
            format: CellFormat::DEFAULT,
            append: append::<Option<[f32; 2]>>,
        },
        FieldSpec {
            names: FieldNames { name: "sex", aliases: &["gender"], columns: ColumnNames::Own },
            elements: <u32 as FromCells>::ELEMENTS,
            ty: "u32",
            reads: Reads::Value,
            format: CellFormat::DEFAULT,
            append: append::<u32>,
        },
        FieldSpec {
            names: FieldNames { name: "smoker", aliases: &[], columns: ColumnNames::Own },
            elements: <bool as FromCells>::ELEMENTS,
            ty: "bool",
            reads: Reads::Value,
            format: CellFormat::DEFAULT,
            append: append::<bool>,
        },
        FieldSpec {
            names: FieldNames { name: "group", aliases: &[], columns: ColumnNames::Own },
            elements: <Class<3> as FromCells>::ELEMENTS,
            ty: "Class<3>",
            reads: Reads::Value,
            format: CellFormat::DEFAULT,
            append: append::<Class<3>>,
        },
    ],
};

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Row, D::Error> {
        let mut cells = Cells::read(deserializer, &ROW)?;
        Ok(Row {
            vitals: cells.take(0)?,
            serum: cells.take(1)?,
            sex: cells.take(2)?,
            smoker: cells.take(3)?,
            group: cells.take(4)?,
        })
    }
}

fn csv(text: &str) -> multi_input_base::Result<Vec<Row>> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    read_csv(file.path())
}

/// The message of an error, without the name of the temporary file.
fn message(text: &str) -> String {
    let error = csv(text).unwrap_err().to_string();
    error.split_once(", line ").map_or(error.clone(), |(_, rest)| rest.to_owned())
}

const HEADER: &str = "pulse,note,pressure,s1,s2,gender,smoker,group\n";

#[test]
fn a_csv_row_fills_arrays_options_and_classes() {
    let rows = csv(&format!("{HEADER}61,x,1.5,,,1,yes,2\n 7 ,y,-2e3,1,2,0,0,1.0\n")).unwrap();
    assert_eq!(
        rows,
        [
            Row {
                vitals: [61.0, 1.5],
                serum: None,
                sex: 1,
                smoker: true,
                group: Class::new(2).unwrap()
            },
            Row {
                vitals: [7.0, -2000.0],
                serum: Some([1.0, 2.0]),
                sex: 0,
                smoker: false,
                group: Class::new(1).unwrap()
            },
        ]
    );
}

#[test]
fn a_bad_cell_names_line_field_column_expected_and_found() {
    let with = |row: &str| message(&format!("{HEADER}{row}\n"));
    let cases = [
        ("a,x,1,,,1,yes,2", "field `vitals`, column `pulse`: expected a number, found `a`"),
        (
            "1e300,x,1,,,1,yes,2",
            "field `vitals`, column `pulse`: expected a finite number that `f32` can hold, found",
        ),
        (
            "1,x,1,,3,1,yes,2",
            "field `serum`, column `s1`: expected a value, because other columns of this field \
             have one, found nothing",
        ),
        (
            "1,x,1,,,3.5,yes,2",
            "field `sex`, column `gender`: expected a whole number from 0 to 4294967295, found `3.5`",
        ),
        ("1,x,1,,,-1,yes,2", "field `sex`, column `gender`: expected a whole number"),
        ("1,x,1,,,1,maybe,2", "expected true, false, yes, no, 1 or 0, found `maybe`"),
        ("1,x,1,,,1,1,3", "field `group`, column `group`: expected a class from 0 to 2, found `3`"),
        (
            "1,x,1,,,1,1,low",
            "field `group`, column `group`: expected a class from 0 to 2; `categories` in \
             `#[output(...)]` takes labels, found `low`",
        ),
        ("1,x", "expected 8 cells as in the first line, found 2"),
    ];
    for (row, expected) in cases {
        let found = with(row);
        assert!(found.starts_with("2: ") && found.contains(expected), "{row}: {found}");
    }
}

#[test]
fn a_missing_column_is_named_and_the_nearest_suggested() {
    let found = message("pulse,presure,s1,s2,sex,smoker,group\n1,2,3,4,0,1,1\n");
    assert_eq!(
        found,
        "2: field `vitals`: the column `pressure` is missing; there is a column `presure`; the \
         columns are `pulse`, `presure`, `s1`, `s2`, `sex`, `smoker`, `group`"
    );
    let found = message("pulse,pressure,s1,s2,smoker,group\n1,2,3,4,1,1\n");
    let columns = "`pulse`, `pressure`, `s1`, `s2`, `smoker`, `group`";
    let expected = "2: field `sex`: the column `sex` is missing; the columns are ";
    assert_eq!(found, format!("{expected}{columns}"));
    let found = message("pulse,pulse,pressure\n1,2,3\n");
    assert_eq!(found, "2: the column `pulse` occurs twice");
}

#[test]
fn a_column_that_is_only_called_like_a_field_does_not_fill_it() {
    let rows = csv("pulse,pressure,serum,vitals,s1,s2,sex,smoker,group\n1,2,taken,9,3,4,0,1.0,1\n");
    let row = &rows.unwrap()[0];
    assert_eq!((row.vitals, row.serum, row.smoker), ([1.0, 2.0], Some([3.0, 4.0]), true));
    let found = message("serum,pressure,vitals,sex,smoker,group\n1,2,9,0,1,1\n");
    assert!(found.starts_with("2: field `vitals`: the column `pulse` is missing; "), "{found}");
}

#[test]
fn files_without_rows_and_unreadable_files_say_so() {
    assert!(message("").contains("expected a line of column names, found an empty file"));
    assert!(message(HEADER).contains("expected rows below the column names, found none"));
    let error = read_csv::<Row>("/nonexistent/rows.csv").unwrap_err().to_string();
    assert!(error.starts_with("cannot read /nonexistent/rows.csv: "), "{error}");
}

#[test]
fn a_json_row_may_nest_its_lists() {
    let row = r#"{"vitals": [1, 2.5], "serum": null, "sex": 1, "smoker": true, "group": 0}"#;
    let row: Row = serde_json::from_str(row).unwrap();
    assert_eq!((row.vitals, row.serum), ([1.0, 2.5], None));
    let nested: Cell = serde_json::from_str("[[1, 2], [3, 4], [5, 6]]").unwrap();
    let views = [View::new(&ROW.fields[0], "grid", &nested)];
    assert_eq!(<[[f32; 2]; 3]>::read(&views).unwrap(), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let problem = <[[f32; 3]; 3]>::read(&views).unwrap_err().to_string();
    assert_eq!(problem, "column `grid` item 0: expected a list of 3, found a list of 2");
}
