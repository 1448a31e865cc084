//! What a callback remembers from epoch to epoch.

use std::collections::BTreeMap;

use super::Snapshot;

/// Numbers by name. Checkpoints keep them to the last bit, NaN and infinity included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory(pub(crate) BTreeMap<String, Vec<f64>>);

impl Memory {
    /// Writes down a number.
    pub fn put(&mut self, name: &str, number: f64) {
        self.0.insert(name.to_owned(), vec![number]);
    }

    /// The number of that name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(|numbers| numbers.first()).copied()
    }

    /// The number of that name as a count; 0 where there is none.
    pub fn count(&self, name: &str) -> usize {
        self.get(name).map_or(0, |number| number as usize)
    }

    /// Writes down a copy of the weights.
    pub fn put_snapshot(&mut self, name: &str, snapshot: &Snapshot) {
        self.put(name, snapshot.0.len() as f64);
        for (index, tensor) in snapshot.0.iter().enumerate() {
            self.0.insert(format!("{name}.{index}"), tensor.clone());
        }
    }

    /// The copy of the weights of that name.
    pub fn snapshot(&self, name: &str) -> Option<Snapshot> {
        let tensors = self.get(name)? as usize;
        let tensor = |index| self.0.get(&format!("{name}.{index}")).cloned();
        (0..tensors).map(tensor).collect::<Option<Vec<_>>>().map(Snapshot)
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
    }
}
