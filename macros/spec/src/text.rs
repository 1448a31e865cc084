//! Text built in constants, so that a shape error reads the same from the macro and from rustc.

use crate::{Kind, Shape, Size};

const CAPACITY: usize = 1024;

/// A short text built in `const` code. A part that does not fit is omitted.
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Text {
    /// The text `start`.
    pub const fn new(start: &str) -> Text {
        Text { bytes: [0; CAPACITY], len: 0 }.str(start)
    }

    /// Appends `part`.
    pub const fn str(mut self, part: &str) -> Text {
        let part = part.as_bytes();
        if self.len + part.len() > CAPACITY {
            return self;
        }
        let mut i = 0;
        while i < part.len() {
            self.bytes[self.len] = part[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    /// Appends `number` in decimal digits.
    pub const fn number(self, number: usize) -> Text {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let text = if number >= 10 { self.number(number / 10) } else { self };
        text.str(DIGITS[number % 10])
    }

    /// Appends a real number with up to six significant digits: `0.0001`, `-2.5`, `1e400` as
    /// `infinity`.
    pub const fn real(self, number: f64) -> Text {
        if number.is_nan() {
            return self.str("NaN");
        }
        let (text, number) = match number < 0.0 {
            true => (self.str("-"), -number),
            false => (self, number),
        };
        if number == 0.0 {
            return text.str("0");
        }
        if number.is_infinite() {
            return text.str("infinity");
        }
        let (digits, exponent) = decimal(number);
        match exponent {
            -5..=14 => text.decimal(digits, exponent),
            _ => {
                let text = text.decimal(digits, 0).str(if exponent < 0 { "e-" } else { "e" });
                text.number(exponent.unsigned_abs())
            }
        }
    }

    /// Appends `digits`, whose first digit has the weight `10^exponent`, without trailing zeros.
    const fn decimal(mut self, mut digits: usize, exponent: isize) -> Text {
        let mut weight = 100_000;
        let mut position = if exponent < 0 { 0 } else { exponent };
        while position >= 0 || digits > 0 {
            if position == -1 {
                self = self.str(".");
            }
            let digit = if position > exponent || weight == 0 { 0 } else { digits / weight };
            if position <= exponent && weight > 0 {
                digits %= weight;
                weight /= 10;
            }
            self = self.number(digit);
            position -= 1;
        }
        self
    }

    /// Appends an axis, which may be negative.
    pub const fn axis(self, axis: isize) -> Text {
        let text = if axis < 0 { self.str("-") } else { self };
        text.number(axis.unsigned_abs())
    }

    /// Appends a size, or `?` if unknown.
    pub const fn size(self, size: Size) -> Text {
        match size {
            Size::Known(number) => self.number(number),
            Size::Unknown => self.str("?"),
        }
    }

    /// Appends a shape as users write it: `[32]`, `[3, 64, 64]`, `one category`, `[100]
    /// categories`, `[100, 64] masked`, `a list of categories`.
    pub const fn shape(self, shape: &Shape) -> Text {
        if shape.is_list() {
            return self.list(shape);
        }
        match (shape.kind, shape.rank()) {
            (Kind::Categories, 0) => return self.str("one category"),
            (Kind::Texts, 0) => return self.str("one text"),
            (Kind::Numbers, 0) => return self.str("one number"),
            (Kind::Dates, _) => return self.str("one date"),
            (Kind::Pictures, _) => return self.str("a picture of any size"),
            _ => {}
        }
        let mut text = self.str("[");
        let mut axis = 0;
        while axis < shape.rank() {
            if axis > 0 {
                text = text.str(", ");
            }
            text = text.size(shape.dim(axis));
            axis += 1;
        }
        match shape.kind {
            Kind::Numbers if shape.is_masked() => text.str("] masked"),
            Kind::Categories if shape.is_masked() => text.str("] categories, masked"),
            Kind::Categories => text.str("] categories"),
            Kind::Texts => text.str("] texts"),
            Kind::Numbers | Kind::Pictures | Kind::Dates => text.str("]"),
        }
    }

    /// Appends the shape of a list of any length.
    const fn list(self, items: &Shape) -> Text {
        let text = self.str("a list of ");
        match (items.kind, items.rank()) {
            (Kind::Numbers, 0) => text.str("numbers"),
            (Kind::Categories, 0) => text.str("categories"),
            (Kind::Texts, 0) => text.str("texts"),
            (Kind::Dates, _) => text.str("dates"),
            _ => text.shape(&items.with_list(false)),
        }
    }

    /// Appends another text.
    pub const fn text(self, other: &Text) -> Text {
        self.str(other.as_str())
    }

    /// The text.
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

/// The first six significant digits of a positive number, and the power of ten of the first.
const fn decimal(number: f64) -> (usize, isize) {
    let (mut leading, mut exponent) = (number, 0);
    while leading >= 10.0 {
        leading /= 10.0;
        exponent += 1;
    }
    while leading < 1.0 {
        leading *= 10.0;
        exponent -= 1;
    }
    match (leading * 1e5 + 0.5) as usize {
        1_000_000 => (100_000, exponent + 1),
        digits => (digits, exponent),
    }
}

impl core::fmt::Debug for Text {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_built_in_a_constant() {
        const SHAPE: Shape = Shape::numbers(&[Size::Known(3), Size::Unknown]);
        const TEXT: Text = Text::new("width ").number(640).str(" of ").shape(&SHAPE);
        assert_eq!(TEXT.as_str(), "width 640 of [3, ?]");
        assert_eq!(Text::new("").shape(&SHAPE.with_mask(true)).as_str(), "[3, ?] masked");
        assert_eq!(Text::new("").shape(&Shape::categories(&[])).as_str(), "one category");
        let list = |shape: Shape| Text::new("").shape(&shape.with_list(true)).as_str().to_owned();
        assert_eq!(list(Shape::categories(&[])), "a list of categories");
        assert_eq!(list(Shape::numbers(&[Size::Known(2)])), "a list of [2]");
    }

    #[test]
    fn a_real_number_is_written_in_six_digits() {
        for (number, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (0.1, "0.1"),
            (-1e-4, "-0.0001"),
            (1.0 / 3.0, "0.333333"),
            (99.99999999, "100"),
            (120_000.0, "120000"),
            (1234567.0, "1234570"),
            (1e-7, "1e-7"),
            (-1.5e300, "-1.5e300"),
            (5e-324, "4.94066e-324"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-infinity"),
        ] {
            assert_eq!(Text::new("").real(number).as_str(), text);
        }
        const IN_A_CONSTANT: Text = Text::new("").real(-0.5);
        assert_eq!(IN_A_CONSTANT.as_str(), "-0.5");
    }
}
