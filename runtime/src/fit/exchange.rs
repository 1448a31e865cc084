//! The exchange of gradients between the ranks of a cluster.
//!
//! A shard of the batch gives a [`ShardGradient`]. A rank adds up those of its shards as far as
//! the tree of [`TreeSum`] allows. Then every rank gets one part of the numbers of all others
//! ([`Exchange::send`]), adds them up, and sends the sums to all ([`Exchange::share`]). So each number travels
//! twice, as in a ring, and is added up by one rank, in an order that depends on the shards alone.
//!
//! Of a table with sparse updates only the rows travel that the batch looks up, to the rank that
//! adds them up: row r to rank r modulo the number of ranks.
//!
//! The gradients of the rows of a divided table go to the rank that holds them, and no further: that
//! rank alone takes the optimizer's step on them.
//!
//! Two ranks send each other everything and both add it up ([`Exchange::is_everywhere`]): these are
//! as many numbers of whole tensors, fewer rows, and one message instead of two.

use std::{collections::BTreeMap, ops::Range};

use multi_input_base::Result;
use multi_input_kernel::{sweep, Element};

use crate::cluster::{Cluster, Reader, TreeSum, Wire, Writer};

/// The gradients and losses of a shard, or the sums of several.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ShardGradient<E> {
    pub(super) tensors: Vec<TensorGradient<E>>,
    /// The loss, and that of every output.
    pub(super) losses: Vec<f64>,
}

/// The gradient of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TensorGradient<E> {
    /// That of all elements.
    Whole(Vec<E>),
    /// That of the rows that were looked up, each of which occurs once; all others are zero.
    Rows(BTreeMap<usize, Vec<E>>),
}

use TensorGradient::{Rows, Whole};

impl<E: Element> ShardGradient<E> {
    /// Adds those of another shard.
    pub(super) fn add(&mut self, other: ShardGradient<E>) {
        self.losses.iter_mut().zip(&other.losses).for_each(|(own, other)| *own += other);
        for (own, other) in self.tensors.iter_mut().zip(other.tensors) {
            own.add(other);
        }
    }
}

impl<E: Element> TensorGradient<E> {
    /// The gradients of rows of `width` elements.
    pub(super) fn rows(width: usize, rows: &[usize], gradients: &[E]) -> TensorGradient<E> {
        let gradients = gradients.chunks_exact(width.max(1)).map(<[E]>::to_vec);
        Rows(rows.iter().copied().zip(gradients).collect())
    }

    fn add(&mut self, other: TensorGradient<E>) {
        match (&mut *self, other) {
            (Whole(own), Whole(other)) => add(own, &other),
            (Rows(own), Rows(other)) => {
                for (row, gradient) in other {
                    match own.get_mut(&row) {
                        Some(own) => add(own, &gradient),
                        None => drop(own.insert(row, gradient)),
                    }
                }
            }
            // A shard that looked up nothing has zeros where others have rows.
            (Whole(_), rows @ Rows(_)) => *self = rows,
            (Rows(_), Whole(_)) => {}
        }
    }

    /// The number of elements, where the gradient is that of all elements.
    fn len(&self) -> usize {
        match self {
            Whole(numbers) => numbers.len(),
            Rows(_) => 0,
        }
    }

    fn is_finite(&self) -> bool {
        match self {
            Whole(numbers) => sweep::all_finite(numbers),
            Rows(rows) => rows.values().all(|gradient| sweep::all_finite(gradient)),
        }
    }

    /// The elements `range`, where the gradient is that of all elements.
    fn part(&self, range: Range<usize>) -> &[E] {
        match self {
            Whole(numbers) => &numbers[range],
            Rows(_) => &[],
        }
    }

    /// Writes the rows for which `is_sent` is true.
    fn write_rows(&self, wire: Wire, is_sent: impl Fn(usize) -> bool, to: &mut Writer) {
        let none = BTreeMap::new();
        let rows = match self {
            Rows(rows) => rows,
            Whole(_) => &none,
        };
        let sent: Vec<_> = rows.iter().filter(|(row, _)| is_sent(**row)).collect();
        to.rows(sent.iter().map(|(row, _)| **row));
        let gradients: Vec<E> =
            sent.into_iter().flat_map(|(_, gradient)| gradient).copied().collect();
        wire.write(&gradients, &mut to.0);
    }

    fn read_rows(width: usize, wire: Wire, from: &mut Reader<'_>) -> Result<TensorGradient<E>> {
        let rows: Vec<usize> = from.rows()?.collect();
        let mut gradients = vec![E::zero(); rows.len() * width];
        wire.read_from(from, &mut gradients)?;
        Ok(TensorGradient::rows(width, &rows, &gradients))
    }
}

fn add<E: Element>(own: &mut [E], other: &[E]) {
    own.iter_mut().zip(other).for_each(|(own, other)| *own += *other);
}

/// How a tensor is updated, which decides how its gradient travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As a whole; the number of elements.
    Whole(usize),
    /// By the rows that are looked up; the number of elements of a row.
    Rows(usize),
    /// By the rows that are looked up, each by the rank that holds it; the number of elements of a
    /// row.
    Divided(usize),
}

impl Form {
    fn zeros<E: Element>(&self) -> TensorGradient<E> {
        match self {
            Form::Whole(elements) => Whole(vec![E::zero(); *elements]),
            Form::Rows(_) | Form::Divided(_) => Rows(BTreeMap::new()),
        }
    }
}

/// The sums over all shards.
pub(super) struct Totals<E> {
    /// Of divided tables, those of the rows that this rank holds.
    pub(super) gradient: ShardGradient<E>,
    /// The first divided table with a gradient that is not finite, on any rank.
    pub(super) infinite: Option<usize>,
    /// What every rank has sent to all others beside its gradients.
    pub(super) notes: Vec<Vec<u8>>,
}

/// One exchange.
pub(super) struct Exchange<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) wire: Wire,
    /// The number of shards.
    pub(super) shards: usize,
    /// How each tensor is updated.
    pub(super) forms: &'a [Form],
    /// The number of losses.
    pub(super) losses: usize,
}

impl Exchange<'_> {
    /// The sums over the shards of all ranks, of which `own` are those of this one. `note` goes to
    /// all ranks.
    pub(super) fn totals<E: Element>(
        &self,
        own: TreeSum<ShardGradient<E>>,
        note: &[u8],
    ) -> Result<Totals<E>> {
        if self.cluster.ranks() == 1 {
            let notes = vec![note.to_vec()];
            return Ok(Totals { gradient: own.total()?, infinite: None, notes });
        }
        let received = self.send(own, note)?;
        let (mut notes, mut sum) = (Vec::new(), TreeSum::new(self.shards));
        for message in &received {
            let mut reader = Reader(message);
            notes.push(reader.bytes()?.to_vec());
            sum.read(&mut reader, |reader| self.read_part(reader), ShardGradient::add)?;
        }
        let sums = sum.total()?;
        let (gradient, infinite) = match self.is_everywhere() {
            true => (self.in_order(sums), None),
            false => self.share(sums)?,
        };
        Ok(Totals { gradient, infinite, notes })
    }

    /// Whether every rank adds up all numbers. With more ranks this would send more, as it would
    /// where a rank has shards of several subtrees. The rows of divided tables are no matter of all.
    fn is_everywhere(&self) -> bool {
        let is_divided = |form: &Form| matches!(form, Form::Divided(_));
        self.cluster.ranks() == 2
            && self.shards.is_power_of_two()
            && !self.forms.iter().any(is_divided)
    }

    /// Sends to every rank its part of the sums of this one, and returns what all ranks have sent to
    /// this one.
    fn send<E: Element>(
        &self,
        own: TreeSum<ShardGradient<E>>,
        note: &[u8],
    ) -> Result<Vec<Vec<u8>>> {
        let ranks = self.cluster.ranks();
        let everywhere = self.is_everywhere();
        let to_rank = |rank: usize| {
            let pieces = self.pieces(rank);
            let mut message = Writer::default();
            message.bytes(note);
            own.write(&mut message, |part, message| {
                part.losses.iter().for_each(|loss| message.double(*loss));
                for (tensor, range) in &pieces {
                    self.wire.write(part.tensors[*tensor].part(range.clone()), &mut message.0);
                }
                for (tensor, _) in self.tables() {
                    let is_sent = |row| everywhere || row % ranks == rank;
                    part.tensors[tensor].write_rows(self.wire, is_sent, message);
                }
            });
            message.0
        };
        match everywhere {
            true => self.cluster.gather("a step", to_rank(self.cluster.rank())),
            false => self.cluster.exchange("a step", (0..ranks).map(to_rank).collect()),
        }
    }

    /// What this rank adds up of a part: the pieces of whole tensors, and then the rows of tables.
    fn read_part<E: Element>(&self, reader: &mut Reader<'_>) -> Result<ShardGradient<E>> {
        let losses = (0..self.losses).map(|_| reader.double()).collect::<Result<_>>()?;
        let mut tensors = Vec::new();
        for (_, range) in self.pieces(self.cluster.rank()) {
            let mut numbers = vec![E::zero(); range.len()];
            self.wire.read_from(reader, &mut numbers)?;
            tensors.push(Whole(numbers));
        }
        for (_, width) in self.tables() {
            tensors.push(TensorGradient::read_rows(width, self.wire, reader)?);
        }
        Ok(ShardGradient { tensors, losses })
    }

    /// Sends what this rank has added up to all others, and returns the sums of all ranks, with the
    /// first divided table whose sums are not finite.
    fn share<E: Element>(
        &self,
        sums: ShardGradient<E>,
    ) -> Result<(ShardGradient<E>, Option<usize>)> {
        let pieces = self.pieces(self.cluster.rank()).len();
        let mut whole = sums.tensors;
        let of_tables = whole.split_off(pieces);
        let mut message = Writer::default();
        for piece in &whole {
            self.wire.write(piece.part(0..piece.len()), &mut message.0);
        }
        let mut tensors: Vec<TensorGradient<E>> = self.forms.iter().map(Form::zeros).collect();
        let mut infinite = None;
        for ((tensor, _), sum) in self.tables().zip(of_tables) {
            if self.is_divided(tensor) {
                let is_known = infinite.is_some() || sum.is_finite();
                infinite = infinite.or((!is_known).then_some(tensor));
                tensors[tensor] = sum;
            } else {
                sum.write_rows(self.wire, |_| true, &mut message);
            }
        }
        message.number(infinite.map_or(0, |tensor| tensor + 1));
        let received = self.cluster.gather("a step", message.0)?;
        for (rank, message) in received.iter().enumerate() {
            let mut reader = Reader(message);
            for (tensor, range) in self.pieces(rank) {
                if let Whole(numbers) = &mut tensors[tensor] {
                    self.wire.read_from(&mut reader, &mut numbers[range])?;
                }
            }
            for (tensor, width) in self.tables().filter(|(tensor, _)| !self.is_divided(*tensor)) {
                tensors[tensor].add(TensorGradient::read_rows(width, self.wire, &mut reader)?);
            }
            let of_rank = reader.number()?.checked_sub(1);
            infinite = infinite.into_iter().chain(of_rank).min();
        }
        Ok((ShardGradient { tensors, losses: sums.losses }, infinite))
    }

    /// The sums of all numbers, tensor by tensor.
    fn in_order<E: Element>(&self, sums: ShardGradient<E>) -> ShardGradient<E> {
        let mut tensors = vec![Whole(Vec::new()); self.forms.len()];
        let whole = self.pieces(self.cluster.rank()).into_iter().map(|(tensor, _)| tensor);
        let order = whole.chain(self.tables().map(|(tensor, _)| tensor));
        order.zip(sums.tensors).for_each(|(tensor, sum)| tensors[tensor] = sum);
        ShardGradient { tensors, losses: sums.losses }
    }

    /// The elements of whole tensors that a rank adds up: all of them, or an equal part, which may
    /// begin and end within a tensor.
    fn pieces(&self, rank: usize) -> Vec<(usize, Range<usize>)> {
        let elements = |form: &Form| match form {
            Form::Whole(elements) => *elements,
            Form::Rows(_) | Form::Divided(_) => 0,
        };
        let (all, ranks) = (self.forms.iter().map(elements).sum::<usize>(), self.cluster.ranks());
        let own = match self.is_everywhere() {
            true => 0..all,
            false => rank * all / ranks..(rank + 1) * all / ranks,
        };
        let mut start = 0;
        let piece = |(tensor, form): (usize, &Form)| {
            let (first, end) = (start, start + elements(form));
            start = end;
            let within = |position: usize| position.clamp(first, end) - first;
            (tensor, within(own.start)..within(own.end))
        };
        let pieces = self.forms.iter().enumerate().map(piece);
        pieces.filter(|(_, range)| !range.is_empty()).collect()
    }

    /// The tables of which rows travel, and the elements of a row.
    fn tables(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.forms.iter().enumerate().filter_map(|(tensor, form)| match form {
            Form::Rows(width) | Form::Divided(width) => Some((tensor, *width)),
            Form::Whole(_) => None,
        })
    }

    fn is_divided(&self, tensor: usize) -> bool {
        matches!(self.forms[tensor], Form::Divided(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Shards;

    const FORMS: [Form; 5] =
        [Form::Whole(60), Form::Rows(3), Form::Whole(1), Form::Rows(1), Form::Whole(40)];
    const DIVIDED: [Form; 5] =
        [Form::Whole(60), Form::Divided(3), Form::Whole(1), Form::Divided(1), Form::Whole(40)];

    /// Numbers whose sum depends on the order.
    fn shard(shard: usize) -> ShardGradient<f32> {
        let number = |k: usize| ((k * 31 + shard * 17) as f32).sin() * 10f32.powi(shard as i32 - 3);
        let tensor = |(tensor, form): (usize, &Form)| match form {
            Form::Whole(elements) => Whole((0..*elements).map(|k| number(k + tensor)).collect()),
            // Shard 1 looks up nothing.
            Form::Rows(width) | Form::Divided(width) if shard == 1 => Whole(vec![0.0; 40 * width]),
            Form::Rows(width) | Form::Divided(width) => {
                // Row 5 is that of every shard, the others of some.
                let rows = (0..40).filter(|row| *row == 5 || row % (shard + 2) == 1);
                let rows: Vec<usize> = rows.collect();
                let numbers: Vec<f32> = (0..rows.len() * width).map(|k| number(k + 7)).collect();
                TensorGradient::rows(*width, &rows, &numbers)
            }
        };
        let tensors = FORMS.iter().enumerate().map(tensor).collect();
        ShardGradient { tensors, losses: vec![f64::from(number(1)), f64::from(number(2))] }
    }

    fn on(ranks: usize, shards: usize, wire: Wire) -> Vec<(ShardGradient<f32>, u64)> {
        of_forms(&FORMS, (ranks, shards), wire)
    }

    fn of_forms(
        forms: &[Form],
        (ranks, shards): (usize, usize),
        wire: Wire,
    ) -> Vec<(ShardGradient<f32>, u64)> {
        Cluster::in_threads(ranks, |cluster| {
            let own = Shards::of_rank(shards, (cluster.rank(), ranks)).own;
            let mut sum = TreeSum::new(shards);
            own.for_each(|index| sum.push(index..index + 1, shard(index), ShardGradient::add));
            let exchange = Exchange { cluster: &cluster, wire, shards, forms, losses: 2 };
            let totals = exchange.totals(sum, &[cluster.rank() as u8]).unwrap();
            let notes: Vec<Vec<u8>> = (0..ranks).map(|rank| vec![rank as u8]).collect();
            assert_eq!(totals.notes, notes);
            (totals.gradient, cluster.traffic().bytes)
        })
    }

    #[test]
    fn the_sums_have_the_same_bits_on_every_rank_for_any_number_of_ranks() {
        for shards in [1, 2, 3, 6, 8] {
            let alone = &on(1, shards, Wire::Full)[0].0;
            let mut expected = TreeSum::new(shards);
            (0..shards).for_each(|k| expected.push(k..k + 1, shard(k), ShardGradient::add));
            assert_eq!(*alone, expected.total().unwrap());
            // With more ranks than shards some of them have none.
            for ranks in [2, 3, 4, 7] {
                for (found, _) in on(ranks, shards, Wire::Full) {
                    assert_eq!(found, *alone, "{shards} shards on {ranks}");
                }
            }
        }
    }

    #[test]
    fn each_rank_gets_the_sums_of_the_rows_that_it_holds_of_divided_tables() {
        for (ranks, shards) in [(2, 2), (2, 4), (3, 8), (5, 3)] {
            let alone = on(1, shards, Wire::Full).remove(0).0;
            for (rank, (found, _)) in
                of_forms(&DIVIDED, (ranks, shards), Wire::Full).into_iter().enumerate()
            {
                for (form, (found, all)) in
                    DIVIDED.iter().zip(found.tensors.iter().zip(&alone.tensors))
                {
                    let held = match (form, all) {
                        (Form::Divided(_), Rows(all)) => {
                            let held = all.iter().filter(|(row, _)| *row % ranks == rank);
                            Rows(held.map(|(row, sums)| (*row, sums.clone())).collect())
                        }
                        _ => all.clone(),
                    };
                    assert_eq!(*found, held, "rank {rank} of {ranks}");
                }
            }
        }
    }

    #[test]
    fn all_ranks_learn_of_a_sum_that_is_not_finite() {
        let found = Cluster::in_threads(3, |cluster| {
            let gradient = |row, number: f32| {
                let rows = TensorGradient::rows(1, &[row], &[number]);
                ShardGradient { tensors: vec![Whole(vec![]), rows], losses: vec![] }
            };
            // The sum overflows on rank 1, which holds row 4.
            let mut sum = TreeSum::new(3);
            let rank = cluster.rank();
            sum.push(rank..rank + 1, gradient(4, f32::MAX), ShardGradient::add);
            let (forms, wire) = (&[Form::Whole(0), Form::Divided(1)], Wire::Full);
            let exchange = Exchange { cluster: &cluster, wire, shards: 3, forms, losses: 0 };
            exchange.totals(sum, &[]).unwrap().infinite
        });
        assert_eq!(found, [Some(1); 3]);
    }

    #[test]
    fn ranks_agree_on_rounded_sums() {
        let found = on(3, 3, Wire::Bf16);
        assert!(found.iter().all(|(gradient, _)| *gradient == found[0].0));
        let exact = &on(1, 3, Wire::Full)[0].0;
        let near = |(found, exact): (&f32, &f32)| (found - exact).abs() < 0.02 * exact.abs() + 0.02;
        let (Whole(rounded), Whole(exact)) = (&found[0].0.tensors[0], &exact.tensors[0]) else {
            panic!("whole tensors stay whole");
        };
        assert!(rounded.iter().zip(exact).all(near) && rounded != exact);
        let sent = |wire| on(2, 2, wire).iter().map(|(_, sent)| *sent).max().unwrap();
        assert!(sent(Wire::F16) < sent(Wire::Full));
    }
}
