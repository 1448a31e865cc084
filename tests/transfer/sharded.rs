//! A `sharded` table of a model that is on one rank is a table like any other.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use multi_input::prelude::*;
use safetensors::{
    tensor::{Dtype, TensorView},
    SafeTensors,
};

const VECTORS: &str = "../target/tmp/vectors_of_sharded_tables.txt";

/// The same model with and without the flag.
macro_rules! shop {
    ($module:ident $(, $sharded:ident)?) => {
        mod $module {
            use multi_input::prelude::*;

            const TITLES: usize = 40;

            #[multi_input_model(part(Texts(title, query, tags, amounts) = texts), export = onnx(encoded(title, query, color)))]
            #[derive(Clone, Debug, PartialEq)]
            pub struct Shop {
                #[input(categories(8), missing = learned)]
                #[branch(Embedding(auto $(, $sharded)?))]
                pub city: Option<String>,
                #[input(words(vocabulary = TITLES, length = 3))]
                #[branch(Embedding(TITLES, 2, mask, from = "../target/tmp/vectors_of_sharded_tables.txt" $(, $sharded)?), LSTM(2))]
                pub title: String,
                #[input(words(vocabulary = TITLES, length = 3, shared = title))]
                #[branch(shared = title)]
                pub query: String,
                #[input(pad(4))]
                pub tags: Vec<u32>,
                #[input(pad(4))]
                pub amounts: Vec<f32>,
                #[merge(weighted(tags, amounts))]
                #[branch(EmbeddingBag(9, 3, sum $(, $sharded)?))]
                pub bag: _,
                #[input(hashed(5))]
                #[branch(Embedding(5, 2 $(, $sharded)?), frozen)]
                pub color: String,
                #[merge(concat(title, query, bag))]
                #[branch(Dense(4, tanh))]
                #[output]
                pub texts: _,
                #[merge(concat(texts, city, color))]
                #[branch(Dense(1))]
                #[output(loss = mse, standardize)]
                pub price: f32,
            }

            pub fn row(n: usize, words: &[&str]) -> ShopSample {
                let of = |words: &[&str], n: usize| words[n % words.len()].to_owned();
                ShopSample {
                    city: (n % 4 > 0).then(|| of(&["Bonn", "Ulm", "Kiel"], n)),
                    title: of(words, n),
                    query: of(words, n / 2),
                    tags: (0..n % 5).map(|k| ((n + k * n) % 9) as u32).collect(),
                    amounts: (0..n % 5).map(|k| k as f32 - 0.5).collect(),
                    color: of(&["red", "blue", "green"], n / 3),
                    price: 5.0 + (n as f32 * 0.7).sin(),
                }
            }

            pub fn rows() -> Vec<ShopSample> {
                (0..40).map(|n| row(n, &["old house", "new flat", "old flat"])).collect()
            }

            pub fn fit(model: &mut Model<Shop>) {
                Trainer::new(Adam::new(1e-2))
                    .epochs(2)
                    .batch_size(7)
                    .progress(Progress::silent())
                    .fit(model, &rows())
                    .unwrap();
            }

            /// Everything that a test compares, as a text.
            pub fn shown(model: &Model<Shop>) -> String {
                let inputs: Vec<ShopInputs> = rows().into_iter().map(ShopInputs::from).collect();
                let part: Model<Texts> = model.part().unwrap();
                let texts = |row: &ShopInputs| {
                    let ShopInputs { title, query, tags, amounts, .. } = row.clone();
                    TextsInputs { title, query, tags, amounts }
                };
                let texts: Vec<TextsInputs> = inputs.iter().map(texts).collect();
                let importance = Importance::by_permutation(model, &rows(), 1, Seed(3)).unwrap();
                format!(
                    "{:?} {:?} {:?} {importance} {}",
                    model.predict(&inputs).unwrap(),
                    part.predict(&texts).unwrap(),
                    model.evaluate(&rows()).unwrap(),
                    model.num_parameters(),
                )
            }
        }
    };
}

shop!(plain);
shop!(sharded, sharded);

/// What a saved model says of itself, its signature and its preprocessing among it.
fn metadata(path: &Path) -> Option<HashMap<String, String>> {
    SafeTensors::read_metadata(&std::fs::read(path).unwrap()).unwrap().1.metadata().clone()
}

/// Vectors of some words, which both models begin with.
fn write_vectors() {
    std::fs::create_dir_all("../target/tmp").unwrap();
    let mut part = tempfile::NamedTempFile::new_in("../target/tmp").unwrap();
    std::io::Write::write_all(&mut part, b"house 1 2\nflat -1 -2\nunseen 9 9\n").unwrap();
    part.persist(VECTORS).unwrap();
}

/// Both models with the same initial weights.
fn both(folder: &Path) -> (Model<plain::Shop>, Model<sharded::Shop>) {
    write_vectors();
    let plain = plain::Shop::build(&Cpu::default(), Seed(7));
    let path = folder.join("initial.safetensors");
    plain.save(&path).unwrap();
    (plain, Model::load(&path, &Cpu::default()).unwrap())
}

#[test]
fn it_trains_explains_and_is_saved_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let (mut plain, mut sharded) = both(folder.path());
    plain::fit(&mut plain);
    sharded::fit(&mut sharded);
    // A step changes the rows that it looks up, also of a small table, so sums are rounded otherwise.
    let weights = (plain.snapshot().unwrap(), sharded.snapshot().unwrap());
    let mut pairs = weights.0.tensors().iter().flatten().zip(weights.1.tensors().iter().flatten());
    assert!(pairs.all(|(a, b)| (a - b).abs() < 1e-5));
    plain.restore(&weights.1).unwrap();
    assert_eq!(plain::shown(&plain), sharded::shown(&sharded));

    let [of_plain, of_sharded] = ["plain", "sharded"].map(|name| folder.path().join(name));
    plain.save(&of_plain).unwrap();
    sharded.save(&of_sharded).unwrap();
    assert_eq!(metadata(&of_plain), metadata(&of_sharded));
    let loaded: Model<plain::Shop> = Model::load(&of_sharded, &Cpu::default()).unwrap();
    assert_eq!(plain::shown(&loaded), plain::shown(&plain));

    plain.export_onnx(&of_plain).unwrap();
    sharded.export_onnx(&of_sharded).unwrap();
    assert_eq!(std::fs::read(of_plain).unwrap(), std::fs::read(of_sharded).unwrap());
}

#[test]
fn it_is_taken_and_grows_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let (mut plain, mut sharded) = both(folder.path());
    plain::fit(&mut plain);
    let _ = sharded.take_matching(&plain).unwrap();
    sharded.fit_preprocessing(&sharded::rows()).unwrap();
    let texts = {
        use plain::Shop;
        nodes![Shop::{title, query, bag, texts}]
    };
    let mut other = plain::Shop::build(&Cpu::default(), Seed(9));
    let _ = other.take(&sharded, texts).unwrap();
    assert_eq!(plain.module().title.0.weight.as_vec(), other.module().title.0.weight.as_vec());

    let path = folder.path().join("trained.safetensors");
    plain.save(&path).unwrap();
    sharded.load_weights(&path).unwrap();
    let new = ["old castle", "castle"];
    let grown = plain.grow(&[0, 1].map(|n| plain::row(n, &new))).unwrap().to_string();
    let of_sharded = sharded.grow(&[0, 1].map(|n| sharded::row(n, &new))).unwrap().to_string();
    assert!(grown.contains('1'), "{grown}");
    assert_eq!(grown, of_sharded);
    assert_eq!(plain.snapshot().unwrap(), sharded.snapshot().unwrap());
    assert_eq!(plain::shown(&plain), sharded::shown(&sharded));
}

#[multi_input_model]
struct Item {
    #[input]
    #[branch(Embedding(5, 2, sharded))]
    item: u32,
    #[from(item)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

#[test]
fn it_takes_the_weights_of_pytorch() {
    let numbers: Vec<u8> = (0..13_u8).flat_map(|n| f32::from(n).to_le_bytes()).collect();
    let view = |shape: &[usize], from: usize| {
        let bytes = &numbers[4 * from..][..4 * shape.iter().product::<usize>()];
        TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap()
    };
    let state = BTreeMap::from([
        ("embedding.weight", view(&[5, 2], 0)),
        ("fc.weight", view(&[1, 2], 10)),
        ("fc.bias", view(&[1], 12)),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    safetensors::serialize_to_file(state, None, &path).unwrap();
    let mut model = Item::build(&Cpu::default(), Seed(1));
    model.load_weights(Weights::torch(&path).unwrap()).unwrap();
    let predicted = model.predict(&[ItemInputs { item: 3 }]).unwrap();
    assert_eq!(predicted[0].stars, 6.0 * 10.0 + 7.0 * 11.0 + 12.0);
}
