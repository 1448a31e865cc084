//! What a prediction of one row costs: parameters, floating-point operations and memory.
//!
//! The formulas of one layer or merge are its `flops` and `held`; this module adds them up and
//! compares the sum with a budget.
//!
//! - **FLOPs.** An addition, a multiplication, a comparison and the activation of one number count 1
//!   each, so a multiply-add counts 2. Look-ups, copies and preprocessing count 0.
//! - **Memory.** 4 bytes, an `f32`, for each parameter, each running statistic, and each number that
//!   is alive in the layer that needs the most: the encoded inputs until their last use, the output
//!   of each layer and merge until its last use, and what a layer holds in between, such as
//!   attention weights.

use crate::{Size, Text};

/// The bytes of one number.
const NUMBER: Size = Size::Known(4);

/// What a budget limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// The parameters, frozen ones included.
    Parameters,
    /// The floating-point operations of a prediction.
    Flops,
    /// The bytes of a prediction.
    Memory,
}

/// The share of one layer, merge or input.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The node's name.
    pub node: &'a str,
    /// The layer as the user wrote it.
    pub layer: &'a str,
    /// Its share.
    pub size: Size,
}

/// How the computation of a layer or merge changes the numbers that are alive.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// The numbers of its output.
    pub output: Size,
    /// The numbers that are alive only while it is computed.
    pub held: Size,
    /// The numbers that nothing uses afterwards.
    pub freed: Size,
}

/// The sum of all shares.
pub const fn total(items: &[Item<'_>]) -> Size {
    let (mut sum, mut i) = (Size::Known(0), 0);
    while i < items.len() {
        sum = sum.plus(items[i].size);
        i += 1;
    }
    sum
}

/// The sum.
pub const fn sum(sizes: &[Size]) -> Size {
    let (mut sum, mut i) = (Size::Known(0), 0);
    while i < sizes.len() {
        sum = sum.plus(sizes[i]);
        i += 1;
    }
    sum
}

/// The bytes of a prediction with `parameters` and these moves, in order; the inputs are the first.
pub const fn memory(parameters: Size, moves: &[Move]) -> Size {
    let (mut alive, mut most, mut i) = (Size::Known(0), Size::Known(0), 0);
    while i < moves.len() {
        alive = alive.plus(moves[i].output);
        most = larger(most, alive.plus(moves[i].held));
        alive = alive.minus(moves[i].freed);
        i += 1;
    }
    bytes(parameters.plus(most))
}

/// The bytes of so many numbers.
pub const fn bytes(numbers: Size) -> Size {
    numbers.times(NUMBER)
}

const fn larger(a: Size, b: Size) -> Size {
    match (a, b) {
        (Size::Known(one), Size::Known(other)) if one < other => b,
        (Size::Unknown, _) | (_, Size::Unknown) => Size::Unknown,
        _ => a,
    }
}

/// Compares what a model needs of `quantity` with the most that its budget allows. The memory is that
/// of `parameters` and `moves`, of anything else the sum of the items.
///
/// # Errors
/// It needs more; the text has the three items with the largest shares.
pub const fn check(
    quantity: Quantity,
    most: usize,
    items: &[Item<'_>],
    (parameters, moves): (Size, &[Move]),
) -> Result<usize, Text> {
    let found = match quantity {
        Quantity::Memory => memory(parameters, moves),
        Quantity::Parameters | Quantity::Flops => total(items),
    };
    let needed = found.get();
    if needed <= most {
        return Ok(needed);
    }
    let text = match quantity {
        Quantity::Parameters => Text::new("the model has ").grouped(needed).str(" parameters"),
        Quantity::Flops => Text::new("a prediction takes ").grouped(needed).str(" FLOPs"),
        Quantity::Memory => Text::new("a prediction takes ").amount(needed),
    };
    let text = text.str(", more than ");
    let text = match quantity {
        Quantity::Memory => text.amount(most),
        Quantity::Parameters | Quantity::Flops => text.grouped(most),
    };
    Err(largest(text, quantity, items))
}

/// Appends up to three items, the largest first.
const fn largest(mut text: Text, quantity: Quantity, items: &[Item<'_>]) -> Text {
    const NONE: usize = usize::MAX;
    let (mut chosen, mut count) = ([NONE; 3], 0);
    while count < 3 {
        let (mut best, mut i) = (NONE, 0);
        while i < items.len() {
            let is_new = i != chosen[0] && i != chosen[1] && i != chosen[2];
            let is_larger = best == NONE || items[best].size.get() < items[i].size.get();
            if is_new && is_larger && items[i].size.get() > 0 {
                best = i;
            }
            i += 1;
        }
        if best == NONE {
            break;
        }
        chosen[count] = best;
        count += 1;
    }
    let mut i = 0;
    while i < count {
        let Item { node, layer, size } = items[chosen[i]];
        text = text.str(match i {
            0 if count == 1 => "; all of it in ",
            0 => "; the most in ",
            _ if i + 1 == count => " and ",
            _ => ", ",
        });
        text = text.str("`").str(layer).str("` of `").str(node).str("` with ");
        text = match quantity {
            Quantity::Memory => text.amount(size.get()),
            Quantity::Parameters | Quantity::Flops => text.grouped(size.get()),
        };
        i += 1;
    }
    text
}

impl Text {
    /// Appends a number in groups of three digits, as `1_000_000`.
    pub const fn grouped(self, number: usize) -> Text {
        if number < 1000 {
            return self.number(number);
        }
        let (text, rest) = (self.grouped(number / 1000).str("_"), number % 1000);
        let zeros = match rest {
            0..=9 => "00",
            10..=99 => "0",
            _ => "",
        };
        text.str(zeros).number(rest)
    }

    /// Appends an amount of memory in decimal units with up to six digits, as `4.2 MB`.
    pub const fn amount(self, bytes: usize) -> Text {
        let amount = bytes as f64;
        match bytes {
            0..=999 => self.number(bytes).str(" B"),
            1_000..=999_999 => self.real(amount / 1e3).str(" kB"),
            1_000_000..=999_999_999 => self.real(amount / 1e6).str(" MB"),
            _ => self.real(amount / 1e9).str(" GB"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn item(node: &'static str, layer: &'static str, size: usize) -> Item<'static> {
        Item { node, layer, size: Size::Known(size) }
    }

    const fn moved(output: usize, held: usize, freed: usize) -> Move {
        Move { output: Size::Known(output), held: Size::Known(held), freed: Size::Known(freed) }
    }

    #[test]
    fn an_error_names_the_three_largest_items() {
        const ITEMS: [Item<'_>; 5] = [
            item("rooms", "Dense(64, relu)", 704),
            item("rooms", "Dense(32, relu)", 2080),
            item("rooms", "Flatten", 0),
            item("district", "Embedding(100, 16)", 1600),
            item("price", "Dense(1)", 49),
        ];
        const NONE: (Size, &[Move]) = (Size::Known(0), &[]);
        const WRONG: Result<usize, Text> = check(Quantity::Parameters, 4_000, &ITEMS, NONE);
        assert_eq!(
            WRONG.unwrap_err().as_str(),
            "the model has 4_433 parameters, more than 4_000; the most in `Dense(32, relu)` of \
             `rooms` with 2_080, `Embedding(100, 16)` of `district` with 1_600 and \
             `Dense(64, relu)` of `rooms` with 704"
        );
        assert_eq!(check(Quantity::Parameters, 4_433, &ITEMS, NONE).unwrap(), 4_433);
        let unknown = [Item { size: Size::Unknown, ..ITEMS[0] }];
        assert!(check(Quantity::Flops, 0, &unknown, NONE).is_ok(), "known to rustc alone");
        let memory = (Size::Known(1_000_000), &[moved(234_567, 0, 0)][..]);
        assert_eq!(
            check(Quantity::Memory, 999, &ITEMS[4..], memory).unwrap_err().as_str(),
            "a prediction takes 4.93827 MB, more than 999 B; all of it in `Dense(1)` of `price` \
             with 49 B"
        );
    }

    #[test]
    fn memory_is_that_of_the_layer_that_needs_the_most() {
        // Two inputs of 10, a layer to 100 that frees one of them, one to 5 that holds 20.
        let moves = [moved(20, 0, 0), moved(100, 0, 10), moved(5, 20, 110)];
        assert_eq!(memory(Size::Known(7), &moves), Size::Known(4 * (7 + 10 + 100 + 5 + 20)));
        let unknown = Move { output: Size::Unknown, ..moves[0] };
        assert_eq!(memory(Size::Known(7), &[unknown, moves[1]]), Size::Unknown);
    }

    #[test]
    fn numbers_are_grouped_and_bytes_have_units() {
        let grouped = |number| Text::new("").grouped(number).as_str().to_owned();
        assert_eq!([grouped(7), grouped(1_050), grouped(12_000_007)], ["7", "1_050", "12_000_007"]);
        let amount = |bytes| Text::new("").amount(bytes).as_str().to_owned();
        assert_eq!(amount(999), "999 B");
        assert_eq!(amount(17_732), "17.732 kB");
        assert_eq!(amount(4_194_304), "4.1943 MB");
        assert_eq!(amount(2_500_000_000), "2.5 GB");
    }
}
