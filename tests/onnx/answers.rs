//! Models with their rows and predictions, for a comparison with onnxruntime.

/// `rows!(HouseInputs, HouseSample, |row| { area: .. } { price: .. })`: 300 rows to predict, and the
/// same to train on.
macro_rules! rows {
    ($inputs:ident, $sample:ident, |$row:ident| { $($field:ident: $value:expr),* }
        { $($target:ident: $of:expr),* }) => {{
        let inputs: Vec<$inputs> = (0..300).map(|$row| $inputs { $($field: $value),* }).collect();
        let samples: Vec<$sample> =
            (0..300).map(|$row| $sample { $($field: $value,)* $($target: $of),* }).collect();
        (inputs, samples)
    }};
}
pub(crate) use rows;

/// Trains a model for an epoch, so that running statistics are those of rows, and writes it. The
/// folder in `ONNX_OUT` keeps the file, the rows and the predictions.
macro_rules! answered {
    ($name:literal, $model:ident, $inputs:ident, $samples:ident) => {{
        Trainer::new(Adam::new(1e-2)).epochs(1).fit(&mut $model, &$samples).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let kept = std::env::var_os("ONNX_OUT").map(std::path::PathBuf::from);
        let folder = kept.unwrap_or_else(|| folder.path().to_owned());
        $model.export_onnx(folder.join(concat!($name, ".onnx"))).unwrap();
        let predictions = $model.predict(&$inputs).unwrap();
        let lines = $inputs.iter().zip(&predictions).map(|pair| format!("{pair:?}\n"));
        std::fs::write(folder.join(concat!($name, ".txt")), lines.collect::<String>()).unwrap();
    }};
}
pub(crate) use answered;
