//! The speeds of the ranks of a cluster.

use crate::short::Short;

/// The speed of a rank of a [cluster](crate::cluster) in an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankSpeed {
    /// The training rows of its shards.
    pub rows: usize,
    /// The seconds in which it computed, without those in which it waited for other ranks.
    pub busy: f64,
    /// The seconds of the epoch.
    pub seconds: f64,
}

/// A rank with less than this part of the speed of the median rank holds up the others.
const SLOW: f64 = 2.0 / 3.0;

impl RankSpeed {
    /// The rows a second while the rank computed.
    pub fn rows_per_second(&self) -> f64 {
        self.rows as f64 / self.busy.max(f64::MIN_POSITIVE)
    }
}

/// The rows a second of all ranks together.
pub(super) fn rows_per_second(speeds: &[RankSpeed]) -> f64 {
    let rows = speeds.iter().map(|speed| speed.rows).sum::<usize>() as f64;
    let seconds = speeds.iter().map(|speed| speed.seconds).fold(f64::MIN_POSITIVE, f64::max);
    rows / seconds
}

/// The slowest rank and the speed of the median one, if the rank holds up the others. Ranks without
/// rows do not count.
pub(super) fn straggler(speeds: &[RankSpeed]) -> Option<(usize, f64)> {
    let with_rows = speeds.iter().enumerate().filter(|(_, speed)| speed.rows > 0);
    let mut rates: Vec<(usize, f64)> =
        with_rows.map(|(rank, speed)| (rank, speed.rows_per_second())).collect();
    rates.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    // Of two ranks, the faster one.
    let (_, median) = *rates.get(rates.len() / 2)?;
    let (rank, rate) = *rates.first()?;
    (rate < SLOW * median).then_some((rank, median))
}

/// `4 ranks, 12.3k rows a second; rank 2 is slow: 1k rows a second, others 4k`.
pub(super) fn in_words(speeds: &[RankSpeed]) -> Option<String> {
    if speeds.len() < 2 {
        return None;
    }
    let all = Short(rows_per_second(speeds));
    let mut words = format!("{} ranks, {all} rows a second", speeds.len());
    if let Some((rank, others)) = straggler(speeds) {
        let own = Short(speeds[rank].rows_per_second());
        words += &format!(
            "; rank {rank} is slow: it computes {own} rows a second, others {}",
            Short(others)
        );
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speed(rows: usize, busy: f64) -> RankSpeed {
        RankSpeed { rows, busy, seconds: 10.0 }
    }

    #[test]
    fn a_straggler_is_named() {
        let speeds = [speed(100, 1.0), speed(100, 5.0), speed(100, 1.1)];
        assert_eq!(straggler(&speeds), Some((1, 100.0 / 1.1)));
        let expected =
            "3 ranks, 30.00 rows a second; rank 1 is slow: it computes 20.00 rows a second, \
                        others 90.91";
        assert_eq!(in_words(&speeds).unwrap(), expected);
        assert_eq!(straggler(&[speed(100, 2.0), speed(100, 1.0)]), Some((0, 100.0)));
        // Fewer rows in less time, and no rows at all, are not slow.
        assert_eq!(straggler(&[speed(100, 2.0), speed(50, 1.0), speed(0, 0.0)]), None);
        assert_eq!((straggler(&[]), in_words(&[speed(1, 1.0)])), (None, None));
    }
}
