//! Several labels in Parquet: as a list, and as a column for each.

use std::{fs::File, sync::Arc};

use arrow_array::{
    builder::{BooleanBuilder, ListBuilder},
    ArrayRef, BooleanArray, Float32Array, Int8Array, RecordBatch,
};
use multi_input::{
    data::{Parquet, Source},
    prelude::*,
};
use parquet::arrow::ArrowWriter;

macro_rules! model {
    ($name:ident, $($columns:tt)*) => {
        #[multi_input_model]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            #[input]
            x: f32,
            #[from(x)]
            #[branch(Dense(2, sigmoid))]
            #[output(loss = binary_cross_entropy, metrics(f1, auc) $($columns)*)]
            tags: Option<[bool; 2]>,
        }
    };
}

model!(InAList,);
model!(InColumns, , columns("a", "b"));

fn write(folder: &tempfile::TempDir, columns: Vec<(&str, ArrayRef)>) -> std::path::PathBuf {
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let path = folder.path().join("rows.parquet");
    let file = File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    path
}

const TAGS: [Option<[bool; 2]>; 3] = [Some([true, false]), None, Some([false, true])];

#[test]
fn labels_are_read_from_lists_and_columns() {
    let folder = tempfile::tempdir().unwrap();
    let x: ArrayRef = Arc::new(Float32Array::from(vec![1.0, 2.0, 3.0]));
    let mut lists = ListBuilder::new(BooleanBuilder::new());
    TAGS.iter().for_each(|tags| lists.append_option(tags.map(|tags| tags.map(Some))));
    let path = write(&folder, vec![("x", x.clone()), ("tags", Arc::new(lists.finish()))]);
    let source = Parquet::<InAListSample>::new(&path);
    let rows = source.read_all().unwrap();
    assert_eq!(rows.iter().map(|row| row.tags).collect::<Vec<_>>(), TAGS);
    let mut model = InAList::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    let of_lists = trainer.fit_from(&mut model, &source).unwrap();

    // A flag may also be a number.
    let a: ArrayRef = Arc::new(BooleanArray::from(TAGS.map(|tags| tags.map(|t| t[0])).to_vec()));
    let b = TAGS.map(|tags| tags.map(|tags| i8::from(tags[1])));
    let b: ArrayRef = Arc::new(Int8Array::from(b.to_vec()));
    let path = write(&folder, vec![("b", b), ("x", x), ("a", a)]);
    let source = Parquet::<InColumnsSample>::new(&path);
    let rows = source.read_all().unwrap();
    assert_eq!(rows.iter().map(|row| row.tags).collect::<Vec<_>>(), TAGS);
    let mut model = InColumns::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    let of_columns = trainer.fit_from(&mut model, &source).unwrap();
    for name in ["loss", "f1", "f1_1", "auc_0"] {
        let [one, other] = [&of_lists, &of_columns].map(|history| history.curve(name)[0].to_bits());
        assert_eq!(one, other, "{name}");
    }
}
