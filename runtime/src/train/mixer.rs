//! The rows of a pass in an order of its own.

use crate::{data::Piece, seed::Generator};

/// Mixes rows as `tf.data` does it: as many as the window holds are kept, one of them is drawn by lot,
/// and the next row takes its place. So the reading never pauses.
pub(super) struct Mixer {
    /// How many rows the window holds.
    window: usize,
    kept: Option<Piece>,
    generator: Generator,
}

impl Mixer {
    pub(super) fn new(window: usize, generator: Generator) -> Mixer {
        Mixer { window, kept: None, generator }
    }

    /// Takes rows, and gives those that make room for them.
    pub(super) fn mix(&mut self, mut piece: Piece) -> Piece {
        let kept =
            self.kept.get_or_insert_with(|| Piece::empty(piece.table.none(), piece.answers.len()));
        let room = piece.len().min(self.window - kept.len());
        if room > 0 {
            kept.append(&piece, (0, room));
            piece = piece.select(&(room..piece.len()).collect::<Vec<_>>());
        }
        // One after the other: a row that has just come may be drawn by the next.
        let pairs = (0..piece.len()).map(|row| (self.generator.below(kept.len()), row));
        let pairs: Vec<_> = pairs.collect();
        kept.swap(&mut piece, &pairs);
        piece
    }

    /// The rows that are left.
    pub(super) fn rest(&mut self) -> Option<Piece> {
        let kept = self.kept.take()?;
        let mut left: Vec<usize> = (0..kept.len()).collect();
        let drawn = (0..kept.len()).map(|_| left.swap_remove(self.generator.below(left.len())));
        Some(kept.select(&drawn.collect::<Vec<_>>()))
    }
}
