//! Red wines of the north of Portugal (Cortez and others, 2009), from the crate `linfa-datasets`:
//! eleven measurements of a laboratory, and the quality that tasters gave, 3 to 8. The crate reads
//! the file's first line as a header, which it is, and gives 1,599 wines.

/// One wine.
#[derive(Clone)]
pub struct Wine {
    /// Fixed acidity, volatile acidity, citric acid and pH.
    pub acids: [f32; 4],
    /// Residual sugar, chlorides, free and total sulfur dioxide, density and sulphates.
    pub salts: [f32; 6],
    /// Percent by volume.
    pub alcohol: f32,
    /// The median of at least three tasters.
    pub quality: f32,
}

/// All wines, in the order of the file.
pub fn wines() -> Vec<Wine> {
    let wines = linfa_datasets::winequality();
    let rows = wines.records().rows().into_iter().zip(wines.targets());
    rows.map(|(row, quality)| {
        let number = |column: usize| row[column] as f32;
        Wine {
            acids: [0, 1, 2, 8].map(number),
            salts: [3, 4, 5, 6, 7, 9].map(number),
            alcohol: number(10),
            quality: *quality as f32,
        }
    })
    .collect()
}
