//! Parts of a source, so that several ranks of a cluster each read one of them.

use std::{
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use multi_input_base::Result;

use super::{BlockRequest, Blocks, Source};

/// One of `count` parts of a source. All of them together have every row once, and in the order of
/// the source: those of part 0 precede those of part 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// The index of the part, from 0.
    pub index: usize,
    /// Number of parts.
    pub count: usize,
}

impl Shard {
    /// The whole source.
    pub const ALL: Shard = Shard { index: 0, count: 1 };

    /// All parts of a source.
    pub fn each(count: usize) -> impl Iterator<Item = Shard> {
        (0..count).map(move |index| Shard { index, count })
    }

    pub(super) fn is_all(self) -> bool {
        self == Shard::ALL
    }

    /// The part of `total` rows, where a source can divide them between any two.
    pub(super) fn range(self, total: usize) -> Range<usize> {
        let [start, end] = [self.index, self.index + 1].map(|index| {
            // It does not exceed `total`.
            share(total as u64, index, self.count) as usize
        });
        start..end
    }
}

/// Where part `index` of `count` equal parts of 0 to `total` begins.
pub(super) fn share(total: u64, index: usize, count: usize) -> u64 {
    let share = u128::from(total) * index as u128 / count.max(1) as u128;
    u64::try_from(share).unwrap_or(u64::MAX).min(total)
}

/// A shard, and the indices of its rows in the whole source, as far as they are known. A source that
/// passes on only some rows of another one numbers them anew, so there are indices for every
/// [level](Source::levels), those of the innermost source first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardRows {
    shard: Shard,
    levels: Vec<Range<usize>>,
}

impl ShardRows {
    /// The whole source.
    pub const ALL: ShardRows = ShardRows { shard: Shard::ALL, levels: Vec::new() };

    /// Finds the indices of the rows of `shards`, those which this process reads, level by level. For
    /// each level, `gather` is called with the number of rows in each of them, and returns the number
    /// of rows in all shards of the source in their order, to which the other ranks contribute. It is
    /// not called after an error of the source.
    ///
    /// # Errors
    /// Those of the source and of `gather`.
    pub fn of<S: Source>(
        source: &S,
        request: &BlockRequest,
        shards: impl IntoIterator<Item = Shard>,
        mut gather: impl FnMut(&[usize]) -> Result<Vec<usize>>,
    ) -> Result<Vec<ShardRows>> {
        let unknown = shards.into_iter().map(|shard| ShardRows { shard, levels: Vec::new() });
        let mut all: Vec<ShardRows> = unknown.collect();
        for _ in 0..source.levels() {
            let counts = all.iter().map(|rows| {
                let request = request.clone().with_shard(rows.clone());
                source.count_rows(&request)
            });
            let counts = counts.collect::<Result<Vec<usize>>>()?;
            let everywhere = gather(&counts)?;
            for (rows, count) in all.iter_mut().zip(counts) {
                let first = everywhere.iter().take(rows.shard.index).sum();
                rows.levels.push(first..first + count);
            }
        }
        Ok(all)
    }

    /// The shard.
    pub fn shard(&self) -> Shard {
        self.shard
    }

    /// The indices of the rows at a level, where they are known.
    pub(super) fn at(&self, level: usize) -> Option<Range<usize>> {
        self.levels.get(level).cloned()
    }

    /// Number of levels whose indices are known.
    pub(super) fn known_levels(&self) -> usize {
        self.levels.len()
    }
}

/// Number of rows in the request's shard of a source that can only be read from its first row on: as
/// many as a share of all rows.
pub(super) fn count_by_number<'a, R: 'a>(
    request: &BlockRequest,
    whole: impl FnOnce() -> Result<Blocks<'a, R>>,
) -> Result<usize> {
    let total = whole()?.map(|block| block.len()).sum();
    Ok(request.shard().range(total).len())
}

/// The blocks of the request's shard of a source that can only be read from its first row on.
pub(super) fn by_number<'a, R: 'a>(
    request: &BlockRequest,
    whole: impl Fn() -> Result<Blocks<'a, R>>,
) -> Result<Blocks<'a, R>> {
    if request.shard().is_all() {
        return whole();
    }
    let rows = match request.rows_at(0) {
        Some(rows) => rows,
        None => request.shard().range(whole()?.map(|block| block.len()).sum()),
    };
    if rows.is_empty() {
        return Ok(Box::new(std::iter::empty()));
    }
    let (mut blocks, mut next) = (whole()?, 0);
    Ok(Box::new(std::iter::from_fn(move || {
        while next < rows.end {
            let block = blocks.next()?;
            let start = next;
            next += block.len();
            let own = rows.start.max(start)..rows.end.min(next);
            if !own.is_empty() {
                return Some(block.within(own.start - start..own.end - start));
            }
        }
        None
    })))
}

/// Where the shards of a source begin, found once for the number of shards that was last asked for.
/// Clones of a source share it.
#[derive(Debug)]
pub(super) struct ShardCache<T>(Arc<Mutex<Option<(usize, Arc<T>)>>>);

impl<T> ShardCache<T> {
    /// The value for a number of shards, which `find` finds. Other threads wait for it.
    pub(super) fn get(&self, count: usize, find: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        // The value stays valid if another thread panicked.
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = found.as_ref().filter(|(known, _)| *known == count) {
            return Ok(value.clone());
        }
        let value = Arc::new(find()?);
        *found = Some((count, value.clone()));
        Ok(value)
    }
}

impl<T> Default for ShardCache<T> {
    fn default() -> ShardCache<T> {
        ShardCache(Arc::default())
    }
}

impl<T> Clone for ShardCache<T> {
    fn clone(&self) -> ShardCache<T> {
        ShardCache(self.0.clone())
    }
}
