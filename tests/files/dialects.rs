//! Tables in the forms that people have them: whatever the delimiter, the quotes, the encoding, the
//! compression and the line ends are, the rows are those that were written; in damaged files as well,
//! or they are an error.

use std::{fs, path::Path, path::PathBuf};

use multi_input::{
    data::{BadRow, Csv, JsonLines, Source},
    prelude::*,
    Result,
};

use crate::mutate::{number, separated, Random, LONG, SHORT};

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    #[input(standardize, missing = learned)]
    level: Option<f32>,
    #[input(standardize, columns("left", "right"))]
    pair: [f32; 2],
    #[input(categories(9))]
    #[branch(Embedding(9, 2))]
    city: String,
    #[input(words(vocabulary = 20, length = 4), missing = zeros)]
    #[branch(Embedding(20, 2), Flatten)]
    note: Option<String>,
    #[merge(concat(level, pair, city, note))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

const NAMES: [&str; 7] = ["level", "left", "right", "city", "note", "price", "id"];

/// What is written, besides the cells of its columns: a row as it has to be read, and its cells.
type Written = (ReadingSample, [String; 7]);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Encoding {
    Utf8,
    Marked,
    Utf16Little,
    Utf16BigUnmarked,
    Western,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Compression {
    None,
    #[cfg(feature = "compression")]
    Gzip,
    #[cfg(feature = "compression")]
    GzipMembers,
    #[cfg(feature = "compression")]
    Zstandard,
}

const COMPRESSIONS: &[Compression] = &[
    Compression::None,
    #[cfg(feature = "compression")]
    Compression::Gzip,
    #[cfg(feature = "compression")]
    Compression::GzipMembers,
    #[cfg(feature = "compression")]
    Compression::Zstandard,
];

/// How a table is written.
#[derive(Clone, Copy, Debug)]
struct Form {
    /// A space stands for runs of blanks.
    delimiter: char,
    is_declared: bool,
    has_sep_line: bool,
    all_quoted: bool,
    encoding: Encoding,
    #[cfg_attr(not(feature = "compression"), allow(dead_code))]
    compression: Compression,
    line_end: &'static str,
    has_names: bool,
    has_comments: bool,
    skipped: usize,
}

impl Form {
    fn random(random: &mut Random) -> Form {
        use Encoding::*;
        let mut flag = |of| random.below(of) == 0;
        let [is_declared, has_sep_line, all_quoted, has_names, has_comments] =
            [flag(2), flag(6), flag(4), !flag(3), flag(3)];
        let mut one = |count| random.below(count);
        Form {
            delimiter: [',', ';', '\t', '|', ' '][one(5)],
            is_declared,
            has_sep_line,
            all_quoted,
            encoding: [Utf8, Marked, Utf16Little, Utf16BigUnmarked, Western][one(5)],
            compression: COMPRESSIONS[one(COMPRESSIONS.len())],
            line_end: ["\n", "\r\n", "\r"][one(3)],
            has_names,
            has_comments,
            skipped: [0, 0, 1, 3][one(4)],
        }
    }

    /// The options that read such a file.
    fn read(&self, mut csv: Csv<ReadingSample>) -> Csv<ReadingSample> {
        csv = csv.missing(["NA", "?", "-200"]);
        if self.delimiter == ' ' {
            csv = csv.whitespace();
        } else if self.is_declared {
            csv = csv.delimiter(self.delimiter as u8);
        }
        if !self.has_names {
            csv = csv.names(NAMES);
        }
        if self.has_comments {
            csv = csv.comment(b'#');
        }
        match self.encoding {
            Encoding::Utf16BigUnmarked => csv = csv.encoding("utf-16be"),
            Encoding::Western => csv = csv.encoding("cp1252"),
            _ => {}
        }
        csv.skip_lines(self.skipped)
    }

    /// The file of some rows. The order of the columns is free where the file names them.
    fn write(&self, rows: &[Written], random: &mut Random) -> Vec<u8> {
        let mut order: Vec<usize> = (0..NAMES.len()).collect();
        if self.has_names {
            order.rotate_left(random.below(NAMES.len()));
        }
        let mut lines = vec!["Title \"; of the, table".to_owned(); self.skipped];
        if self.has_sep_line && self.delimiter != ' ' {
            lines.push(format!("sep={}", self.delimiter));
        }
        if self.has_comments {
            lines.push("# of 2024, \"quoted".to_owned());
        }
        if self.has_names {
            lines.push(self.line(order.iter().map(|&column| NAMES[column]), random));
        }
        for (index, (_, cells)) in rows.iter().enumerate() {
            lines.push(self.line(order.iter().map(|&column| &*cells[column]), random));
            if self.has_comments && index % 5 == 2 {
                lines.push("#a,b;\"c".to_owned());
            }
            if index % 7 == 3 {
                lines.push(String::new());
            }
        }
        let mut text = lines.join(self.line_end);
        if random.below(2) == 0 {
            text += self.line_end;
        }
        self.compress(&self.encode(&text), random)
    }

    fn line<'a>(&self, cells: impl Iterator<Item = &'a str>, random: &mut Random) -> String {
        let cells: Vec<String> = cells
            .map(|cell| {
                let is_blank = self.delimiter == ' ' && cell.trim().is_empty();
                let special = |letter: char| {
                    letter == self.delimiter || "\"\r\n#".contains(letter) || letter.is_whitespace()
                };
                match self.all_quoted || is_blank || cell.contains(special) {
                    true => format!("\"{}\"", cell.replace('"', "\"\"")),
                    false => cell.to_owned(),
                }
            })
            .collect();
        match self.delimiter {
            ' ' => cells.join([" ", "   ", " \t"][random.below(3)]),
            delimiter => cells.join(&delimiter.to_string()),
        }
    }

    fn encode(&self, text: &str) -> Vec<u8> {
        let utf16 = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to);
        match self.encoding {
            Encoding::Utf8 => text.as_bytes().to_vec(),
            Encoding::Marked => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            Encoding::Utf16Little => {
                b"\xff\xfe".iter().copied().chain(utf16(u16::to_le_bytes)).collect()
            }
            Encoding::Utf16BigUnmarked => utf16(u16::to_be_bytes).collect(),
            Encoding::Western => text
                .chars()
                .map(|letter| if letter == '\u{20ac}' { 0x80 } else { letter as u8 })
                .collect(),
        }
    }

    fn decode(&self, bytes: &[u8]) -> Option<String> {
        let is_marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
        let is_utf16 = is_marked && bytes[..bytes.len().min(512)].contains(&0);
        let is_big = match is_utf16 {
            true => bytes[0] == 0xfe,
            false => self.encoding == Encoding::Utf16BigUnmarked,
        };
        if bytes.starts_with(b"\xef\xbb\xbf") {
            return String::from_utf8(bytes[3..].to_vec()).ok();
        }
        if is_utf16 || is_big {
            let from = if is_big { u16::from_be_bytes } else { u16::from_le_bytes };
            let bytes = if is_utf16 { &bytes[2..] } else { bytes };
            let (pairs, rest) = bytes.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| from(*pair)).collect();
            return String::from_utf16(&units).ok().filter(|_| rest.is_empty());
        }
        match self.encoding {
            Encoding::Western => {
                let undefined = |byte: &u8| (0x80..0xa0).contains(byte) && *byte != 0x80;
                // Such bytes are other letters than those that are written.
                (!bytes.iter().any(undefined)).then(|| {
                    let letter =
                        |byte: &u8| if *byte == 0x80 { '\u{20ac}' } else { (*byte).into() };
                    bytes.iter().map(letter).collect()
                })
            }
            _ => String::from_utf8(bytes.to_vec()).ok(),
        }
    }

    #[cfg(not(feature = "compression"))]
    fn compress(&self, text: &[u8], _: &mut Random) -> Vec<u8> {
        text.to_vec()
    }

    #[cfg(not(feature = "compression"))]
    fn decompress(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        Some(bytes.to_vec())
    }

    #[cfg(feature = "compression")]
    fn compress(&self, text: &[u8], random: &mut Random) -> Vec<u8> {
        use std::io::Write;

        let gzip = |text: &[u8]| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        };
        match self.compression {
            Compression::None => text.to_vec(),
            Compression::Gzip => gzip(text),
            Compression::GzipMembers => {
                let (start, end) = text.split_at(random.below(text.len()));
                [gzip(start), gzip(end)].concat()
            }
            Compression::Zstandard => {
                let mut encoder = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
                encoder.include_checksum(true).unwrap();
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    #[cfg(feature = "compression")]
    fn decompress(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        use std::io::Read;

        let mut text = Vec::new();
        match bytes {
            [0x1f, 0x8b, ..] => flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut text),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                zstd::stream::read::Decoder::new(bytes).ok()?.read_to_end(&mut text)
            }
            bytes => return Some(bytes.to_vec()),
        }
        .ok()?;
        Some(text)
    }
}

/// A row with whatever may stand in a cell.
fn row(random: &mut Random, index: usize) -> Written {
    let mut number = || {
        let value = random.below(4000) as f32 / 8.0 - 250.0;
        let value = if value == -200.0 { 0.125 } else { value };
        let text = [format!("{value}"), format!("{value:.3}"), format!("{value:e}")];
        (value, text[random.below(3)].clone())
    };
    let [(level, level_text), (left, left_text), (right, right_text), (price, price_text)] =
        std::array::from_fn(|_| number());
    let (level, level_text) = match random.below(6) {
        0 => (None, ["", "NA", "?", "-200", "-200.0", "nan"][random.below(6)].to_owned()),
        _ => (Some(level), level_text),
    };
    let city = ["Bern", "007", "Ch\u{fc}r", "a#b", "x \u{20ac}"][random.below(5)].to_owned();
    let note = [
        "",
        "NA",
        "said \"so\", twice",
        "one;two|three\tfour",
        "two\nlines",
        "# no remark",
        "gr\u{fc}n",
        "it's\r\nall",
        "\"",
    ][random.below(9)];
    let known = Some(note.to_owned()).filter(|note| !note.is_empty() && note != "NA");
    let row = ReadingSample { level, pair: [left, right], city: city.clone(), note: known, price };
    let cells =
        [level_text, left_text, right_text, city, note.to_owned(), price_text, index.to_string()];
    (row, cells)
}

fn trained() -> Model<Reading> {
    let mut random = Random(1);
    let rows: Vec<ReadingSample> = (0..60).map(|index| row(&mut random, index).0).collect();
    let mut model = Reading::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(1e-2)).progress(Progress::silent()).fit(&mut model, &rows).unwrap();
    model
}

/// The rows are read one by one and by tables alike.
fn assert_same(model: &Model<Reading>, source: &Csv<ReadingSample>, case: &str) {
    let by_rows = source.read_all().and_then(|rows| model.evaluate(&rows));
    match (&by_rows, &model.evaluate_from(source)) {
        (Ok(by_rows), Ok(by_tables)) => assert_eq!(by_rows, by_tables, "{case}"),
        (Err(by_rows), Err(by_tables)) => {
            assert_eq!(by_rows.to_string(), by_tables.to_string(), "{case}");
        }
        (_, by_tables) => panic!("{case}: {by_rows:?} but {by_tables:?}"),
    }
}

fn written_tables(cases: usize) {
    let (folder, model) = (tempfile::tempdir().unwrap(), trained());
    let mut random = Random(2);
    for case in 0..cases {
        let form = Form::random(&mut random);
        let (mut paths, mut rows) = (Vec::new(), Vec::new());
        // Some tables are longer than a buffer.
        let longest = if case % 40 == 0 { 9000 } else { 40 };
        for part in 0..1 + random.below(3) {
            let count = 1 + random.below(longest);
            let written: Vec<Written> = (0..count).map(|index| row(&mut random, index)).collect();
            let path = folder.path().join(format!("part{part}"));
            fs::write(&path, form.write(&written, &mut random)).unwrap();
            paths.push(path);
            rows.extend(written.into_iter().map(|(row, _)| row));
        }
        let csv = match &paths[..] {
            [path] => Csv::new(path),
            paths => Csv::files(paths),
        };
        let source = form.read(csv);
        let read =
            source.read_all().unwrap_or_else(|error| panic!("case {case}, {form:?}: {error}"));
        assert!(read == rows, "case {case}, {form:?}: {:?}", first_difference(&read, &rows));
        assert_same(&model, &source, &format!("case {case}, {form:?}"));
        if case % 50 == 0 {
            assert_trains_alike(&source, &rows);
        }
    }
}

fn first_difference<'a>(
    read: &'a [ReadingSample],
    rows: &'a [ReadingSample],
) -> Option<(&'a ReadingSample, &'a ReadingSample)> {
    read.iter().zip(rows).find(|(read, row)| read != row)
}

/// Training on the file is training on its rows.
fn assert_trains_alike(source: &Csv<ReadingSample>, rows: &[ReadingSample]) {
    let trainer = || Trainer::new(Adam::new(1e-2)).progress(Progress::silent()).epochs(2);
    let mut models = [1, 2].map(|_| Reading::build(&Cpu::default(), Seed(1)));
    trainer().shuffle(Shuffle::Never).fit(&mut models[0], rows).unwrap();
    trainer().shuffle(Shuffle::Never).fit_from(&mut models[1], source).unwrap();
    let [of_rows, of_file] = models.map(|model| model.evaluate(rows).unwrap());
    assert_eq!(of_rows, of_file);
}

/// What is read of a damaged file is what a simple reader finds in it.
fn mutated_forms(mutations: usize) {
    let (folder, model) = (tempfile::tempdir().unwrap(), trained());
    let path = folder.path().join("readings");
    let mut random = Random(3);
    let pieces: [&[u8]; 10] =
        [b",", b";", b"\"", b"\n", b"\r", b"\xff", b"\0", b"NA", b"\xff\xfe", b"\x1f\x8b"];
    let (mut read, mut refused) = (0, 0);
    for case in 0..mutations {
        let form = Form::random(&mut random);
        let written: Vec<Written> = (0..12).map(|index| row(&mut random, index)).collect();
        let whole = form.write(&written, &mut random);
        // In half of the cases the text is damaged, in the other half the file.
        let bytes = match random.below(2) {
            0 => random.mutate(&whole, &pieces),
            _ => {
                let text = form.decompress(&whole).unwrap();
                form.compress(&random.mutate(&text, &pieces), &mut random)
            }
        };
        fs::write(&path, &bytes).unwrap();
        let source = form.read(Csv::new(&path));
        assert_same(&model, &source, &format!("case {case}, {form:?}"));
        match source.read_all() {
            Ok(rows) => {
                read += 1;
                assert_held(&form, &bytes, &rows, &format!("case {case}, {form:?}"));
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("readings"), "case {case}: {error}");
            }
        }
        let skipping = form.read(Csv::new(&path)).on_bad_row(BadRow::Skip);
        let _: Result<Vec<_>> = skipping.read_all();
    }
    let least = mutations / 20;
    assert!(read > least && refused > least, "{read} were read, {refused} refused");
}

/// The rows are those of the file under one of the delimiters.
fn assert_held(form: &Form, bytes: &[u8], rows: &[ReadingSample], case: &str) {
    // Comments and whitespace are compared by tables alone. Without rows, columns may be missing.
    if rows.is_empty() || form.has_comments || form.delimiter == ' ' {
        return;
    }
    let text = form.decompress(bytes).and_then(|bytes| form.decode(&bytes));
    // Other letters of the western encoding are not known to the simple reader, and lines above the
    // table may hold any bytes.
    let Some(text) = text else {
        assert!(form.encoding == Encoding::Western || form.skipped > 0, "{case}");
        return;
    };
    let text = without_lines(&text, form.skipped);
    let found = [',', ';', '\t', '|'].iter().any(|&delimiter| {
        let text = without_sep_line(text);
        let Some(records) = separated(text, delimiter) else { return false };
        held(form, &records).is_some_and(|held| held == rows)
    });
    assert!(found, "{case}: {rows:?} of {text:?}");
}

/// The rows that records hold; `None` where a column is missing.
fn held(form: &Form, records: &[Vec<String>]) -> Option<Vec<ReadingSample>> {
    let (header, records) = match form.has_names {
        true => records.split_first().map(|(header, records)| (header.clone(), records))?,
        false => (NAMES.map(str::to_owned).to_vec(), records),
    };
    let place = |name: &str| header.iter().position(|column| column.trim() == name);
    let places: Vec<usize> = NAMES[..6].iter().map(|name| place(name)).collect::<Option<_>>()?;
    let rows = records.iter().map(|record| {
        let cell = |column: usize| record.get(places[column]).map(|cell| cell.trim());
        let is_missing = |cell: &str| ["", "NA", "?"].contains(&cell);
        let of_number = |cell: &str| cell.parse::<f64>().ok().map(|_| number(cell));
        let level = match cell(0)? {
            cell if is_missing(cell) || cell.eq_ignore_ascii_case("nan") => None,
            cell if cell.eq_ignore_ascii_case("null") => None,
            cell => Some(of_number(cell)?).filter(|level| *level != -200.0),
        };
        let note = cell(4)?;
        let note_is_number = note.starts_with(|first: char| "+-.0123456789".contains(first));
        let is_marker = note_is_number && note.parse() == Ok(-200.0);
        Some(ReadingSample {
            level,
            pair: [of_number(cell(1)?)?, of_number(cell(2)?)?],
            city: cell(3)?.to_owned(),
            note: Some(note.to_owned()).filter(|note| !is_missing(note) && !is_marker),
            price: of_number(cell(5)?)?,
        })
    });
    rows.collect()
}

fn without_lines(text: &str, lines: usize) -> &str {
    (0..lines).fold(text, |text, _| match text.find(['\r', '\n']) {
        Some(end) if text[end..].starts_with("\r\n") => &text[end + 2..],
        Some(end) => &text[end + 1..],
        None => "",
    })
}

fn without_sep_line(text: &str) -> &str {
    let line = text.trim_start_matches(['\r', '\n']).split(['\r', '\n']).next().unwrap_or_default();
    let bare = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    let is_sep =
        bare.len() == 5 && bare.is_char_boundary(4) && bare[..4].eq_ignore_ascii_case("sep=");
    match text.find(line) {
        Some(start) if is_sep => &text[start + line.len()..],
        _ => text,
    }
}

/// JSON Lines in every encoding and compression.
fn written_json(cases: usize) {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> =
        (0..2).map(|part| folder.path().join(format!("part{part}.jsonl"))).collect();
    let mut random = Random(4);
    for case in 0..cases {
        let form = Form::random(&mut random);
        let written: Vec<Written> = (0..20).map(|index| row(&mut random, index)).collect();
        for (path, rows) in paths.iter().zip(written.chunks(12)) {
            let lines = rows.iter().map(|(row, _)| {
                serde_json::json!({
                    "level": row.level, "left": row.pair[0], "right": row.pair[1], "city": row.city,
                    "note": row.note, "price": row.price,
                })
                .to_string()
            });
            let text = lines.collect::<Vec<_>>().join("\r\n");
            fs::write(path, form.compress(&form.encode(&text), &mut random)).unwrap();
        }
        let source = JsonLines::<ReadingSample>::pattern(pattern(folder.path(), "part*.jsonl"));
        let source = match form.encoding {
            Encoding::Utf16BigUnmarked => source.encoding("utf-16be"),
            Encoding::Western => source.encoding("latin1"),
            _ => source,
        };
        let rows: Vec<ReadingSample> = written.into_iter().map(|(row, _)| row).collect();
        assert_eq!(source.read_all().unwrap(), rows, "case {case}, {form:?}");
    }
}

fn pattern(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[test]
fn tables_in_every_form_are_the_rows_that_were_written() {
    written_tables(SHORT);
    written_json(SHORT / 10);
}

#[test]
fn damaged_tables_in_every_form_are_errors_or_the_rows_that_they_hold() {
    mutated_forms(2 * SHORT);
}

#[test]
#[ignore = "takes minutes: `just soak`"]
fn soak_forms() {
    written_tables(LONG);
    mutated_forms(LONG);
    println!("result: {LONG} tables in as many forms, and {LONG} damaged ones");
}
