//! Texts by a Hugging Face `tokenizer.json`, against the ids that Hugging Face's own library gives
//! (`fixtures/tokenizer.py`).

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use multi_input::{
    data::{Table, Values},
    definition::Definition,
    prelude::*,
    preprocess::Preprocessing,
};
use serde_json::Value as Json;

/// A model of one text that is read as the steps say.
macro_rules! model {
    ($model:ident, [$($steps:tt)*]) => {
        #[multi_input_model]
        struct $model {
            #[input($($steps)*)]
            #[branch(Embedding(auto), Flatten)]
            text: String,
            #[from(text)]
            #[branch(Dense(1))]
            #[output(loss = mse)]
            number: f32,
        }
    };
}

model!(Pieces, [tokenizer("fixtures/tokenizer_wordpiece.json", length = 8)]);
model!(PiecesFront, [tokenizer("fixtures/tokenizer_wordpiece.json", 8, padding = before)]);
model!(PiecesEnd, [tokenizer("fixtures/tokenizer_wordpiece.json", 8, truncation = before)]);
model!(PiecesBare, [tokenizer("fixtures/tokenizer_wordpiece.json", 8, special = false)]);
model!(PiecesLong, [tokenizer("fixtures/tokenizer_wordpiece.json", LENGTH)]);
model!(Bytes, [tokenizer("fixtures/tokenizer_bpe.json", length = 8)]);
model!(BytesFront, [tokenizer("fixtures/tokenizer_bpe.json", 8, padding = before)]);
model!(BytesEnd, [tokenizer("fixtures/tokenizer_bpe.json", 8, truncation = before)]);
model!(BytesBare, [tokenizer("fixtures/tokenizer_bpe.json", 8, special = false)]);
model!(BytesLong, [tokenizer("fixtures/tokenizer_bpe.json", LENGTH)]);
model!(Padded, [tokenizer("fixtures/tokenizer_bpe.json", 8, pad = 299)]);
model!(TooShort, [tokenizer("fixtures/tokenizer_wordpiece.json", 2)]);

const LENGTH: usize = 32;

fn answers() -> Json {
    let path = format!("{}/fixtures/tokenizer_answers.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn texts() -> Vec<String> {
    let answers = answers();
    let texts = answers["texts"].as_array().unwrap();
    texts.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The ids of all texts, and the bound that the model knows.
fn ids<M: Definition>(
    write: impl Fn(String, &mut Table) -> multi_input::Result<()>,
) -> multi_input::Result<(Vec<u32>, usize)> {
    let graph: &'static _ = Box::leak(Box::new(M::GRAPH));
    let mut table = Table::of_inputs(graph);
    texts().into_iter().try_for_each(|text| write(text, &mut table))?;
    let all: Vec<usize> = (0..table.rows).collect();
    let encoded = Preprocessing::fit(graph, &table, &[])?.encode(&table, &all, 0)?;
    let Values::Categories(ids) = &*encoded.columns[0].values else { panic!() };
    Ok((ids.clone(), graph.inputs[0].steps[0].output.below.get()))
}

macro_rules! ids {
    ($model:ident, $inputs:ident) => {
        ids::<$model>(|text, table| table.push(|row| $model::write_inputs(&$inputs { text }, row)))
    };
}

#[test]
fn ids_are_those_of_hugging_face() {
    let answers = answers();
    macro_rules! check {
        ($kind:literal, $case:literal, $model:ident, $inputs:ident) => {
            let (ids, below) = ids!($model, $inputs).unwrap();
            let expected: Vec<u32> = answers[$kind]["cases"][$case]["ids"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|row| row.as_array().unwrap())
                .map(|id| id.as_u64().unwrap() as u32)
                .collect();
            assert_eq!(ids, expected, "{}, case {}", $kind, $case);
            assert_eq!(below as u64, answers[$kind]["vocabulary"].as_u64().unwrap());
        };
    }
    check!("wordpiece", 0, Pieces, PiecesInputs);
    check!("wordpiece", 1, PiecesFront, PiecesFrontInputs);
    check!("wordpiece", 2, PiecesEnd, PiecesEndInputs);
    check!("wordpiece", 3, PiecesBare, PiecesBareInputs);
    check!("wordpiece", 4, PiecesLong, PiecesLongInputs);
    check!("bpe", 0, Bytes, BytesInputs);
    check!("bpe", 1, BytesFront, BytesFrontInputs);
    check!("bpe", 2, BytesEnd, BytesEndInputs);
    check!("bpe", 3, BytesBare, BytesBareInputs);
    check!("bpe", 4, BytesLong, BytesLongInputs);
}

#[test]
fn another_id_pads_where_it_is_given() {
    let (own, _) = ids!(Bytes, BytesInputs).unwrap();
    let (given, _) = ids!(Padded, PaddedInputs).unwrap();
    let swapped: Vec<u32> = own.iter().map(|&id| if id == 1 { 299 } else { id }).collect();
    assert!(own != given && swapped == given);
}

#[test]
fn a_length_without_room_for_words_is_said() {
    assert_eq!(
        ids!(TooShort, TooShortInputs).unwrap_err().to_string(),
        "row 0, field `text`: expected a `tokenizer.json` that fits, found one that adds 2 special \
         tokens to every text, which leaves none of the 2 for words"
    );
}

/// The same models but for the file that the program carries.
mod retrained {
    use multi_input::prelude::*;

    #[multi_input_model]
    pub struct Pieces {
        #[input(tokenizer("fixtures/tokenizer_retrained.json", length = 8))]
        #[branch(Embedding(auto), Flatten)]
        text: String,
        #[from(text)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        number: f32,
    }
}

const FOLDER: &str = "MULTI_INPUT_TOKENIZER";

/// What another process predicts with the saved model, though its own `tokenizer.json` is another
/// one: nothing where no other process started this one.
#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = Path::new(&folder);
    let model = Model::<retrained::Pieces>::load(folder.join("model"), &Cpu::default()).unwrap();
    let inputs = texts().into_iter().map(|text| retrained::PiecesInputs { text });
    let predicted = model.predict(&inputs.collect::<Vec<_>>()).unwrap();
    let bits: Vec<u32> = predicted.iter().map(|outputs| outputs.number.to_bits()).collect();
    fs::write(folder.join("answers"), format!("{bits:?}")).unwrap();
}

#[test]
fn the_tokenizer_travels_inside_of_the_model() {
    let texts = texts();
    let rows = texts.iter().cloned().enumerate();
    let rows: Vec<PiecesSample> =
        rows.map(|(row, text)| PiecesSample { text, number: row as f32 }).collect();
    let mut model = Pieces::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(2).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path().join("model")).unwrap();

    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child"]).env(FOLDER, folder.path()).stdout(Stdio::null());
    assert!(child.status().unwrap().success());
    let inputs: Vec<PiecesInputs> = rows.into_iter().map(PiecesInputs::from).collect();
    let predicted = model.predict(&inputs).unwrap();
    let bits: Vec<u32> = predicted.iter().map(|outputs| outputs.number.to_bits()).collect();
    assert_eq!(fs::read_to_string(folder.path().join("answers")).unwrap(), format!("{bits:?}"));

    // The other file does read these texts differently, so the model's own must have counted.
    let untrained = retrained::Pieces::build(&Cpu::default(), Seed(1));
    let same = Pieces::build(&Cpu::default(), Seed(1));
    let text = || texts[0].clone();
    assert_ne!(
        untrained.predict(&[retrained::PiecesInputs { text: text() }]).unwrap()[0].number,
        same.predict(&[PiecesInputs { text: text() }]).unwrap()[0].number
    );
}

#[multi_input_model]
struct Vectors {
    #[input(tokenizer("fixtures/tokenizer_wordpiece.json", length = 8))]
    #[branch(Embedding(auto, 2, from = "../target/tmp/vectors_of_pieces.txt"), Flatten)]
    text: String,
    #[from(text)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    number: f32,
}

#[test]
fn tokens_start_at_the_vectors_of_a_file_and_keep_them_where_no_row_has_them() {
    fs::create_dir_all("../target/tmp").unwrap();
    fs::write("../target/tmp/vectors_of_pieces.txt", "[SEP] 1 2\nv 3 4\nnowhere 5 6\n").unwrap();
    let mut model = Vectors::build(&Cpu::default(), Seed(1));
    let rows = [VectorsSample { text: "a".to_owned(), number: 1.0 }];
    let trainer = Trainer::new(Adam::new(1e-300)).progress(Progress::silent());
    let history = trainer.fit(&mut model, &rows).unwrap();
    let rows = model.module().text.0.weight.as_vec().len() / 2;
    let said = format!("starts at the vectors of 2 of {rows} ids of the tokenizer");
    assert!(history.notices.iter().any(|notice| notice.message.contains(&said)), "{history:?}");
    let table = model.module().text.0.weight.as_vec();
    // `[SEP]` and `v`; no row has a `v`.
    assert_eq!(table[2 * 3..][..2], [1.0, 2.0]);
    assert_eq!(table[2 * 29..][..2], [3.0, 4.0]);
    // An id that neither the file nor a row has is the mean of the others.
    assert_eq!(table[2 * 4..][..2], table[2 * 5..][..2]);
}
