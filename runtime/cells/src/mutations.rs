//! Values in declared forms, whole and mutated: what was written is read, and what is read was
//! written.

use chrono::{NaiveDate, TimeDelta};

use crate::{date, numeric, Cell, CellFormat, DateFormat, Numeric};

/// Number of mutations of each kind of value.
const ROUNDS: usize = 20_000;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % bound
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }

    /// The text with one character replaced, inserted, removed or repeated.
    fn mutated(&mut self, text: &str) -> String {
        let mut letters: Vec<char> = text.chars().collect();
        let at = self.below(letters.len() + 1);
        let letter = self.pick(&[
            '0', '7', '9', '.', ',', '-', '+', ' ', '%', '$', '\u{20ac}', 'e', '/', '\u{a0}', '\'',
            'x',
        ]);
        match self.below(3) {
            0 => letters.insert(at, letter),
            _ if at == letters.len() => {}
            1 => letters[at] = letter,
            _ => {
                letters.remove(at);
            }
        }
        letters.into_iter().collect()
    }
}

/// A format, and a number of at most 15 digits in it with its value.
fn number(random: &mut Random) -> (CellFormat<'static>, String, f64) {
    let decimal = random.pick(&['.', ',']);
    let others: Vec<char> = ['.', ',', ' ', '\''].into_iter().filter(|c| *c != decimal).collect();
    let format = CellFormat {
        decimal,
        thousands: Some(random.pick(&others)).filter(|_| random.below(2) == 0),
        percent: random.below(3) == 0,
        currency: random.pick(&[None, Some("$"), Some("\u{20ac}")]),
        ..CellFormat::DEFAULT
    };
    let whole = random.below(1_000_000_000).to_string();
    let fraction: String = (0..random.below(4)).map(|_| random.pick(&['0', '5', '7'])).collect();
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.extend(format.thousands);
        }
        text.push(digit);
    }
    let mut plain = whole;
    if !fraction.is_empty() {
        text.push(decimal);
        text.push_str(&fraction);
        plain = format!("{plain}.{fraction}");
    }
    if let Some(sign) = format.currency {
        text =
            if random.below(2) == 0 { format!("{sign}{text}") } else { format!("{text} {sign}") };
    }
    if random.below(2) == 0 {
        text.insert(0, '-');
        plain.insert(0, '-');
    }
    if format.percent {
        text.push('%');
        plain.push_str("e-2");
    }
    (format, text, plain.parse().unwrap())
}

fn value(found: Numeric) -> Option<f64> {
    match found {
        Numeric::Whole(number) => Some(number as f64),
        Numeric::Real(number) => Some(number),
        Numeric::Missing | Numeric::Other => None,
    }
}

/// The number that the digits of a text say, whatever stands between them.
fn digits_of(text: &str, format: &CellFormat<'_>) -> Option<f64> {
    let is_negative = text.contains(['-', '\u{2212}']);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent),
        None => (text, "0"),
    };
    let digits: String = mantissa
        .chars()
        .filter(|letter| letter.is_ascii_digit() || *letter == format.decimal)
        .map(|letter| if letter == format.decimal { '.' } else { letter })
        .collect();
    let exponent: String =
        exponent.chars().filter(|letter| letter.is_ascii_digit() || *letter == '-').collect();
    let exponent = exponent.parse::<i64>().ok()? - if format.percent { 2 } else { 0 };
    let sign = if is_negative && !text.contains("e-") { "-" } else { "" };
    format!("{sign}{digits}e{exponent}").parse().ok()
}

#[test]
fn numbers_are_what_their_digits_say() {
    let mut random = Random(1);
    let (mut refused, mut taken) = (0, 0);
    for _ in 0..ROUNDS {
        let (format, text, known) = number(&mut random);
        let found = value(numeric(&Cell::of_text(&text), &format));
        assert_eq!(found, Some(known), "{text} in {format:?}");
        let mutated = random.mutated(&text);
        match value(numeric(&Cell::of_text(&mutated), &format)) {
            None => refused += 1,
            Some(found) => {
                taken += 1;
                let digits = digits_of(&mutated, &format);
                assert_eq!(Some(found), digits, "{mutated} in {format:?}");
            }
        }
    }
    assert!(refused > ROUNDS / 4 && taken > ROUNDS / 8, "{refused} refused, {taken} taken");
}

#[test]
fn dates_are_what_their_digits_say() {
    const PATTERNS: [&str; 5] = ["%d/%m/%Y", "%m/%d/%Y", "%Y%m%d", "%d.%m.%Y", "%Y-%m-%d"];
    let first = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap();
    let mut random = Random(2);
    let (mut refused, mut taken) = (0, 0);
    for _ in 0..ROUNDS {
        let known = first + TimeDelta::days(random.below(20_000) as i64);
        let pattern = random.pick(&PATTERNS);
        let iso = pattern == "%Y-%m-%d" && random.below(2) == 0;
        let format = match iso {
            true => CellFormat::DEFAULT,
            false => CellFormat { date: DateFormat::Pattern(pattern), ..CellFormat::DEFAULT },
        };
        let text = known.format(pattern).to_string();
        assert_eq!(date(&Cell::of_text(&text), &format), Ok(known), "{text} by {pattern}");
        let mutated = random.mutated(&text);
        match date(&Cell::of_text(&mutated), &format) {
            Err(_) => refused += 1,
            Ok(found) => {
                taken += 1;
                // The digits are those of the date, but for zeros and signs before them.
                let numbers = |text: &str| -> String {
                    let parts = text.split(|letter: char| !letter.is_ascii_digit());
                    let parts = parts.map(|part| part.trim_start_matches('0').to_owned());
                    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
                };
                let written = found.format(pattern).to_string();
                assert_eq!(numbers(&written), numbers(&mutated), "{mutated} by {pattern}");
            }
        }
    }
    assert!(refused > ROUNDS / 4 && taken > ROUNDS / 8, "{refused} refused, {taken} taken");
}
