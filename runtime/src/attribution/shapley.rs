//! Shapley values: the mean marginal contribution of every player over all orders of the players.
//!
//! The players are the inputs, or their columns. The value of a coalition S is the mean prediction
//! over the background rows in which the players of S have the values of the explained row:
//!
//! ```text
//! v(S)   = mean over background rows b of f(x_S, b_(not S))
//! phi(i) = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S))
//! ```
//!
//! An `Option` that is not in the coalition is absent. Few players are enumerated. For others
//! phi is the mean over random orders, in each of which one background row turns into the explained
//! row player by player. Every order is also walked backwards, which reduces the variance
//! (antithetic sampling).
//!
//! Strumbelj and Kononenko, "Explaining prediction models and individual predictions with feature
//! contributions", 2014; Castro, Gomez and Tejada, "Polynomial calculation of the Shapley value
//! based on sampling", 2009; Mitchell et al., "Sampling permutations for Shapley value estimation",
//! 2022.

use multi_input_base::{Error, Result, Seed, Stream};
use multi_input_data::{columns::RowSpec, Table};
use multi_input_kernel::{Backend, Element};

use super::{Attribution, Explained, FeatureAttribution};
use crate::{
    cell_text::cell_text,
    definition::Graph,
    feature::{mistake, Feature},
    untyped::{rows_at_once, Composer, UntypedModel},
};

/// The settings of an explanation by Shapley values.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct ShapleySettings {
    pub(crate) explained: Explained,
    pub(crate) background: Background,
    pub(crate) by_column: bool,
    /// The number of random orders, each of which is walked forwards and backwards.
    pub(crate) permutations: usize,
    /// The most predictions for a row up to which all coalitions are enumerated.
    pub(crate) most_enumerated: usize,
    pub(crate) seed: Seed,
    pub(crate) row: Option<&'static RowSpec>,
}

impl ShapleySettings {
    /// The settings of a report, which bound the work: about a thousand predictions for a row.
    pub(crate) fn for_report(
        graph: &Graph,
        (output, element): (usize, Option<usize>),
        rows: &Table,
        row: Option<&'static RowSpec>,
    ) -> ShapleySettings {
        const BACKGROUND: usize = 16;
        const PREDICTIONS: usize = 1024;
        let step = rows.rows.div_ceil(BACKGROUND).max(1);
        let background: Vec<usize> = (0..rows.rows).step_by(step).collect();
        let columns = Feature::all(graph, row, true).len();
        let by_column = columns <= MOST_PLAYERS_OF_A_REPORT;
        let players = if by_column { columns } else { graph.inputs.len() };
        ShapleySettings {
            explained: Explained { output, element, logit: false },
            background: Background::Rows(rows.select(&background)),
            by_column,
            permutations: (PREDICTIONS / (2 * players.max(1))).max(2),
            most_enumerated: PREDICTIONS,
            seed: Seed(0),
            row,
        }
    }
}

/// The most columns up to which a report explains columns.
const MOST_PLAYERS_OF_A_REPORT: usize = 64;

/// The rows that provide the values of players outside of a coalition.
#[derive(Clone, Debug)]
pub(crate) enum Background {
    /// None: every input is an `Option`, and is absent.
    Absent,
    /// Rows of samples or inputs; an `Option` is absent.
    Rows(Table),
    /// One row, whose `Option`s are as they are.
    Row(Table),
}

/// The players, and the rows that their values come from.
struct Game<'a, E: Element, D: Backend<E>> {
    model: &'a UntypedModel<E, D>,
    explained: Explained,
    composer: Composer<'a>,
    players: Vec<Feature>,
    /// For each input, the player of its first element, and whether each element is a player.
    player_of: Vec<(usize, bool)>,
    /// For each input, whether it is absent outside of a coalition.
    absent: Vec<bool>,
    /// The number of background rows, which come first; the row without `Option`s follows.
    background: usize,
    /// Whether all coalitions are computed.
    enumerated: bool,
}

/// A row of the game: the players that have the explained row's values, and the background row.
struct Coalition {
    players: Vec<bool>,
    background: usize,
}

/// Shapley values of the players, with standard errors, and the value of the empty coalition.
struct Values {
    shares: Vec<(f64, f64)>,
    empty: f64,
}

/// The attributions of rows of inputs.
pub(crate) fn shapley<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    settings: &ShapleySettings,
    rows: &Table,
) -> Result<Vec<Attribution>> {
    if rows.rows == 0 {
        return Err(Error::NoRows("explain"));
    }
    if settings.permutations < 2 {
        let found = settings.permutations;
        return Err(mistake(format!("`permutations` must be at least 2, and is {found}")));
    }
    let output = settings.explained.output(model)?;
    let game = Game::new(model, settings, rows)?;
    let first = game.background + 1;
    let own: Vec<usize> = (first..first + rows.rows).collect();
    let ready = game.composer.ready().select(&own);
    let elements = settings.explained.elements(model, &ready)?;
    let explain = |(row, (element, shown)): (usize, (usize, Option<usize>))| {
        let prediction = settings.explained.values(model, &ready.select(&[row]), element)?[0];
        let values = game.values(settings, first + row, (element, prediction))?;
        let raw = game.composer.raw();
        let features = game.players.iter().zip(values.shares).map(|(player, (share, error))| {
            FeatureAttribution {
                feature: player.clone(),
                value: cell_text(&raw.columns[player.index], first + row, player.column),
                attribution: share,
                error,
            }
        });
        Ok(Attribution {
            output: output.name,
            element: shown,
            logit: settings.explained.logit,
            prediction,
            baseline: values.empty,
            features: features.collect(),
        })
    };
    elements.into_iter().enumerate().map(explain).collect()
}

impl<'a, E: Element, D: Backend<E>> Game<'a, E, D> {
    fn new(
        model: &'a UntypedModel<E, D>,
        settings: &ShapleySettings,
        rows: &Table,
    ) -> Result<Game<'a, E, D>> {
        let graph = model.graph();
        let (mut sources, absent) = background(graph, &settings.background, rows)?;
        let players = players(graph, settings);
        let enumerated = 1usize
            .checked_shl(players.len() as u32)
            .and_then(|coalitions| coalitions.checked_mul(sources.rows))
            .is_some_and(|predictions| predictions <= settings.most_enumerated);
        if !enumerated {
            // Every background row is used before one is used again.
            let mut order: Vec<usize> = (0..sources.rows).collect();
            settings.seed.generator(Stream::Permuting, 0).shuffle(&mut order);
            order.truncate(settings.permutations);
            sources = sources.select(&order);
        }
        let background = sources.rows;
        let mut without = sources.select(&[0]);
        for column in &mut without.columns {
            column.present.iter_mut().for_each(|present| present.fill(false));
        }
        sources.append(&without, 0..1);
        sources.append(rows, 0..rows.rows);
        let player_of = (0..graph.inputs.len()).map(|input| {
            let first = players.iter().position(|player| player.index == input);
            let first = first.unwrap_or_default();
            (first, players.get(first).is_some_and(|player| player.column.is_some()))
        });
        let player_of: Vec<(usize, bool)> = player_of.collect();
        let split = player_of.iter().map(|(_, split)| *split).collect();
        let composer = Composer::new(model, sources, split)?;
        let explained = settings.explained;
        Ok(Game { model, explained, composer, players, player_of, absent, background, enumerated })
    }

    /// The Shapley values in the row number `own` of the composer.
    fn values(
        &self,
        settings: &ShapleySettings,
        own: usize,
        (element, full): (usize, f64),
    ) -> Result<Values> {
        let value = |coalitions: &[Coalition]| self.predictions(coalitions, own, element);
        match self.enumerated {
            true => self.exact(value, full),
            false => {
                // Every background row counts as often as the others in the baseline.
                let orders = settings.permutations.next_multiple_of(self.background);
                self.sampled(value, full, (orders, settings.seed))
            }
        }
    }

    /// The explained number of every coalition.
    fn predictions(
        &self,
        coalitions: &[Coalition],
        own: usize,
        element: usize,
    ) -> Result<Vec<f64>> {
        let mut values = Vec::with_capacity(coalitions.len());
        for coalitions in coalitions.chunks(rows_at_once(self.model.graph())) {
            let source = |row: usize, input: usize, index: usize| {
                let (first, split) = self.player_of[input];
                let Coalition { players, background } = &coalitions[row];
                match (players[first + if split { index } else { 0 }], self.absent[input]) {
                    (true, _) => own,
                    (false, true) => self.background,
                    (false, false) => *background,
                }
            };
            let ready = self.composer.compose(coalitions.len(), &source)?;
            values.append(&mut self.explained.values(self.model, &ready, element)?);
        }
        Ok(values)
    }

    /// By enumeration of all coalitions.
    fn exact(&self, value: impl Fn(&[Coalition]) -> Result<Vec<f64>>, full: f64) -> Result<Values> {
        let count = self.players.len();
        // Coalition number `s` holds the players whose bits are set.
        let coalitions = (0..(1 << count) - 1).flat_map(|s: usize| {
            let players: Vec<bool> = (0..count).map(|player| s >> player & 1 == 1).collect();
            let with = move |background| Coalition { players: players.clone(), background };
            (0..self.background).map(with)
        });
        let values = value(&coalitions.collect::<Vec<_>>())?;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let means: Vec<f64> =
            values.chunks_exact(self.background).map(mean).chain([full]).collect();
        let weights = order_weights(count);
        let share = |player: usize| {
            let bit = 1 << player;
            let without = (0..means.len()).filter(|s| s & bit == 0);
            let terms =
                without.map(|s| weights[s.count_ones() as usize] * (means[s | bit] - means[s]));
            (terms.sum::<f64>(), 0.0)
        };
        Ok(Values { shares: (0..count).map(share).collect(), empty: means[0] })
    }

    /// By random orders.
    fn sampled(
        &self,
        value: impl Fn(&[Coalition]) -> Result<Vec<f64>>,
        full: f64,
        (permutations, seed): (usize, Seed),
    ) -> Result<Values> {
        let count = self.players.len();
        let mut sums = vec![(0.0, 0.0); count];
        let mut empty = 0.0;
        let all: Vec<usize> = (0..permutations).collect();
        // As many orders at once as fill a batch.
        let at_once = (rows_at_once(self.model.graph()) / (2 * count).max(1)).max(1);
        for chunk in all.chunks(at_once) {
            let orders: Vec<Vec<usize>> = chunk
                .iter()
                .map(|permutation| {
                    let mut order: Vec<usize> = (0..count).collect();
                    seed.generator(Stream::Permuting, *permutation as u64 + 1).shuffle(&mut order);
                    order
                })
                .collect();
            let coalitions = orders
                .iter()
                .zip(chunk)
                .flat_map(|(order, permutation)| both_ways(order, permutation % self.background));
            let values = value(&coalitions.collect::<Vec<_>>())?;
            for (order, values) in orders.iter().zip(values.chunks_exact(2 * count - 1)) {
                empty += values[0];
                for (player, contribution) in contributions(order, values, full) {
                    sums[player].0 += contribution;
                    sums[player].1 += contribution * contribution;
                }
            }
        }
        let number = permutations as f64;
        let share = |(sum, squares): (f64, f64)| {
            let mean = sum / number;
            let variance = (squares / number - mean * mean).max(0.0) * number / (number - 1.0);
            (mean, (variance / number).sqrt())
        };
        let shares = sums.into_iter().map(share).collect();
        Ok(Values { shares, empty: empty / number })
    }
}

/// The players: the inputs or their columns. An `Option` is present or absent as a whole.
fn players(graph: &Graph, settings: &ShapleySettings) -> Vec<Feature> {
    let wholes = Feature::all(graph, settings.row, false);
    let features = Feature::all(graph, settings.row, settings.by_column);
    wholes
        .into_iter()
        .zip(graph.inputs)
        .flat_map(|(whole, input)| match input.missing {
            Some(_) => vec![whole],
            None => {
                let own = features.iter().filter(|feature| feature.index == whole.index);
                own.cloned().collect()
            }
        })
        .collect()
}

/// The background rows as a table of inputs, and for each input whether it is absent outside of a
/// coalition.
fn background(
    graph: &Graph,
    background: &Background,
    explained: &Table,
) -> Result<(Table, Vec<bool>)> {
    let is_optional = graph.inputs.iter().map(|input| input.missing.is_some());
    let mut rows = match background {
        // These rows provide no values.
        Background::Absent => explained.select(&[0]),
        Background::Rows(rows) | Background::Row(rows) => rows.clone(),
    };
    rows.columns.truncate(graph.inputs.len());
    if rows.rows == 0 {
        return Err(Error::NoRows("compare with"));
    }
    match background {
        Background::Row(_) => Ok((rows, vec![false; graph.inputs.len()])),
        Background::Rows(_) => Ok((rows, is_optional.collect())),
        Background::Absent => {
            let required = graph.inputs.iter().find(|input| input.missing.is_none());
            match required {
                None => Ok((rows, is_optional.collect())),
                Some(input) => Err(mistake(format!(
                    "`{}` is never absent: hand over rows to compare with by `background`, or one \
                     row by `baseline`",
                    input.name
                ))),
            }
        }
    }
}

/// For each size of a coalition without a player, the fraction of the orders of `count` players in
/// which the player comes right after this coalition: |S|! (n - |S| - 1)! / n!.
fn order_weights(count: usize) -> Vec<f64> {
    let mut weights = Vec::with_capacity(count);
    let mut weight = 1.0 / count.max(1) as f64;
    for size in 0..count {
        weights.push(weight);
        weight *= (size + 1) as f64 / (count - size - 1).max(1) as f64;
    }
    weights
}

/// The coalitions of an order of the players, from the empty one on, without the full one: first
/// forwards, then the nonempty ones of the reversed order.
fn both_ways(order: &[usize], background: usize) -> Vec<Coalition> {
    let count = order.len();
    let coalition = |members: &[usize]| {
        let mut players = vec![false; count];
        members.iter().for_each(|player| players[*player] = true);
        Coalition { players, background }
    };
    let forwards = (0..count).map(|size| coalition(&order[..size]));
    let backwards = (1..count).map(|size| coalition(&order[count - size..]));
    forwards.chain(backwards).collect()
}

/// The contribution of each player, the mean over both ways of an order: `values` of the coalitions
/// of [`both_ways`].
fn contributions(order: &[usize], values: &[f64], full: f64) -> Vec<(usize, f64)> {
    let count = order.len();
    let forwards = |size: usize| if size == count { full } else { values[size] };
    let backwards = |size: usize| match size {
        0 => values[0],
        size if size == count => full,
        size => values[count + size - 1],
    };
    let of_position = |(position, player): (usize, &usize)| {
        let forwards = forwards(position + 1) - forwards(position);
        let size = count - position;
        let backwards = backwards(size) - backwards(size - 1);
        (*player, (forwards + backwards) / 2.0)
    };
    order.iter().enumerate().map(of_position).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_all_coalitions_sum_up_to_one() {
        for count in 1..8 {
            let weights = order_weights(count);
            let sum: f64 =
                (0..1usize << (count - 1)).map(|s| weights[s.count_ones() as usize]).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{count}");
        }
        assert_eq!(order_weights(3), [1.0 / 3.0, 1.0 / 6.0, 1.0 / 3.0]);
    }

    #[test]
    fn both_ways_of_all_orders_give_the_exact_values() {
        // Players 0 and 1 are worth 2 each, player 2 is worth 1, and 0 and 2 are worth 3 together.
        let worth = |players: &[bool]| {
            let pair = f64::from(u8::from(players[0])) + f64::from(u8::from(players[1]));
            2.0 * pair
                + f64::from(u8::from(players[2]))
                + if players[0] && players[2] { 3.0 } else { 0.0 }
        };
        let full = worth(&[true; 3]);
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let mut sums = [0.0; 3];
        for order in orders {
            let values: Vec<f64> =
                both_ways(&order, 0).iter().map(|coalition| worth(&coalition.players)).collect();
            assert_eq!(values.len(), 5);
            for (player, contribution) in contributions(&order, &values, full) {
                sums[player] += contribution / 6.0;
            }
        }
        assert!((sums[0] - 3.5).abs() < 1e-12 && (sums[1] - 2.0).abs() < 1e-12, "{sums:?}");
        assert!((sums[2] - 2.5).abs() < 1e-12, "{sums:?}");
    }
}
