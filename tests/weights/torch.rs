//! Weights of PyTorch: its state dicts give the predictions of its models.

use std::path::PathBuf;

use multi_input::{foreign::ForeignWeights, prelude::*, Error};
use serde_json::Value;

use crate::models::*;

/// A branch for each layer, with the epsilons of PyTorch.
#[multi_input_model(allow(linear_stack, untrained))]
pub struct TorchLayers {
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
    #[branch(GRU(3))]
    #[output]
    gru: _,
    #[from(series)]
    #[branch(SimpleRNN(3, relu))]
    #[output]
    simple: _,
    #[from(series)]
    #[branch(Bidirectional(LSTM(2)))]
    #[output]
    both: _,
    #[from(series)]
    #[branch(LSTM(3, return_sequences), LSTM(3))]
    #[output]
    stacked: _,
    #[from(series)]
    #[branch(MultiHeadAttention(2, 2), GlobalAveragePool1D)]
    #[output]
    attention: _,
    #[from(series)]
    #[branch(TimeDistributed(Dense(3)), Flatten)]
    #[output]
    distributed: _,
    #[from(series)]
    #[branch(LayerNorm(epsilon = 1e-5), RMSNorm, Flatten)]
    #[output]
    norms: _,
    #[from(row)]
    #[branch(Dense(4), BatchNorm(epsilon = 1e-5), Dense(2))]
    #[output]
    batch: _,
    #[from(picture)]
    #[branch(
        Conv2D(4, 3, relu, padding = 1),
        GroupNorm(2, epsilon = 1e-5),
        MaxPool2D(2),
        Flatten,
        BatchNorm(epsilon = 1e-5),
        Dense(2)
    )]
    #[output]
    conv2d: _,
    #[from(picture)]
    #[branch(SeparableConv2D(4, 2, depth_multiplier = 2), GlobalAveragePool2D)]
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
    #[from(series)]
    #[branch(TransformerBlock(2, 2, 5), GlobalAveragePool1D)]
    #[output]
    block: _,
}

fn path(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/weights_torch");
    PathBuf::from(folder).join(name)
}

fn weights(name: &str) -> ForeignWeights {
    Weights::torch(path(&format!("{name}.safetensors"))).unwrap()
}

fn answers() -> Value {
    serde_json::from_slice(&std::fs::read(path("answers.json")).unwrap()).unwrap()
}

fn fresh<M: Network>() -> Model<M> {
    Model::build(&Cpu::default(), Seed(1))
}

#[test]
fn the_models_of_the_article_predict_as_in_pytorch() {
    let answers = answers();
    let mut house = fresh::<House>();
    let loaded = house.load_weights(weights("house")).unwrap();
    let pairs: Vec<(&str, &str)> =
        loaded.layers.iter().map(|(ours, theirs)| (ours.as_str(), theirs.as_str())).collect();
    let expected = [
        ("numerical.0", "fc1"),
        ("numerical.1", "fc2"),
        ("categorical.0", "table"),
        ("target.0", "head"),
    ];
    assert_eq!(pairs, expected);
    check_house(&house, &Answers(&answers["house"]));

    let mut post = fresh::<Post>();
    let _ = post.load_weights(weights("post")).unwrap();
    check_post(&post, &Answers(&answers["post"]), false);

    let mut patient = fresh::<Patient>();
    let _ = patient.load_weights(weights("patient")).unwrap();
    check_patient(&patient, &Answers(&answers["patient"]));
}

#[test]
fn names_tell_equal_layers_apart() {
    let answers = answers();
    let mut twins = fresh::<Twins>();
    let _ = twins.load_weights(weights("twins")).unwrap();
    check_twins(&twins, &Answers(&answers["twins"]));
}

#[test]
fn every_layer_predicts_as_in_pytorch() {
    let answers = answers();
    let answers = Answers(&answers["every_layer"]);
    let mut model = fresh::<TorchLayers>();
    let loaded =
        model.load_weights(weights("every_layer")).unwrap_or_else(|error| panic!("{error}"));
    // The state dict does not say that these have the epsilons of ours.
    let notes: Vec<&str> = loaded.notes.iter().filter_map(|note| note.split('`').nth(1)).collect();
    assert_eq!(notes, ["norms.1", "block.0.attention_norm", "block.0.output_norm"], "{loaded}");
    for row in 0..answers.rows() {
        let inputs = TorchLayersInputs {
            series: sequence(answers.input("series", row)),
            picture: answers.picture("picture", row, false),
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
            simple,
            both,
            stacked,
            attention,
            distributed,
            norms,
            batch,
            conv2d,
            separable,
            positions,
            bag,
            block
        );
    }
}

#[test]
fn a_file_of_another_kind_says_how_to_write_one() {
    let message = |path: PathBuf| Weights::torch(path).unwrap_err().to_string();
    let pickled = message(path("pickled.pt"));
    assert!(
        pickled.contains("`torch.save`") && pickled.contains("safetensors.torch.save_file"),
        "{pickled}"
    );
    let text = message(path("answers.json"));
    assert!(text.contains("damaged or no safetensors file"), "{text}");
    let absent = message(path("none.safetensors"));
    assert!(absent.contains("cannot read"), "{absent}");
}

#[test]
fn a_damaged_file_is_an_error() {
    let bytes = std::fs::read(path("house.safetensors")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.safetensors");
    for length in 0..bytes.len() {
        std::fs::write(&cut, &bytes[..length]).unwrap();
        let error = Weights::torch(&cut).unwrap_err();
        assert!(matches!(error, Error::Checkpoint(_)), "{length}: {error}");
    }
}

#[test]
fn a_model_of_another_architecture_is_an_error_with_both_sides() {
    let mut model = fresh::<House>();
    let before = model.snapshot().unwrap();
    let error = model.load_weights(weights("twins")).unwrap_err().to_string();
    for part in [
        "`House` took nothing from",
        "`numerical.0`: Dense(8, relu), weight [8, 10], bias [8]: the file has no layer like it",
        "the file has `left.0`: [3], [3, 4]: the model has no layer like it",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(model.snapshot().unwrap(), before);
}

#[test]
fn layers_are_mapped_kept_and_ignored_by_name() {
    let mut model = fresh::<House>();
    let fresh_head = model.snapshot().unwrap().tensors().last().unwrap().clone();
    let kept = weights("house").keep("target").ignore("head");
    let loaded = model.load_weights(kept).unwrap();
    assert_eq!(loaded.kept, ["target.0"]);
    assert_eq!(model.snapshot().unwrap().tensors().last().unwrap(), &fresh_head);

    let error =
        model.load_weights(weights("house").map("fc3", "target.0")).unwrap_err().to_string();
    assert!(
        error.contains("the file has no layer `fc3`; it has `fc1`, `fc2`, `head`, `table`"),
        "{error}"
    );
    let error =
        model.load_weights(weights("house").map("head", "price.0")).unwrap_err().to_string();
    assert!(
        error.contains("the model has no layer with weights `price.0`; it has `numerical.0`"),
        "{error}"
    );
    let error =
        model.load_weights(weights("house").map("fc1", "target.0")).unwrap_err().to_string();
    assert!(
        error.contains("`target.0.weight` has the shape [1, 7] here, but [8, 10] in `fc1`"),
        "{error}"
    );
}
