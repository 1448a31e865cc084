//! The rows of a pass in an order of its own.

use multi_input_base::{Generator, Notice, NoticeKind};
use multi_input_data::reading::NumberedTable;

/// How much is mixed at a time, at most: so many rows, and so many bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Window {
    /// Says where fewer of `rows` rows, which take so many bytes together, can be mixed than are asked
    /// for.
    pub(super) fn short_of_memory(self, rows: usize, bytes: usize) -> Option<Notice> {
        let each = bytes.div_ceil(rows.max(1)).max(1);
        let (asked, found) = (self.rows.min(rows), (self.bytes / each).max(1));
        (found < asked).then(|| {
            let wanted = asked.saturating_mul(each);
            let message = format!(
                "about {found} rows are mixed at a time instead of {asked}: a row takes {each} \
                 bytes, and `shuffle_memory` is {}; `shuffle_memory({wanted})` has room for them",
                self.bytes
            );
            Notice::new(NoticeKind::Other, message)
        })
    }
}

/// Mixes rows as `tf.data` does it: as many as the window holds are kept, one of them is drawn by lot,
/// and the next row takes its place. So the reading never pauses.
pub(super) struct Mixer {
    window: Window,
    kept: Option<NumberedTable>,
    /// How many bytes the kept rows take.
    bytes: usize,
    generator: Generator,
}

impl Mixer {
    pub(super) fn new(window: Window, generator: Generator) -> Mixer {
        Mixer { window, kept: None, bytes: 0, generator }
    }

    /// Takes rows, and gives those that make room for them.
    pub(super) fn mix(&mut self, mut piece: NumberedTable) -> NumberedTable {
        let room = self.room(&piece);
        let kept = self
            .kept
            .get_or_insert_with(|| NumberedTable::empty(piece.table.none(), piece.answers.len()));
        if room > 0 {
            self.bytes += piece.bytes(0..room);
            kept.append(&piece, (0, room));
            piece = piece.select(&(room..piece.len()).collect::<Vec<_>>());
        }
        // One after the other: a row that has just come may be drawn by the next.
        let pairs = (0..piece.len()).map(|row| (self.generator.below(kept.len()), row));
        let pairs: Vec<_> = pairs.collect();
        self.bytes += piece.bytes(0..piece.len());
        kept.swap(&mut piece, &pairs);
        self.bytes -= piece.bytes(0..piece.len());
        self.shed(&mut piece);
        piece
    }

    /// How many rows, from the first, find room without another one making it.
    fn room(&self, piece: &NumberedTable) -> usize {
        let kept = self.kept.as_ref().map_or(0, NumberedTable::len);
        let rows = piece.len().min(self.window.rows.saturating_sub(kept));
        let left = self.window.bytes.saturating_sub(self.bytes);
        if piece.bytes(0..rows) <= left {
            return rows;
        }
        let ends = (0..rows).scan(0, |bytes, row| {
            *bytes += piece.bytes(row..row + 1);
            Some(*bytes)
        });
        let fitting = ends.take_while(|bytes| *bytes <= left).count();
        // A row that is too large for any window is still mixed with the next.
        fitting.max(usize::from(kept == 0))
    }

    /// Where larger rows have come for smaller ones, gives up some by lot; a few more than it must, for
    /// each time the others are copied.
    fn shed(&mut self, to: &mut NumberedTable) {
        let Some(kept) = self.kept.as_mut().filter(|_| self.bytes > self.window.bytes) else {
            return;
        };
        let (mut left, mut shed): (Vec<usize>, _) = ((0..kept.len()).collect(), Vec::new());
        while left.len() > 1 && self.bytes > self.window.bytes / 16 * 15 {
            let row = left.swap_remove(self.generator.below(left.len()));
            self.bytes -= kept.bytes(row..row + 1);
            shed.push(row);
        }
        to.append(&kept.select(&shed), (0, shed.len()));
        *kept = kept.select(&left);
    }

    /// The rows that are left.
    pub(super) fn rest(&mut self) -> Option<NumberedTable> {
        let kept = self.kept.take()?;
        let mut left: Vec<usize> = (0..kept.len()).collect();
        let drawn = (0..kept.len()).map(|_| left.swap_remove(self.generator.below(left.len())));
        Some(kept.select(&drawn.collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use multi_input_base::Seed;
    use multi_input_data::{Column, Content, Picture, Table, Values};

    use super::*;

    /// Rows with a picture each, of so many bytes, numbered on from `first`.
    fn piece(first: usize, sizes: &[usize]) -> NumberedTable {
        let picture = |size: &usize| Picture::new(1, *size, 1, vec![0; *size]).unwrap();
        let values = Arc::new(Values::Pictures(sizes.iter().map(picture).collect()));
        let (content, width, present) = (Content::Pictures, 1, None);
        let column = Column { name: "photo", content, width, values, present };
        let table = Table { columns: vec![column], rows: sizes.len() };
        NumberedTable {
            table,
            row_numbers: (first..first + sizes.len()).collect(),
            answers: Vec::new(),
        }
    }

    /// The places of all rows in the order they come out, and the most bytes that were kept.
    fn mixed(window: Window, sizes: &[usize]) -> (Vec<usize>, usize) {
        let mut mixer =
            Mixer::new(window, Seed(5).generator(multi_input_base::Stream::Shuffling, 0));
        let (mut order, mut most) = (Vec::new(), 0);
        for (number, sizes) in sizes.chunks(10).enumerate() {
            order.extend(mixer.mix(piece(10 * number, sizes)).row_numbers);
            let kept = mixer.kept.as_ref().unwrap();
            assert_eq!(mixer.bytes, kept.bytes(0..kept.len()), "counted as they come and go");
            most = most.max(mixer.bytes);
        }
        order.extend(mixer.rest().unwrap().row_numbers);
        (order, most)
    }

    #[test]
    fn the_window_is_bounded_by_bytes_and_no_row_is_lost() {
        let sizes: Vec<usize> = (0..200).map(|row| 500 * (1 + row / 50 + row % 3)).collect();
        for bytes in [1, 5_000, 20_000, 80_000] {
            let (mut order, most) = mixed(Window { rows: 1000, bytes }, &sizes);
            let largest = piece(0, &[3000]).bytes(0..1);
            assert!(most <= bytes.max(largest), "{bytes}: {most}");
            // One row at a time stays where it is.
            assert_eq!(order == (0..200).collect::<Vec<_>>(), bytes == 1);
            order.sort_unstable();
            assert_eq!(order, (0..200).collect::<Vec<_>>(), "{bytes}");
        }
    }

    #[test]
    fn rows_of_one_size_are_mixed_alike_by_rows_and_by_bytes() {
        let sizes = [1000; 100];
        let each = piece(0, &[1000]).bytes(0..1);
        let by_rows = mixed(Window { rows: 7, bytes: usize::MAX }, &sizes).0;
        let by_bytes = mixed(Window { rows: 1000, bytes: 8 * each - 1 }, &sizes).0;
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
