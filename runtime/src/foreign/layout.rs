//! The order of the axes of a tensor in another library.

/// The axes of their tensor that make up each axis of ours: `[[1], [0]]` is the transpose of a matrix,
/// `[[1, 2], [0]]` joins the last two axes and puts them first. An empty list is an axis of size 1.
pub(super) type Axes = &'static [&'static [usize]];

/// The number of axes of their tensor.
pub(super) fn rank(axes: Axes) -> usize {
    axes.iter().map(|group| group.len()).sum()
}

/// The shape of our tensor; `None` if theirs has another number of axes.
pub(super) fn shape(axes: Axes, theirs: &[usize]) -> Option<Vec<usize>> {
    let size = |group: &&[usize]| group.iter().map(|&axis| theirs[axis]).product();
    (rank(axes) == theirs.len()).then(|| axes.iter().map(size).collect())
}

/// The shape of their tensor, where `split` are the sizes of two axes that ours joins; `None` if a
/// joined axis has other sizes, or an axis of size 1 has not.
#[cfg(any(test, feature = "keras"))]
pub(super) fn their_shape(axes: Axes, ours: &[usize], split: [usize; 2]) -> Option<Vec<usize>> {
    let mut theirs = vec![1; rank(axes)];
    for (group, &size) in axes.iter().zip(ours) {
        match group {
            [] if size == 1 => {}
            [axis] => theirs[*axis] = size,
            [first, second] if split[0] * split[1] == size => {
                (theirs[*first], theirs[*second]) = (split[0], split[1]);
            }
            _ => return None,
        }
    }
    (axes.len() == ours.len()).then_some(theirs)
}

/// For each element of our tensor, the index of the element of theirs.
pub(super) fn elements(axes: Axes, theirs: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; theirs.len()];
    for axis in (1..theirs.len()).rev() {
        strides[axis - 1] = strides[axis] * theirs[axis];
    }
    let mut elements = vec![0];
    for &axis in axes.iter().copied().flatten() {
        let steps = |&start: &usize| (0..theirs[axis]).map(move |step| (start, step));
        let next = elements.iter().flat_map(steps);
        elements = next.map(|(start, step)| start + step * strides[axis]).collect();
    }
    elements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_permuted_and_joined() {
        let transpose: Axes = &[&[1], &[0]];
        assert_eq!(shape(transpose, &[2, 3]), Some(vec![3, 2]));
        assert_eq!(elements(transpose, &[2, 3]), [0, 3, 1, 4, 2, 5]);
        assert_eq!(shape(transpose, &[2, 3, 4]), None);
        // A kernel of 2 inputs, 3 heads of 2 numbers.
        let heads: Axes = &[&[1, 2], &[0]];
        assert_eq!(shape(heads, &[2, 3, 2]), Some(vec![6, 2]));
        assert_eq!(elements(heads, &[2, 3, 2]), [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]);
        assert_eq!(their_shape(heads, &[6, 2], [3, 2]), Some(vec![2, 3, 2]));
        assert_eq!(their_shape(heads, &[6, 2], [3, 3]), None);
        let row: Axes = &[&[], &[0]];
        assert_eq!(shape(row, &[5]), Some(vec![1, 5]));
        assert_eq!(elements(row, &[5]), [0, 1, 2, 3, 4]);
        assert_eq!(their_shape(row, &[2, 5], [1, 1]), None);
    }
}
