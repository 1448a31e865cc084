//! The state of a callback in a checkpoint.

use std::{cell::RefCell, collections::BTreeMap};

use crate::untyped::Snapshot;

/// Numbers by name. Checkpoints store them exactly, NaN and infinity included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    pub(crate) numbers: BTreeMap<String, Vec<f64>>,
    /// The names of the copies of weights among them.
    pub(crate) snapshots: Vec<String>,
    /// The number of elements of each tensor of the model, if known.
    tensors: Option<Vec<usize>>,
    /// The first requested value that no callback can have stored.
    problem: RefCell<Option<String>>,
}

/// Integers above this are not exact in `f64`, and no counter gets so far.
const MOST: f64 = (1_u64 << 53) as f64;

impl Memory {
    /// The state stored by a callback of a model whose tensors have `tensors` elements.
    pub(crate) fn of(numbers: BTreeMap<String, Vec<f64>>, tensors: Vec<usize>) -> Memory {
        Memory { numbers, tensors: Some(tensors), ..Memory::default() }
    }

    /// Why the state cannot have been stored by the callback that read it.
    pub(crate) fn problem(&self) -> Option<String> {
        self.problem.borrow().clone()
    }

    fn note(&self, problem: String) {
        self.problem.borrow_mut().get_or_insert(problem);
    }

    /// Stores a number.
    pub fn put(&mut self, name: &str, number: f64) {
        self.numbers.insert(name.to_owned(), vec![number]);
    }

    /// The number `name`.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.numbers.get(name).and_then(|numbers| numbers.first()).copied()
    }

    /// The number `name` as a count; 0 if there is none. If a checkpoint has a number there that is
    /// not a count, the run is not resumed.
    pub fn count(&self, name: &str) -> usize {
        match self.get(name) {
            None => 0,
            Some(number) if number.fract() == 0.0 && (0.0..=MOST).contains(&number) => {
                number as usize
            }
            Some(number) => {
                self.note(format!("`{name}` should be a count, but is {number}"));
                0
            }
        }
    }

    /// Stores a copy of the weights.
    pub fn put_snapshot(&mut self, name: &str, snapshot: &Snapshot) {
        self.put(name, snapshot.0.len() as f64);
        self.snapshots.push(name.to_owned());
        for (index, tensor) in snapshot.0.iter().enumerate() {
            self.numbers.insert(Memory::copy_of(name, index), tensor.clone());
        }
    }

    /// The name of the copy of a tensor in the copy `name` of all weights.
    pub(crate) fn copy_of(name: &str, tensor: usize) -> String {
        format!("{name}.{tensor}")
    }

    /// The copy of the weights `name`. If a checkpoint has weights of another model there, the run
    /// is not resumed.
    pub fn snapshot(&self, name: &str) -> Option<Snapshot> {
        self.get(name)?;
        let tensor = |index| self.numbers.get(&Memory::copy_of(name, index)).cloned();
        let tensors = (0..self.count(name)).map(tensor).collect::<Option<Vec<_>>>();
        let fits = |tensors: &Vec<Vec<f64>>| {
            let known = self.tensors.as_ref();
            known.is_none_or(|known| tensors.iter().map(Vec::len).eq(known.iter().copied()))
        };
        let snapshot = tensors.filter(fits).map(Snapshot);
        if snapshot.is_none() {
            self.note(format!("`{name}` should be a copy of all weights of this model"));
        }
        snapshot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_comes_back() {
        let mut memory = Memory::default();
        let snapshot = Snapshot(vec![vec![1.0, f64::INFINITY], vec![]]);
        memory.put("best", f64::NEG_INFINITY);
        memory.put_snapshot("weights", &snapshot);
        assert_eq!(memory.get("best"), Some(f64::NEG_INFINITY));
        assert_eq!(memory.snapshot("weights"), Some(snapshot));
        assert_eq!((memory.get("other"), memory.count("other")), (None, 0));
        assert_eq!(memory.snapshot("other"), None);
        assert_eq!(memory.problem(), None);
    }

    #[test]
    fn what_nobody_can_have_put_is_noted() {
        for number in [f64::NAN, -1.0, 0.5, 1e300] {
            let mut memory = Memory::default();
            memory.put("waited", number);
            assert_eq!(memory.count("waited"), 0);
            let problem = memory.problem().unwrap();
            assert_eq!(problem, format!("`waited` should be a count, but is {number}"));
        }
        let mut memory = Memory::default();
        memory.put_snapshot("weights", &Snapshot(vec![vec![1.0], vec![2.0, 3.0]]));
        let numbers = memory.numbers;
        let of = |sizes: &[usize]| Memory::of(numbers.clone(), sizes.to_vec());
        assert!(of(&[1, 2]).snapshot("weights").is_some());
        for sizes in [&[1, 3][..], &[1], &[1, 2, 0]] {
            let memory = of(sizes);
            assert_eq!(memory.snapshot("weights"), None);
            assert!(memory.problem().unwrap().contains("a copy of all weights"));
        }
    }
}
