//! Where the time of a training step goes: the image and text model of the README on random rows,
//! as a whole and layer by layer.
//!
//! ```sh
//! cargo run --release --example steps
//! cargo run --release --example steps -- 256 whole
//! ```
//!
//! The first argument is the batch size; a second one leaves the layers out. Times are
//! milliseconds: the median over the repetitions, the least of them, and how long all threads
//! were running, which on a machine that others use too tells more than the clock.

mod busy;

use std::time::Instant;

use busy::busy;
use dfdx::{
    nn::{BuildModule, Module, ZeroGrads},
    prelude::*,
};
use multi_input::{
    callback::{Callback, Event, Flow, Training},
    layer::{activation::Relu, Conv2D, Dense, Embedding, Flatten, MaxPool2D, Origin, Slide, LSTM},
    optim::OptimizerState,
    prelude::{multi_input_model, Adam, Progress, Seed, Trainer},
    Class,
};

/// A picture and its caption tell the topic.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Post {
    #[input]
    #[branch(Conv2D(32, 3, relu), MaxPool2D(2), Flatten)]
    photo: [[[f32; 64]; 64]; 3],

    #[input]
    #[branch(Embedding(10_000, 64), LSTM(32))]
    caption: [u32; 100],

    #[merge(concat(photo, caption))]
    #[branch(Dense(10, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy))]
    topic: Class<10>,
}

const EPOCHS: usize = 9;

fn main() -> multi_input::Result<()> {
    let batch = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(32);
    println!("batch {batch}");
    let step = whole(batch)?;
    if std::env::args().nth(2).as_deref() != Some("whole") {
        layers(batch);
    }
    println!("result: batch={batch} step_ms={step:.3}");
    Ok(())
}

/// Epochs of `Trainer::fit`: the median milliseconds of a step.
fn whole(batch: usize) -> multi_input::Result<f64> {
    let steps = (1024 / batch).max(2);
    let rows: Vec<PostSample> = (0..steps * batch).map(|row| sample(row as u64)).collect();
    let mut model = Post::build(&Cpu::default(), Seed(1));
    let times = Times::default();
    Trainer::new(Adam::new(1e-3))
        .epochs(EPOCHS)
        .batch_size(batch)
        .progress(Progress::silent())
        .callback(Clock(times.clone()))
        .fit(&mut model, &rows)?;
    let times = times.borrow();
    // The first epoch starts with the encoding of the rows.
    let epochs = times.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_secs_f64());
    let name = format!("{steps} steps of Trainer::fit");
    let median = report(&name, epochs.collect(), times.first().and_then(|(_, busy)| *busy));
    Ok(median / steps as f64)
}

/// Takes the time whenever an epoch ends.
struct Clock(Times);

/// When each epoch ended, and how long the process had been busy.
type Times = std::rc::Rc<std::cell::RefCell<Vec<(Instant, Option<f64>)>>>;

impl Callback<Post> for Clock {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn on(&mut self, event: &Event<'_>, _: &mut dyn Training<Post>) -> multi_input::Result<Flow> {
        if let Event::EpochEnded { .. } = event {
            self.0.borrow_mut().push((Instant::now(), busy()));
        }
        Ok(Flow::Continue)
    }
}

type Convolution = Conv2D<3, 32, 3, 3, 32, 62, 62, Slide, Relu, f32, Cpu>;
type Pool = MaxPool2D<2, 2, 31, 31>;

/// Each layer by itself, there and back.
fn layers(batch: usize) {
    let device = Cpu::default();
    device.enable_cache();
    let convolution: Convolution = BuildModule::build(&device);
    let pictures: Tensor<(usize, Const<3>, Const<64>, Const<64>), f32, _> =
        device.sample_normal_like(&(batch, Const, Const, Const));
    there_and_back("Conv2D", &convolution, &convolution, &pictures);
    let pooled: (Convolution, Pool, Flatten<30752>) = (convolution, Pool::default(), Flatten);
    there_and_back("Conv2D, MaxPool2D, Flatten", &pooled, &pooled, &pictures);
    let planes: Tensor<(usize, Const<32>, Const<62>, Const<62>), f32, _> =
        device.sample_normal_like(&(batch, Const, Const, Const));
    there_and_back("Conv2D then MaxPool2D", &Fused(&pooled), &pooled, &pictures);
    there_and_back("MaxPool2D", &pooled.1, &pooled.1, &planes);

    let embedding: Embedding<10_000, 64, f32, Cpu> = BuildModule::build(&device);
    let words: Vec<usize> = (0..batch * 100).map(|i| mix(i as u64) as usize % 10_000).collect();
    let words = device.tensor_from_vec(words, (batch, Const::<100>));
    there_and_back("Embedding", &embedding, &embedding, &words);
    let lstm: LSTM<64, 32, 128, 0, 0, f32, Cpu> = BuildModule::build(&device);
    let vectors: Tensor<(usize, Const<100>, Const<64>), f32, _> =
        device.sample_normal_like(&(batch, Const, Const));
    there_and_back("LSTM", &lstm, &lstm, &vectors);
    let dense: Dense<30784, 10, Relu, f32, Cpu> = BuildModule::build(&device);
    let joined: Tensor<(usize, Const<30784>), f32, _> = device.sample_normal_like(&(batch, Const));
    there_and_back("Dense", &dense, &dense, &joined);

    let mut table: Dense<1000, 961, Relu, f32, Cpu> = BuildModule::build(&device);
    let (optimizer, mut gradients) = (Adam::new(1e-3), table.alloc_grads());
    let mut state = OptimizerState::new(&table, &optimizer);
    repeat("Adam, 961,961 numbers", || {
        let _ = state.advance(&mut table, &mut gradients, &optimizer);
    });
    repeat("zeros for 961,961 gradients", || table.zero_grads(&mut gradients));
}

/// The convolution and the pooling as the macro calls them.
struct Fused<'a>(&'a (Convolution, Pool, Flatten<30752>));

impl<B: Dim, T: Tape<f32, Cpu>> Module<Tensor<(B, Const<3>, Const<64>, Const<64>), f32, Cpu, T>>
    for Fused<'_>
{
    type Output = Tensor<(B, Const<32>, Const<31>, Const<31>), f32, Cpu, T>;
    type Error = <Cpu as HasErr>::Err;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<3>, Const<64>, Const<64>), f32, Cpu, T>,
    ) -> Result<Self::Output, Self::Error> {
        self.0 .0.try_forward_pooled(&self.0 .1, x, Origin::Data)
    }
}

fn there_and_back<M, X, S, P>(name: &str, module: &M, parameters: &P, x: &X)
where
    X: Clone + PutTape<OwnedTape<f32, Cpu>>,
    M: Module<X::Output>,
    M: Module<X, Output = Tensor<S, f32, Cpu>>,
    <M as Module<X::Output>>::Output:
        SplitTape<Tape = OwnedTape<f32, Cpu>, NoTape = Tensor<S, f32, Cpu>>,
    <M as Module<X::Output>>::Error: std::fmt::Debug,
    <M as Module<X>>::Error: std::fmt::Debug,
    S: Shape,
    P: ZeroGrads<f32, Cpu>,
{
    repeat(&format!("{name}, forward"), || drop(Module::<X>::forward(module, x.clone())));
    let mut gradients = Some(parameters.alloc_grads());
    let device = Cpu::default();
    repeat(&format!("{name}, forward and backward"), || {
        let given = gradients.take().unwrap_or_else(Gradients::leaky);
        let carrier: Tensor<Rank0, f32, _> = device.zeros();
        let tape = carrier.traced(given).split_tape().1;
        let (y, mut tape) =
            Module::<X::Output>::forward(module, x.clone().put_tape(tape)).split_tape();
        tape.add_backward_op(move |gradients| {
            gradients.get_or_alloc_mut(&y)?.fill(1.0);
            Ok(())
        });
        let total: Tensor<Rank0, f32, _> = device.zeros();
        gradients = Some(total.put_tape(tape).backward());
    });
}

fn repeat(name: &str, mut work: impl FnMut()) {
    work();
    let (mut times, start, busy) = (Vec::new(), Instant::now(), busy());
    while times.len() < 5 || start.elapsed().as_secs_f64() < 0.5 {
        let before = Instant::now();
        work();
        times.push(before.elapsed().as_secs_f64());
    }
    report(name, times, busy);
}

/// The times of each turn, and how long the process was busy before. Gives the median.
fn report(name: &str, mut seconds: Vec<f64>, before: Option<f64>) -> f64 {
    let busy = busy().zip(before).map_or(f64::NAN, |(after, before)| after - before);
    let busy = busy / seconds.len() as f64 * 1e3;
    seconds.sort_by(f64::total_cmp);
    let [least, median] = [seconds[0], seconds[seconds.len() / 2]].map(|s| s * 1e3);
    println!("{name:50} {median:8.3} ms, at least {least:8.3}; processors {busy:8.3}");
    median
}

fn sample(row: u64) -> PostSample {
    let mut state = row * 100_000;
    let mut next = || {
        state += 1;
        mix(state)
    };
    let mut photo = [[[0.0; 64]; 64]; 3];
    let pixels = photo.iter_mut().flatten().flatten();
    pixels.for_each(|pixel| *pixel = (next() >> 40) as f32 / (1u64 << 24) as f32);
    let caption = std::array::from_fn(|_| (next() % 10_000) as u32);
    let topic = Class::new((next() % 10) as usize).expect("below ten");
    PostSample { photo, caption, topic }
}

/// Splitmix64.
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
