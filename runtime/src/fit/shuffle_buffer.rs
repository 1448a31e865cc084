//! The shuffle buffer for streamed rows.

use multi_input_base::{Generator, Notice, NoticeKind};
use multi_input_data::reading::NumberedTable;

/// The capacity of the shuffle buffer, in rows and in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Window {
    /// A notice if memory limits the buffer to fewer rows than requested; the source has `rows`
    /// rows of `bytes` bytes in total.
    pub(super) fn short_of_memory(self, rows: usize, bytes: usize) -> Option<Notice> {
        let each = bytes.div_ceil(rows.max(1)).max(1);
        let (asked, found) = (self.rows.min(rows), (self.bytes / each).max(1));
        (found < asked).then(|| {
            let needed = asked.saturating_mul(each);
            let message = format!(
                "about {found} rows are mixed at a time instead of {asked}: a row takes {each} \
                 bytes, and `shuffle_memory` is {}; `shuffle_memory({needed})` has room for them",
                self.bytes
            );
            Notice::new(NoticeKind::Other, message)
        })
    }
}

/// A shuffle buffer as in `tf.data.Dataset.shuffle`: it is filled up to its capacity, then every
/// new row replaces a random row of the buffer, which is returned. Reading never pauses.
pub(super) struct ShuffleBuffer {
    window: Window,
    buffer: Option<NumberedTable>,
    /// The bytes that the buffered rows take.
    bytes: usize,
    generator: Generator,
}

impl ShuffleBuffer {
    pub(super) fn new(window: Window, generator: Generator) -> ShuffleBuffer {
        ShuffleBuffer { window, buffer: None, bytes: 0, generator }
    }

    /// Adds rows and returns the rows they replace.
    pub(super) fn push(&mut self, mut numbered: NumberedTable) -> NumberedTable {
        let free_rows = self.free_rows(&numbered);
        let buffer = self.buffer.get_or_insert_with(|| {
            NumberedTable::empty(numbered.table.none(), numbered.answers.len())
        });
        if free_rows > 0 {
            self.bytes += numbered.bytes(0..free_rows);
            buffer.append(&numbered, (0, free_rows));
            numbered = numbered.select(&(free_rows..numbered.len()).collect::<Vec<_>>());
        }
        // One after the other: a row that was just added may be chosen by the next.
        let pairs = (0..numbered.len()).map(|row| (self.generator.below(buffer.len()), row));
        let pairs: Vec<_> = pairs.collect();
        self.bytes += numbered.bytes(0..numbered.len());
        buffer.swap(&mut numbered, &pairs);
        self.bytes -= numbered.bytes(0..numbered.len());
        self.evict(&mut numbered);
        numbered
    }

    /// The number of rows of `numbered`, from the first, that fit without replacing others.
    fn free_rows(&self, numbered: &NumberedTable) -> usize {
        let buffered = self.buffer.as_ref().map_or(0, NumberedTable::len);
        let rows = numbered.len().min(self.window.rows.saturating_sub(buffered));
        let left = self.window.bytes.saturating_sub(self.bytes);
        if numbered.bytes(0..rows) <= left {
            return rows;
        }
        let ends = (0..rows).scan(0, |bytes, row| {
            *bytes += numbered.bytes(row..row + 1);
            Some(*bytes)
        });
        let fitting = ends.take_while(|bytes| *bytes <= left).count();
        // A row larger than the capacity is still swapped with the next one.
        fitting.max(usize::from(buffered == 0))
    }

    /// Returns random rows once larger rows have replaced smaller ones and the buffer exceeds its
    /// bytes. It returns somewhat more than necessary, because each eviction copies the remaining
    /// rows.
    fn evict(&mut self, to: &mut NumberedTable) {
        let Some(buffer) = self.buffer.as_mut().filter(|_| self.bytes > self.window.bytes) else {
            return;
        };
        let (mut left, mut evicted): (Vec<usize>, _) = ((0..buffer.len()).collect(), Vec::new());
        while left.len() > 1 && self.bytes > self.window.bytes / 16 * 15 {
            let row = left.swap_remove(self.generator.below(left.len()));
            self.bytes -= buffer.bytes(row..row + 1);
            evicted.push(row);
        }
        to.append(&buffer.select(&evicted), (0, evicted.len()));
        *buffer = buffer.select(&left);
    }

    /// The remaining rows, in random order.
    pub(super) fn drain(&mut self) -> Option<NumberedTable> {
        let buffer = self.buffer.take()?;
        let mut left: Vec<usize> = (0..buffer.len()).collect();
        let chosen = (0..buffer.len()).map(|_| left.swap_remove(self.generator.below(left.len())));
        Some(buffer.select(&chosen.collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use multi_input_base::Seed;
    use multi_input_data::{Column, Content, Picture, Table, Values};

    use super::*;

    /// Rows with one picture each, of the given numbers of bytes, numbered from `first`.
    fn numbered(first: usize, sizes: &[usize]) -> NumberedTable {
        let picture = |size: &usize| Picture::new(1, *size, 1, vec![0; *size]).unwrap();
        let values = Arc::new(Values::Pictures(sizes.iter().map(picture).collect()));
        let (content, width, present) = (Content::Pictures, 1, None);
        let column = Column { name: "photo", content, width, values, present, lengths: None };
        let table = Table { columns: vec![column], rows: sizes.len() };
        NumberedTable {
            table,
            row_numbers: (first..first + sizes.len()).collect(),
            answers: Vec::new(),
        }
    }

    /// The numbers of all rows in the order of output, and the maximum of buffered bytes.
    fn shuffled(window: Window, sizes: &[usize]) -> (Vec<usize>, usize) {
        let mut shuffle =
            ShuffleBuffer::new(window, Seed(5).generator(multi_input_base::Stream::Shuffling, 0));
        let (mut order, mut most) = (Vec::new(), 0);
        for (number, sizes) in sizes.chunks(10).enumerate() {
            order.extend(shuffle.push(numbered(10 * number, sizes)).row_numbers);
            let buffer = shuffle.buffer.as_ref().unwrap();
            assert_eq!(shuffle.bytes, buffer.bytes(0..buffer.len()), "counted as they come and go");
            most = most.max(shuffle.bytes);
        }
        order.extend(shuffle.drain().unwrap().row_numbers);
        (order, most)
    }

    #[test]
    fn the_window_is_bounded_by_bytes_and_no_row_is_lost() {
        let sizes: Vec<usize> = (0..200).map(|row| 500 * (1 + row / 50 + row % 3)).collect();
        for bytes in [1, 5_000, 20_000, 80_000] {
            let (mut order, most) = shuffled(Window { rows: 1000, bytes }, &sizes);
            let largest = numbered(0, &[3000]).bytes(0..1);
            assert!(most <= bytes.max(largest), "{bytes}: {most}");
            // A buffer of one row keeps the order.
            assert_eq!(order == (0..200).collect::<Vec<_>>(), bytes == 1);
            order.sort_unstable();
            assert_eq!(order, (0..200).collect::<Vec<_>>(), "{bytes}");
        }
    }

    #[test]
    fn rows_of_one_size_are_mixed_alike_by_rows_and_by_bytes() {
        let sizes = [1000; 100];
        let each = numbered(0, &[1000]).bytes(0..1);
        let by_rows = shuffled(Window { rows: 7, bytes: usize::MAX }, &sizes).0;
        let by_bytes = shuffled(Window { rows: 1000, bytes: 8 * each - 1 }, &sizes).0;
        assert_eq!(by_rows, by_bytes);
    }

    #[test]
    fn a_window_that_memory_bounds_is_told_with_the_number_to_write() {
        let window = Window { rows: 10_000, bytes: 1_000_000 };
        assert_eq!(window.short_of_memory(5000, 5000 * 200), None);
        assert_eq!(
            window.short_of_memory(5000, 5000 * 4000).unwrap().to_string(),
            "about 250 rows are mixed at a time instead of 5000: a row takes 4000 bytes, and \
             `shuffle_memory` is 1000000; `shuffle_memory(20000000)` has room for them"
        );
    }
}
