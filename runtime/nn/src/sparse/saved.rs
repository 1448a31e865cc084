//! Saving and loading the tables of a run.

use std::{
    collections::{BTreeMap, HashSet},
    rc::Rc,
};

use multi_input_kernel::{pending_steps::StepLog, Element, StepSize};

use super::{
    table::{RawWeights, Table},
    CatchUp, Kind, Tables,
};

/// The state of a run by name, apart from the weights, as it is saved.
#[derive(Debug, Default)]
pub struct StateToSave<'a, E> {
    /// Values in the precision of the model: optimizer slots, sums of gradients, averages.
    pub tensors: BTreeMap<String, &'a [E]>,
    /// Values in double precision: metrics of an unfinished epoch, the state of callbacks.
    pub numbers: BTreeMap<String, Vec<f64>>,
}

/// The saved state of a run by name, apart from the weights: [`StateToSave`] as it is loaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SavedState<E> {
    /// Values in the precision of the model: optimizer slots, sums of gradients, averages.
    pub tensors: BTreeMap<String, Vec<E>>,
    /// Values in double precision: metrics of an unfinished epoch, the state of callbacks.
    pub numbers: BTreeMap<String, Vec<f64>>,
}

/// A table in a checkpoint, apart from the weights of the dense formula.
#[derive(Debug)]
struct SavedTable<E> {
    raw: RawWeights<E>,
    num_rows: usize,
    width: usize,
    rows: Vec<u32>,
    last_step: Vec<u64>,
    slots: Vec<Vec<E>>,
    log: StepLog,
    /// The rows looked up since the optimizer's last step.
    pending: Vec<u32>,
}

/// The key of a tensor without a look-up so far.
const UNUSED: &str = "unused";
/// The keys of a table's values in double precision.
const NUMBERS: [&str; 6] = [SIZES, ROWS, "last_step", PENDING, "rates", DECAYS];
/// The key of the number of rows of a table, of its width, and of the step since which its updates
/// may be deferred.
pub const SIZES: &str = "sizes";
/// The key of the rows that were ever looked up.
pub const ROWS: &str = "rows";
/// The key of the rows looked up since the optimizer's last step.
pub const PENDING: &str = "pending";
/// The key of the weight decays of the logged steps.
pub const DECAYS: &str = "decays";
/// The key of the weights without deferred updates.
const WEIGHTS: &str = "weights";

/// The start of all names of tables in a [`SavedState`]; tensor and key follow.
pub const TABLE: &str = "table.";

/// The name in a [`SavedState`] of the numbers with a key of the table of `tensor`.
pub fn name_of_table(tensor: &str, key: &str) -> String {
    format!("{TABLE}{tensor}.{key}")
}

/// The key of a name in a [`SavedState`], if it is of the table of `tensor`.
pub fn key_of_table<'a>(name: &'a str, tensor: &str) -> Option<&'a str> {
    let key = name.strip_prefix(TABLE)?.strip_prefix(tensor)?.strip_prefix('.')?;
    (!key.contains('.')).then_some(key)
}

/// What the numbers of a saved table are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedOf {
    /// The table as a whole.
    Table,
    /// Every row.
    Rows,
    /// The rows that were ever looked up, in the order of [`ROWS`].
    LookedUp,
    /// The rows looked up since the optimizer's last step, in the order of [`PENDING`].
    Pending,
}

impl SavedOf {
    /// Of the numbers with a key; `decays` says whether the logged steps have a weight decay.
    pub fn key(key: &str, decays: bool) -> SavedOf {
        match key {
            PENDING => SavedOf::Pending,
            SIZES | DECAYS | "rates" | UNUSED => SavedOf::Table,
            WEIGHTS if decays => SavedOf::Rows,
            _ => SavedOf::LookedUp,
        }
    }
}

impl<E: Element> Tables<E> {
    /// Saves all tables apart from their dense weights. `names` are the names of the tensors in
    /// their order, `raw` the weights without deferred updates.
    pub fn save<'a, 'n>(
        &'a self,
        names: impl Iterator<Item = &'n str>,
        raw: &'a [Option<RawWeights<E>>],
        run: &mut StateToSave<'a, E>,
    ) {
        for ((tensor, (_, kind)), raw) in names.zip(&self.tensors).zip(raw) {
            match (kind, raw) {
                (Kind::Sparse(table), Some(raw)) => table.save(tensor, raw, run),
                (Kind::Unused(_), _) => {
                    drop(run.numbers.insert(name_of_table(tensor, UNUSED), Vec::new()))
                }
                _ => {}
            }
        }
    }

    /// Loads the tensor at `index`, which has taken `steps` steps. Returns `None` where `run` has
    /// another form. `weights` are those of the dense formula; those of a table become the saved
    /// raw weights.
    pub fn load(
        &mut self,
        (index, tensor): (usize, &str),
        steps: u64,
        run: &SavedState<E>,
        weights: &mut [E],
    ) -> Option<()> {
        let (catch_up, (_, kind)) = (self.catch_up.as_ref()?, self.tensors.get_mut(index)?);
        let may_be_sparse = !matches!(kind, Kind::Dense);
        let is_saved_sparse = [NUMBERS[0], UNUSED]
            .iter()
            .any(|key| run.numbers.contains_key(&name_of_table(tensor, key)));
        if is_saved_sparse && !may_be_sparse {
            return None;
        }
        *kind = if run.numbers.contains_key(&name_of_table(tensor, NUMBERS[0])) {
            let saved = SavedTable::load(run, tensor, self.slots)?;
            let table = Table::load(saved, Rc::clone(catch_up), weights);
            Kind::Sparse(Box::new(match kind {
                Kind::Sparse(before) => table.in_place_of(before),
                _ => table,
            }))
        } else if run.numbers.contains_key(&name_of_table(tensor, UNUSED)) {
            Kind::Unused(steps)
        } else {
            Kind::Dense
        };
        Some(())
    }
}

impl<E: Element> Table<E> {
    /// Saves the table apart from its dense weights.
    fn save<'a>(&'a self, tensor: &str, raw: &'a RawWeights<E>, run: &mut StateToSave<'a, E>) {
        let (RawWeights::Entries(weights) | RawWeights::All(weights)) = raw;
        run.tensors.insert(name_of_table(tensor, WEIGHTS), weights);
        for (slot, numbers) in self.slots.iter().enumerate() {
            run.tensors.insert(name_of_table(tensor, &slot.to_string()), numbers);
        }
        let sizes = self.log.sizes();
        let pending = self.pending.entries.iter().map(|&entry| self.rows[entry as usize]);
        let numbers: [Vec<f64>; NUMBERS.len()] = [
            vec![self.num_rows() as f64, self.width as f64, self.log.since as f64],
            self.rows.iter().map(|&row| f64::from(row)).collect(),
            self.last_step.iter().map(|&step| step as f64).collect(),
            pending.map(f64::from).collect(),
            sizes.iter().map(|size| size.rate).collect(),
            sizes.iter().map(|size| size.decay).collect(),
        ];
        for (key, numbers) in NUMBERS.iter().zip(numbers) {
            run.numbers.insert(name_of_table(tensor, key), numbers);
        }
    }

    /// The saved table; `weights` become the raw weights.
    fn load(saved: SavedTable<E>, catch_up: CatchUp<E>, weights: &mut [E]) -> Table<E> {
        let SavedTable { raw, num_rows, width, rows, last_step, slots, log, pending } = saved;
        let mut table = Table::new((num_rows, width), log.since, slots.len(), catch_up);
        for row in rows {
            table.entry(row as usize);
        }
        (table.last_step, table.slots, table.log) = (last_step, slots, log);
        table.restore(&raw, weights);
        for row in pending {
            let entry = table.entry(row as usize);
            table.copy_to_pending(entry, row as usize, weights);
        }
        table.catch_up_pending();
        table
    }
}

/// Whether a run has a saved table of the tensor with the given shape and number of optimizer
/// slots.
///
/// # Errors
/// A saved table that is inconsistent, with a text that names it.
pub fn holds_table<E>(
    run: &SavedState<E>,
    tensor: &str,
    shape: &[usize],
    slots: usize,
) -> Result<bool, String> {
    if !run.numbers.contains_key(&name_of_table(tensor, NUMBERS[0])) {
        return Ok(false);
    }
    match is_sound(run, tensor, shape, slots) {
        Some(true) => Ok(true),
        _ => Err(format!("the rows of the table `{tensor}`, or what is known of them")),
    }
}

/// Whether the sizes, rows and steps of a saved table are consistent; `None` where values are
/// missing.
fn is_sound<E>(run: &SavedState<E>, tensor: &str, shape: &[usize], slots: usize) -> Option<bool> {
    let &[num_rows, width] = shape else { return Some(false) };
    let numbers = |key: &str| run.numbers.get(&name_of_table(tensor, key));
    let integers = |key: &str| -> Option<Vec<u64>> {
        numbers(key)?.iter().map(|&number| integer(number)).collect()
    };
    let [sizes, rows, last_step, pending] =
        [integers("sizes")?, integers("rows")?, integers("last_step")?, integers("pending")?];
    let (rates, decays) = (numbers("rates")?, numbers("decays")?);
    let &[own_rows, own_width, since] = sizes.as_slice() else { return Some(false) };

    let entries: HashSet<u64> = rows.iter().copied().collect();
    let pending_rows: HashSet<u64> = pending.iter().copied().collect();
    let rows_fit = (own_rows, own_width) == (num_rows as u64, width as u64)
        && entries.len() == rows.len()
        && rows.iter().all(|&row| row < own_rows)
        && pending_rows.len() == pending.len()
        && pending_rows.is_subset(&entries);
    let last = since + rates.len() as u64;
    let steps_fit = rates.len() == decays.len()
        && last_step.len() == rows.len()
        && last_step.iter().all(|last_step| (since..=last).contains(last_step));
    let entry_elements = rows.len() * width;
    let weight_elements = match decays.iter().any(|decay| *decay != 0.0) {
        true => num_rows * width,
        false => entry_elements,
    };
    let has = |key: &str, len: usize| {
        run.tensors.get(&name_of_table(tensor, key)).is_some_and(|numbers| numbers.len() == len)
    };
    let tensors_fit = has(WEIGHTS, weight_elements)
        && (0..slots).all(|slot| has(&slot.to_string(), entry_elements));
    Some(rows_fit && steps_fit && tensors_fit)
}

/// An integer that double precision represents exactly.
fn integer(number: f64) -> Option<u64> {
    let fits = number.fract() == 0.0 && (0.0..(1_u64 << 53) as f64).contains(&number);
    fits.then_some(number as u64)
}

impl<E: Element> SavedTable<E> {
    /// The table of a tensor, after [`holds_table`] found it consistent; `None` where values are
    /// missing.
    fn load(run: &SavedState<E>, tensor: &str, slots: usize) -> Option<Self> {
        let tensor_of = |key: &str| run.tensors.get(&name_of_table(tensor, key)).cloned();
        let numbers = |key: &str| run.numbers.get(&name_of_table(tensor, key));
        let &[num_rows, width, since] = numbers("sizes")?.as_slice() else { return None };
        let (num_rows, width) = (num_rows as usize, width as usize);
        let rows: Vec<u32> = numbers("rows")?.iter().map(|&row| row as u32).collect();
        let last_step: Vec<u64> = numbers("last_step")?.iter().map(|&step| step as u64).collect();
        let pending: Vec<u32> = numbers("pending")?.iter().map(|&row| row as u32).collect();
        let mut log = StepLog::new(since as u64);
        for (&rate, &decay) in numbers("rates")?.iter().zip(numbers("decays")?) {
            log.push(StepSize { rate, decay });
        }
        let weights: Vec<E> = tensor_of(WEIGHTS)?;
        let raw = match log.decays() {
            true => RawWeights::All(weights),
            false => RawWeights::Entries(weights),
        };
        let slots: Vec<Vec<E>> =
            (0..slots).map(|slot| tensor_of(&slot.to_string())).collect::<Option<_>>()?;
        Some(SavedTable { raw, num_rows, width, rows, last_step, slots, log, pending })
    }
}
