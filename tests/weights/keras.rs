//! Weights of Keras: its files give the predictions of its models.

mod models;

use std::{collections::BTreeMap, io::Read, path::PathBuf};

use models::*;
use multi_input::{foreign::ForeignWeights, prelude::*, Error};
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
    let _ = model.load_weights(files.weights("twins.keras")).unwrap();
    check_twins(&model, &files.answers("twins"));
    // Without the architecture there is a choice.
    let weights = files.weights("twins.weights.h5");
    let error = fresh::<Twins>().load_weights(weights.clone()).unwrap_err().to_string();
    let choice = "`left.0`: Dense(3, tanh), weight [3, 4], bias [3] may be `dense_3`, `dense_1`: \
                  write `.map(\"dense_3\", \"left.0\")` or `.map(\"dense_1\", \"left.0\")`";
    assert!(error.contains(choice), "{error}");
    let mapped = weights.map("dense_3", "left.0").map("dense_2", "left.1");
    let mut model = fresh::<Twins>();
    let _ = model.load_weights(mapped).unwrap();
    check_twins(&model, &files.answers("twins"));
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

/// The folder for files that `weights_keras.py --check FOLDER` loads into Keras.
fn kept_folder() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("WEIGHTS_KERAS")?);
    std::fs::create_dir_all(&folder).unwrap();
    Some(folder)
}

#[test]
fn saved_weights_are_read_back() {
    let files = Files::unpacked();
    let folder = kept_folder().unwrap_or_else(|| files.folder.path().join("saved"));
    std::fs::create_dir_all(&folder).unwrap();
    macro_rules! check {
        ($($model:ident $name:literal $check:expr),*) => {$(
            let mut model = fresh::<$model>();
            let _ = model.load_weights(files.weights(concat!($name, ".keras"))).unwrap();
            let path = folder.join(concat!($name, ".weights.h5"));
            let saved = model.save_keras_weights(&path).unwrap_or_else(|error| panic!("{error}"));
            assert!(saved.left.is_empty(), "{saved}");
            let mut again = fresh::<$model>();
            let _ = again.load_weights(Weights::keras(&path).unwrap()).unwrap_or_else(|error| panic!("{error}"));
            $check(&again, &files.answers($name));
            assert_eq!(again.snapshot().unwrap(), model.snapshot().unwrap());
        )*};
    }
    check!(
        House "house" check_house,
        Post "post" |model: &_, answers: &_| check_post(model, answers, true),
        Patient "patient" check_patient,
        Twins "twins" check_twins,
        EveryLayer "every_layer" check_every_layer
    );
    // In Keras the outputs of this model are in another order, and with them its layers.
    let mut model = fresh::<EveryLayer>();
    let _ = model.load_weights(files.weights("every_layer.keras")).unwrap();
    let path = folder.join("every_layer.weights.h5");
    let _ = model.save_keras_weights_like(&files.weights("every_layer.keras"), &path).unwrap();

    // The block is a layer of the user's own there: only its file says in which groups it is.
    let mut model = fresh::<Transformer>();
    let _ = model.load_weights(files.weights("transformer.keras")).unwrap();
    let path = folder.join("transformer.weights.h5");
    let error = model.save_keras_weights(&path).unwrap_err().to_string();
    assert!(error.contains("Keras has no layer like TransformerBlock(2, 2, 5)"), "{error}");
    let mut changed = fresh::<Transformer>();
    let _ = changed.save_keras_weights_like(&files.weights("transformer.keras"), &path).unwrap();
    let _ = changed.load_weights(Weights::keras(&path).unwrap()).unwrap();
    let _ = model.save_keras_weights_like(&files.weights("transformer.keras"), &path).unwrap();
    let _ = changed.load_weights(Weights::keras(&path).unwrap()).unwrap();
    assert_eq!(changed.snapshot().unwrap(), model.snapshot().unwrap());
}

#[test]
fn a_layer_that_prepares_an_input_is_named() {
    let files = Files::unpacked();
    let mut model = fresh::<Prepared>();
    let weights = files.weights("prepared.keras");
    let error = model.load_weights(weights.clone()).unwrap_err().to_string();
    assert!(error.contains("here `standardize` in `#[input(...)]` does"), "{error}");
    assert!(error.contains(".ignore(\"normalization\")"), "{error}");
    let loaded = model.load_weights(weights.ignore("normalization")).unwrap();
    assert_eq!(loaded.layers, [("target.0".to_owned(), "dense".to_owned())]);
    // The preprocessing is fitted without training.
    let row = PreparedInputs { row: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] };
    let error = model.predict(std::slice::from_ref(&row)).err().unwrap();
    assert!(matches!(error, Error::Unfitted { .. }), "{error}");
    let before = model.snapshot().unwrap();
    let sample = |n: u8| PreparedSample { row: [f32::from(n); 6], target: 0.0 };
    model.fit_preprocessing(&[sample(1), sample(2), sample(3)]).unwrap();
    assert_eq!(model.snapshot().unwrap(), before);
    model.predict(&[row]).unwrap();
}

#[test]
fn a_file_of_another_kind_says_how_to_write_one() {
    let folder = tempfile::tempdir().unwrap();
    let message = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Weights::keras(path).unwrap_err().to_string()
    };
    let text = message("text.h5", b"a,b\n1,2\n");
    assert!(
        text.contains("neither a `.keras` file nor an HDF5 file") && text.contains("save_weights"),
        "{text}"
    );
    let pickled =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/weights_torch/pickled.pt"));
    let pickled = message("pickled.keras", &pickled.unwrap());
    assert!(pickled.contains("safetensors.torch.save_file"), "{pickled}");
    let empty = message("empty.h5", EMPTY_HDF5);
    assert!(empty.contains("it holds no weights"), "{empty}");
    let absent = Weights::keras(folder.path().join("none.keras")).unwrap_err().to_string();
    assert!(absent.contains("cannot read"), "{absent}");
}

/// An HDF5 file with an empty group, which h5py wrote: `h5py.File(path, "w", libver="latest")`.
const EMPTY_HDF5: &[u8] = include_bytes!("../fixtures/empty.h5");

#[test]
fn a_model_of_another_architecture_is_an_error_with_both_sides() {
    let files = Files::unpacked();
    let mut model = fresh::<House>();
    let before = model.snapshot().unwrap();
    let error = model.load_weights(files.weights("post.keras")).unwrap_err().to_string();
    for part in [
        "`numerical.0`: Dense(8, relu), weight [8, 10], bias [8]: the file has no layer like it",
        "the file has `conv2d`: Conv2D [3, 3, 3, 4], [4]: the model has no layer like it",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(model.snapshot().unwrap(), before);
}

/// The model of the file with other settings of the same shapes.
#[multi_input_model]
struct OtherActivation {
    #[input]
    #[branch(Dense(8, tanh), Dense(4, relu))]
    numerical: [f32; 10],
    #[input]
    #[branch(Embedding(20, 3), Flatten)]
    categorical: u32,
    #[merge(concat(numerical, categorical))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

#[multi_input_model]
struct OtherOrder {
    #[input]
    #[branch(Dense(8, relu), Dense(4, relu))]
    numerical: [f32; 10],
    #[input]
    #[branch(Embedding(20, 3), Flatten)]
    categorical: u32,
    #[merge(concat(categorical, numerical))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

#[test]
fn what_would_predict_otherwise_is_an_error() {
    let files = Files::unpacked();
    let error = fresh::<OtherActivation>().load_weights(files.weights("house.keras")).unwrap_err();
    let text = "`numerical.0` has `activation = tanh` here, but `dense` has relu";
    assert!(error.to_string().contains(text), "{error}");
    let error = fresh::<OtherOrder>().load_weights(files.weights("house.keras")).unwrap_err();
    let text = "is fed by concat(`categorical.0`, `numerical.1`), but `dense_2`: Dense [7, 1], [1] there by \
                concat(`dense_1`, `embedding`)";
    assert!(error.to_string().contains(text), "{error}");
}

/// Reads a damaged file, and loads what is read: an error or not, but no panic.
fn read_damaged(path: &std::path::Path, bytes: &[u8], model: &mut Model<House>) -> bool {
    std::fs::write(path, bytes).unwrap();
    match Weights::keras(path) {
        Ok(weights) => model.load_weights(weights).is_ok(),
        Err(Error::Checkpoint(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_file_that_is_cut_off_is_an_error() {
    let files = Files::unpacked();
    let path = files.path("cut");
    for name in ["house.keras", "house.weights.h5", "house.h5"] {
        let bytes = std::fs::read(files.path(name)).unwrap();
        let mut model = fresh::<House>();
        for length in (0..bytes.len()).step_by(61).chain(bytes.len() - 9..bytes.len()) {
            let read = read_damaged(&path, &bytes[..length], &mut model);
            assert!(!read, "{name} of {length} bytes");
        }
        assert!(read_damaged(&path, &bytes, &mut model), "{name}");
    }
}

#[test]
fn flipped_bits_do_no_harm() {
    let files = Files::unpacked();
    let path = files.path("flipped");
    let mut state = 1u64;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for name in ["house.keras", "house.weights.h5", "house.h5"] {
        let intact = std::fs::read(files.path(name)).unwrap();
        let mut model = fresh::<House>();
        for _ in 0..700 {
            let mut bytes = intact.clone();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                bytes[at] ^= 1 << random(8);
            }
            read_damaged(&path, &bytes, &mut model);
        }
    }
}

/// Two towers with one branch, a learned vector, and a picture that is flattened in a merge.
#[multi_input_model]
struct Towers {
    #[input]
    #[branch(Embedding(9, 4), LSTM(3))]
    query: [u32; 5],
    #[input]
    #[branch(shared = query)]
    title: [u32; 5],
    #[input(missing = learned)]
    #[branch(Dense(3))]
    survey: Option<[f32; 2]>,
    #[input]
    #[branch(Conv2D(2, 2), Flatten)]
    photo: [[[f32; 4]; 3]; 3],
    #[merge(multiply(query, title))]
    pair: [f32; 3],
    #[merge(concat(pair, survey, photo))]
    #[branch(BatchNorm, relu, Dense(1))]
    #[output(loss = mse)]
    score: f32,
}

#[test]
fn shared_branches_and_flattened_pictures_are_saved_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("towers.weights.h5");
    for channels_last in [true, false] {
        let model = fresh::<Towers>();
        let saved = model.save_keras_weights(&path).unwrap();
        assert_eq!(saved.left, ["survey_missing"]);
        let mut again: Model<Towers> = Model::build(&Cpu::default(), Seed(2));
        let mut weights = Weights::keras(&path).unwrap();
        if !channels_last {
            weights = weights.channels_first();
        }
        let loaded = again.load_weights(weights).unwrap();
        assert_eq!(loaded.kept, ["survey_missing"]);
        let [own, read] = [&model, &again].map(|model| model.snapshot().unwrap());
        let differs = |(own, read): (&Vec<f64>, &Vec<f64>)| own != read;
        let pairs = own.tensors().iter().zip(read.tensors());
        let different = pairs.filter(|pair| differs(*pair)).count();
        // The weight of the flattened picture, where it is read in the order that it has here. (The
        // vectors of the norm are the same at every place.)
        assert_eq!(different, if channels_last { 0 } else { 1 });
    }
}

/// A picture that comes out of a vector: Keras counts its pixels in another order.
#[multi_input_model]
struct Decoder {
    #[input]
    #[branch(Dense(12), Reshape(3, 2, 2), Conv2D(1, 2), Flatten)]
    code: [f32; 2],
    #[from(code)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    score: f32,
}

#[test]
fn an_order_that_cannot_be_known_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decoder.weights.h5");
    let error = fresh::<Decoder>().save_keras_weights(&path).unwrap_err().to_string();
    let text = "`code.2`: its inputs are in another order in Keras: `Reshape(3, 2, 2)`";
    assert!(error.contains(text), "{error}");
}

#[test]
fn a_model_of_another_dtype_reads_and_writes_its_own() {
    let files = Files::unpacked();
    let path = files.path("exact.weights.h5");
    let mut exact = Model::<House, f64>::build(&Cpu::default(), Seed(1));
    exact.save_keras_weights(&path).unwrap();
    let mut again = Model::<House, f64>::build(&Cpu::default(), Seed(2));
    let _ = again.load_weights(Weights::keras(&path).unwrap()).unwrap();
    assert_eq!(again.snapshot().unwrap(), exact.snapshot().unwrap());
    let _ = exact.load_weights(files.weights("house.keras")).unwrap();
    exact.save(files.path("exact.safetensors")).unwrap();
    let rounded = Model::load_converted(files.path("exact.safetensors"), &Cpu::default()).unwrap();
    check_house(&rounded, &files.answers("house"));
}
