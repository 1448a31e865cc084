//! Attribution against brute force, and gradients with respect to inputs against central differences.

use multi_input_data::Class;

use crate::{
    attribution::Attribution, callback::Progress, importance::Importance, multi_input_model,
    optim::Adam, train::Trainer, Model, Seed,
};
use dfdx::tensor::Cpu;

/// Numbers, a category and an input that may be absent, with two outputs.
#[multi_input_model(crate = crate)]
#[derive(Clone, Debug)]
pub(super) struct Claim {
    #[input(standardize, columns("age", "speed", "mass"))]
    #[branch(Dense(6, tanh))]
    numbers: [f32; 3],
    #[input]
    #[branch(Embedding(4, 3))]
    kind: u32,
    #[input(missing = learned)]
    #[branch(Dense(3, tanh))]
    extra: Option<[f32; 2]>,
    #[merge(concat(numbers, kind, extra, present(extra)))]
    #[branch(Dense(5, tanh))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    cost: f32,
    #[from(joined)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy)]
    class: Class<3>,
}

pub(super) fn claims(count: usize) -> Vec<ClaimSample> {
    let row = |row: usize| {
        let wave = |by: f32| (row as f32 * by).sin();
        let numbers = [10.0 + wave(0.7), 50.0 * wave(1.9), 3.0 + wave(0.31)];
        let extra = (row % 3 != 1).then(|| [wave(0.2), wave(2.3)]);
        let kind = (row * row % 4) as u32;
        let shift = extra.map_or(0.5, |extra| extra[0] * extra[1]);
        ClaimSample {
            numbers,
            kind,
            extra,
            cost: 500.0 + 40.0 * wave(0.7) * wave(1.9) + 30.0 * kind as f32 + 60.0 * shift,
            class: Class::new((row + kind as usize) % 3).unwrap(),
        }
    };
    (0..count).map(row).collect()
}

pub(super) fn trained() -> Model<Claim> {
    let mut model = Claim::build(&Cpu::default(), Seed(5));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(15).progress(Progress::silent());
    trainer.fit(&mut model, &claims(120)).unwrap();
    model
}

pub(super) fn inputs(row: &ClaimSample) -> ClaimInputs {
    ClaimInputs { numbers: row.numbers, kind: row.kind, extra: row.extra }
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} {expected}");
}

/// The players: three columns, the category, the whole of the optional input.
const PLAYERS: usize = 5;

/// The row in which the players of a coalition have the values of `own`.
fn composed(own: &ClaimSample, other: &ClaimSample, coalition: usize) -> ClaimInputs {
    let is_in = |player: usize| coalition >> player & 1 == 1;
    let number = |index: usize| if is_in(index) { own } else { other }.numbers[index];
    ClaimInputs {
        numbers: std::array::from_fn(number),
        kind: if is_in(3) { own } else { other }.kind,
        extra: own.extra.filter(|_| is_in(4)),
    }
}

/// The Shapley values by the definition over all orders of the players.
fn brute_force(worth: &dyn Fn(usize) -> f64) -> Vec<f64> {
    fn orders(left: Vec<usize>, order: Vec<usize>, take: &mut dyn FnMut(&[usize])) {
        if left.is_empty() {
            return take(&order);
        }
        for player in &left {
            let rest = left.iter().copied().filter(|other| other != player).collect();
            orders(rest, [&order[..], &[*player]].concat(), take);
        }
    }
    let (mut sums, mut count) = (vec![0.0; PLAYERS], 0.0);
    orders((0..PLAYERS).collect(), Vec::new(), &mut |order| {
        let mut coalition = 0;
        for player in order {
            sums[*player] += worth(coalition | 1 << player) - worth(coalition);
            coalition |= 1 << player;
        }
        count += 1.0;
    });
    sums.into_iter().map(|sum| sum / count).collect()
}

#[test]
fn exact_shapley_values_are_those_of_all_orders() {
    let (model, background) = (trained(), claims(7));
    for own in &claims(40)[30..33] {
        let worths: Vec<[f64; 2]> = (0..1 << PLAYERS)
            .map(|coalition| {
                let rows: Vec<_> =
                    background.iter().map(|other| composed(own, other, coalition)).collect();
                let predicted = model.predict(&rows).unwrap();
                let cost = predicted.iter().map(|row| f64::from(row.cost)).sum::<f64>();
                let class =
                    predicted.iter().map(|row| f64::from(row.class.as_array()[1])).sum::<f64>();
                [cost / 7.0, class / 7.0]
            })
            .collect();
        let why = Attribution::shapley(&model, Claim::cost).background(&background).unwrap();
        let why = why.by_column().explain_row(&inputs(own)).unwrap();
        let expected = brute_force(&|coalition| worths[coalition][0]);
        let names: Vec<&str> = why.features.iter().map(|share| &*share.feature.name).collect();
        assert_eq!(names, ["age", "speed", "mass", "kind", "extra"]);
        for (share, expected) in why.features.iter().zip(expected) {
            near(share.attribution, expected, 1e-3);
            assert_eq!(share.error, 0.0);
        }
        near(why.baseline, worths[0][0], 1e-3);
        near(why.residual(), 0.0, 1e-9);

        let class = Attribution::shapley(&model, Claim::class).background(&background).unwrap();
        let class = class.by_column().element(1).explain_row(&inputs(own)).unwrap();
        let expected = brute_force(&|coalition| worths[coalition][1]);
        for (share, expected) in class.features.iter().zip(expected) {
            near(share.attribution, expected, 1e-5);
        }
    }
}

#[test]
fn random_orders_are_near_the_exact_values_and_complete() {
    let (model, background) = (trained(), claims(20));
    let rows = [inputs(&claims(40)[33]), inputs(&claims(40)[34])];
    let shapley = || Attribution::shapley(&model, Claim::cost).background(&background).unwrap();
    let exact = shapley().by_column().explain(&rows).unwrap();
    let sampled = shapley().by_column().exact_up_to(0).permutations(200).seed(Seed(3));
    let found = sampled.explain(&rows).unwrap();
    for (found, exact) in found.iter().zip(&exact) {
        near(found.residual(), 0.0, 1e-6);
        for (found, exact) in found.features.iter().zip(&exact.features) {
            // An input that the row lacks is out of every coalition; rounding alone may give it a share.
            let is_absent = found.value == "absent";
            let least = if is_absent { 0.0 } else { f64::MIN_POSITIVE };
            assert!((least..10.0).contains(&found.error), "{found:?} {exact:?}");
            assert!(!is_absent || exact.attribution.abs() < 1e-6, "{exact:?}");
            near(found.attribution, exact.attribution, 4.0 * found.error + 1e-6);
        }
    }
    // The same orders each time, whatever other rows are explained.
    assert_eq!(sampled.explain_row(&rows[1]).unwrap(), found[1]);
    // Orders in a multiple of the background rows have the mean prediction as their baseline; their
    // number is rounded up to one.
    near(found[0].baseline, exact[0].baseline, 1e-4);
    let few = shapley().by_column().exact_up_to(0).permutations(31).explain(&rows).unwrap();
    near(few[0].baseline, exact[0].baseline, 1e-4);
}

#[test]
fn an_absent_value_is_the_baseline_of_an_option() {
    let (model, own) = (trained(), claims(40)[33].clone());
    let absent = ClaimInputs { extra: None, ..inputs(&own) };
    let shapley = || Attribution::shapley(&model, Claim::cost);
    // All the other inputs are those of the baseline, so the share is the whole difference.
    let why = shapley().baseline(&absent).unwrap().explain_row(&inputs(&own)).unwrap();
    near(why.of_input("extra").unwrap(), why.prediction - why.baseline, 1e-6);
    near(why.of_input("numbers").unwrap(), 0.0, 1e-9);
    let why = Attribution::integrated_gradients(&model, Claim::cost);
    let why = why.baseline(&absent).unwrap().explain_row(&inputs(&own)).unwrap();
    near(why.of_input("extra").unwrap(), why.prediction - why.baseline, 1e-6);
    // An absent value in the explained row has no share.
    let why = shapley().background(&claims(9)).unwrap().explain_row(&absent).unwrap();
    near(why.of_input("extra").unwrap(), 0.0, 1e-9);
    let text = why.to_string();
    assert!(text.contains("extra") && text.contains("absent"), "{text}");
}

#[test]
fn integrated_gradients_are_complete() {
    let model = trained();
    let rows: Vec<ClaimInputs> = claims(60)[40..50].iter().map(inputs).collect();
    let cost = || Attribution::integrated_gradients(&model, Claim::cost).by_column();
    let mut found = cost().explain(&rows).unwrap();
    found.extend(cost().background(&claims(60)).unwrap().explain(&rows).unwrap());
    found.extend(cost().baseline(&rows[3]).unwrap().explain(&rows).unwrap());
    for why in &found {
        near(why.residual(), 0.0, 1e-3 * why.prediction.abs());
    }
    assert!(found[23].features.iter().all(|share| share.attribution == 0.0), "{}", found[23]);
    let class = || Attribution::integrated_gradients(&model, Claim::class);
    for why in class().logit().explain(&rows).unwrap() {
        near(why.residual(), 0.0, 1e-4);
    }
    for (why, row) in class().explain(&rows).unwrap().iter().zip(&rows) {
        let predicted = model.predict(std::slice::from_ref(row)).unwrap()[0].class.most_likely();
        assert_eq!(why.element, Some(predicted.index()));
        near(why.residual(), 0.0, 1e-4);
    }
}

/// Layers that omit the gradient with respect to data in training.
#[multi_input_model(crate = crate)]
#[derive(Clone, Debug)]
struct Layered {
    #[input]
    #[branch(Conv2D(2, 3, tanh), MaxPool2D(2), Flatten)]
    picture: [[[f32; 6]; 6]; 1],
    #[input]
    #[branch(Conv1D(3, 3, tanh), LSTM(3))]
    series: [[f32; 2]; 6],
    #[input]
    #[branch(Dense(4, tanh), frozen)]
    fixed: [f32; 3],
    #[input]
    #[branch(BatchNorm, Dropout(0.5), Dense(3, tanh))]
    normed: [f32; 3],
    #[input(missing = zeros)]
    maybe: Option<[f32; 2]>,
    #[input]
    plain: [f32; 2],
    #[merge(concat(plain, maybe))]
    #[branch(Dense(3, tanh))]
    merged: _,
    #[merge(concat(picture, series, fixed, normed, merged))]
    #[branch(Dense(6, tanh), Dense(2))]
    #[output(loss = mse)]
    both: [f64; 2],
}

fn layered(by: f32) -> LayeredInputs {
    let mut count = 0.0;
    let mut next = || {
        count += 1.0f32;
        // Multiples of 1/64, so that halves and small steps are exact.
        (count * by * 13.7).sin().mul_add(64.0, 0.0).round() / 64.0
    };
    LayeredInputs {
        picture: std::array::from_fn(|_| std::array::from_fn(|_| std::array::from_fn(|_| next()))),
        series: std::array::from_fn(|_| std::array::from_fn(|_| next())),
        fixed: std::array::from_fn(|_| next()),
        normed: std::array::from_fn(|_| next()),
        maybe: Some(std::array::from_fn(|_| next())),
        plain: std::array::from_fn(|_| next()),
    }
}

/// Every number of a row.
fn numbers(row: &mut LayeredInputs) -> Vec<&mut f32> {
    let mut all: Vec<&mut f32> =
        row.picture.as_flattened_mut().as_flattened_mut().iter_mut().collect();
    all.extend(row.series.as_flattened_mut());
    all.extend(&mut row.fixed);
    all.extend(&mut row.normed);
    all.extend(row.maybe.iter_mut().flatten());
    all.extend(&mut row.plain);
    all
}

#[test]
fn gradients_with_respect_to_inputs_equal_central_differences() {
    let model = Model::<Layered, f64, Cpu>::build(&Cpu::default(), Seed(2));
    let row = layered(1.0);
    let mut start = layered(0.3);
    // One point of quadrature is the middle of the path: share = (x - b) df/dx((x + b) / 2).
    let why = Attribution::integrated_gradients(&model, Layered::both);
    let why = why.element(1).steps(1).by_column().baseline(&start).unwrap();
    let why = why.explain_row(&row).unwrap();
    let mut middle = row.clone();
    for (middle, start) in numbers(&mut middle).into_iter().zip(numbers(&mut start)) {
        *middle = (*middle + *start) / 2.0;
    }
    let columns = numbers(&mut middle).len();
    let share = |index: usize| {
        const STEP: f32 = 1.0 / 8192.0;
        let at = |by: f32| {
            let mut shifted = middle.clone();
            *numbers(&mut shifted)[index] += by;
            model.predict(&[shifted]).unwrap()[0].both[1]
        };
        let difference = *numbers(&mut row.clone())[index] - *numbers(&mut start.clone())[index];
        f64::from(difference) * (at(STEP) - at(-STEP)) / (2.0 * f64::from(STEP))
    };
    let mut expected: Vec<f64> = (0..columns).map(share).collect();
    // The optional input, before the two plain numbers, has one share.
    let of_second = expected.remove(columns - 3);
    expected[columns - 4] += of_second;
    assert_eq!(why.features.len(), expected.len());
    for (share, expected) in why.features.iter().zip(&expected) {
        let name = &share.feature.name;
        assert!((share.attribution - expected).abs() < 1e-7, "{name} {share:?} {expected}");
    }
    // Pixels that no window has as its maximum have no share.
    let silent = why.features.iter().filter(|share| share.attribution.abs() < 1e-12);
    assert!(silent.count() < why.features.len() / 3);
}

/// A text, a list, a derived node, and many categories.
#[multi_input_model(crate = crate)]
#[derive(Clone, Debug)]
struct Mixed {
    #[input(words(vocabulary = 20, length = 6))]
    #[branch(Embedding(20, 3), LSTM(3))]
    text: String,
    #[input(pad(4))]
    #[branch(EmbeddingBag(5, 2))]
    list: Vec<u32>,
    #[input(categories(capacity = 6))]
    #[branch(Embedding(6, 2))]
    a: String,
    #[input]
    #[branch(Embedding(4, 2))]
    b: u32,
    #[derived(crossed(a, b, buckets = 7))]
    #[branch(Embedding(7, 2))]
    cross: u32,
    #[input]
    #[branch(Embedding(4, 2))]
    c: u32,
    #[input]
    #[branch(Embedding(4, 2))]
    d: u32,
    #[input(one_hot(4))]
    e: u32,
    #[input(standardize)]
    number: f32,
    #[input(log1p)]
    money: f64,
    #[merge(concat(text, list, a, b, cross, c, d, e, number, money))]
    #[branch(Dense(6, tanh), Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

fn mixed(count: u32) -> Vec<MixedSample> {
    let row = |row: u32| MixedSample {
        text: ["good house", "bad", "a good bad house", ""][row as usize % 4].to_owned(),
        list: (0..row % 4).map(|item| item + row % 2).collect(),
        a: ["x", "y", "z"][row as usize % 3].to_owned(),
        b: row % 4,
        c: row / 2 % 4,
        d: row / 3 % 4,
        e: row / 5 % 4,
        number: row as f32 / 7.0,
        money: f64::from(row) * 10.0,
        y: (row % 4) as f32 + (row % 3) as f32,
    };
    (0..count).map(row).collect()
}

#[test]
fn texts_lists_derived_nodes_and_many_categories_have_shares() {
    let mut model = Mixed::build(&Cpu::default(), Seed(5));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(10).progress(Progress::silent());
    trainer.fit(&mut model, &mixed(60)).unwrap();
    let rows = &mixed(60)[50..53];
    let names = |why: &Attribution| {
        why.features.iter().map(|share| share.feature.name.clone()).collect::<Vec<_>>().join(" ")
    };
    let gradients = || Attribution::integrated_gradients(&model, Mixed::y);
    let baseline = MixedInputs::from(mixed(60)[51].clone());
    let mut found = gradients().explain_samples(rows).unwrap();
    found.extend(gradients().background(&mixed(60)).unwrap().explain_samples(rows).unwrap());
    found.extend(gradients().baseline(&baseline).unwrap().explain_samples(rows).unwrap());
    for why in &found {
        assert_eq!(names(why), "text list a b c d e number money cross");
        near(why.residual(), 0.0, 2e-4);
    }
    // The row itself is its baseline.
    assert!(found[7].features.iter().all(|share| share.attribution == 0.0), "{}", found[7]);
    let moved = found[0].features.iter().filter(|share| share.attribution != 0.0).count();
    assert!(moved >= 8, "{}", found[0]);

    let shapley = Attribution::shapley(&model, Mixed::y).background(&mixed(30)).unwrap();
    let found = shapley.by_column().permutations(20).explain_samples(rows).unwrap();
    for why in &found {
        // The derived node belongs to the inputs that it comes from.
        assert_eq!(names(why), "text list a b c d e number money");
        near(why.residual(), 0.0, 1e-5);
    }
    let means = Attribution::mean_absolute(&found);
    assert!(means.windows(2).all(|pair| pair[0].1 >= pair[1].1) && means.len() == 9, "{means:?}");
    let path = tempfile::tempdir().unwrap().path().join("row.svg");
    found[0].waterfall(&path).unwrap_err();
    let folder = tempfile::tempdir().unwrap();
    found[0].waterfall(folder.path().join("row.svg")).unwrap();
    let picture = std::fs::read_to_string(folder.path().join("row.svg")).unwrap();
    assert!(picture.contains(">text = a good bad house<") && picture.contains(">baseline<"));
}

/// Inputs that no layer reads: only a derived node is made of them.
#[multi_input_model(crate = crate)]
#[derive(Clone, Debug)]
struct Crossed {
    #[input]
    street: String,
    #[input]
    age: u32,
    #[derived(crossed(street, age, buckets = 7))]
    #[branch(Embedding(7, 2))]
    place: u32,
    #[input(standardize)]
    number: f32,
    #[merge(concat(place, number))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn raw_columns_that_no_layer_reads_have_no_share() {
    let row = |row: usize| CrossedSample {
        street: format!("street {}", row % 5),
        age: (row % 4) as u32,
        number: row as f32,
        y: (row % 3) as f32,
    };
    let rows: Vec<CrossedSample> = (0..30).map(row).collect();
    let mut model = Crossed::build(&Cpu::default(), Seed(5));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(2).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let gradients = || Attribution::integrated_gradients(&model, Crossed::y);
    let mut found = gradients().explain_samples(&rows[..4]).unwrap();
    found.extend(gradients().background(&rows).unwrap().explain_samples(&rows[..4]).unwrap());
    for why in &found {
        near(why.residual(), 0.0, 1e-4);
        assert_eq!(why.of_input("street"), Some(0.0), "{why}");
        assert_eq!(why.of_input("age"), Some(0.0), "{why}");
    }
}

#[test]
fn what_cannot_be_explained_is_said() {
    let (model, rows) = (trained(), claims(3));
    let row = inputs(&rows[0]);
    let message = |result: crate::Result<Attribution>| result.unwrap_err().to_string();
    let cost = || Attribution::shapley(&model, Claim::cost);
    let found = message(cost().explain_row(&row));
    assert!(
        found.contains("`numbers` is never absent") && found.contains("`background`"),
        "{found}"
    );
    let found = message(cost().background(&rows).unwrap().element(1).explain_row(&row));
    assert!(found.contains("`cost` has no element 1"), "{found}");
    assert!(cost().background(&[]).is_err());
    let shapley = cost().background(&rows).unwrap();
    assert_eq!(
        shapley.explain(&[]).unwrap_err().to_string(),
        "no rows to explain: hand over at least one"
    );
    let found = message(shapley.permutations(1).explain_row(&row));
    assert!(found.contains("`permutations` must be at least 2"), "{found}");
    let gradients = || Attribution::integrated_gradients(&model, Claim::class);
    assert!(message(gradients().element(3).explain_row(&row)).contains("a row has 3, from 0"));
    assert!(message(gradients().steps(0).explain_row(&row)).contains("`steps`"));
    let layered_model = Model::<Layered>::build(&Cpu::default(), Seed(2));
    let found = Attribution::integrated_gradients(&layered_model, Layered::both);
    let found = message(found.explain_row(&layered(1.0)));
    assert!(found.contains("`both` has 2 elements: choose one"), "{found}");
}

#[test]
fn the_importance_of_columns_is_that_of_evaluations_on_permuted_columns() {
    let (model, rows) = (trained(), claims(50));
    let found = Importance::by_column(&model, &rows, 3, Seed(4)).unwrap();
    let mut names: Vec<&str> = found.inputs.iter().map(|input| input.name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["age", "extra[0]", "extra[1]", "kind", "mass", "speed"]);
    // The last feature but one is `extra[0]`, number 4 of 6; its first order among the present rows.
    let of_extra = Importance::by_column_of(&model, Claim::extra, &rows, 1, Seed(4)).unwrap();
    let mut order: Vec<usize> = (0..50).filter(|row| rows[*row].extra.is_some()).collect();
    let present = order.clone();
    Seed(4).generator(multi_input_base::Stream::Permuting, 1).shuffle(&mut order);
    let mut permuted = rows.clone();
    for (row, source) in present.iter().zip(order) {
        permuted[*row].extra.as_mut().unwrap()[1] = rows[source].extra.unwrap()[1];
    }
    let loss = |rows: &[ClaimSample]| model.evaluate(rows).unwrap().loss();
    let found = of_extra.inputs.iter().find(|input| input.name() == "extra[1]").unwrap();
    near(found.increase, loss(&permuted) - loss(&rows), 1e-12);
    let mistake = Importance::by_column_of(&model, Claim::kind, &rows, 1, Seed(4)).unwrap_err();
    assert!(mistake.to_string().contains("`kind` has no columns"), "{mistake}");
    let mistake = Importance::by_column_of(&model, Claim::joined, &rows, 1, Seed(4)).unwrap_err();
    assert!(mistake.to_string().contains("`joined` is no input"), "{mistake}");
}
