//! The file of a model whose tables are divided among ranks: that of the whole model.
//!
//! Rank 0 writes it while the others send it their rows, piece by piece, so that no rank holds more
//! than its own.

use std::path::Path;

use multi_input_base::Result;
use multi_input_kernel::{Backend, Element};
use multi_input_nn::parameters::ParameterInfo;

use super::{
    file::dtype,
    key,
    model::{contents, in_json},
    writing::{Take, Unwritten},
};
use crate::{
    checksum::Crc32c,
    cluster::Reader,
    untyped::{
        add_elements, parameters, Coverage, Divided, DividedTable, LookUp, UntypedModel,
        WholeTables,
    },
};

/// The bytes of all ranks that rank 0 gets at once, or a row of each rank if these are more.
const AT_ONCE: usize = 4 << 20;

/// Saves a model. All ranks take part.
pub(super) fn save<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    divided: &Divided,
    path: &Path,
) -> Result<()> {
    // In a file they belong to the rows of all ranks.
    let uncertainty = match model.uncertainty.is_empty() {
        true => None,
        false => {
            let checksum = whole_checksum(model, divided)?;
            Some(model.uncertainty.clone().with_weights(checksum))
        }
    };
    let mut tables: Vec<usize> = (0..divided.tables.len()).collect();
    // In the order of the file.
    tables.sort_by_key(|table| &divided.tables[*table].tensor);
    if !divided.cluster.is_main() {
        return tables
            .into_iter()
            .try_for_each(|table| gather_rows(model, divided, table, &mut |_| Ok(())));
    }
    let mut file = contents(model)?;
    if let Some(uncertainty) = uncertainty {
        file.texts.insert(key::UNCERTAINTY.to_owned(), in_json(&uncertainty)?);
    }
    let tables = tables.into_iter().map(|table| {
        let DividedTable { tensor, look_up, .. } = &divided.tables[table];
        let shape = vec![look_up.rows, look_up.width];
        let rows = move |take: &mut Take<'_>| gather_rows(model, divided, table, take);
        (tensor.clone(), Unwritten::new(dtype::<E>(), shape, rows))
    });
    file.write_with(path, tables.collect()).map(drop)
}

/// The checksum of all weights, with the rows of all ranks; known to rank 0.
fn whole_checksum<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    divided: &Divided,
) -> Result<u32> {
    let mut tables = WholeTables::new();
    for (index, table) in divided.tables.iter().enumerate() {
        let mut sum = Crc32c::default();
        gather_rows(model, divided, index, &mut |bytes| {
            let mut elements = vec![E::zero(); bytes.len() / E::BYTES];
            E::read_bytes(bytes, &mut elements);
            add_elements(&mut sum, &elements);
            Ok(())
        })?;
        tables.insert(table.tensor.clone(), sum);
    }
    Ok(model.whole_checksum(&tables, |steps| steps.into()))
}

/// Passes all rows of a divided table to `take` on rank 0, in their order and in pieces. All ranks take
/// part.
fn gather_rows<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    divided: &Divided,
    table: usize,
    take: &mut Take<'_>,
) -> Result<()> {
    let (cluster, ranks) = (&divided.cluster, divided.cluster.ranks());
    let LookUp { rows, width, .. } = divided.tables[table].look_up;
    let row = width * E::BYTES;
    let of_each_rank = (AT_ONCE / (ranks * row).max(1)).max(1);
    let mut gathered = Ok(());
    model.visit_divided(table, |held| {
        let mut pieces = held.chunks((of_each_rank * width).max(1));
        gathered = (0..rows).step_by(ranks * of_each_rank).try_for_each(|first| {
            let mut parts = vec![Vec::new(); ranks];
            E::append_bytes(pieces.next().unwrap_or_default(), &mut parts[0]);
            let parts = cluster.exchange("the rows of a file", parts)?;
            if !cluster.is_main() {
                return Ok(());
            }
            let mut readers: Vec<Reader<'_>> = parts.iter().map(|part| Reader(part)).collect();
            let count = (rows - first).min(ranks * of_each_rank);
            let mut piece = Vec::with_capacity(count * row);
            for index in 0..count {
                // Ranks hold rows by turns.
                piece.extend_from_slice(readers[index % ranks].take(row)?);
            }
            take(&piece)
        });
    });
    gathered
}

/// Replaces the untrained rows of divided tables by the means of the trained ones on all ranks, which
/// all call it.
pub(super) fn fill_divided<E: Element, D: Backend<E>>(
    model: &mut UntypedModel<E, D>,
    coverage: &Coverage,
) -> Result<()> {
    let means = model.means_of_divided(coverage)?;
    let own = parameters::list(&model.module);
    let Some(divided) = &model.divided else { return Ok(()) };
    parameters::edit(&mut model.module, |index, numbers| {
        let ParameterInfo { name, trainable, .. } = &own[index];
        let Some(index) = divided.index_of(name).filter(|_| *trainable) else { return };
        if let Some(mean) = &means[index] {
            let table = (&divided.tables[index].look_up, divided.share);
            coverage.fill_rows(table, mean, numbers, None);
        }
    })
}
