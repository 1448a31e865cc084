//! Parts of a model are definitions of their own, with its weights and its preprocessing.

use multi_input::{data::Csv, definition::PartOf, multi_input_model, prelude::*};

const TITLES: usize = 5000;

/// Two towers of everything that a part may need.
#[multi_input_model(
    part(ItemTower(title, genre, room, numbers, discount, history) = item_vector),
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
    room: String,
    #[derived(crossed(genre, room, 30))]
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
        room: of(&["left", "right", "middle", "cellar", "roof"], row),
        numbers: (!row.is_multiple_of(3))
            .then(|| [wave(row, 0.1), 5.0 + wave(row, 0.4), 9.0 * wave(row, 1.0)]),
        discount: (!row.is_multiple_of(4)).then(|| 10.0 + wave(row, 2.0)),
        history: (!row.is_multiple_of(5))
            .then(|| (0..row % 7).map(|item| (item * row % 20) as u32).collect()),
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
    unseen[1].title = "other words".to_owned();
    (model, unseen)
}

fn item(row: &ShopInputs) -> ItemTowerInputs {
    let ShopInputs { title, genre, room, numbers, discount, history, .. } = row.clone();
    ItemTowerInputs { title, genre, room, numbers, discount, history }
}

fn items(rows: &[ShopInputs]) -> Vec<ItemTowerInputs> {
    rows.iter().map(item).collect()
}

fn towers(rows: &[ShopInputs]) -> Vec<TowersInputs> {
    let of = |row: &ShopInputs| {
        let ShopInputs { query, title, genre, room, numbers, discount, history } = row.clone();
        TowersInputs { query, title, genre, room, numbers, discount, history }
    };
    rows.iter().map(of).collect()
}

#[test]
fn a_part_has_the_inputs_that_it_needs() {
    let inputs = |schema: multi_input::definition::Schema| {
        schema.inputs.iter().map(|input| input.name).collect::<Vec<_>>()
    };
    let items = ["title", "genre", "room", "numbers", "discount", "history"];
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
        let ItemTowerInputs { title, genre, room, numbers, discount, history } = item(row);
        EncodedInputs { title, genre, room, numbers, discount, history }
    };
    let kinds = |row: &ShopInputs| {
        let ItemTowerInputs { title, genre, room, numbers, discount, history } = item(row);
        KindInputs { title, genre, room, numbers, discount, history }
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
        let ShopSample { title, genre, room, numbers, discount, history, kind, .. } = row.clone();
        KindSample { title, genre, room, numbers, discount, history, kind }
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
    #[input(columns(prefix = "p"))]
    pixels: [f32; 2],
    #[input(columns(all_others))]
    #[branch(Dense(2))]
    rest: [f32; 2],
    #[merge(concat(a, pixels, rest))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn columns_of_other_inputs_are_not_the_rest() {
    let text = "y,s2,p0,a,s1,p1\n5,2,8,7,1,9\n";
    let read = || csv::Reader::from_reader(text.as_bytes());
    let whole: ColumnsInputs = read().deserialize().next().unwrap().unwrap();
    let part: RestInputs = read().deserialize().next().unwrap().unwrap();
    assert_eq!((whole.rest, whole.pixels), ([1.0, 2.0], [8.0, 9.0]));
    assert_eq!(part.rest, whole.rest);

    // Whole files are read into columns by other code.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, text).unwrap();
    let model: Model<Rest> = Columns::build(&Cpu::default(), Seed(1)).part().unwrap();
    let file = Csv::<RestInputs>::new(&path);
    let streamed: Vec<RestOutputs> =
        model.predict_from(&file).unwrap().map(Result::unwrap).collect();
    assert_eq!(streamed, model.predict(&[part]).unwrap());
}

/// Losses with heads and weights of their own.
#[multi_input_model(part(Rents = (rent, vector)), allow(untrained))]
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    #[input(standardize)]
    rooms: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(4, tanh))]
    vector: _,
    #[from(vector)]
    #[branch(Dense(1))]
    #[output(loss = mse, weight = learned)]
    price: f32,
    #[from(vector)]
    #[branch(Dense(3))]
    #[output(loss = quantile(0.1, 0.5, 0.9), weight = learned, standardize)]
    rent: f32,
    #[from(vector)]
    #[branch(Dense(2))]
    #[output]
    code: _,
}

#[test]
fn the_weights_of_losses_stand_between_heads_and_values() {
    let row = |row: usize| {
        let x = row as f32;
        WeighedSample { rooms: [x, x * x, (x * 0.7).sin()], price: x, rent: 5.0 - x }
    };
    let rows: Vec<WeighedSample> = (0..20).map(row).collect();
    let mut model = Weighed::build(&Cpu::default(), Seed(5));
    let trainer = || Trainer::new(Adam::new(1e-2)).epochs(5).progress(Progress::silent());
    trainer().fit(&mut model, &rows).unwrap();
    let part: Model<Rents> = model.part().unwrap();
    let weight = |weight: &dfdx::tensor::Tensor<_, f32, Cpu>| weight.as_vec();
    assert_eq!(weight(&part.module().rent_log_variance), weight(&model.module().rent_log_variance));
    assert_ne!(weight(&part.module().rent_log_variance), [0.0]);
    let inputs: Vec<WeighedInputs> = rows.iter().cloned().map(WeighedInputs::from).collect();
    let whole = model.predict(&inputs).unwrap();
    let own: Vec<RentsInputs> = inputs.iter().map(|row| RentsInputs { rooms: row.rooms }).collect();
    for (whole, own) in whole.iter().zip(part.predict(&own).unwrap()) {
        assert_eq!(whole.rent, own.rent);
        assert_eq!((own.vector.len(), whole.code.len()), (4, 2));
    }
    let evaluation = model.evaluate(&rows).unwrap();
    assert!(evaluation.loss().is_finite(), "{evaluation}");
    let rents = |row: &WeighedSample| RentsSample { rooms: row.rooms, rent: row.rent };
    let rents: Vec<RentsSample> = rows.iter().map(rents).collect();
    let of_part = part.evaluate(&rents).unwrap();
    assert!(of_part.loss().is_finite() && of_part.loss() != evaluation.loss());
}

/// A derived node with steps of its own.
#[multi_input_model(part(Densities = per_home))]
#[derive(Clone, Debug, PartialEq)]
pub struct Homes {
    #[input]
    rooms: f32,
    #[input]
    homes: f32,
    #[derived(rooms / homes, standardize)]
    #[branch(Dense(2))]
    #[output]
    per_home: _,
    #[input]
    age: f32,
    #[merge(concat(per_home, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn the_steps_of_derived_nodes_come_along() {
    let row = |row: usize| {
        let x = row as f32;
        HomesSample { rooms: 3.0 + x, homes: 1.0 + x % 3.0, age: x.sin(), price: x }
    };
    let rows: Vec<HomesSample> = (0..20).map(row).collect();
    let mut model = Homes::build(&Cpu::default(), Seed(5));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(2).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let part: Model<Densities> = model.part().unwrap();
    let inputs: Vec<HomesInputs> = rows.iter().cloned().map(HomesInputs::from).collect();
    let own = |row: &HomesInputs| DensitiesInputs { rooms: row.rooms, homes: row.homes };
    let own: Vec<DensitiesInputs> = inputs.iter().map(own).collect();
    let whole = model.predict(&inputs).unwrap().into_iter().map(|row| row.per_home);
    assert!(whole.eq(part.predict(&own).unwrap().into_iter().map(|row| row.per_home)));
}

/// Two optional inputs of one branch, of which each has a vector of its own.
#[multi_input_model(part(Second = b), part(Both = (a, b)), allow(untrained))]
#[derive(Clone, Debug, PartialEq)]
pub struct Twins {
    #[input(standardize, missing = learned)]
    #[branch(Dense(3, tanh))]
    #[output]
    a: Option<[f32; 2]>,
    #[input(standardize, missing = learned)]
    #[branch(shared = a)]
    #[output]
    b: Option<[f32; 2]>,
    #[merge(concat(a, b))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

fn twins() -> Vec<TwinsSample> {
    let of = |row: usize| {
        let x = row as f32;
        let b = (!row.is_multiple_of(4)).then_some([x, 2.0 - x]);
        TwinsSample { a: Some([x.sin(), x]), b, y: x.cos() }
    };
    (0..24).map(of).collect()
}

#[test]
fn a_node_that_shares_a_branch_has_its_own_vector_for_what_is_absent() {
    let mut model = Twins::build(&Cpu::default(), Seed(5));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(3).progress(Progress::silent());
    trainer.fit(&mut model, &twins()).unwrap();
    let part: Model<Second> = model.part().unwrap();
    let inputs: Vec<TwinsInputs> = twins().into_iter().map(TwinsInputs::from).collect();
    let own: Vec<SecondInputs> = inputs.iter().map(|row| SecondInputs { b: row.b }).collect();
    let whole = model.predict(&inputs).unwrap().into_iter().map(|row| row.b);
    assert!(whole.eq(part.predict(&own).unwrap().into_iter().map(|row| row.b)));
    assert_ne!(part.module().b_missing.as_vec(), model.module().a_missing.as_vec());
    assert_eq!(part.module().b_missing.as_vec(), model.module().b_missing.as_vec());
    let both: Model<Both> = model.part().unwrap();
    assert_eq!(both.module().a_missing.as_vec(), model.module().a_missing.as_vec());
}

/// Fields whose preprocessing was taken from elsewhere, and which no run has fitted.
#[test]
fn a_part_has_the_preprocessing_that_the_whole_has_taken() {
    let mut base = Homes::build(&Cpu::default(), Seed(5));
    let row = |row: usize| {
        let x = row as f32;
        HomesSample { rooms: 3.0 + x, homes: 1.0 + x % 3.0, age: x.sin(), price: x }
    };
    let rows: Vec<HomesSample> = (0..20).map(row).collect();
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(2).progress(Progress::silent());
    trainer.fit(&mut base, &rows).unwrap();
    let mut taking = Homes::build(&Cpu::default(), Seed(6));
    let _ = taking.take(&base, nodes![Homes::per_home]).unwrap();
    let part: Model<Densities> = taking.part().unwrap();
    let own = |row: &HomesSample| DensitiesInputs { rooms: row.rooms, homes: row.homes };
    let own: Vec<DensitiesInputs> = rows.iter().map(own).collect();
    let expected = base.part::<Densities>().unwrap().predict(&own).unwrap();
    assert_eq!(part.predict(&own).unwrap(), expected);

    let mut base = Twins::build(&Cpu::default(), Seed(5));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(2).progress(Progress::silent());
    trainer.fit(&mut base, &twins()).unwrap();
    let mut taking = Twins::build(&Cpu::default(), Seed(6));
    let _ = taking.take(&base, nodes![Twins::a]).unwrap();
    let part: Model<Second> = taking.part().unwrap();
    let own: Vec<SecondInputs> = twins().iter().map(|row| SecondInputs { b: row.b }).collect();
    let expected = base.part::<Second>().unwrap().predict(&own).unwrap();
    assert_eq!(part.predict(&own).unwrap(), expected);
}
