use multi_input_kernel::pending_steps::StepLog;

use super::*;
use crate::optim::{Adam, AdamW, Optimizer, RmsProp, Sgd};

/// More elements than a SIMD register holds, and not a multiple of its lanes.
const WIDTH: usize = 21;

/// A learning rate that rises and falls.
fn rate(step: u64) -> f64 {
    1e-2 * (1.0 + (step as f64 * 0.05).sin())
}

fn numbers(count: usize, from: f64) -> Vec<f64> {
    (0..count).map(|k| ((k as f64 + from) * 0.7).sin()).collect()
}

/// A row after `own` steps with gradients and `idle` steps without: updated step by step, and by
/// one `catch_up`.
fn both_ways<E: Element>(
    mut optimizer: impl Optimizer,
    own: u64,
    idle: u64,
) -> [(Vec<f64>, Vec<Vec<f64>>); 2] {
    let from_f64 = |numbers: Vec<f64>| -> Vec<E> { numbers.into_iter().map(E::of).collect() };
    let mut weights = from_f64(numbers(WIDTH, 0.0));
    let mut slots = vec![vec![E::zero(); WIDTH]; optimizer.slots().len()];
    for step in 1..=own {
        optimizer.set_learning_rate(rate(step));
        optimizer.update(step, &mut weights, &from_f64(numbers(WIDTH, step as f64)), &mut slots);
    }
    let (mut later, mut later_slots) = (weights.clone(), slots.clone());
    let mut log = StepLog::new(own);
    for step in own + 1..=own + idle {
        optimizer.set_learning_rate(rate(step));
        optimizer.update(step, &mut weights, &[E::zero(); WIDTH], &mut slots);
        log.push(optimizer.step_size(step).unwrap());
    }
    optimizer.catch_up(
        &PendingSteps { log: &log, last_step: &[own] },
        &mut later,
        &mut later_slots,
    );
    let to_f64 = |numbers: &Vec<E>| numbers.iter().map(|number| number.as_f64()).collect();
    [(&weights, &slots), (&later, &later_slots)]
        .map(|(weights, slots)| (to_f64(weights), slots.iter().map(to_f64).collect()))
}

/// Calls `check` with every optimizer and its variants.
fn each_optimizer(
    check: &dyn Fn(&dyn Fn(u64, u64) -> [(Vec<f64>, Vec<Vec<f64>>); 2]),
    single: bool,
) {
    macro_rules! check {
        ($($optimizer:expr),+ $(,)?) => {$(
            match single {
                true => check(&|own, idle| both_ways::<f32>($optimizer, own, idle)),
                false => check(&|own, idle| both_ways::<f64>($optimizer, own, idle)),
            }
        )+};
    }
    check!(
        Sgd::new(0.1),
        Sgd::new(0.1).momentum(0.9),
        Sgd::new(0.1).nesterov(0.9),
        RmsProp::new(0.1),
        RmsProp { momentum: 0.9, ..RmsProp::new(0.1) },
        RmsProp { centered: true, ..RmsProp::new(0.1) },
        RmsProp { centered: true, momentum: 0.9, ..RmsProp::new(0.1) },
        Adam::new(0.1),
        Adam { beta_1: 0.5, beta_2: 0.9, ..Adam::new(0.1) },
        Adam { epsilon: 1e-2, ..Adam::new(0.1) },
        // With these betas each step without a gradient is longer than the step before.
        Adam { beta_1: 0.9, beta_2: 0.5, ..Adam::new(0.1) },
        AdamW::new(0.1).decay(0.5),
    );
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    let scale = expected.iter().fold(0.0, |most: f64, number| most.max(number.abs()));
    for (found, expected) in found.iter().zip(expected) {
        let within = tolerance * (expected.abs() + 1e-3 * scale);
        assert!((found - expected).abs() <= within, "{found:e} {expected:e}");
    }
}

const IDLE_STEPS: [u64; 9] = [0, 1, 2, 15, 17, 100, 172, 400, 600];

#[test]
fn steps_at_once_are_the_steps_one_by_one() {
    let check = |run: &dyn Fn(u64, u64) -> [(Vec<f64>, Vec<Vec<f64>>); 2]| {
        for own in [1, 5, 40] {
            for idle in IDLE_STEPS {
                let [step_by_step, at_once] = run(own, idle);
                assert_close(&at_once.0, &step_by_step.0, 1e-12);
                for (at_once, step_by_step) in at_once.1.iter().zip(&step_by_step.1) {
                    assert_close(at_once, step_by_step, 1e-11);
                }
            }
        }
    };
    each_optimizer(&check, false);
}

#[test]
fn in_single_precision_they_are_so_but_for_rounding() {
    let check = |run: &dyn Fn(u64, u64) -> [(Vec<f64>, Vec<Vec<f64>>); 2]| {
        for idle in IDLE_STEPS {
            let [step_by_step, at_once] = run(5, idle);
            // Every single step rounds.
            assert_close(&at_once.0, &step_by_step.0, 2e-5);
        }
    };
    each_optimizer(&check, true);
}

/// A table of 200 rows of which a batch looks up three.
struct Run<O> {
    optimizer: O,
    tables: Tables<f64>,
    state: TensorState<f64>,
    weights: Vec<f64>,
}

const ROWS: usize = 200;

impl<O: Optimizer> Run<O> {
    fn new(optimizer: O, may_be_sparse: bool) -> Run<O> {
        let id = dfdx::tensor::Cpu::default();
        let id = super::id(&dfdx::tensor::ZerosTensor::<f64>::zeros::<Rank1<1>>(&id));
        let sparsity = if may_be_sparse { Sparsity::IfLarge } else { Sparsity::Never };
        let tables = Tables::new(vec![id], |_| sparsity, &*optimizer.boxed(), 1);
        let slots = vec![vec![0.0; ROWS * WIDTH]; optimizer.slots().len()];
        let state = TensorState { name: String::new(), step: 0, slots };
        Run { optimizer, tables, state, weights: numbers(ROWS * WIDTH, 0.3) }
    }

    /// Looks up rows and takes a step on them. The gradients do not depend on the weights, because
    /// RMSprop divides a gradient by its own size and would amplify rounding differences of a real
    /// loss.
    fn step(&mut self, rows: &[usize]) -> Vec<f64> {
        let mut read = vec![0.0; rows.len() * WIDTH];
        let id = self.tables.ids()[0];
        let found = self.tables.look_up(id, (&self.weights, WIDTH), (rows, 1), |position, row| {
            read[position * WIDTH..][..WIDTH].copy_from_slice(row);
        });
        self.state.step += 1;
        self.optimizer.set_learning_rate(rate(self.state.step));
        let grads = numbers(read.len(), self.state.step as f64);
        if let LookUp::Sparse = found {
            let table = self.tables.get(0).unwrap();
            table.add_gradient(rows, |position, sums| {
                let grads = &grads[position * WIDTH..][..WIDTH];
                sums.iter_mut().zip(grads).for_each(|(sum, grad)| *sum += *grad);
            });
            let stepped = {
                let optimizer = self.optimizer.boxed();
                self.tables.step(0, &*optimizer, &mut self.state, &mut self.weights)
            };
            assert_eq!(stepped, Some(true));
            return read;
        }
        let mut gradient = vec![0.0; ROWS * WIDTH];
        let grads = grads.chunks_exact(WIDTH);
        for ((&row, grads), read) in rows.iter().zip(grads).zip(read.chunks_exact_mut(WIDTH)) {
            read.copy_from_slice(&self.weights[row * WIDTH..][..WIDTH]);
            let sums = &mut gradient[row * WIDTH..][..WIDTH];
            sums.iter_mut().zip(grads).for_each(|(sum, grad)| *sum += grad);
        }
        let (step, slots) = (self.state.step, &mut self.state.slots);
        self.optimizer.update(step, &mut self.weights, &gradient, slots);
        read
    }
}

impl<O: Optimizer> Run<O> {
    /// Makes the table sparse, although three of 200 rows are too many for the rule.
    fn make_sparse(&mut self) {
        let (slots, catch_up) = (self.tables.slots, self.tables.catch_up.clone().unwrap());
        let table = Table::new((ROWS, WIDTH), 0, slots, catch_up);
        self.tables.tensors[0].1 = Kind::Sparse(Box::new(table));
    }

    fn table(&mut self) -> &mut Table<f64> {
        self.tables.get(0).unwrap()
    }

    /// The saved state, and a run that continues from it.
    fn saved_and_loaded(&mut self) -> (SavedState<f64>, Run<O>) {
        let (tables, mut dense) = (&mut self.tables, self.weights.clone());
        let raw = [tables.get(0).map(|table| table.materialize(&mut dense))];
        let mut to_save = StateToSave::default();
        tables.save(["table"].into_iter(), &raw, &mut to_save);
        let StateToSave { tensors, numbers } = to_save;
        let tensors = tensors.into_iter().map(|(name, numbers)| (name, numbers.to_vec()));
        let saved = SavedState { tensors: tensors.collect(), numbers };
        let mut run = Run::new(self.optimizer.clone(), true);
        (run.state.step, run.weights) = (self.state.step, dense);
        run.state.slots.clear();
        let loaded = run.tables.load((0, "table"), self.state.step, &saved, &mut run.weights);
        loaded.unwrap();
        (saved, run)
    }
}

/// The number of saved values.
fn size(saved: &SavedState<f64>) -> usize {
    saved.numbers.values().chain(saved.tensors.values()).map(Vec::len).sum()
}

/// Looks up every row again and again with a changing learning rate, and resumes the run from a
/// saved state once in a while.
fn check_size(optimizer: impl Optimizer, steps: usize) {
    let mut dense = Run::new(optimizer.clone(), false);
    let mut sparse = Run::new(optimizer, true);
    sparse.make_sparse();
    let mut resumed: Option<Run<_>> = None;
    let mut sizes = Vec::new();
    for step in 0..steps {
        let rows = batch(step);
        let read = sparse.step(&rows);
        assert_close(&read, &dense.step(&rows), 1e-9);
        if let Some(run) = &mut resumed {
            assert_eq!(run.step(&rows), read, "{step}");
        }
        let table = sparse.table();
        assert!(table.log.count() < 1024, "{step}: {}", table.log.count());
        if step % 1500 == 700 {
            let (saved, run) = sparse.saved_and_loaded();
            sizes.push(size(&saved));
            resumed = Some(run);
        }
    }
    // The rows, their slots and at most 1024 logged steps, for any number of steps.
    let most = ROWS * (3 * WIDTH + 2) + 2 * 1024 + 10;
    assert!(sizes.iter().all(|size| *size < most), "{sizes:?} {most}");
    let (weights, expected) = (&mut sparse.weights, &dense.weights);
    sparse.tables.get(0).unwrap().flush(weights);
    assert_close(weights, expected, 1e-9);
}

#[test]
fn what_a_table_remembers_does_not_grow_with_the_steps() {
    check_size(Sgd::new(0.1), 2300);
    check_size(Sgd::new(0.1).nesterov(0.9), 2300);
    check_size(RmsProp { momentum: 0.9, ..RmsProp::new(0.1) }, 2300);
    check_size(Adam::new(0.1), 2300);
    check_size(AdamW::new(0.1).decay(0.5), 2300);
}

#[test]
#[ignore = "a minute; `just soak`"]
fn soak_what_a_table_remembers_does_not_grow_with_millions_of_steps() {
    check_size(AdamW::new(0.1).decay(0.5), 3_000_000);
}

#[test]
fn large_tables_remember_more_steps_but_no_more_than_they_have_rows() {
    assert_eq!(table::max_logged_steps(100, 100), 1024);
    assert_eq!(table::max_logged_steps(1 << 20, 5000), 1 << 14);
    assert_eq!(table::max_logged_steps(1 << 20, 1 << 19), 1 << 19);
}

/// The rows of a step's batch: sometimes a frequent row, sometimes a row twice.
fn batch(step: usize) -> [usize; 3] {
    [step * 37 % ROWS, if step.is_multiple_of(4) { 5 } else { step * 11 % 7 }, step * 37 % ROWS]
}

fn check_against_dense(optimizer: impl Optimizer) {
    let mut dense = Run::new(optimizer.clone(), false);
    let mut sparse = Run::new(optimizer, true);
    for step in 0..300 {
        if step == 0 {
            sparse.make_sparse();
        }
        let rows = batch(step);
        assert_close(&sparse.step(&rows), &dense.step(&rows), 1e-10);
        if step % 50 == 49 {
            let table = sparse.tables.get(0).unwrap();
            let before = sparse.weights.clone();
            let raw = table.materialize(&mut sparse.weights);
            assert_close(&sparse.weights, &dense.weights, 1e-10);
            table.restore(&raw, &mut sparse.weights);
            assert_eq!(sparse.weights, before);
        }
    }
    sparse.tables.get(0).unwrap().flush(&mut sparse.weights);
    assert_close(&sparse.weights, &dense.weights, 1e-10);
    // And after the flush.
    for step in 300..330 {
        assert_close(&sparse.step(&batch(step)), &dense.step(&batch(step)), 1e-10);
    }
}

#[test]
fn a_table_that_rests_follows_the_dense_formula() {
    check_against_dense(Sgd::new(0.1));
    check_against_dense(Sgd::new(0.1).nesterov(0.9));
    check_against_dense(RmsProp { momentum: 0.9, ..RmsProp::new(0.1) });
    check_against_dense(Adam::new(0.1));
    check_against_dense(AdamW::new(0.1).decay(0.5));
}

#[test]
fn only_large_tables_rest() {
    assert!(is_sparse(10_000, 32));
    assert!(is_sparse(64, 1));
    assert!(!is_sparse(63, 1));
    // A hundred words a sample, as in docs/from-keras.md.
    assert!(!is_sparse(10_000, 3200));
}

#[test]
fn outside_of_a_run_nothing_rests_and_what_nobody_trains_needs_no_gradient() {
    let unread = |_: usize, _: &[f64]| panic!("no table is sparse");
    let mut run = Run::new(Sgd::new(0.1), true);
    let id = run.tables.ids()[0];
    let mut none = Tables::<f64>::default();
    assert!(matches!(none.look_up(id, (&[1.0], 1), (&[0], 1), unread), LookUp::Dense));
    run.tables.tensors.clear();
    assert!(matches!(run.tables.look_up(id, (&[1.0], 1), (&[0], 1), unread), LookUp::NotTrained));
}
