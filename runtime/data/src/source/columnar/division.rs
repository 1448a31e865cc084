//! Divides the rows of columnar files among shards.

use std::ops::Range;

use super::super::shard::share;

/// Some rows of a file: the index of the file, and the rows in it.
pub(in super::super) type FileRows = (usize, Range<usize>);

/// How far the beginning of a shard may lie from an equal share, in parts of a share, so that it is
/// that of a group.
const TOLERANCE: u64 = 4;

/// The rows of each of `count` shards. `files` has for each file the numbers of rows of its groups,
/// which are decoded at once. A shard begins with a group, where one begins near an equal share of the
/// rows, and otherwise within a group.
pub(in super::super) fn divide(files: &[Vec<usize>], count: usize) -> Vec<Vec<FileRows>> {
    let ends = files.iter().flatten().scan(0, |end, rows| {
        *end = u64::saturating_add(*end, *rows as u64);
        Some(*end)
    });
    // Where groups begin.
    let starts: Vec<u64> = std::iter::once(0).chain(ends).collect();
    let total = starts.last().copied().unwrap_or_default();
    let tolerance = total / count.max(1) as u64 / TOLERANCE;
    let start_of = |index: usize| {
        let equal = share(total, index, count);
        let next = starts.partition_point(|start| *start < equal);
        let near = [next.saturating_sub(1), next].into_iter().filter_map(|group| starts.get(group));
        let near = near.min_by_key(|start| start.abs_diff(equal));
        near.copied().filter(|start| start.abs_diff(equal) <= tolerance).unwrap_or(equal)
    };
    (0..count).map(|index| rows_of(files, start_of(index)..start_of(index + 1))).collect()
}

/// The rows of all files in a range of all rows.
fn rows_of(files: &[Vec<usize>], range: Range<u64>) -> Vec<FileRows> {
    let mut start = 0_u64;
    let rows = files.iter().enumerate().map(|(file, groups)| {
        let before = start;
        start = groups.iter().fold(start, |end, rows| end.saturating_add(*rows as u64));
        let [from, to] = [range.start, range.end].map(|row| row.clamp(before, start) - before);
        (file, from as usize..to as usize)
    });
    rows.filter(|(_, rows)| !rows.is_empty()).collect()
}

/// The groups that have some rows of a file, and the index of the first row of the first one.
pub(in super::super) fn groups_of(groups: &[usize], rows: &Range<usize>) -> (Range<usize>, usize) {
    let (mut first, mut first_row) = (0, 0);
    let end_of = |group: usize, start: usize| Some(start.saturating_add(*groups.get(group)?));
    while let Some(end) = end_of(first, first_row).filter(|end| *end <= rows.start) {
        (first, first_row) = (first + 1, end);
    }
    let (mut last, mut last_row) = (first, first_row);
    while let Some(end) = end_of(last, last_row).filter(|_| last_row < rows.end) {
        (last, last_row) = (last + 1, end);
    }
    (first..last, first_row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_begin_with_groups_where_they_can() {
        let files = [vec![100, 104], vec![], vec![96, 100]];
        let known =
            vec![vec![(0, 0..100)], vec![(0, 100..204)], vec![(2, 0..96)], vec![(2, 96..196)]];
        assert_eq!(divide(&files, 4), known);
        assert_eq!(divide(&files, 2), [vec![(0, 0..204)], vec![(2, 0..196)]]);
        assert_eq!(divide(&files, 1), [vec![(0, 0..204), (2, 0..196)]]);
        assert_eq!(divide(&[vec![10]], 3), [vec![(0, 0..3)], vec![(0, 3..6)], vec![(0, 6..10)]]);
        assert_eq!(divide(&[vec![1, 1]], 3), [vec![], vec![(0, 0..1)], vec![(0, 1..2)]]);
        assert_eq!(divide(&[], 2), [vec![], vec![]]);
        assert_eq!(divide(&[vec![0]], 2), [vec![], vec![]]);
    }

    #[test]
    fn every_row_is_in_one_shard() {
        let files = [vec![3, 500, 0, 7], vec![90], vec![1; 40]];
        for count in [1, 2, 3, 7, 100, 1000] {
            let shards = divide(&files, count);
            assert_eq!(shards.len(), count);
            let mut next = [0; 3];
            for (file, rows) in shards.into_iter().flatten() {
                assert_eq!(rows.start, next[file], "{count}");
                next[file] = rows.end;
            }
            assert_eq!(next, [510, 90, 40]);
        }
    }

    #[test]
    fn groups_are_found_by_their_rows() {
        let groups = [3, 0, 4, 5];
        assert_eq!(groups_of(&groups, &(0..3)), (0..1, 0));
        assert_eq!(groups_of(&groups, &(3..4)), (2..3, 3));
        assert_eq!(groups_of(&groups, &(2..8)), (0..4, 0));
        assert_eq!(groups_of(&groups, &(7..12)), (3..4, 7));
        assert_eq!(groups_of(&groups, &(5..5)), (2..3, 3));
    }
}
