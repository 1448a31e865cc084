//! A small model, trained on the rows of the study.

use multi_input::prelude::*;

/// The same training for every model of an example.
pub fn trained<M: Network<f32, Cpu>>(
    rows: &[M::Sample],
    seed: Seed,
) -> multi_input::Result<Model<M>> {
    let mut model = Model::<M>::build(&Cpu::default(), seed);
    Trainer::new(Adam::new(3e-3))
        .epochs(60)
        .batch_size(32)
        .seed(seed)
        .progress(Progress::silent())
        .fit(&mut model, rows)?;
    Ok(model)
}
