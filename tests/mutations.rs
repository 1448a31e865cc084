//! Files that were damaged or made up: an error or the right rows, never a panic and never another
//! row than the file holds.

use std::{fs, io::Cursor, path::Path};

use multi_input::{
    data::{read_csv_from, Csv, JsonLines, Source},
    prelude::*,
};

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

const MUTATIONS: usize = 500;

/// A small generator, the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    /// The bytes with something taken away, put in, doubled or changed.
    fn mutate(&mut self, whole: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
        let mut bytes = whole.to_vec();
        for _ in 0..=self.below(3) {
            let place = self.below(bytes.len());
            let end = (place + self.below(12)).min(bytes.len());
            match self.below(5) {
                0 => bytes.truncate(place),
                1 => drop(bytes.drain(place..end)),
                2 => drop(
                    bytes.splice(place..place, pieces[self.below(pieces.len())].iter().copied()),
                ),
                3 if place < bytes.len() => bytes[place] ^= 1 << self.below(8),
                _ => {
                    let copy = bytes[place..end].to_vec();
                    drop(bytes.splice(place..place, copy));
                }
            }
        }
        bytes
    }
}

fn csv() -> String {
    let mut text = "kind,a,b,text,city\n".to_owned();
    for i in 0..12 {
        let (kind, city) = (["x", "y"][i % 2], ["Bern", "007", "Ch\u{fc}r"][i % 3]);
        text += &format!("{kind},{i}.5,-{i},\"say \"\"{i}\"\", now\",{city}\n");
    }
    text
}

#[test]
fn a_mutated_csv_file_gives_errors_or_the_rows_it_holds() {
    let mut random = Random(1);
    let pieces: [&[u8]; 9] =
        [b",", b"\"", b"\n", b"\r", b"\xff", b"NaN", b"1e999", b"\xef\xbb\xbf", b"\0"];
    let (mut read, mut refused) = (0, 0);
    for case in 0..MUTATIONS {
        let bytes = random.mutate(csv().as_bytes(), &pieces);
        let rows = read_csv_from::<PostSample>(&bytes[..], "posts");
        let Ok(rows) = rows else {
            refused += 1;
            continue;
        };
        read += 1;
        // What was read is what another reader finds under the same names.
        let mut other =
            csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(Cursor::new(&bytes));
        let header = other.headers().unwrap().clone();
        let place = |name: &str| header.iter().position(|column| column == name).unwrap();
        let records: Vec<_> = other.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), records.len(), "case {case}");
        for (row, record) in rows.iter().zip(&records) {
            let number = |name: &str| record[place(name)].parse::<f32>().unwrap();
            assert_eq!(row.numbers, [number("a"), number("b")], "case {case}");
            assert_eq!(row.city, record[place("city")], "case {case}");
            assert_eq!(row.text.as_deref().unwrap_or(""), &record[place("text")], "case {case}");
            assert_eq!(row.kind, record[place("kind")], "case {case}");
        }
    }
    assert!(read > 50 && refused > 50, "{read} were read, {refused} refused");
}

#[test]
fn a_mutated_json_file_gives_errors_or_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posts.jsonl");
    let lines: Vec<String> = (0..12)
        .map(|i| {
            format!(
                "{{\"numbers\": [{i}, -0.5], \"text\": null, \"city\": \"B\", \"kind\": \"x\"}}"
            )
        })
        .collect();
    let mut random = Random(2);
    let pieces: [&[u8]; 8] = [b",", b"\"", b"\n", b"[", b"}", b"\xff", b"1e999", b"\\u0000"];
    for _ in 0..MUTATIONS {
        fs::write(&path, random.mutate(lines.join("\n").as_bytes(), &pieces)).unwrap();
        let source = JsonLines::<PostSample>::new(&path);
        let Ok(rows) = source.rows() else { continue };
        for row in rows.flatten() {
            assert!(row.numbers.iter().all(|number| number.is_finite()), "{row:?}");
        }
    }
}

#[test]
fn a_mutated_picture_is_an_error_or_a_picture() {
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
    for whole in [&png, &jpeg] {
        for _ in 0..MUTATIONS {
            let bytes =
                random.mutate(whole, &[b"\0\0\0\0", b"\xff\xd8", b"IDAT", b"\xff\xff\xff\xff"]);
            if let Ok(image) = Image::<3>::decode(&bytes) {
                assert_eq!(image.pixels().len(), image.height() * image.width() * 3);
            }
        }
    }
}

#[test]
fn a_mutated_model_file_is_an_error_or_a_model_of_finite_answers() {
    let rows: Vec<PostSample> = read_csv_from(csv().as_bytes(), "posts").unwrap();
    let mut model = Post::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(1e-2)).progress(Progress::silent()).fit(&mut model, &rows).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("post.safetensors");
    model.save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    let inputs: Vec<PostInputs> = rows.into_iter().map(PostInputs::from).collect();
    let mut random = Random(4);
    let pieces: [&[u8]; 6] = [b"0", b"\"", b"null", b"[", b"-1", b"\xff"];
    // The header, where everything but the weights is.
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let mut refused = 0;
    for _ in 0..MUTATIONS {
        let mut bytes = random.mutate(&whole[8..header], &pieces);
        let length = (bytes.len() as u64).to_le_bytes();
        bytes.splice(0..0, length);
        bytes.extend(&whole[header..]);
        fs::write(&path, bytes).unwrap();
        match Model::<Post>::load(&path, &Cpu::default()) {
            Err(_) => refused += 1,
            Ok(model) => {
                for answer in model.predict(&inputs).unwrap() {
                    assert!(answer.kind.as_array().iter().all(|share| share.is_finite()));
                }
            }
        }
    }
    assert!(refused > 400, "only {refused} of {MUTATIONS} were refused");
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
