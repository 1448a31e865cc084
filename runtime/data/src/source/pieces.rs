//! Pieces of text files that begin and end with rows.

use std::ops::Range;

use multi_input_base::Result;

use super::{
    file::TextFile,
    shard::{share, Shard, ShardCache},
};

/// Consecutive rows of a text file.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) file: TextFile,
    /// The bytes of the rows in the file.
    pub(super) bytes: Range<u64>,
    /// What a reader of the piece has to know of the text before it to name its lines: the number of
    /// its bytes, or of its lines.
    pub(super) before: u64,
    pub(super) rows: usize,
}

/// The pieces of a source's files for each shard, in one pass over the files; `None` where some file
/// cannot be divided by bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces(ShardCache<Option<Vec<Vec<Piece>>>>);

impl Pieces {
    /// The pieces of a shard. `scan` passes the rows of a file of some size to the builder, and returns
    /// whether the file can be divided.
    pub(super) fn of(
        &self,
        shard: Shard,
        files: impl FnOnce() -> Result<Vec<TextFile>>,
        scan: impl FnMut(&TextFile, u64, &mut PieceBuilder) -> Result<bool>,
    ) -> Result<Option<Vec<Piece>>> {
        let all = self.0.get(shard.count, || divide(files()?, shard.count, scan))?;
        Ok(all.as_ref().as_ref().map(|all| all.get(shard.index).cloned().unwrap_or_default()))
    }
}

fn divide(
    files: Vec<TextFile>,
    count: usize,
    mut scan: impl FnMut(&TextFile, u64, &mut PieceBuilder) -> Result<bool>,
) -> Result<Option<Vec<Vec<Piece>>>> {
    let sizes = files.iter().map(|file| file.size().map_err(|error| file.unreadable(error)));
    let Some(sizes) = sizes.collect::<Result<Option<Vec<u64>>>>()? else { return Ok(None) };
    let mut pieces = PieceBuilder::new(count, sizes.iter().sum());
    for (file, size) in files.into_iter().zip(sizes) {
        pieces.start(file.clone(), size);
        if !scan(&file, size, &mut pieces)? {
            return Ok(None);
        }
    }
    Ok(Some(pieces.finish()))
}

/// Divides the rows of files among shards by the byte at which each row begins. All rows have to be
/// seen, in their order.
pub(super) struct PieceBuilder {
    count: usize,
    /// The size of all files in bytes.
    total: u64,
    /// The current file, its size, and the size of all files before it.
    file: Option<(TextFile, u64)>,
    before_file: u64,
    /// The shards up to the current one.
    shards: Vec<Vec<Piece>>,
    /// The current piece, which is in the current file.
    piece: Option<Piece>,
    /// Where the next shard begins.
    next_shard: u64,
}

impl PieceBuilder {
    /// For `count` shards of files of `total` bytes.
    pub(super) fn new(count: usize, total: u64) -> PieceBuilder {
        let (file, before_file, shards, piece) = (None, 0, vec![Vec::new()], None);
        let next_shard = share(total, 1, count);
        PieceBuilder { count, total, file, before_file, shards, piece, next_shard }
    }

    /// Begins with the next file.
    pub(super) fn start(&mut self, file: TextFile, size: u64) {
        self.end_piece();
        self.before_file += self.file.as_ref().map_or(0, |(_, size)| *size);
        self.file = Some((file, size));
    }

    /// A row that begins at a byte of the file. For `before` see [`Piece`].
    pub(super) fn row(&mut self, byte: u64, before: u64) {
        while self.before_file + byte >= self.next_shard && self.shards.len() < self.count {
            if let Some(piece) = &mut self.piece {
                piece.bytes.end = byte;
            }
            self.end_piece();
            self.shards.push(Vec::new());
            self.next_shard = share(self.total, self.shards.len(), self.count);
        }
        match (&mut self.piece, &self.file) {
            (Some(piece), _) => piece.rows += 1,
            (piece, Some((file, size))) => {
                let (file, bytes) = (file.clone(), byte..*size);
                *piece = Some(Piece { file, bytes, before, rows: 1 });
            }
            (None, None) => {}
        }
    }

    fn end_piece(&mut self) {
        if let Some(shard) = self.shards.last_mut() {
            shard.extend(self.piece.take());
        }
    }

    /// The pieces of each shard.
    pub(super) fn finish(mut self) -> Vec<Vec<Piece>> {
        self.end_piece();
        self.shards.resize(self.count, Vec::new());
        self.shards
    }
}
