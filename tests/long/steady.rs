//! A step of training once it is under way: no fresh memory of note, and the same bits whatever
//! the number of threads.

use crate::models::{Post, PostSample};
use multi_input::{prelude::*, with_threads};

fn rows(count: usize) -> Vec<PostSample> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    (0..count)
        .map(|_| {
            let mut photo = [[[0.0; 64]; 64]; 3];
            let pixels = photo.iter_mut().flatten().flatten();
            pixels.for_each(|pixel| *pixel = next() as f32 / (1 << 24) as f32);
            let caption = std::array::from_fn(|_| next() % 10_000);
            PostSample { photo, caption, topic: Class::new(next() as usize % 10).unwrap() }
        })
        .collect()
}

fn train(rows: &[PostSample], epochs: usize) -> Model<Post> {
    let mut model = Post::build(&Cpu::default(), Seed(3));
    let trainer = Trainer::new(Adam::new(1e-3)).epochs(epochs).progress(Progress::silent());
    trainer.fit(&mut model, rows).unwrap();
    model
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let rows = rows(48);
    let weights = |threads| {
        let model = with_threads(threads, || train(&rows, 1));
        let module = model.module();
        [
            module.photo.0.weight.as_vec(),
            module.photo.0.bias.as_vec(),
            module.caption.0.weight.as_vec(),
            module.caption.1.recurrent.as_vec(),
            module.topic.0.weight.as_vec(),
        ]
        .concat()
    };
    let one = weights(1);
    for threads in [2, 5] {
        let same = weights(threads).iter().zip(&one).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(same, "{threads} threads");
    }
}

#[test]
fn a_steady_step_needs_no_fresh_memory_of_note() {
    let rows = rows(64);
    let measured =
        |epochs| allocation_counter::measure(|| drop(with_threads(1, || train(&rows, epochs))));
    let (short, long) = (measured(2), measured(5));
    let steps = 3 * rows.len() as u64 / 32;
    let count = (long.count_total - short.count_total) / steps;
    let bytes = (long.bytes_total - short.bytes_total) / steps;
    // Nothing that stays: what is live at most does not grow. The rest is what the library of
    // matrix products packs its operands into, a few kilobytes at a time, once a product: the LSTM
    // alone has 400, for 100 steps of two shards there and back. The activations and gradients of
    // one step are more than thirty megabytes.
    assert!(long.bytes_max < short.bytes_max + (1 << 16), "{long:?} after {short:?}");
    assert!(count < 1500, "{count} allocations");
    assert!(bytes < 8 << 20, "{bytes} bytes");
}
