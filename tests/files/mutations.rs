//! Files that were damaged or made up: an error or the right rows, never a panic and never another
//! row than the file holds.

mod dialects;
#[path = "../support/forge.rs"]
mod forge;
mod forged;
#[path = "../support/mutate.rs"]
mod mutate;
mod mutated_lists;

use std::{fs, path::Path};

use multi_input::{
    data::{read_csv_from, BadRow, Csv, JsonLines, Source},
    prelude::*,
};
use mutate::{number, separated, Random, LONG, SHORT};
use serde_json::Value as Json;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Post {
    #[input(standardize, columns("a", "b"))]
    numbers: [f32; 2],
    #[input(words(vocabulary = 20, length = 4), missing = zeros)]
    #[branch(Embedding(20, 2), Flatten)]
    text: Option<String>,
    #[input(categories(6))]
    #[branch(Embedding(6, 2))]
    city: String,
    #[merge(concat(numbers, text, city))]
    #[branch(Dense(2, softmax))]
    #[output(loss = cross_entropy, categories)]
    kind: Class<2>,
}

/// Rows with all that may stand in a cell.
fn table(between: char) -> String {
    let mut text = ["kind", "a", "b", "text", "city"].join(&between.to_string()) + "\n";
    for i in 0..12 {
        let (kind, city) = (["x", "y"][i % 2], ["Bern", "007", "Ch\u{fc}r"][i % 3]);
        let said = format!("\"say \"\"{i}\"\"{between} now\"");
        let cells = [kind, &format!("{i}.5"), &format!("-{i}"), &said, city];
        text += &(cells.join(&between.to_string()) + "\n");
    }
    text
}

fn csv() -> String {
    table(',')
}

/// What was read of a mutated table is what a simple reader finds under the same names.
fn mutated_tables(between: char, mutations: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posts");
    let mut random = Random(u64::from(between));
    let between_bytes = [between as u8];
    let pieces: [&[u8]; 11] = [
        &between_bytes,
        b"\"",
        b"\n",
        b"\r",
        b"\xff",
        b"NaN",
        b"1e999",
        b"0x1",
        b"\xef\xbb\xbf",
        b"\0",
        b" ",
    ];
    let (mut read, mut refused) = (0, 0);
    for case in 0..mutations {
        let bytes = random.mutate(table(between).as_bytes(), &pieces);
        fs::write(&path, &bytes).unwrap();
        let rows = Csv::<PostSample>::new(&path).delimiter(between as u8).read_all();
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => {
                assert!(error.to_string().contains("posts, line "), "case {case}: {error}");
                refused += 1;
                continue;
            }
        };
        read += 1;
        let text = std::str::from_utf8(&bytes).unwrap();
        let mut records = separated(text, between).expect("all quotes are closed").into_iter();
        let header = records.next().unwrap();
        let place = |name: &str| header.iter().position(|column| column.trim() == name).unwrap();
        let records: Vec<_> = records.collect();
        assert_eq!(rows.len(), records.len(), "case {case}");
        for (row, record) in rows.iter().zip(&records) {
            let cell = |name: &str| record[place(name)].trim();
            assert_eq!(record.len(), header.len(), "case {case}");
            assert_eq!(row.numbers, [number(cell("a")), number(cell("b"))], "case {case}");
            assert_eq!(row.city, cell("city"), "case {case}");
            assert_eq!(row.text.as_deref().unwrap_or(""), cell("text"), "case {case}");
            assert_eq!(row.kind, cell("kind"), "case {case}");
        }
    }
    let least = mutations / 10;
    assert!(read > least && refused > least, "{read} were read, {refused} refused");
}

/// Training and evaluation take a file by tables where they can. It holds the same rows then, and the
/// same is wrong with it.
fn mutated_tables_by_columns(mutations: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posts.csv");
    let plain = csv().replace("\"\"", "'");
    let rows: Vec<PostSample> = read_csv_from(plain.as_bytes(), "posts").unwrap();
    let mut model = Post::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(1e-2)).progress(Progress::silent()).fit(&mut model, &rows).unwrap();
    let mut random = Random(8);
    let pieces: [&[u8]; 10] =
        [b",", b"\"", b"\n", b"\r", b"\xff", b"NaN", b"1e9", b"9007199254740993", b"\0", b" "];
    let (mut read, mut refused) = (0, 0);
    for case in 0..mutations {
        fs::write(&path, random.mutate(plain.as_bytes(), &pieces)).unwrap();
        let source = Csv::<PostSample>::new(&path);
        let by_rows = source.read_all().and_then(|rows| model.evaluate(&rows));
        let by_tables = model.evaluate_from(&source);
        match (&by_rows, &by_tables) {
            (Ok(by_rows), Ok(by_tables)) => {
                assert_eq!(by_rows, by_tables, "case {case}");
                read += 1;
            }
            (Err(by_rows), Err(by_tables)) => {
                assert_eq!(by_rows.to_string(), by_tables.to_string(), "case {case}");
                refused += 1;
            }
            _ => panic!("case {case}: {by_rows:?} but {by_tables:?}"),
        }
        let skipping = source.on_bad_row(BadRow::Skip);
        let Ok(rows) = skipping.read_all() else { continue };
        let skipped = skipping.skipped();
        if let (Ok(by_rows), Ok(by_tables)) =
            (model.evaluate(&rows), model.evaluate_from(&skipping))
        {
            assert_eq!((by_rows, skipped), (by_tables, skipping.skipped()), "case {case}");
        }
    }
    let least = mutations / 10;
    assert!(read > least && refused > least, "{read} were read, {refused} refused");
}

/// What was read of a line is what it holds.
fn mutated_json_lines(mutations: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posts.jsonl");
    let line = |i: usize| {
        let text = ["null", "\"hi \\u00e9\\n\"", "\"\""][i % 3];
        format!("{{\"numbers\": [{i}, -0.5], \"text\": {text}, \"city\": \"B\", \"kind\": \"x\"}}")
    };
    let lines = (0..12).map(line).collect::<Vec<_>>().join("\n");
    let mut random = Random(2);
    let pieces: [&[u8]; 9] =
        [b",", b"\"", b"\n", b"[", b"}", b"\xff", b"1e999", b"\\u0000", b"\\ud800"];
    let (mut read, mut refused) = (0, 0);
    for case in 0..mutations {
        let bytes = random.mutate(lines.as_bytes(), &pieces);
        fs::write(&path, &bytes).unwrap();
        let source = JsonLines::<PostSample>::new(&path);
        let lines = bytes.as_slice().split(|byte| *byte == b'\n').enumerate();
        let mut lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
        for row in source.rows().unwrap() {
            let (number, line) = lines.next().unwrap();
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    let place = format!("posts.jsonl, line {}: ", number + 1);
                    assert!(error.to_string().contains(&place), "case {case}: {error}");
                    refused += 1;
                    continue;
                }
            };
            read += 1;
            let held: Json = serde_json::from_slice(line).unwrap();
            let text = |key: &str| held[key].as_str().unwrap_or_default().trim();
            let of_list = |place: usize| held["numbers"][place].as_f64().unwrap() as f32;
            assert_eq!(held["numbers"].as_array().unwrap().len(), 2, "case {case}");
            assert_eq!(row.numbers, [of_list(0), of_list(1)], "case {case}");
            assert_eq!(row.text.as_deref().unwrap_or(""), text("text"), "case {case}");
            assert_eq!((row.city.as_str(), row.kind.as_str()), (text("city"), text("kind")));
        }
        assert_eq!(lines.next(), None, "case {case}");
    }
    assert!(read > mutations && refused > mutations / 10, "{read} read, {refused} refused");
}

/// A PNG file has checksums: what is still accepted is the picture that was there. A JPEG file has
/// none; it is a picture of its size or an error.
fn mutated_pictures(mutations: usize) {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, 5, 4);
    encoder.set_color(png::ColorType::Rgba);
    let pixels: Vec<u8> = (0..80).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    let jpeg = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tiny.jpg")).unwrap();
    assert_eq!(Image::<4>::decode(&png).unwrap().pixels(), &pixels[..]);
    let tiny = Image::<3>::decode(&jpeg).unwrap();
    assert_eq!((tiny.height(), tiny.width()), (9, 7));
    let mut random = Random(3);
    let pieces: [&[u8]; 4] = [b"\0\0\0\0", b"\xff\xd8", b"IDAT", b"\xff\xff\xff\xff"];
    for case in 0..mutations {
        if let Ok(image) = Image::<4>::decode(&random.mutate(&png, &pieces)) {
            assert_eq!((image.height(), image.width()), (4, 5), "case {case}");
            assert_eq!(image.pixels(), pixels, "case {case}");
        }
        if let Ok(image) = Image::<3>::decode(&random.mutate(&jpeg, &pieces)) {
            assert_eq!(image.pixels().len(), image.height() * image.width() * 3, "case {case}");
        }
    }
}

/// A model file has a checksum: what is still accepted gives the answers that it gave.
fn mutated_models(mutations: usize) {
    let rows: Vec<PostSample> = read_csv_from(csv().as_bytes(), "posts").unwrap();
    let mut model = Post::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(1e-2)).progress(Progress::silent()).fit(&mut model, &rows).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("post.safetensors");
    model.save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    let inputs: Vec<PostInputs> = rows.into_iter().map(PostInputs::from).collect();
    let answers = |model: &Model<Post>| -> Vec<[u32; 2]> {
        let answers = model.predict(&inputs).unwrap();
        answers.iter().map(|answer| answer.kind.as_array().map(f32::to_bits)).collect()
    };
    let expected = answers(&model);
    let mut random = Random(4);
    let pieces: [&[u8]; 6] = [b"0", b"\"", b"null", b"[", b"-1", b"\xff"];
    // The header, where everything but the weights is.
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let mut refused = 0;
    for case in 0..mutations {
        let bytes = match case % 2 {
            0 => random.mutate(&whole, &pieces),
            _ => {
                let mut bytes = random.mutate(&whole[8..header], &pieces);
                let length = (bytes.len() as u64).to_le_bytes();
                bytes.splice(0..0, length);
                bytes.extend(&whole[header..]);
                bytes
            }
        };
        fs::write(&path, bytes).unwrap();
        match Model::<Post>::load(&path, &Cpu::default()) {
            Err(_) => refused += 1,
            Ok(model) => assert_eq!(answers(&model), expected, "case {case}"),
        }
    }
    assert!(10 * refused > 9 * mutations, "only {refused} of {mutations} were refused");
}

#[test]
fn a_mutated_csv_or_tsv_file_gives_errors_or_the_rows_it_holds() {
    mutated_tables(',', SHORT);
    mutated_tables('\t', SHORT);
}

#[test]
fn a_mutated_csv_file_is_the_same_by_tables() {
    mutated_tables_by_columns(SHORT);
}

#[test]
fn a_mutated_json_file_gives_errors_or_the_rows_it_holds() {
    mutated_json_lines(SHORT);
}

#[test]
fn mutated_lists_are_errors_or_the_lists_that_are_there() {
    mutated_lists::mutated_lists(SHORT);
}

#[test]
fn a_mutated_picture_is_an_error_or_a_picture() {
    mutated_pictures(SHORT);
}

#[test]
fn a_mutated_model_file_is_an_error_or_the_same_model() {
    mutated_models(SHORT);
}

#[test]
#[ignore = "takes a minute: `just soak`"]
fn soak_mutated_files() {
    mutated_tables(',', LONG);
    mutated_tables('\t', LONG);
    mutated_tables_by_columns(LONG);
    mutated_json_lines(LONG);
    mutated_lists::mutated_lists(LONG);
    mutated_pictures(LONG);
    mutated_models(LONG);
    println!("result: {LONG} mutations each of CSV, TSV, JSON lines, lists, PNG, JPEG and a model");
}

#[test]
fn a_csv_file_is_the_same_by_itself_and_streamed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posts.csv");
    let mut random = Random(5);
    for _ in 0..100 {
        let bytes = random.mutate(csv().as_bytes(), &[b"\n", b",", b"\"", b"\r\n"]);
        fs::write(&path, &bytes).unwrap();
        let name = path.display().to_string();
        let whole = read_csv_from::<PostSample>(&bytes[..], &name);
        let streamed = Csv::<PostSample>::new(&path).read_all();
        match (whole, streamed) {
            (Ok(whole), Ok(streamed)) => assert_eq!(format!("{whole:?}"), format!("{streamed:?}")),
            (Err(whole), Err(streamed)) => assert_eq!(whole.to_string(), streamed.to_string()),
            // A file of no rows is an error only where rows were asked for.
            (Err(error), Ok(rows)) => assert!(rows.is_empty(), "{error}"),
            (Ok(_), Err(error)) => panic!("{error}"),
        }
    }
}
