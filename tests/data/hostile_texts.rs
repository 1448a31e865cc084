//! What rows, labels, names of columns and paths hold does not reach a terminal as it is: control
//! characters and marks that turn a text are written out, and long values are cut.

use std::fs;

use multi_input::{
    data::{read_csv_from, BadRow, Csv, JsonLines, Source},
    prelude::*,
    Error,
};

/// Clears a screen, sets a title, goes back over a line and turns the text behind it.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\u{9b}31m\u{202e}";
const WRITTEN_OUT: &str = r"\u{1b}[2J\u{1b}]0;owned\u{7}\r\u{9b}31m\u{202e}";

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Post {
    #[input]
    length: f32,
    #[input(categories(5))]
    #[branch(Embedding(5, 2))]
    city: String,
    #[merge(concat(length, city))]
    #[branch(Dense(2, softmax))]
    #[output(loss = cross_entropy, categories)]
    kind: Class<2>,
}

#[multi_input_model(allow(linear_stack))]
#[derive(Clone, Debug)]
pub struct Seen {
    #[input(resize(4, 4))]
    #[branch(Flatten)]
    photo: Image<3>,
    #[from(photo)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[track_caller]
fn check(message: &str) {
    is_plain(message);
    assert!(message.contains(WRITTEN_OUT), "{message}");
}

#[track_caller]
fn is_plain(message: &str) {
    let bad = |letter: &char| letter.is_control() || *letter == '\u{202e}';
    assert_eq!(message.chars().find(bad), None, "{message:?}");
}

fn row(kind: &str) -> PostSample {
    PostSample { length: 1.0, city: "Bern".to_owned(), kind: kind.to_owned() }
}

fn trainer() -> Trainer<Post, Adam> {
    Trainer::new(Adam::new(1e-2)).epochs(1).progress(Progress::silent())
}

#[test]
fn a_cell_or_the_name_of_a_column() {
    let read = |text: &str| read_csv_from::<PostSample>(text.as_bytes(), "posts").unwrap_err();
    check(&read(&format!("length,city,kind\n\"{HOSTILE}\",a,b\n")).to_string());
    is_plain(&read(&format!("length,\"cit{HOSTILE}\",kind\n1,a,b\n")).to_string());
    let error = read_csv_from::<PostSample>(&b"length,kind\n1,a\n"[..], HOSTILE).unwrap_err();
    check(&error.to_string());
    check(&format!("{error:?}"));
}

#[test]
fn a_line_of_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posts.jsonl");
    let hostile = serde_json::to_string(HOSTILE).unwrap();
    for line in [
        format!("{{\"length\": {hostile}, \"city\": \"a\", \"kind\": \"b\"}}"),
        format!("{{\"length\": 1, {hostile}: 1, {hostile}: 1}}"),
        format!("{{\"length\": 1, \"city\": \"a\", \"kind\": \"b\"}} {HOSTILE}"),
    ] {
        fs::write(&path, line).unwrap();
        let source = JsonLines::<PostSample>::new(&path);
        is_plain(&source.read_all().unwrap_err().to_string());
        let skipping = source.on_bad_row(BadRow::Skip);
        assert!(skipping.read_all().unwrap().is_empty());
        is_plain(&skipping.skipped().reasons.concat());
    }
}

#[test]
fn the_path_of_a_file() {
    let (nowhere, cpu) = (format!("/nowhere/{HOSTILE}"), Cpu::default());
    check(&Csv::<PostSample>::new(&nowhere).read_all().unwrap_err().to_string());
    check(&Model::<Post>::load(&nowhere, &cpu).unwrap_err().to_string());
    check(&Post::build(&cpu, Seed(1)).save(&nowhere).unwrap_err().to_string());
    // A name that Unix takes.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(HOSTILE);
    if fs::write(&path, "no tensors").is_ok() {
        let error = Model::<Post>::load(&path, &cpu).unwrap_err();
        assert!(matches!(error, Error::Checkpoint(_)));
        check(&error.to_string());
    }
}

#[test]
fn a_label_in_training_and_afterwards() {
    let mut model = Post::build(&Cpu::default(), Seed(1));
    let rows = [row("a"), row("b"), row(HOSTILE)];
    check(&trainer().fit(&mut model, &rows).unwrap_err().to_string());
    trainer().fit(&mut model, &rows[..2]).unwrap();
    check(&model.evaluate(&rows).unwrap_err().to_string());

    let mut model = Post::build(&Cpu::default(), Seed(1));
    trainer().fit(&mut model, &[row("a"), row(HOSTILE)]).unwrap();
    check(&model.preprocessing().unwrap().labels_of("kind").unwrap().to_string());
    check(&model.evaluate(&[row("d")]).unwrap_err().to_string());
}

#[test]
fn the_path_of_a_picture() {
    let rows = format!("photo,price\n\"{HOSTILE}.png\",1\n");
    check(&read_csv_from::<SeenSample>(rows.as_bytes(), "photos").unwrap_err().to_string());
    check(&Image::<3>::open(HOSTILE).unwrap_err().to_string());
}

#[test]
fn a_long_value_is_cut() {
    let cell = "x".repeat(100_000);
    let text = format!("length,city,kind\n{cell},a,b\n");
    let error = read_csv_from::<PostSample>(text.as_bytes(), "posts").unwrap_err().to_string();
    let shown = format!("found `{}...` (100000 characters)", &cell[..80]);
    assert!(error.ends_with(&shown), "{error}");
}
