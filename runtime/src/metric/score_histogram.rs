//! A histogram of the scores of true and false rows, in bounded memory.

/// The weights of the true and false rows by score, in at most `capacity` cells.
///
/// While there are no more distinct scores than cells, each cell holds one score, and the histogram
/// is exact. After that a cell holds the scores whose odds p / (1 - p) share their leading bits;
/// the number of bits is the largest that leaves at most `capacity` cells occupied. Cells are
/// therefore narrower where scores are denser, equally at both ends of the scale, and they depend
/// on the set of scores but not on their order.
#[derive(Clone, Debug)]
pub(super) struct ScoreHistogram {
    capacity: usize,
    keys: Keys,
    /// Sorted by key.
    cells: Vec<Cell>,
    /// Rows not yet merged into cells, in order of arrival: merging in bulk is cheaper.
    pending: Vec<Cell>,
    /// The weight of the rows whose score is NaN.
    undefined: f64,
}

/// The key by which scores are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Keys {
    /// The score itself.
    Exact,
    /// The bits of the odds without the last `dropped` bits.
    Odds { dropped: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Cell {
    key: u64,
    of_true: f64,
    of_false: f64,
}

/// Rows are merged once 1 / PENDING_SHARE of the capacity is pending.
const PENDING_SHARE: usize = 2;

impl ScoreHistogram {
    pub(super) fn new(capacity: usize) -> ScoreHistogram {
        let (cells, pending) = (Vec::new(), Vec::new());
        ScoreHistogram { capacity, keys: Keys::Exact, cells, pending, undefined: 0.0 }
    }

    /// Adds a row with a weight.
    pub(super) fn push(&mut self, score: f64, truth: bool, weight: f64) {
        if score.is_nan() {
            self.undefined += weight;
            return;
        }
        let (of_true, of_false) = if truth { (weight, 0.0) } else { (0.0, weight) };
        self.pending.push(Cell { key: self.keys.of(score), of_true, of_false });
        if self.pending.len() * PENDING_SHARE >= self.capacity {
            self.merge();
        }
    }

    /// Whether a score was NaN, so that the order is undefined.
    pub(super) fn has_undefined(&self) -> bool {
        self.undefined > 0.0
    }

    /// The weight of the rows on the true side.
    pub(super) fn of_true(&self) -> f64 {
        self.cells.iter().chain(&self.pending).map(|cell| cell.of_true).sum()
    }

    /// Adds the rows of another histogram of the same capacity, as if they were pushed.
    pub(super) fn add(&mut self, other: &ScoreHistogram) {
        let mut other = other.merged();
        self.merge();
        while self.keys.dropped() < other.keys.dropped() {
            self.coarsen();
        }
        while other.keys.dropped() < self.keys.dropped() {
            other.coarsen();
        }
        self.pending = other.cells;
        self.merge();
        self.undefined += other.undefined;
    }

    /// The area under the receiver operating characteristic; scores in one cell count as equal. NaN
    /// if one side has no weight.
    pub(super) fn area(&self) -> f64 {
        let (mut below, mut area, mut truths) = (0.0, 0.0, 0.0);
        for Cell { of_true, of_false, .. } in self.merged().cells {
            area += of_true * (below + 0.5 * of_false);
            below += of_false;
            truths += of_true;
        }
        area / (truths * below)
    }

    /// The histogram with all rows merged.
    fn merged(&self) -> ScoreHistogram {
        let mut merged = self.clone();
        merged.merge();
        merged
    }

    /// Merges the pending rows into cells.
    fn merge(&mut self) {
        self.pending.sort_by_key(|cell| cell.key);
        let (old, new) = (std::mem::take(&mut self.cells), std::mem::take(&mut self.pending));
        let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
        self.cells = joined(std::iter::from_fn(|| match (old.peek(), new.peek()) {
            (Some(first), Some(second)) if first.key <= second.key => old.next(),
            (_, Some(_)) => new.next(),
            _ => old.next(),
        }));
        while self.cells.len() > self.capacity {
            self.coarsen();
        }
    }

    /// Makes the cells wider.
    fn coarsen(&mut self) {
        let finer = self.keys;
        self.keys = match finer {
            Keys::Exact => Keys::Odds { dropped: 0 },
            Keys::Odds { dropped } => Keys::Odds { dropped: dropped + 1 },
        };
        let wider = |key: u64| match finer {
            Keys::Exact => ordered(odds(of_ordered(key))),
            Keys::Odds { .. } => key >> 1,
        };
        let cells = std::mem::take(&mut self.cells).into_iter();
        self.cells = joined(cells.map(|cell| Cell { key: wider(cell.key), ..cell }));
    }

    /// The state as numbers, exactly.
    pub(super) fn state(&self) -> Vec<f64> {
        let keys = match self.keys {
            Keys::Exact => -1.0,
            Keys::Odds { dropped } => f64::from(dropped),
        };
        let all = self.cells.iter().chain(&self.pending);
        let numbers = all.flat_map(|cell| {
            let [high, low] = [(cell.key >> 32) as u32, cell.key as u32].map(f64::from);
            [high, low, cell.of_true, cell.of_false]
        });
        [keys, self.undefined, self.cells.len() as f64].into_iter().chain(numbers).collect()
    }

    /// The histogram of a state; `None` if no rows lead to the state: a file may hold anything, and
    /// later operations rely on the order and the number of cells.
    pub(super) fn of_state(capacity: usize, state: &[f64]) -> Option<ScoreHistogram> {
        let (&[keys, undefined, count], numbers) = state.split_first_chunk()?;
        let (numbers, []) = numbers.as_chunks::<4>() else { return None };
        let cell = |&[high, low, of_true, of_false]: &[f64; 4]| Cell {
            key: (u64::from(high as u32) << 32) | u64::from(low as u32),
            of_true,
            of_false,
        };
        let all: Vec<Cell> = numbers.iter().map(cell).collect();
        let (cells, pending) = all.split_at_checked(count as usize)?;
        let keys = match keys {
            -1.0 => Keys::Exact,
            _ => Keys::Odds { dropped: keys as u32 },
        };
        let (cells, pending) = (cells.to_vec(), pending.to_vec());
        let taken = ScoreHistogram { capacity, keys, cells, pending, undefined };
        taken.is_reachable().then_some(taken)
    }

    /// Whether pushing rows can lead to this state.
    fn is_reachable(&self) -> bool {
        let weighs = |weight: f64| weight.is_finite() && weight >= 0.0;
        let is_sound = |cell: &Cell| {
            self.keys.is_possible(cell.key) && weighs(cell.of_true) && weighs(cell.of_false)
        };
        self.cells.len() <= self.capacity
            && self.cells.is_sorted_by(|a, b| a.key < b.key)
            && self.pending.len() * PENDING_SHARE < self.capacity
            && self.cells.iter().chain(&self.pending).all(is_sound)
            && weighs(self.undefined)
    }
}

impl Keys {
    fn of(self, score: f64) -> u64 {
        match self {
            Keys::Exact => ordered(score),
            Keys::Odds { dropped } => ordered(odds(score)) >> dropped,
        }
    }

    /// The number of bits without which scores are compared; `None` is the finest.
    fn dropped(self) -> Option<u32> {
        match self {
            Keys::Exact => None,
            Keys::Odds { dropped } => Some(dropped),
        }
    }

    /// Whether a score may have this key. Cells are widened until a few bits are left at most,
    /// which cannot distinguish more scores than there are cells.
    fn is_possible(self, key: u64) -> bool {
        match self {
            Keys::Exact => true,
            Keys::Odds { dropped } => dropped < u64::BITS - 1 && key <= u64::MAX >> dropped,
        }
    }
}

/// Merges neighbours with equal keys.
fn joined(sorted: impl Iterator<Item = Cell>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for cell in sorted {
        match cells.last_mut().filter(|last| last.key == cell.key) {
            Some(last) => {
                last.of_true += cell.of_true;
                last.of_false += cell.of_false;
            }
            None => cells.push(cell),
        }
    }
    cells
}

/// The odds of a probability. Scores outside [0, 1] keep their order, below and above all odds.
fn odds(score: f64) -> f64 {
    /// Above the odds of any probability below 1.
    const ABOVE: f64 = (1_u64 << 54) as f64;
    match score {
        ..=0.0 => score,
        ..1.0 => score / (1.0 - score),
        _ => score * ABOVE,
    }
}

/// An integer in the order of the scores; 0 and -0 are equal.
fn ordered(score: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    let bits = (score + 0.0).to_bits();
    if bits & SIGN == 0 {
        bits | SIGN
    } else {
        !bits
    }
}

/// The inverse of [`ordered`].
fn of_ordered(key: u64) -> f64 {
    const SIGN: u64 = 1 << 63;
    f64::from_bits(if key & SIGN == 0 { !key } else { key & !SIGN })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row: its score, its target, and its weight.
    type Row = (f64, bool, f64);

    fn histogram(capacity: usize, rows: &[Row]) -> ScoreHistogram {
        let mut histogram = ScoreHistogram::new(capacity);
        rows.iter().for_each(|&(score, truth, weight)| histogram.push(score, truth, weight));
        histogram
    }

    /// By definition: the fraction of the pairs of a true and a false row in which the true row has
    /// the higher score.
    fn exact(rows: &[Row]) -> f64 {
        let mut rows = rows.to_vec();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut below, mut area, mut truths) = (0.0, 0.0, 0.0);
        for equal in rows.chunk_by(|a, b| a.0 == b.0) {
            let sum = |truth| equal.iter().filter(|r| r.1 == truth).map(|r| r.2).sum::<f64>();
            area += sum(true) * (below + 0.5 * sum(false));
            below += sum(false);
            truths += sum(true);
        }
        area / (truths * below)
    }

    /// Half the fraction of the pairs whose rows share a cell: the documented bound of the error.
    fn bound(histogram: &ScoreHistogram) -> f64 {
        let cells = histogram.merged().cells;
        let sum = |of: fn(&Cell) -> f64| cells.iter().map(of).sum::<f64>();
        let pairs = sum(|cell| cell.of_true) * sum(|cell| cell.of_false);
        0.5 * sum(|cell| cell.of_true * cell.of_false) / pairs
    }

    /// Scores of width `spread` around `middle`, somewhat higher for true rows.
    fn rows(count: u64, middle: f64, spread: f64) -> Vec<Row> {
        let share = |n: u64| {
            let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) as f64 / u64::MAX as f64
        };
        let row = |n: u64| {
            let (chance, truth) = (share(3 * n), share(3 * n + 1) < 0.3);
            let score = middle + spread * (chance - 0.5 + if truth { 0.2 } else { 0.0 });
            (score, truth, 0.25 + share(3 * n + 2))
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn few_different_scores_are_exact() {
        let literal = [(0.1, false, 1.0), (0.4, false, 1.0), (0.35, true, 1.0), (0.8, true, 1.0)];
        // sklearn.metrics.roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).
        assert_eq!(histogram(64, &literal).area(), 0.75);
        let few: Vec<Row> = rows(5000, 0.5, 0.9)
            .into_iter()
            .map(|(score, truth, _)| ((score * 50.0).round() / 50.0, truth, 1.0))
            .collect();
        let found = histogram(64, &few);
        assert_eq!((found.area(), found.keys), (exact(&few), Keys::Exact));
    }

    #[test]
    fn the_error_is_within_its_bound_wherever_the_scores_lie() {
        let places = [(0.5, 0.9), (0.5, 1e-6), (1e-3, 1e-4), (1.0 - 1e-6, 1e-6), (0.0, 40.0)];
        for (middle, spread) in places {
            let rows = rows(30_000, middle, spread);
            let found = histogram(1024, &rows);
            let (error, bound) = ((found.area() - exact(&rows)).abs(), bound(&found));
            assert!(found.merged().cells.len() <= 1024);
            assert!(error <= bound, "{middle} {spread}: {error} {bound}");
            assert!(bound < 2e-3 && error < 5e-5, "{middle} {spread}: {error} {bound}");
        }
    }

    #[test]
    fn memory_is_bounded_and_the_order_makes_no_difference() {
        let weights = |rows: Vec<Row>| rows.into_iter().map(|row| (row.0, row.1, 1.0));
        let mut rows: Vec<Row> = weights(rows(20_000, 0.3, 0.5)).collect();
        let unsorted = histogram(256, &rows);
        assert!(unsorted.state().len() <= 3 + 4 * (256 + 256 / PENDING_SHARE));
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let sorted = histogram(256, &rows);
        assert_eq!(sorted.merged().cells, unsorted.merged().cells);
        assert_eq!(sorted.area(), unsorted.area());
    }

    #[test]
    fn two_parts_give_the_cells_of_the_whole() {
        for (capacity, count) in [(64, 5000), (1024, 3000), (4096, 1000)] {
            let mut rows = rows(count, 0.3, 0.5);
            rows.iter_mut().for_each(|row| row.2 = 1.0);
            let whole = histogram(capacity, &rows).merged();
            for cut in [0, 10, 700, count as usize] {
                let mut first = histogram(capacity, &rows[..cut]);
                first.add(&histogram(capacity, &rows[cut..]));
                assert_eq!((&first.cells, first.keys), (&whole.cells, whole.keys), "{cut}");
                assert!(first.is_reachable() && first.pending.is_empty());
            }
        }
    }

    #[test]
    fn it_goes_on_from_its_state_with_the_same_bits() {
        let rows = rows(4000, 0.5, 0.9);
        let whole = histogram(128, &rows);
        for broken_off in [0, 1, 100, 129, 3000] {
            let first = histogram(128, &rows[..broken_off]);
            let mut second = ScoreHistogram::of_state(128, &first.state()).unwrap();
            rows[broken_off..].iter().for_each(|row| second.push(row.0, row.1, row.2));
            assert_eq!(second.state(), whole.state(), "{broken_off}");
        }
        for wrong in [&[][..], &[1.0], &[1.0, 0.0, 9.0], &[1.0, 0.0, 0.0, 1.0], &[f64::NAN; 7]] {
            let taken = ScoreHistogram::of_state(128, wrong).map(|histogram| histogram.area());
            assert!(taken.is_none_or(f64::is_nan), "{wrong:?}");
        }
    }

    #[test]
    fn a_state_that_no_rows_lead_to_is_none() {
        let cell = |key: u64, weight: f64| [(key >> 32) as f64, (key as u32).into(), weight, 0.0];
        // The state of a histogram with a capacity of 4: the first rows are in cells, the others
        // pending.
        let taken = |[keys, undefined, cells]: [f64; 3], numbers: &[[f64; 4]]| {
            let state = [&[keys, undefined, cells], numbers.as_flattened()].concat();
            let mut taken = ScoreHistogram::of_state(4, &state)?;
            rows(50, 0.5, 0.9).iter().for_each(|row| taken.push(row.0, row.1, row.2));
            Some(taken.area())
        };
        let (one, two) = (cell(1, 1.0), cell(2, 1.0));
        let many: Vec<[f64; 4]> = (0..5).map(|key| cell(key, 1.0)).collect();
        for sound in [-1.0, 0.0, 58.0, 62.0] {
            assert!(taken([sound, 0.0, 2.0], &[one, two, one]).is_some(), "{sound}");
        }
        let one_cell = |weight: f64| taken([0.0, 0.0, 1.0], &[cell(1, weight)]);
        let forged = [
            ("unsorted cells", taken([0.0, 0.0, 2.0], &[two, one])),
            ("a cell twice", taken([0.0, 0.0, 2.0], &[one, one])),
            ("more cells than there may be", taken([0.0, 0.0, 5.0], &many)),
            ("more pending rows than there may be", taken([0.0, 0.0, 1.0], &many[..3])),
            ("no bit left", taken([63.0, 0.0, 1.0], &[one])),
            ("more bits than are left", taken([62.0, 0.0, 1.0], &[cell(4, 1.0)])),
            ("a pending row of such a key", taken([62.0, 0.0, 0.0], &[cell(4, 1.0)])),
            ("a negative weight", one_cell(-1.0)),
            ("an infinite weight", one_cell(f64::INFINITY)),
            ("a weight that is no number", one_cell(f64::NAN)),
            ("undefined rows of such a weight", taken([0.0, f64::NAN, 0.0], &[])),
        ];
        for (what, taken) in forged {
            assert_eq!(taken, None, "{what}");
        }
    }

    #[test]
    fn keys_have_the_order_of_the_scores() {
        let scores = [
            f64::NEG_INFINITY,
            -3.0,
            -1e-300,
            0.0,
            1e-300,
            0.1,
            0.5,
            0.9,
            1.0 - f64::EPSILON / 2.0,
            1.0,
            1.5,
            f64::INFINITY,
        ];
        for keys in [Keys::Exact, Keys::Odds { dropped: 0 }] {
            assert!(scores.is_sorted_by(|a, b| keys.of(*a) < keys.of(*b)), "{keys:?}");
        }
        assert!(scores.iter().all(|score| of_ordered(ordered(*score)) == *score));
        assert_eq!(ordered(-0.0), ordered(0.0));
        assert!(histogram(64, &[(f64::NAN, true, 1.0), (0.5, false, 1.0)]).has_undefined());
    }
}
