//! Embeddings by the distances of pairs and triplets.

use dfdx::tensor::Cpu;
use multi_input::prelude::*;

#[multi_input_model]
pub struct Pairs {
    #[input]
    #[branch(Dense(8, tanh), Dense(3))]
    left: [f32; 4],
    #[input]
    #[branch(shared = left)]
    right: [f32; 4],
    #[merge(distance(left, right))]
    #[output(loss = contrastive(margin = 2.0), metrics(accuracy, auc))]
    same: bool,
}

#[multi_input_model]
pub struct Triplets {
    #[input]
    #[branch(Dense(8, tanh), Dense(3))]
    anchor: [f32; 4],
    #[input]
    #[branch(shared = anchor)]
    first: [f32; 4],
    #[input]
    #[branch(shared = anchor)]
    second: [f32; 4],
    #[merge(distance(anchor, first))]
    to_first: [f32; 1],
    #[merge(distance(anchor, second))]
    to_second: [f32; 1],
    #[merge(concat(to_first, to_second))]
    #[output(loss = triplet(margin = 0.5), metrics(accuracy))]
    first_is_nearer: bool,
}

/// A point of the group `row % 3`.
fn point(row: usize) -> [f32; 4] {
    let noise = |k: usize| ((row * 31 + k * 17) % 23) as f32 / 23.0 - 0.5;
    let group = row % 3;
    std::array::from_fn(|k| if k == group { 1.0 } else { 0.0 } + 0.6 * noise(k))
}

#[test]
fn pairs_that_belong_together_come_together() {
    let sample = |row: usize| {
        let other = row * 7 + row / 3 + 1;
        PairsSample { left: point(row), right: point(other), same: row % 3 == other % 3 }
    };
    let samples: Vec<PairsSample> = (0..240).map(sample).collect();
    let mut model = Model::<Pairs, f64>::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(30).batch_size(20).seed(Seed(2));
    trainer.fit(&mut model, &samples).unwrap();
    let evaluation = model.evaluate(&samples).unwrap();
    assert!(evaluation.get("auc").unwrap() > 0.99);
    assert!(evaluation.get("accuracy").unwrap() > 0.95);
    let predicted = model.predict(&[PairsInputs { left: point(0), right: point(3) }]).unwrap();
    assert!(predicted[0].same > 0.5);
}

#[test]
fn triplets_learn_which_one_is_nearer() {
    let sample = |row: usize| {
        let (own, other) = (point(row + 3 * (row % 5)), point(row + 1 + row % 2));
        let first_is_nearer = !row.is_multiple_of(4);
        let [first, second] = if first_is_nearer { [own, other] } else { [other, own] };
        TripletsSample { anchor: point(row), first, second, first_is_nearer }
    };
    let samples: Vec<TripletsSample> = (0..240).map(sample).collect();
    let mut model = Model::<Triplets, f64>::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(30).batch_size(20).seed(Seed(2));
    trainer.fit(&mut model, &samples).unwrap();
    let evaluation = model.evaluate(&samples).unwrap();
    assert!(evaluation.get("accuracy").unwrap() > 0.95);
}
