//! The recorded answers of Keras, and how far ours are from them.

use std::{cell::RefCell, collections::BTreeSet, path::Path};

use safetensors::{tensor::TensorView, Dtype, SafeTensors};

/// A file of `tests/fixtures`; its `README.md` lists the tensors.
pub struct Fixture {
    file: String,
    bytes: Vec<u8>,
    /// The tensors that were read.
    read: RefCell<BTreeSet<String>>,
}

impl Fixture {
    /// Reads `tests/fixtures/NAME.safetensors`.
    pub fn read(name: &str) -> Fixture {
        let file = format!("{name}.safetensors");
        // The packages within `tests` have no fixtures of their own.
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tests = package.ancestors().find(|folder| folder.join("fixtures").is_dir());
        let path = tests.unwrap_or(package).join("fixtures").join(&file);
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Fixture { file, bytes, read: RefCell::default() }
    }

    fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).unwrap_or_else(|e| panic!("{}: {e}", self.file))
    }

    fn tensor(&self, name: &str) -> TensorView<'_> {
        self.read.borrow_mut().insert(name.to_owned());
        let view = self.tensors().tensor(name);
        view.unwrap_or_else(|e| panic!("`{name}` of {}: {e}", self.file))
    }

    /// Whether there is such a tensor.
    pub fn has(&self, name: &str) -> bool {
        self.tensors().names().contains(&name)
    }

    /// The numbers of a tensor, f32 widened.
    pub fn f64s(&self, name: &str) -> Vec<f64> {
        let view = self.tensor(name);
        let data = view.data();
        match view.dtype() {
            Dtype::F32 => data
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes(b.try_into().unwrap()).into())
                .collect(),
            Dtype::F64 => {
                data.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
            }
            other => panic!("`{name}` of {} holds {other:?}, not numbers", self.file),
        }
    }

    /// A tensor of one number.
    pub fn f64(&self, name: &str) -> f64 {
        match self.f64s(name)[..] {
            [number] => number,
            ref numbers => panic!("`{name}` of {} holds {} numbers", self.file, numbers.len()),
        }
    }

    /// The indices of a tensor.
    pub fn indices(&self, name: &str) -> Vec<usize> {
        let view = self.tensor(name);
        assert_eq!(view.dtype(), Dtype::I64, "`{name}` of {} holds no indices", self.file);
        let indices = view.data().chunks_exact(8);
        indices
            .map(|bytes| {
                let index = i64::from_le_bytes(bytes.try_into().unwrap());
                usize::try_from(index).unwrap_or_else(|_| panic!("`{name}` holds {index}"))
            })
            .collect()
    }

    /// A tensor of one index.
    pub fn index(&self, name: &str) -> usize {
        match self.indices(name)[..] {
            [index] => index,
            ref indices => panic!("`{name}` of {} holds {} indices", self.file, indices.len()),
        }
    }

    /// The sizes of a tensor.
    pub fn shape(&self, name: &str) -> Vec<usize> {
        self.tensor(name).shape().to_vec()
    }

    /// The first `parts` parts of the names of all tensors that have more: 2 parts of
    /// `dense.relu.x` are `dense.relu`.
    pub fn cases(&self, parts: usize) -> BTreeSet<String> {
        let tensors = self.tensors();
        let split = tensors.names().into_iter().map(|name| name.split('.').collect::<Vec<_>>());
        split.filter(|name| name.len() > parts).map(|name| name[..parts].join(".")).collect()
    }

    /// Fails unless every tensor was read, apart from those of the cases named.
    pub fn assert_all_read(&self, left_out: &[&str]) {
        let read = self.read.borrow();
        let tensors = self.tensors();
        let is_of = |name: &str, case: &str| {
            name.strip_prefix(case).is_some_and(|rest| rest.starts_with('.'))
        };
        for case in left_out {
            let there = tensors.names().into_iter().any(|name| is_of(name, case));
            assert!(there, "{case} is not in {}", self.file);
        }
        let mut unread = tensors.names();
        unread
            .retain(|name| !read.contains(*name) && !left_out.iter().any(|case| is_of(name, case)));
        assert!(unread.is_empty(), "not compared with {}: {unread:?}", self.file);
    }
}

/// Compares with what Keras computed, and keeps the largest deviation.
pub struct Comparison {
    fixture: Fixture,
    tolerance: f64,
    largest: (f64, String),
}

impl Comparison {
    /// The largest allowed deviation is relative to the largest number of a tensor.
    pub fn with(name: &str, tolerance: f64) -> Comparison {
        Comparison { fixture: Fixture::read(name), tolerance, largest: (0.0, String::new()) }
    }

    pub fn fixture(&self) -> &Fixture {
        &self.fixture
    }

    /// Compares ours with the tensor of that name.
    pub fn same(&mut self, name: &str, ours: &[f64]) {
        let theirs = self.fixture.f64s(name);
        let deviation = deviation(name, ours, &theirs);
        assert!(
            deviation <= self.tolerance,
            "{name} is off by {deviation:e}: {ours:?}, {theirs:?}"
        );
        if deviation >= self.largest.0 {
            self.largest = (deviation, name.to_owned());
        }
    }

    /// Fails unless every tensor of the file was read, apart from those of the cases named.
    pub fn finish(self, left_out: &[&str]) {
        let (largest, tensor) = &self.largest;
        println!("{}: off by at most {largest:e}, in {tensor}", self.fixture.file);
        self.fixture.assert_all_read(left_out);
    }
}

/// The largest difference, relative to the largest of `theirs`; absolute where those are zeros.
pub fn deviation(name: &str, ours: &[f64], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len(), "the size of {name}");
    assert!(!ours.is_empty(), "{name} holds nothing");
    let scale = theirs.iter().fold(0.0f64, |scale, number| scale.max(number.abs()));
    let scale = if scale == 0.0 { 1.0 } else { scale };
    let differences = ours.iter().zip(theirs).map(|(ours, theirs)| (ours - theirs).abs() / scale);
    largest(differences)
}

/// The largest difference of two numbers at the same place, relative to theirs.
pub fn deviation_of_each(name: &str, ours: &[f64], theirs: &[f64]) -> f64 {
    let pairs = ours.chunks(1).zip(theirs.chunks(1));
    assert_eq!(ours.len(), theirs.len(), "the size of {name}");
    largest(pairs.map(|(ours, theirs)| deviation(name, ours, theirs)))
}

/// Unlike `max`, this does not lose a NaN.
fn largest(deviations: impl Iterator<Item = f64>) -> f64 {
    deviations.fold(0.0, |most, next| if next > most || next.is_nan() { next } else { most })
}
