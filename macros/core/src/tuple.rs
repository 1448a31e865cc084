//! Tuples of any length: dfdx implements tuples of up to six elements, so longer ones are nested.

/// The longest tuple.
pub(crate) const MOST: usize = 6;

/// The position of item `index` of `len` in the tuple, from the outermost tuple on.
pub(crate) fn path(index: usize, len: usize) -> Vec<usize> {
    if len <= MOST {
        return vec![index];
    }
    let chunk = chunk(len);
    let group = index / chunk;
    let inner = path(index % chunk, chunk.min(len - group * chunk));
    [vec![group], inner].concat()
}

/// The number of items in each of at most six groups.
pub(crate) fn chunk(len: usize) -> usize {
    len.div_ceil(MOST)
}
