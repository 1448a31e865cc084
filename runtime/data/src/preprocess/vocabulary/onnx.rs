//! Vocabularies in ONNX.

use multi_input_onnx::{Attribute, DataType, Graph, Tensor, Value};

use super::{Entry, Vocabulary, UNKNOWN};

impl<T: Entry> Vocabulary<T> {
    /// The entries with their indices, sorted by the entries.
    fn sorted(&self) -> Vec<(&T, i64)> {
        let entries = self.indices.iter().map(|(entry, index)| (entry, i64::from(*index)));
        let mut entries: Vec<(&T, i64)> = entries.collect();
        entries.sort_unstable();
        entries
    }
}

impl Vocabulary<String> {
    /// The index of each text. `LabelEncoder` would do as well, but not every runtime has it.
    pub(in crate::preprocess) fn to_onnx(&self, graph: &mut Graph, texts: &Value) -> Value {
        if self.is_empty() {
            return all_unknown(graph, texts);
        }
        let (entries, indices) = self.sorted().into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        let entries = Attribute::Texts(entries.into_iter().cloned().collect());
        let operator = graph.operator("CategoryMapper", &[texts]).of_ml();
        operator
            .with("cats_strings", entries)
            .with("cats_int64s", indices)
            .with("default_int64", i64::from(UNKNOWN))
            .gives(DataType::Int64, &texts.shape)
    }
}

impl Vocabulary<u32> {
    /// The index of each number, by binary search among the sorted entries.
    pub(in crate::preprocess) fn to_onnx(&self, graph: &mut Graph, numbers: &Value) -> Value {
        if numbers.dtype != DataType::Int64 || self.is_empty() {
            return all_unknown(graph, numbers);
        }
        let sorted = self.sorted();
        // A number at the start that no value reaches, and greater ones up to a power of two.
        let size = (sorted.len() + 1).next_power_of_two();
        let first = std::iter::once((i64::MIN, i64::from(UNKNOWN)));
        let entries = sorted.iter().map(|(number, index)| (i64::from(**number), *index));
        let rest = std::iter::repeat((i64::MAX, i64::from(UNKNOWN)));
        let (entries, indices): (Vec<i64>, Vec<i64>) =
            first.chain(entries).chain(rest).take(size).unzip();
        let entries = graph.weight("entries", Tensor::ints(&[size], entries));
        let indices = graph.weight("indices", Tensor::ints(&[size], indices));
        let unknown = graph.int(i64::from(UNKNOWN));
        let zero = graph.int(0);
        let mut found = graph.mul(numbers, &zero);
        let mut step = size / 2;
        while step > 0 {
            let step_value = graph.int(step as i64);
            let next = graph.add(&found, &step_value);
            let entry = graph.gather(&entries, &next, 0);
            let is_reached = graph.greater_or_equal(numbers, &entry);
            found = graph.choose(&is_reached, &next, &found);
            step /= 2;
        }
        let entry = graph.gather(&entries, &found, 0);
        let is_entry = graph.equal(&entry, numbers);
        let index = graph.gather(&indices, &found, 0);
        graph.choose(&is_entry, &index, &unknown)
    }
}

/// The index of unknown entries for every value.
fn all_unknown(graph: &mut Graph, values: &Value) -> Value {
    let shape = graph.shape_of(values);
    let unknown = Tensor::ints(&[1], [i64::from(UNKNOWN)]);
    let operator = graph.operator("ConstantOfShape", &[&shape]);
    operator.with("value", Attribute::Tensor(unknown)).gives(DataType::Int64, &values.shape)
}
