//! Which layer of a file becomes which of ours, where names, shapes and order leave no choice.

use std::collections::BTreeSet;

use super::{binding::bind, layer::ForeignLayer, units::Unit, wire::Wire, Conversion};

/// The layers of a file that ours may take, by the index of ours.
pub(super) struct Matching<'a> {
    units: &'a [Unit],
    layers: &'a [ForeignLayer],
    candidates: Vec<BTreeSet<usize>>,
}

impl<'a> Matching<'a> {
    /// The layers that fit by kind and shape, where `left_out` says which of the file take no part.
    pub(super) fn by_shapes(
        units: &'a [Unit],
        layers: &'a [ForeignLayer],
        conversion: Conversion,
        left_out: &dyn Fn(usize) -> bool,
    ) -> Matching<'a> {
        let fits = |unit: &Unit, index: usize| {
            !left_out(index) && bind(unit, &layers[index], conversion).is_ok()
        };
        let of_unit = |unit| (0..layers.len()).filter(|&index| fits(unit, index)).collect();
        Matching { units, layers, candidates: units.iter().map(of_unit).collect() }
    }

    /// The candidates of ours.
    pub(super) fn candidates(&self, unit: usize) -> &BTreeSet<usize> {
        &self.candidates[unit]
    }

    /// The layer of the file, if there is but one.
    pub(super) fn found(&self, unit: usize) -> Option<usize> {
        match self.candidates[unit].len() {
            1 => self.candidates[unit].first().copied(),
            _ => None,
        }
    }

    /// As the user says.
    pub(super) fn map(&mut self, unit: usize, layer: usize) {
        self.candidates[unit] = [layer].into();
        self.take_from_others();
    }

    /// It takes none.
    pub(super) fn leave(&mut self, unit: usize) {
        self.candidates[unit].clear();
    }

    /// Compares everything else, until nothing is left to conclude.
    pub(super) fn conclude(&mut self) {
        self.by_names();
        self.by_what_flows_in();
        self.in_order();
        self.by_what_flows_in();
    }

    /// A layer that is called like ours is it, if it fits.
    fn by_names(&mut self) {
        for unit in 0..self.units.len() {
            let named = |layer: &&usize| {
                let layer = &self.layers[**layer];
                layer.is_named && is_called(&layer.name, self.units, unit)
            };
            let named: Vec<usize> = self.candidates[unit].iter().filter(named).copied().collect();
            if let [layer] = named[..] {
                self.candidates[unit] = [layer].into();
            }
        }
        self.take_from_others();
        self.below_names();
    }

    /// Layers whose names begin with that of a node are those of its branch, if they are as many:
    /// `price.0` and `price.2` of an `nn.Sequential` called `price`.
    fn below_names(&mut self) {
        let nodes: BTreeSet<&str> = self.units.iter().map(|unit| unit.node).collect();
        for node in nodes {
            let of_node = |unit: &usize| self.units[*unit].node == node;
            let units: Vec<usize> = (0..self.units.len()).filter(of_node).collect();
            let is_below = |layer: &usize| {
                let rest = self.layers[*layer].name.strip_prefix(node);
                rest.is_some_and(|rest| rest.starts_with(['.', '/']))
            };
            let below: BTreeSet<usize> = (0..self.layers.len()).filter(is_below).collect();
            let fit = |unit: &usize| !self.candidates[*unit].is_disjoint(&below);
            if below.len() == units.len() && units.iter().all(fit) {
                units
                    .iter()
                    .for_each(|&unit| self.candidates[unit].retain(|layer| below.contains(layer)));
            }
        }
        self.take_from_others();
    }

    /// Candidates read what ours read, and what ours read is among what candidates read.
    fn by_what_flows_in(&mut self) {
        loop {
            let before = self.count();
            for unit in 0..self.units.len() {
                let reads =
                    |layer: &usize| self.agree(&self.units[unit].reads, &self.layers[*layer].reads);
                let kept: BTreeSet<usize> =
                    self.candidates[unit].iter().copied().filter(|layer| reads(layer)).collect();
                self.candidates[unit] = kept;
                self.narrow_what_is_read(unit);
            }
            self.take_from_others();
            if self.count() == before {
                return;
            }
        }
    }

    fn agree(&self, ours: &Wire, theirs: &Wire) -> bool {
        let Some(pairs) = ours.pairs(theirs) else { return true };
        pairs.into_iter().all(|pair| match pair {
            (Wire::Layer(unit), Wire::Layer(layer)) => self.candidates[*unit].contains(layer),
            (Wire::Input(ours), Wire::Input(theirs)) => {
                ours == theirs || !self.names_both(ours, theirs)
            }
            (Wire::Layer(_), Wire::Input(_)) | (Wire::Input(_), Wire::Layer(_)) => false,
            _ => true,
        })
    }

    /// Whether an input of ours is called like one of the file.
    fn names_both(&self, ours: &str, theirs: &str) -> bool {
        fn has(wire: &Wire, name: &str) -> bool {
            match wire {
                Wire::Input(input) => input == name,
                Wire::Concat(of) | Wire::Merge(of) => of.iter().any(|wire| has(wire, name)),
                _ => false,
            }
        }
        self.layers.iter().any(|layer| has(&layer.reads, ours))
            || self.units.iter().any(|unit| has(&unit.reads, theirs))
    }

    /// What ours reads is what one of its candidates reads.
    fn narrow_what_is_read(&mut self, unit: usize) {
        let mut read: Vec<(usize, BTreeSet<usize>)> = Vec::new();
        for &layer in &self.candidates[unit] {
            let Some(pairs) = self.units[unit].reads.pairs(&self.layers[layer].reads) else {
                return;
            };
            for pair in pairs {
                let (Wire::Layer(ours), Wire::Layer(theirs)) = pair else { continue };
                match read.iter_mut().find(|(unit, _)| unit == ours) {
                    Some((_, layers)) => _ = layers.insert(*theirs),
                    None => read.push((*ours, [*theirs].into())),
                }
            }
        }
        for (unit, layers) in read {
            self.candidates[unit].retain(|layer| layers.contains(layer));
        }
    }

    /// Layers of one branch that fit the same layers of the file are in its order, if these are called
    /// alike but for a number: `dense_1` and `dense_2`.
    fn in_order(&mut self) {
        for unit in 0..self.units.len() {
            let same: Vec<usize> = (0..self.units.len())
                .filter(|&other| self.candidates[other] == self.candidates[unit])
                .collect();
            let layers: Vec<usize> = self.candidates[unit].iter().copied().collect();
            let is_one_branch =
                same.iter().all(|&other| self.units[other].node == self.units[unit].node);
            let mut stems = layers.iter().map(|&layer| without_numbers(&self.layers[layer].name));
            let stem = stems.next();
            let are_alike = stems.all(|other| Some(other) == stem);
            if layers.len() > 1 && same.len() == layers.len() && is_one_branch && are_alike {
                for (unit, layer) in same.into_iter().zip(layers) {
                    self.candidates[unit] = [layer].into();
                }
            }
        }
    }

    /// A layer that only one of ours can be is taken from the others, and ours that alone can be a
    /// layer is that, where there are as many.
    fn take_from_others(&mut self) {
        loop {
            let before = self.count();
            for unit in 0..self.units.len() {
                if let Some(layer) = self.found(unit) {
                    let others = (0..self.units.len()).filter(|&other| other != unit);
                    others.for_each(|other| _ = self.candidates[other].remove(&layer));
                }
            }
            if self.count() == before {
                return;
            }
        }
    }

    fn count(&self) -> usize {
        self.candidates.iter().map(BTreeSet::len).sum()
    }
}

/// Whether a layer is called like ours: `price.0`, or `price` where it is the only one of its branch.
fn is_called(name: &str, units: &[Unit], unit: usize) -> bool {
    let own = &units[unit];
    let is_alone = units.iter().filter(|other| other.node == own.node).count() == 1;
    let plain = |name: &str| name.replace(['.', '/', '-'], "_");
    plain(name) == plain(&own.name) || (is_alone && name == own.node)
}

/// A name without its digits and what separates them.
fn without_numbers(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_ascii_digit() && !matches!(letter, '_' | '.')).collect()
}
