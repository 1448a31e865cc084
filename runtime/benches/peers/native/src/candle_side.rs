//! The four models in candle.

use candle_core::{DType, Device, Module, Result, Tensor};
use candle_nn::{
    conv2d, embedding, linear, loss, lstm, rnn::LSTMState, AdamW, Conv2d, Embedding, LSTMConfig,
    Linear, Optimizer, ParamsAdamW, VarBuilder, VarMap, LSTM, RNN,
};

use crate::{data::Data, Side};

enum Any {
    Price { first: Linear, second: Linear, district: Embedding, head: Linear },
    Post { convolution: Conv2d, words: Embedding, lstm: LSTM, head: Linear },
    Progression { hidden: Linear, head: Linear },
    Visit { user: Tower, item: Tower },
}

struct Tower {
    identity: Embedding,
    first: Linear,
    second: Linear,
}

impl Tower {
    fn new(categories: usize, at: VarBuilder<'_>) -> Result<Tower> {
        Ok(Tower {
            identity: embedding(categories, 32, at.pp("identity"))?,
            first: linear(40, 32, at.pp("first"))?,
            second: linear(32, 32, at.pp("second"))?,
        })
    }

    fn forward(&self, identity: &Tensor, features: Tensor) -> Result<Tensor> {
        let identity = self.identity.forward(&identity.contiguous()?)?.flatten_from(1)?;
        let x = Tensor::cat(&[identity, features], 1)?;
        self.second.forward(&self.first.forward(&x)?.relu()?)
    }
}

impl Any {
    fn new(which: usize, at: VarBuilder<'_>) -> Result<Any> {
        Ok(match which {
            1 => Any::Price {
                first: linear(10, 64, at.pp("first"))?,
                second: linear(64, 32, at.pp("second"))?,
                district: embedding(100, 16, at.pp("district"))?,
                head: linear(48, 1, at.pp("head"))?,
            },
            2 => Any::Post {
                convolution: conv2d(3, 32, 3, Default::default(), at.pp("convolution"))?,
                words: embedding(10_000, 64, at.pp("words"))?,
                lstm: lstm(64, 32, LSTMConfig::default(), at.pp("lstm"))?,
                head: linear(30_752 + 32, 10, at.pp("head"))?,
            },
            4 => Any::Visit {
                user: Tower::new(100_000, at.pp("user"))?,
                item: Tower::new(20_000, at.pp("item"))?,
            },
            _ => Any::Progression {
                hidden: linear(15, 32, at.pp("hidden"))?,
                head: linear(32, 1, at.pp("head"))?,
            },
        })
    }

    fn forward(&self, data: &Data, rows: &[usize]) -> Result<Tensor> {
        let (n, cpu) = (rows.len(), &Device::Cpu);
        let numbers = |input: usize| {
            Tensor::from_vec(data.gather(input, rows), (n, data.widths.0[input]), cpu)
        };
        let categories = || Tensor::from_vec(data.gather_categories(rows), (n, data.widths.1), cpu);
        match self {
            Any::Price { first, second, district, head } => {
                let x = second.forward(&first.forward(&numbers(0)?)?.relu()?)?.relu()?;
                let e = district.forward(&categories()?)?.flatten_from(1)?;
                head.forward(&Tensor::cat(&[x, e], 1)?)
            }
            Any::Post { convolution, words, lstm, head } => {
                let x = convolution.forward(&numbers(0)?.reshape((n, 3, 64, 64))?)?.relu()?;
                let x = x.max_pool2d(2)?.flatten_from(1)?;
                let states: Vec<LSTMState> = lstm.seq(&words.forward(&categories()?)?)?;
                let last = states.last().expect("a hundred steps").h();
                head.forward(&Tensor::cat(&[&x, last], 1)?)
            }
            Any::Progression { hidden, head } => {
                let serum = numbers(1)?.broadcast_mul(&numbers(2)?)?;
                let x = Tensor::cat(&[numbers(0)?, serum], 1)?;
                head.forward(&hidden.forward(&x)?.relu()?)
            }
            Any::Visit { user, item } => {
                let ids = categories()?;
                let user = user.forward(&ids.narrow(1, 0, 1)?, numbers(0)?)?;
                let item = item.forward(&ids.narrow(1, 1, 1)?, numbers(1)?)?;
                (user * item)?.sum_keepdim(1)
            }
        }
    }
}

pub struct Candle {
    which: usize,
    model: Any,
    optimizer: AdamW,
    data: Data,
}

impl Candle {
    fn try_step(&mut self, rows: &[usize]) -> Result<()> {
        let heads = self.model.forward(&self.data, rows)?;
        let n = rows.len();
        let loss = if self.which == 2 {
            let classes = Tensor::from_vec(self.data.gather_classes(rows), n, &Device::Cpu)?;
            loss::cross_entropy(&heads, &classes)?
        } else {
            let targets = self.data.gather_targets(rows);
            loss::mse(&heads, &Tensor::from_vec(targets, (n, 1), &Device::Cpu)?)?
        };
        self.optimizer.backward_step(&loss)
    }
}

impl Side for Candle {
    fn build(which: usize, data: Data) -> Candle {
        let variables = VarMap::new();
        let at = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
        let model = Any::new(which, at).expect("candle builds");
        // AdamW without weight decay is Adam.
        let adam = ParamsAdamW { lr: 1e-3, eps: 1e-7, weight_decay: 0.0, ..Default::default() };
        let optimizer = AdamW::new(variables.all_vars(), adam).expect("candle's optimizer");
        Candle { which, model, optimizer, data }
    }

    fn step(&mut self, rows: &[usize]) {
        self.try_step(rows).expect("candle trains");
    }

    fn predict_one(&mut self) {
        let heads = self.model.forward(&self.data, &[0]).and_then(|heads| heads.to_vec2::<f32>());
        std::hint::black_box(heads.expect("candle predicts"));
    }
}
