//! Ratings that a fixed seed makes up: readers and books have hidden tastes, of which features show a
//! part, and a reader rates a book with an error of half a star.

use rand::{rngs::StdRng, Rng, SeedableRng};
use rand_distr::StandardNormal;

use crate::RatingSample;

/// How many readers there are.
pub const READERS: usize = 20_000;
/// How many books there are.
pub const BOOKS: usize = 4_000;
const RATINGS: usize = 200_000;
/// The numbers of a hidden taste, of which features show the first two.
const TASTE: usize = 6;
const SHOWN: usize = 2;

/// Who rated what, and how.
pub fn ratings() -> Vec<RatingSample> {
    let random = &mut StdRng::seed_from_u64(7);
    let (readers, books) = (hidden(READERS, random), hidden(BOOKS, random));
    let rating = |_| {
        let (reader, book) = (random.gen_range(0..READERS), random.gen_range(0..BOOKS));
        let (r, b) = (&readers[reader], &books[book]);
        let harmony: f32 = r.taste.iter().zip(&b.taste).map(|(r, b)| r * b).sum();
        let error: f32 = random.sample(StandardNormal);
        RatingSample {
            reader: reader as u32,
            profile: r.shown(),
            book: book as u32,
            blurb: b.shown(),
            stars: 3.5 + 0.3 * (r.level + b.level) + 0.4 * harmony + 0.5 * error,
        }
    };
    (0..RATINGS).map(rating).collect()
}

/// A reader or a book: the bias and the taste that no feature shows.
struct Hidden {
    level: f32,
    taste: [f32; TASTE],
}

impl Hidden {
    fn shown(&self) -> [f32; SHOWN] {
        std::array::from_fn(|place| self.taste[place])
    }
}

fn hidden(count: usize, random: &mut StdRng) -> Vec<Hidden> {
    let mut draw = || Hidden {
        level: random.sample(StandardNormal),
        taste: std::array::from_fn(|_| random.sample::<f32, _>(StandardNormal)),
    };
    (0..count).map(|_| draw()).collect()
}
