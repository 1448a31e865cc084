//! Where the time of a training step goes: the image and text model of `docs/from-keras.md` on
//! random rows, as a whole and layer by layer.
//!
//! ```sh
//! cargo bench --bench steps
//! cargo bench --bench steps -- 256 whole
//! ```
//!
//! The first argument is the batch size; a second one omits the layers. Times are milliseconds: the
//! median and the minimum of the repetitions, and the processor time of all threads, which is more
//! reliable than the clock on a shared machine.

mod support;

use dfdx::{
    nn::{BuildModule, Module, ZeroGrads},
    prelude::*,
};
use multi_input::{
    layer::{activation::Relu, Conv2D, Dense, Embedding, Flatten, MaxPool2D, Origin, Slide, LSTM},
    optim::OptimizerState,
    prelude::Adam,
};

use support::{
    clock::{self, Moment},
    models::Post,
    random::Random,
    random_rows::Rows,
};

const EPOCHS: usize = 9;

fn main() -> multi_input::Result<()> {
    let batch = support::arguments().next().and_then(|text| text.parse().ok()).unwrap_or(32);
    println!("batch {batch}");
    let step = training_steps(batch)?;
    if support::arguments().nth(1).as_deref() != Some("whole") {
        layers(batch);
    }
    println!("result: batch={batch} step_ms={step:.3}");
    Ok(())
}

/// Epochs of `Trainer::fit`: the median milliseconds of a step.
fn training_steps(batch: usize) -> multi_input::Result<f64> {
    let steps = (1024 / batch).max(2);
    let rows = Post::samples(steps * batch);
    let moments = clock::epochs::<Post>(&rows, batch, EPOCHS)?;
    // The first epoch includes the encoding of the rows.
    let epochs = moments.windows(2).map(|pair| pair[1].since(pair[0]));
    let name = format!("{steps} steps of Trainer::fit");
    Ok(report(&name, epochs.collect(), moments[0]) / steps as f64)
}

type Convolution = Conv2D<3, 32, 3, 3, 32, 62, 62, Slide, Relu, f32, Cpu>;
type Pool = MaxPool2D<2, 2, 31, 31>;

/// Forward and backward pass of each layer by itself.
fn layers(batch: usize) {
    let device = Cpu::default();
    device.enable_cache();
    let convolution: Convolution = BuildModule::build(&device);
    let pictures: Tensor<(usize, Const<3>, Const<64>, Const<64>), f32, _> =
        device.sample_normal_like(&(batch, Const, Const, Const));
    forward_and_backward("Conv2D", &convolution, &convolution, &pictures);
    let pooled: (Convolution, Pool, Flatten<30752>) = (convolution, Pool::default(), Flatten);
    forward_and_backward("Conv2D, MaxPool2D, Flatten", &pooled, &pooled, &pictures);
    let planes: Tensor<(usize, Const<32>, Const<62>, Const<62>), f32, _> =
        device.sample_normal_like(&(batch, Const, Const, Const));
    forward_and_backward("Conv2D then MaxPool2D", &Fused(&pooled), &pooled, &pictures);
    forward_and_backward("MaxPool2D", &pooled.1, &pooled.1, &planes);

    let embedding: Embedding<10_000, 64, f32, Cpu> = BuildModule::build(&device);
    let mut random = Random(0);
    let words: Vec<usize> = (0..batch * 100).map(|_| random.below(10_000) as usize).collect();
    let words = device.tensor_from_vec(words, (batch, Const::<100>));
    forward_and_backward("Embedding", &embedding, &embedding, &words);
    let lstm: LSTM<64, 32, 128, 0, 0, f32, Cpu> = BuildModule::build(&device);
    let vectors: Tensor<(usize, Const<100>, Const<64>), f32, _> =
        device.sample_normal_like(&(batch, Const, Const));
    forward_and_backward("LSTM", &lstm, &lstm, &vectors);
    let dense: Dense<30784, 10, Relu, f32, Cpu> = BuildModule::build(&device);
    let joined: Tensor<(usize, Const<30784>), f32, _> = device.sample_normal_like(&(batch, Const));
    forward_and_backward("Dense", &dense, &dense, &joined);

    let mut table: Dense<1000, 961, Relu, f32, Cpu> = BuildModule::build(&device);
    let (optimizer, mut gradients) = (Adam::new(1e-3), table.alloc_grads());
    let mut state = OptimizerState::new(&table, &optimizer);
    repeat("Adam, 961,961 numbers", || {
        let _ = state.advance(&mut table, &mut gradients, &optimizer);
    });
    repeat("zeros for 961,961 gradients", || table.zero_grads(&mut gradients));
}

/// Convolution and pooling in one call, as in generated code.
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

fn forward_and_backward<M, X, S, P>(name: &str, module: &M, parameters: &P, x: &X)
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
        let own_gradients = gradients.take().unwrap_or_else(Gradients::leaky);
        let carrier: Tensor<Rank0, f32, _> = device.zeros();
        let tape = carrier.traced(own_gradients).split_tape().1;
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
    let (mut times, start) = (Vec::new(), Moment::now());
    let mut before = start;
    while times.len() < 5 || before.since(start) < 0.5 {
        work();
        let after = Moment::now();
        times.push(after.since(before));
        before = after;
    }
    report(name, times, start);
}

/// Prints the median and minimum of `seconds` and the processor time since `start`. Returns the
/// median in milliseconds.
fn report(name: &str, mut seconds: Vec<f64>, start: Moment) -> f64 {
    let busy = 1e3 * Moment::now().busy_since(start) / seconds.len() as f64;
    seconds.sort_by(f64::total_cmp);
    let [least, median] = [seconds[0], seconds[seconds.len() / 2]].map(|s| s * 1e3);
    println!("{name:50} {median:8.3} ms, at least {least:8.3}; processors {busy:8.3}");
    median
}
