//! Parts of a model are definitions of their own, with its weights and its preprocessing.

use multi_input::{definition::PartOf, multi_input_model, prelude::*};

const TITLES: usize = 5000;

/// Two towers of everything that a part may need.
#[multi_input_model(
    part(ItemTower(title, genre, shelf, numbers, discount, history) = item_vector),
    part(Towers = (user_vector, item_vector)),
    part(Kind = kind, Encoded = (numbers, flagged)),
    allow(untrained)
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Shop {
    #[input(words(vocabulary = TITLES, length = 4))]
    #[branch(Embedding(TITLES, 6), LSTM(5))]
    query: String,
    // The branch and the vocabulary belong to `query`, which the items do without.
    #[input(words(vocabulary = TITLES, length = 4, shared = query))]
    #[branch(shared = query)]
    title: String,
    #[input(categories(12))]
    #[branch(Embedding(12, 4))]
    genre: String,
    // What is derived of it is all that is made of it.
    #[input(categories(9))]
    shelf: String,
    #[derived(crossed(genre, shelf, 30))]
    #[branch(Embedding(30, 3))]
    place: u32,
    #[input(standardize, missing = learned)]
    #[branch(Dense(5, relu), BatchNorm, Dropout(0.3))]
    numbers: Option<[f32; 3]>,
    // The items only ask whether there is one, the users what it is.
    #[input(standardize, missing = mean)]
    #[branch(Dense(3, tanh))]
    discount: Option<f32>,
    #[input(pad(4), missing = zeros)]
    #[branch(Embedding(20, 4, mask), LSTM(4))]
    history: Option<Vec<u32>>,
    #[merge(concat(title, genre, place, numbers, present(discount), history))]
    #[branch(Dense(8, tanh))]
    #[output]
    item_vector: [f32; 8],
    #[merge(concat(query, discount))]
    #[branch(LayerNorm, Dense(8, tanh))]
    user_vector: [f32; 8],
    #[merge(dot(user_vector, item_vector))]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    rating: f32,
    #[from(item_vector)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, categories)]
    kind: Class<3>,
    #[merge(concat(item_vector, present(numbers)))]
    #[branch(Dense(2, sigmoid))]
    #[output]
    flagged: [f64; 2],
}

fn rows(count: usize) -> Vec<ShopSample> {
    let wave = |row: usize, phase: f32| (row as f32 * 0.7 + phase).sin();
    let of = |words: &[&str], row: usize| words[row % words.len()].to_owned();
    let row = |row: usize| ShopSample {
        query: of(&["a red shoe", "old book", "a book of shoes", "tea"], row),
        title: of(&["red shoe", "tea pot", "the old book", "pot", "a new word"], row),
        genre: of(&["shoes", "books", "kitchen"], row / 2),
        shelf: of(&["left", "right", "middle", "cellar", "roof"], row),
        numbers: (row % 3 > 0)
            .then(|| [wave(row, 0.1), 5.0 + wave(row, 0.4), 9.0 * wave(row, 1.0)]),
        discount: (row % 4 > 0).then(|| 10.0 + wave(row, 2.0)),
        history: (row % 5 > 0).then(|| (0..row % 7).map(|item| (item * row % 20) as u32).collect()),
        rating: 3.0 + wave(row, 0.3),
        kind: of(&["cheap", "dear", "fair"], row / 3),
    };
    (0..count).map(row).collect()
}

fn trained() -> (Model<Shop>, Vec<ShopInputs>) {
    let rows = rows(60);
    let mut model = Shop::build(&Cpu::default(), Seed(5));
    Trainer::new(AdamW::new(1e-2))
        .epochs(3)
        .batch_size(16)
        .progress(Progress::silent())
        .fit(&mut model, &rows)
        .unwrap();
    let mut unseen: Vec<ShopInputs> = rows.into_iter().map(ShopInputs::from).collect();
    unseen[0].genre = "toys".to_owned();
    unseen[1].title = "words nobody knows".to_owned();
    (model, unseen)
}

fn item(row: &ShopInputs) -> ItemTowerInputs {
    let ShopInputs { title, genre, shelf, numbers, discount, history, .. } = row.clone();
    ItemTowerInputs { title, genre, shelf, numbers, discount, history }
}

fn items(rows: &[ShopInputs]) -> Vec<ItemTowerInputs> {
    rows.iter().map(item).collect()
}

fn towers(rows: &[ShopInputs]) -> Vec<TowersInputs> {
    let of = |row: &ShopInputs| {
        let ShopInputs { query, title, genre, shelf, numbers, discount, history } = row.clone();
        TowersInputs { query, title, genre, shelf, numbers, discount, history }
    };
    rows.iter().map(of).collect()
}

#[test]
fn a_part_has_the_inputs_that_it_needs() {
    let inputs = |schema: multi_input::definition::Schema| {
        schema.inputs.iter().map(|input| input.name).collect::<Vec<_>>()
    };
    let items = ["title", "genre", "shelf", "numbers", "discount", "history"];
    assert_eq!(inputs(ItemTower::SCHEMA), items);
    assert_eq!(inputs(Encoded::SCHEMA), items);
    assert_eq!(inputs(Towers::SCHEMA).len(), 7);
    // The items learn nothing of a discount, so it is not preprocessed.
    let discount = ItemTower::SCHEMA.inputs.iter().find(|input| input.name == "discount").unwrap();
    assert!(discount.steps.is_empty());
    let nodes: Vec<_> =
        ItemTower::GRAPH.nodes.iter().map(|node| (node.name, node.shared)).collect();
    assert!(nodes.contains(&("title", None)) && !nodes.iter().any(|(name, _)| *name == "query"));
    assert_eq!(<ItemTower as PartOf<Shop>>::OWNERS, [("title", "query")]);
    assert_eq!(<Towers as PartOf<Shop>>::OWNERS, []);
    assert!(ItemTower::GRAPH.outputs.is_empty() && ItemTower::SCHEMA.targets.is_empty());
    assert_eq!(Kind::GRAPH.outputs[0].name, "kind");
}

#[test]
fn a_part_predicts_the_bits_of_the_whole() {
    let (model, rows) = trained();
    let whole = model.predict(&rows).unwrap();
    let part: Model<ItemTower> = model.part().unwrap();
    let vectors = part.predict(&items(&rows)).unwrap();
    let both = model.part::<Towers>().unwrap().predict(&towers(&rows)).unwrap();
    assert!(vectors.iter().zip(&both).all(|(one, two)| one.item_vector == two.item_vector));

    let encoded = model.part::<Encoded>().unwrap();
    let kind = model.part::<Kind>().unwrap();
    let inputs = |row: &ShopInputs| {
        let ItemTowerInputs { title, genre, shelf, numbers, discount, history } = item(row);
        EncodedInputs { title, genre, shelf, numbers, discount, history }
    };
    let kinds = |row: &ShopInputs| {
        let ItemTowerInputs { title, genre, shelf, numbers, discount, history } = item(row);
        KindInputs { title, genre, shelf, numbers, discount, history }
    };
    let encoded = encoded.predict(&rows.iter().map(inputs).collect::<Vec<_>>()).unwrap();
    let kinds = kind.predict(&rows.iter().map(kinds).collect::<Vec<_>>()).unwrap();
    for (index, whole) in whole.iter().enumerate() {
        assert_eq!(whole.item_vector, vectors[index].item_vector, "row {index}");
        assert_eq!(whole.flagged, encoded[index].flagged, "row {index}");
        assert_eq!(whole.kind, kinds[index].kind, "row {index}");
    }
    // Rows without numbers have the learned vector, which another part needs as well.
    assert_eq!(encoded[0].numbers, encoded[3].numbers);
    assert_eq!(encoded[0].numbers.to_vec(), model.module().numbers_missing.as_vec());
}

#[test]
fn a_part_is_saved_alone() {
    let (model, rows) = trained();
    let folder = tempfile::tempdir().unwrap();
    let [alone, whole] = ["tower.safetensors", "shop.safetensors"].map(|n| folder.path().join(n));
    let part: Model<ItemTower> = model.part().unwrap();
    let before = part.predict(&items(&rows)).unwrap();
    part.save(&alone).unwrap();
    model.save(&whole).unwrap();
    let loaded = Model::<ItemTower>::load(&alone, &Cpu::default()).unwrap();
    assert_eq!(loaded.predict(&items(&rows)).unwrap(), before);
    assert_eq!(loaded.preprocessing(), part.preprocessing());
    let of_whole =
        Model::<Shop>::load(&whole, &Cpu::default()).unwrap().part::<ItemTower>().unwrap();
    assert_eq!(of_whole.predict(&items(&rows)).unwrap(), before);
    // The file of one is no file of the other.
    let error = Model::<ItemTower>::load(&whole, &Cpu::default()).unwrap_err();
    assert!(error.to_string().contains("input `query`"), "{error}");
    let error = Model::<Shop>::load(&alone, &Cpu::default()).unwrap_err();
    assert!(error.to_string().contains("input `query`"), "{error}");
    // It holds no more than it needs.
    let sizes = [alone, whole].map(|path| std::fs::metadata(path).unwrap().len());
    assert!(sizes[0] < sizes[1], "{sizes:?}");
}

#[test]
fn a_part_does_not_change_with_the_whole() {
    let (mut model, rows) = trained();
    let part: Model<ItemTower> = model.part().unwrap();
    let before = part.predict(&items(&rows)).unwrap();
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(1).progress(Progress::silent());
    trainer.fit(&mut model, &self::rows(30)).unwrap();
    assert_eq!(part.predict(&items(&rows)).unwrap(), before);
    let after = model.part::<ItemTower>().unwrap().predict(&items(&rows)).unwrap();
    assert_ne!(after, before);
}

#[test]
fn a_part_of_a_model_that_is_not_trained_is_not_fitted() {
    let model = Shop::build(&Cpu::default(), Seed(5));
    let part: Model<ItemTower> = model.part().unwrap();
    let row = item(&ShopInputs::from(rows(1).remove(0)));
    let error = part.predict(&[row]).unwrap_err();
    assert!(error.to_string().starts_with("`ItemTower` is not fitted: input `title`"), "{error}");
}

#[test]
fn a_part_with_a_loss_is_evaluated_and_trained_as_the_whole_is() {
    let (model, _) = trained();
    let rows = rows(20);
    let kinds = |row: &ShopSample| {
        let ShopSample { title, genre, shelf, numbers, discount, history, kind, .. } = row.clone();
        KindSample { title, genre, shelf, numbers, discount, history, kind }
    };
    let kinds: Vec<KindSample> = rows.iter().map(kinds).collect();
    let mut part: Model<Kind> = model.part().unwrap();
    let of = |name: &str, evaluation: &Evaluation| evaluation.get(name).unwrap();
    let (whole, own) = (model.evaluate(&rows).unwrap(), part.evaluate(&kinds).unwrap());
    assert_eq!(of("kind_loss", &whole), of("loss", &own));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(5).progress(Progress::silent());
    trainer.fit(&mut part, &kinds).unwrap();
    assert!(of("loss", &part.evaluate(&kinds).unwrap()) < of("loss", &own));
}

/// The rest of the columns stays the rest of the model's columns.
#[multi_input_model(part(Rest = rest))]
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    #[input]
    a: f32,
    #[input(columns(all_others))]
    #[branch(Dense(2))]
    rest: [f32; 2],
    #[merge(concat(a, rest))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn columns_of_other_inputs_are_not_the_rest() {
    let text = "y,s2,a,s1\n5,2,7,1\n";
    let read = || csv::Reader::from_reader(text.as_bytes());
    let whole: ColumnsInputs = read().deserialize().next().unwrap().unwrap();
    let part: RestInputs = read().deserialize().next().unwrap().unwrap();
    assert_eq!((whole.rest, part.rest), ([1.0, 2.0], [1.0, 2.0]));
}
