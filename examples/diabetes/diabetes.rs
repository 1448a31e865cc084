//! The diabetes study of Efron, Hastie, Johnstone and Tibshirani (2004), from the crate
//! `linfa-datasets`: ten measurements of each patient, and how far the disease had progressed a
//! year later. The crate reads the file's first line as a header, so of the 442 patients it gives
//! 441. Its numbers are centred and scaled; the models standardise them once more, on their
//! training rows.

/// One patient.
pub struct Patient {
    /// Age, body-mass index and mean blood pressure.
    pub vitals: [f32; 3],
    /// 0 or 1.
    pub sex: u32,
    /// Six values of the blood serum.
    pub serum: [f32; 6],
    /// The progression of the disease after a year, 25 to 346.
    pub progression: f32,
}

/// All patients, in the order of the file.
pub fn patients() -> Vec<Patient> {
    let study = linfa_datasets::diabetes();
    let rows = study.records().rows().into_iter().zip(study.targets());
    rows.map(|(row, progression)| {
        let number = |column: usize| row[column] as f32;
        Patient {
            vitals: [number(0), number(2), number(3)],
            sex: u32::from(row[1] > 0.0),
            serum: std::array::from_fn(|i| number(4 + i)),
            progression: *progression as f32,
        }
    })
    .collect()
}
