//! Weights of Keras: its files give the predictions of its models.

mod models;

use std::{collections::BTreeMap, io::Read, path::PathBuf};

use models::*;
use multi_input::{foreign::ForeignWeights, prelude::*};
use serde_json::Value;

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
