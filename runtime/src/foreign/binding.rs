//! A layer of a file as one of ours: which tensors ours are made of, and their numbers.

use super::{
    features::Order,
    layer::{ForeignLayer, ForeignTensor},
    layout::{elements, rank, shape, Axes},
    table::{counterpart, Joined, Row},
    units::{Unit, UnitTensor},
    Conversion, Library,
};

#[cfg(feature = "keras")]
use super::layout::their_shape;

/// A tensor of ours with the tensors of a file that it is made of.
#[derive(Clone, Debug)]
pub(super) struct Bound<'a> {
    /// The name in the model.
    pub(super) name: &'a str,
    /// The shape in the model.
    shape: &'a [usize],
    row: Row,
    /// None where their layer lacks the tensor.
    sources: Vec<(&'a ForeignTensor, Axes)>,
    /// The order of the numbers that flow in.
    inputs: &'a Order,
}

/// The tensors of `unit` made of those of `layer`.
///
/// # Errors
/// The reason why the layer is none like it.
pub(super) fn bind<'a>(
    unit: &'a Unit,
    layer: &'a ForeignLayer,
    conversion: Conversion,
) -> Result<Vec<Bound<'a>>, String> {
    let library = conversion.library;
    let Some(counterpart) = counterpart(&unit.kind, library) else {
        return Err(format!("{library} has no layer like {}", unit.text));
    };
    if !layer.may_be(&counterpart, library) {
        return Err(format!("{} is no {}", layer.described(), unit.text));
    }
    let sources = sources(&counterpart.rows, layer, library)?;
    let mut bound = Vec::new();
    let mut used: Vec<*const ForeignTensor> = Vec::new();
    for (row, sources) in counterpart.rows.into_iter().zip(sources) {
        let Some(tensor) = unit.tensor(&row.ours) else { continue };
        used.extend(sources.iter().map(|source| std::ptr::from_ref(*source)));
        bound.push(Bound::of(unit, layer, (tensor, row), sources)?);
    }
    match layer.tensors.iter().find(|tensor| !used.contains(&std::ptr::from_ref(*tensor))) {
        Some(other) => Err(format!(
            "`{}` of {:?} in `{}` has no place in {}",
            other.name,
            other.shape,
            layer.name,
            unit.described()
        )),
        None => Ok(bound),
    }
}

/// For every row the tensors of a layer; none where the layer lacks them.
fn sources<'a>(
    rows: &[Row],
    layer: &'a ForeignLayer,
    library: Library,
) -> Result<Vec<Vec<&'a ForeignTensor>>, String> {
    match library {
        Library::Keras => numbered(rows, layer),
        Library::PyTorch => Ok(rows.iter().map(|row| named(row, layer)).collect()),
    }
}

/// The tensors of a layer of PyTorch by their names.
fn named<'a>(row: &Row, layer: &'a ForeignLayer) -> Vec<&'a ForeignTensor> {
    let find = |name: &str| layer.tensors.iter().find(|tensor| tensor.name == name);
    let second = row.second.as_ref().and_then(|(_, name)| find(name));
    find(&row.theirs).into_iter().chain(second).collect()
}

/// The tensors of a layer of Keras, which are numbered in each group.
fn numbered<'a>(
    rows: &[Row],
    layer: &'a ForeignLayer,
) -> Result<Vec<Vec<&'a ForeignTensor>>, String> {
    let lacking = lacking(rows, layer)?;
    let (mut found, mut count) = (Vec::new(), 0);
    for (index, row) in rows.iter().enumerate() {
        if lacking.contains(&index) {
            found.push(vec![]);
            continue;
        }
        let of_group = rows[..index].iter().enumerate();
        let before =
            of_group.filter(|(at, other)| other.theirs == row.theirs && !lacking.contains(at));
        let group = if row.theirs.is_empty() { String::new() } else { format!("{}/", row.theirs) };
        let name = format!("{group}{}", before.count());
        let tensor = match layer.flat {
            true => layer.tensors.get(count),
            false => layer.tensors.iter().find(|tensor| tensor.name == name),
        };
        let Some(tensor) = tensor else {
            return Err(format!("{} lacks the tensor `{name}`", layer.described()));
        };
        found.push(vec![tensor]);
        count += 1;
    }
    Ok(found)
}

/// The rows that a layer of Keras lacks: `use_bias=False`.
fn lacking(rows: &[Row], layer: &ForeignLayer) -> Result<Vec<usize>, String> {
    let all = |test: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let flagged = |row: &Row| row.optional.is_some_and(|(flag, _)| test(flag));
        (0..rows.len()).filter(|&index| flagged(&rows[index])).collect()
    };
    if layer.config.is_some() {
        let is_false =
            |flag: &str| layer.setting(flag).and_then(serde_json::Value::as_bool) == Some(false);
        return Ok(all(&is_false));
    }
    let (found, without_bias) = (layer.tensors.len(), all(&|flag| flag == "use_bias"));
    match rows.len() {
        length if found == length => Ok(vec![]),
        length if found + without_bias.len() == length => Ok(without_bias),
        length => Err(format!(
            "{} has {found} tensors, where there should be {length}; a `.keras` file says which are left out",
            layer.described()
        )),
    }
}

impl<'a> Bound<'a> {
    fn of(
        unit: &'a Unit,
        layer: &ForeignLayer,
        (tensor, row): (&'a UnitTensor, Row),
        sources: Vec<&'a ForeignTensor>,
    ) -> Result<Bound<'a>, String> {
        let mismatch = |found: &str| {
            format!(
                "`{}` has the shape {:?} here, but {found} in `{}`",
                tensor.name, tensor.shape, layer.name
            )
        };
        if sources.is_empty() && row.optional.is_none() {
            return Err(mismatch("there is none like it"));
        }
        let mut bound = Bound {
            name: &tensor.name,
            shape: &tensor.shape,
            row,
            sources: Vec::new(),
            inputs: &unit.inputs,
        };
        let mut found: Option<Vec<usize>> = None;
        for source in sources {
            let fitting = bound.row.axes.iter().find(|axes| rank(axes) == source.shape.len());
            let here = fitting.and_then(|axes| Some((*axes, shape(axes, &source.shape)?)));
            let Some((axes, here)) = here else {
                return Err(mismatch(&format!("`{}` has {:?}", source.name, source.shape)));
            };
            bound.sources.push((source, axes));
            found = Some(bound.joined(found, here));
        }
        match found {
            Some(found) if found != tensor.shape => {
                let shapes: Vec<String> =
                    bound.sources.iter().map(|(source, _)| format!("{:?}", source.shape)).collect();
                Err(mismatch(&shapes.join(" and ")))
            }
            _ => Ok(bound),
        }
    }

    /// The shape of ours after another source, which has the shape `next` in our order.
    fn joined(&self, before: Option<Vec<usize>>, mut next: Vec<usize>) -> Vec<usize> {
        if let (Some((_, of)), Some(rows)) = (self.row.block, next.first_mut()) {
            // A size that cannot be divided fits nothing.
            *rows = if *rows % of == 0 { *rows / of } else { usize::MAX };
        }
        match (before, self.row.second) {
            (Some(before), Some((Joined::Stacked, _))) if before.len() == next.len() => {
                next[0] = next[0].saturating_add(before[0]);
                next
            }
            (Some(before), _) if before != next => vec![],
            _ => next,
        }
    }

    /// The numbers in our order.
    pub(super) fn numbers(&self) -> Vec<f64> {
        let mut sources = self.sources.iter().map(|source| self.of_source(source));
        let Some(mut numbers) = sources.next() else {
            let value = self.row.optional.map_or(0.0, |(_, value)| value);
            return vec![value; self.shape.iter().product()];
        };
        for second in sources {
            match self.row.second {
                Some((Joined::Stacked, _)) => numbers.extend(second),
                _ => numbers.iter_mut().zip(second).for_each(|(sum, term)| *sum += term),
            }
        }
        self.in_order_of_inputs(numbers)
    }

    fn of_source(&self, (tensor, axes): &(&ForeignTensor, Axes)) -> Vec<f64> {
        let elements = elements(axes, &tensor.shape);
        let gates = self.row.gates;
        let gate = elements.len() / gates.len().max(1);
        let (block, blocks) = self.row.block.unwrap_or((0, 1));
        let size = elements.len() / blocks;
        let of_theirs = |index: usize| match gates {
            [] => index,
            gates => gates[index / gate] * gate + index % gate,
        };
        let block = block * size..(block + 1) * size;
        block.map(|index| tensor.numbers.at(elements[of_theirs(index)])).collect()
    }

    /// With the elements of the axis of inputs in the order in which the inputs are here.
    fn in_order_of_inputs(&self, numbers: Vec<f64>) -> Vec<f64> {
        let (Some(axis), Order::Permuted(order)) = (self.row.inputs, self.inputs) else {
            return numbers;
        };
        permuted(&numbers, self.shape, axis, order)
    }
}

/// Elements whose index along an axis is that of `order`.
fn permuted(numbers: &[f64], shape: &[usize], axis: usize, order: &[usize]) -> Vec<f64> {
    let inner: usize = shape[axis + 1..].iter().product();
    let size = shape[axis].max(1);
    let theirs = |index: usize| {
        let (outer, along, within) = (index / inner / size, index / inner % size, index % inner);
        let along = order.get(along).copied().unwrap_or(along);
        numbers.get((outer * size + along) * inner + within).copied().unwrap_or(f64::NAN)
    };
    (0..numbers.len()).map(theirs).collect()
}

impl Bound<'_> {
    /// The tensors of the file that ours is made of, by their paths, with the numbers of ours.
    #[cfg(feature = "keras")]
    pub(super) fn saved(&self, own: &[f64]) -> Option<(String, Vec<f64>)> {
        // In Keras every tensor of ours is made of one.
        let (source, axes) = self.sources.first()?;
        let own = in_order_of_theirs(own, self.shape, self.row.inputs, self.inputs);
        Some((source.path.clone(), scattered(&own, &elements(axes, &source.shape))))
    }
}

/// The shape and the numbers of a tensor of Keras; `None` if the sizes of its axes are unknown.
#[cfg(feature = "keras")]
pub(super) fn in_their_order(
    unit: &Unit,
    row: &Row,
    tensor: &UnitTensor,
    own: &[f64],
) -> Option<(Vec<usize>, Vec<f64>)> {
    let size = |axis: usize| tensor.shape.get(axis).copied().unwrap_or(1).max(1);
    let heads = unit.kind.argument("heads").and_then(|heads| heads.parse::<usize>().ok());
    // The joined axes: the heads and their width, the channels and their multiplier.
    let joined = row.axes.iter().flat_map(|axes| axes.iter()).position(|group| group.len() == 2);
    let first = if unit.kind.name == "MultiHeadAttention" { heads } else { Some(unit.channels) };
    let split = match joined {
        Some(axis) => [first?, size(axis) / first?.max(1)],
        None => [1, 1],
    };
    // A form with fewer axes is that of a tensor of one row.
    let mut forms = row.axes.iter().rev();
    let (axes, shape) =
        forms.find_map(|axes| Some((axes, their_shape(axes, &tensor.shape, split)?)))?;
    let own = in_order_of_theirs(own, &tensor.shape, row.inputs, &unit.inputs);
    Some((shape.clone(), scattered(&own, &elements(axes, &shape))))
}

/// With the elements of the axis of inputs in the order that they have in the other library.
#[cfg(feature = "keras")]
fn in_order_of_theirs(
    own: &[f64],
    shape: &[usize],
    inputs: Option<usize>,
    order: &Order,
) -> Vec<f64> {
    let (Some(axis), Order::Permuted(order)) = (inputs, order) else { return own.to_vec() };
    let mut back = vec![0; order.len()];
    for (here, &there) in order.iter().enumerate() {
        back.get_mut(there).into_iter().for_each(|back| *back = here);
    }
    permuted(own, shape, axis, &back)
}

/// Numbers at the places that `elements` says.
#[cfg(feature = "keras")]
fn scattered(own: &[f64], elements: &[usize]) -> Vec<f64> {
    let mut theirs = vec![0.0; own.len()];
    for (&number, &element) in own.iter().zip(elements) {
        theirs.get_mut(element).into_iter().for_each(|theirs| *theirs = number);
    }
    theirs
}
