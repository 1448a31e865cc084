//! Weights of Keras: its files give the predictions of its models.

mod models;

use std::{collections::BTreeMap, io::Read, path::PathBuf};

use models::*;
use multi_input::{foreign::ForeignWeights, prelude::*};
use serde_json::Value;

/// A branch for each layer.
#[multi_input_model(allow(linear_stack, untrained))]
#[derive(Clone)]
struct EveryLayer {
    #[input]
    series: [[f32; 4]; 6],
    #[input]
    picture: [[[f32; 6]; 5]; 3],
    #[input]
    words: [u32; 6],
    #[input]
    row: [f32; 6],

    #[from(row)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
    #[from(row)]
    #[branch(Dense(2, bias = false))]
    #[output]
    bare: _,
    #[from(series)]
    #[branch(Conv1D(3, 2, relu), MaxPool1D(2), Flatten, Dense(2))]
    #[output]
    conv1d: _,
    #[from(series)]
    #[branch(LSTM(3))]
    #[output]
    lstm: _,
    #[from(series)]
    #[branch(GRU(3, dropout = 0.1))]
    #[output]
    gru: _,
    #[from(series)]
    #[branch(GRU(3, reset_after = false))]
    #[output]
    gru_before: _,
    #[from(series)]
    #[branch(SimpleRNN(3, relu))]
    #[output]
    simple: _,
    #[from(series)]
    #[branch(Bidirectional(LSTM(2)))]
    #[output]
    both: _,
    #[from(series)]
    #[branch(Bidirectional(GRU(2), merge = sum))]
    #[output]
    summed: _,
    #[from(series)]
    #[branch(LSTM(3, return_sequences), LSTM(3, go_backwards))]
    #[output]
    stacked: _,
    #[from(series)]
    #[branch(MultiHeadAttention(2, 3), GlobalAveragePool1D)]
    #[output]
    attention: _,
    #[from(series)]
    #[branch(TimeDistributed(Dense(3)), Flatten)]
    #[output]
    distributed: _,
    #[from(series)]
    #[branch(LayerNorm, RMSNorm(epsilon = 1e-6), Flatten)]
    #[output]
    norms: _,
    #[from(row)]
    #[branch(Dense(4), BatchNorm, Dense(2))]
    #[output]
    batch: _,
    #[from(picture)]
    #[branch(Conv2D(4, (2, 3), relu, padding = same), GroupNorm(2), MaxPool2D(2), Flatten, BatchNorm, Dense(2))]
    #[output]
    conv2d: _,
    #[from(picture)]
    #[branch(SeparableConv2D(4, (2, 2), depth_multiplier = 2), GlobalAveragePool2D)]
    #[output]
    separable: _,
    #[from(series)]
    #[branch(PositionalEmbedding, Flatten)]
    #[output]
    positions: _,
    #[from(words)]
    #[branch(EmbeddingBag(11, 3))]
    #[output]
    bag: _,
}

#[multi_input_model]
#[derive(Clone)]
struct Transformer {
    #[input]
    #[branch(TransformerBlock(2, 2, 5), GlobalAveragePool1D)]
    series: [[f32; 4]; 6],
    #[from(series)]
    #[branch(Dense(3, tanh), Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

#[multi_input_model]
#[derive(Clone)]
struct Prepared {
    #[input(standardize)]
    row: [f32; 6],
    #[from(row)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

fn check_transformer(model: &Model<Transformer>, answers: &Answers<'_>) {
    for row in 0..answers.rows() {
        let series = sequence(answers.input::<24>("series", row));
        let predicted = model.predict(&[TransformerInputs { series }]).unwrap();
        answers.same("output", row, &[predicted[0].target]);
    }
}

fn check_every_layer(model: &Model<EveryLayer>, answers: &Answers<'_>) {
    for row in 0..answers.rows() {
        let inputs = EveryLayerInputs {
            series: sequence(answers.input::<24>("series", row)),
            picture: answers.picture("picture", row, true),
            words: answers.indices("words", row),
            row: answers.input("row", row),
        };
        let predicted = model.predict(&[inputs]).unwrap().remove(0);
        macro_rules! same {
            ($($output:ident),*) => {$(answers.same(stringify!($output), row, &predicted.$output);)*};
        }
        answers.same("price", row, &[predicted.price]);
        same!(
            bare,
            conv1d,
            lstm,
            gru,
            gru_before,
            simple,
            both,
            summed,
            stacked,
            attention,
            distributed,
            norms,
            batch,
            conv2d,
            separable,
            positions,
            bag
        );
    }
}

/// The files of `tests/fixtures/weights_keras.zip`, which `weights_keras.py` wrote, in a folder.
struct Files {
    folder: tempfile::TempDir,
    answers: Value,
}

impl Files {
    fn unpacked() -> Files {
        let parts = parts();
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in &parts {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        Files { folder, answers: serde_json::from_slice(&parts["answers.json"]).unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn weights(&self, name: &str) -> ForeignWeights {
        Weights::keras(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn answers(&self, name: &str) -> Answers<'_> {
        Answers(&self.answers[name])
    }
}

fn parts() -> BTreeMap<String, Vec<u8>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/weights_keras.zip");
    let bytes = std::fs::read(path).unwrap();
    let archive = rawzip::ZipArchive::from_slice(&bytes).unwrap();
    let (mut entries, mut parts) = (archive.entries(), BTreeMap::new());
    while let Some(entry) = entries.next_entry().unwrap() {
        let name = String::from_utf8(entry.file_path().as_ref().to_vec()).unwrap();
        let data = archive.get_entry(entry.wayfinder()).unwrap();
        let mut bytes = Vec::new();
        flate2::read::DeflateDecoder::new(data.data()).read_to_end(&mut bytes).unwrap();
        parts.insert(name, bytes);
    }
    parts
}

fn fresh<M: Network>() -> Model<M> {
    Model::build(&Cpu::default(), Seed(1))
}

#[test]
fn the_models_of_the_article_predict_as_in_keras() {
    let files = Files::unpacked();
    for ending in ["keras", "weights.h5", "h5"] {
        let mut house = fresh::<House>();
        let loaded = house.load_weights(files.weights(&format!("house.{ending}"))).unwrap();
        assert_eq!(loaded.layers.len(), 4, "{loaded}");
        check_house(&house, &files.answers("house"));

        let mut post = fresh::<Post>();
        let _ = post.load_weights(files.weights(&format!("post.{ending}"))).unwrap();
        check_post(&post, &files.answers("post"), true);
    }
    for ending in ["keras", "weights.h5"] {
        let mut patient = fresh::<Patient>();
        let _ = patient.load_weights(files.weights(&format!("patient.{ending}"))).unwrap();
        check_patient(&patient, &files.answers("patient"));
    }
}

#[test]
fn every_layer_predicts_as_in_keras() {
    let files = Files::unpacked();
    let mut model = fresh::<EveryLayer>();
    let loaded = model.load_weights(files.weights("every_layer.keras"));
    let loaded = loaded.unwrap_or_else(|error| panic!("{error}"));
    println!("{loaded}");
    check_every_layer(&model, &files.answers("every_layer"));
}

#[test]
fn what_flows_in_tells_equal_layers_apart() {
    let files = Files::unpacked();
    let mut model = fresh::<Twins>();
    let loaded = model.load_weights(files.weights("twins.keras")).unwrap();
    println!("{loaded}");
    check_twins(&model, &files.answers("twins"));
    // Without the architecture there is a choice.
    let error = fresh::<Twins>().load_weights(files.weights("twins.weights.h5")).unwrap_err();
    println!("{error}");
}

#[test]
fn a_block_of_the_users_own_becomes_a_transformer_block() {
    let files = Files::unpacked();
    for ending in ["keras", "weights.h5"] {
        let mut model = fresh::<Transformer>();
        let loaded = model.load_weights(files.weights(&format!("transformer.{ending}")));
        println!("{}", loaded.unwrap_or_else(|error| panic!("{error}")));
        check_transformer(&model, &files.answers("transformer"));
    }
}
