//! Models of lists of unequal length: that empty lists are finite everywhere, the gradients, and
//! what lists cost.

use crate::{check_slopes, support::gradients};
use dfdx::{
    nn::{DeviceBuildExt, ModuleMut, ZeroGrads},
    prelude::*,
};
use multi_input::{
    layer::{Mask, Padded},
    missing::Optional,
    multi_input_model, prelude as mi, Seed,
};

/// Every layer that reads a mask, and every way of a bag.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Basket {
    #[input(pad(4))]
    #[branch(Embedding(9, 4), PositionalEmbedding, LSTM(4, return_sequences), GRU(4))]
    items: Vec<u32>,
    #[from(raw)]
    #[branch(
        Embedding(9, 4),
        TransformerBlock(2, 2, 6),
        MultiHeadAttention(2, 3),
        GlobalMaxPool1D
    )]
    attended: _,
    #[from(raw)]
    #[branch(Embedding(9, 4), BatchNorm, GroupNorm(2), Bidirectional(SimpleRNN(2)))]
    read: _,
    #[from(raw)]
    #[branch(EmbeddingBag(9, 4, max))]
    largest: _,
    #[input(pad(4))]
    raw: Vec<u32>,
    #[input(pad(4), missing = learned)]
    #[branch(Dense(1))]
    amounts: Option<Vec<[f32; 2]>>,
    #[merge(weighted(raw, amounts))]
    #[branch(EmbeddingBag(9, 4, sum))]
    weighted: _,
    #[from(amounts)]
    #[branch(Masking(0.5), Dense(4), GlobalAveragePool1D)]
    mean: _,
    #[from(raw)]
    #[branch(EmbeddingBag(9, 4))]
    bag: _,
    #[merge(add(items, attended, read, largest, weighted, mean, bag))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

/// A batch of three rows, of which the second is empty and the third has no amounts.
fn batch(device: &Cpu) -> BasketBatch<usize, f64, Cpu> {
    let codes = vec![3, 0, 8, 0, 0, 0, 0, 0, 5, 5, 1, 2];
    let codes = || Padded {
        values: device.tensor_from_vec(codes.clone(), (3, Const)),
        mask: Mask::of_lengths([2, 0, 4].into_iter(), 4, false),
    };
    let amounts = (0..24).map(|i| (i as f64 * 1.3).sin()).collect();
    BasketBatch {
        items: codes(),
        raw: codes(),
        amounts: Optional {
            values: Padded {
                values: device.tensor_from_vec(amounts, (3, Const, Const)),
                mask: Mask::of_lengths([3, 0, 0].into_iter(), 4, true),
            },
            present: device.tensor_from_vec(vec![1.0, 1.0, 0.0], (3, Const)),
        },
        tape: NoneTape,
    }
}

#[test]
fn every_parameter_gets_its_gradient() {
    let device = Cpu::seed_from_u64(3);
    let module = device.build_module::<Basket, f64>();
    let loss = |module: &BasketModel<f64, Cpu>| {
        let mut module = module.clone();
        let heads = module.forward_mut(batch(&device).traced(module.alloc_grads()));
        heads.y.put_tape(heads.tape).square().sum::<Rank0, _>()
    };
    let found = gradients(&module, &loss(&module).backward());
    for (name, gradient) in &found {
        assert!(gradient.iter().all(|grad| grad.is_finite()), "{name}: {gradient:?}");
    }
    check_slopes(&module, |module| loss(module).array(), found, 1e-5);
}

fn row(items: &[u32], amounts: Option<&[[f32; 2]]>) -> BasketInputs {
    BasketInputs { items: items.to_vec(), raw: items.to_vec(), amounts: amounts.map(Into::into) }
}

#[test]
fn an_empty_list_is_finite_in_training_and_after() {
    let sample = |inputs: BasketInputs, y| {
        let BasketInputs { items, raw, amounts } = inputs;
        BasketSample { items, raw, amounts, y }
    };
    let empty = [row(&[], Some(&[])), row(&[], None)];
    let rows: Vec<_> = empty.iter().map(|row| sample(row.clone(), 1.0)).collect();
    let mut model = Basket::build(&Cpu::default(), Seed(1));
    let history = mi::Trainer::new(mi::Adam::new(0.05)).epochs(60).fit(&mut model, &rows).unwrap();
    let losses = history.curve("loss");
    assert!(losses[losses.len() - 1] < 0.01 * losses[0], "{losses:?}");
    let predicted = model.predict(&empty).unwrap();
    assert!(predicted.iter().all(|row| row.y.is_finite()), "{predicted:?}");
}

#[test]
fn padding_and_its_length_change_nothing() {
    macro_rules! model {
        ($model:ident, $inputs:ident, $length:literal) => {{
            #[multi_input_model]
            #[derive(Clone)]
            struct $model {
                #[input(pad($length))]
                #[branch(Embedding(9, 5), MultiHeadAttention(2, 3), LSTM(4))]
                words: Vec<u32>,
                #[from(words)]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                score: f32,
            }
            let model = $model::build(&Cpu::default(), Seed(3));
            let rows = [vec![3, 0, 8], vec![0], vec![]].map(|words| $inputs { words });
            model.predict(&rows).unwrap().iter().map(|row| row.score).collect::<Vec<f32>>()
        }};
    }
    let (short, long) = (model!(Short, ShortInputs, 3), model!(Long, LongInputs, 11));
    for (short, long) in short.iter().zip(&long) {
        assert!((short - long).abs() < 1e-6, "{short} of 3 steps, {long} of 11");
    }
    assert!(short[1] != short[2], "category 0 counts");
}
