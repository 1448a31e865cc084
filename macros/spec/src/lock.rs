//! The values of constants in a lock, which only rustc knows: they are compared in constants of the
//! expansion.

use crate::{argument::equal, Text};

/// The value of a constant expression.
#[derive(Clone, Copy, Debug)]
pub enum Constant {
    /// A size.
    Size(usize),
    /// A number.
    Number(f64),
}

impl Constant {
    /// Whether both have the same bits.
    pub const fn is(self, other: Constant) -> bool {
        match (self, other) {
            (Constant::Size(one), Constant::Size(other)) => one == other,
            (Constant::Number(one), Constant::Number(other)) => one.to_bits() == other.to_bits(),
            _ => false,
        }
    }

    /// Appends it in a form that keeps all its bits.
    const fn written(self, text: Text) -> Text {
        match self {
            Constant::Size(number) => text.number(number),
            Constant::Number(number) => hexadecimal(text.str("0x"), number.to_bits(), 16),
        }
    }

    /// Appends it for people.
    const fn shown(self, text: Text) -> Text {
        match self {
            Constant::Size(number) => text.number(number),
            Constant::Number(number) => text.real(number),
        }
    }
}

const fn hexadecimal(text: Text, bits: u64, digits: u32) -> Text {
    const DIGITS: [&str; 16] =
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
    if digits == 0 {
        return text;
    }
    let text = hexadecimal(text, bits >> 4, digits - 1);
    text.str(DIGITS[(bits & 15) as usize])
}

/// The command that writes a lock with the values of constants, up to the first of them.
const COMMAND: &str = "MULTI_INPUT_UPDATE_LOCK=\"";

/// Appends a constant with its value.
const fn written(text: Text, (name, value): (&str, Constant), is_first: bool) -> Text {
    let text = if is_first { text } else { text.str("; ") };
    value.written(text.str(name).str(" = "))
}

/// The error of constants whose values the lock at `path` does not have. Their names stand between
/// double quotes of a shell.
pub const fn unknown(path: &str, constants: &[(&str, Constant)]) -> Text {
    let text = Text::new("`").str(path).str("` does not have the values of constants; `");
    let (mut text, mut index) = (text.str(COMMAND), 0);
    while index < constants.len() {
        text = written(text, constants[index], index == 0);
        index += 1;
    }
    text.str("\" cargo check` writes them")
}

/// A constant with its values now and in the lock.
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    /// The expression.
    pub name: &'static str,
    /// The expression between double quotes of a shell.
    pub shell: &'static str,
    /// Its value.
    pub now: Constant,
    /// Its value in the lock.
    pub before: Constant,
}

/// An error at the first of all constants that has another value in the lock at `path`, if it is
/// number `index`. `tensors` says which saved tensors depend on it.
pub const fn compare(
    path: &str,
    all: &[Compared],
    index: usize,
    tensors: &str,
) -> Result<(), Text> {
    let Compared { name, now, before, .. } = all[index];
    if now.is(before) || !are_alike(all, index) {
        return Ok(());
    }
    let text = now.shown(Text::new("`").str(name).str("` is "));
    let text = before.shown(text.str(", and ")).str(" in `").str(path).str("`, to which ");
    let text = text.str(tensors).str(" belong; where no saved model is needed, `");
    let mut text = text.str(COMMAND);
    let (mut other, mut is_first) = (index, true);
    while other < all.len() {
        if !all[other].now.is(all[other].before) {
            text = written(text, (all[other].shell, all[other].now), is_first);
            is_first = false;
        }
        other += 1;
    }
    Err(text.str("\" cargo check` writes the lock anew"))
}

/// An error where the values of a field are of another newtype than in the lock at `path`. Values without
/// a newtype may be in any unit.
pub const fn unit(
    path: &str,
    field: &str,
    now: Option<&'static str>,
    before: &str,
) -> Result<(), Text> {
    let now = match now {
        Some(now) if !equal(now, before) => now,
        _ => return Ok(()),
    };
    let text =
        Text::new("`").str(field).str("`: saved models have values of the newtype `").str(before);
    let text = text.str("`, and this one `").str(now).str("`, so that files of `").str(path);
    let text =
        text.str("` do not load; where none is needed, `").str(COMMAND).str("unit ").str(field);
    Err(text.str(" = ").str(now).str("\" cargo check` writes the lock anew"))
}

/// Whether the first constants have the values of the lock.
const fn are_alike(all: &[Compared], count: usize) -> bool {
    let mut index = 0;
    while index < count {
        if !all[index].now.is(all[index].before) {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_with_all_its_bits() {
        const TEXT: Text = unknown(
            "house.lock",
            &[("WIDTH", Constant::Size(640)), ("2.0 * EPS", Constant::Number(0.1))],
        );
        assert_eq!(
            TEXT.as_str(),
            "`house.lock` does not have the values of constants; `MULTI_INPUT_UPDATE_LOCK=\"WIDTH = \
             640; 2.0 * EPS = 0x3fb999999999999a\" cargo check` writes them"
        );
        assert_eq!(f64::from_bits(0x3fb999999999999a), 0.1);
    }

    #[test]
    fn another_newtype_is_an_error() {
        let found = |now| unit("house.lock", "depth", now, "Metres");
        assert!(found(None).is_ok() && found(Some("Metres")).is_ok());
        assert_eq!(
            found(Some("Feet")).unwrap_err().as_str(),
            "`depth`: saved models have values of the newtype `Metres`, and this one `Feet`, so that \
             files of `house.lock` do not load; where none is needed, \
             `MULTI_INPUT_UPDATE_LOCK=\"unit depth = Feet\" cargo check` writes the lock anew"
        );
    }

    #[test]
    fn the_first_other_value_is_an_error() {
        let constant = |name, now, before| Compared {
            name,
            shell: name,
            now: Constant::Size(now),
            before: Constant::Size(before),
        };
        let all = [constant("A", 1, 1), constant("WIDTH", 64, 32), constant("2 * WIDTH", 128, 64)];
        let compared = |index| compare("house.lock", &all, index, "the tensors `rooms.0.weight`");
        assert!(compared(0).is_ok() && compared(2).is_ok());
        assert_eq!(
            compared(1).unwrap_err().as_str(),
            "`WIDTH` is 64, and 32 in `house.lock`, to which the tensors `rooms.0.weight` belong; where \
             no saved model is needed, `MULTI_INPUT_UPDATE_LOCK=\"WIDTH = 64; 2 * WIDTH = 128\" cargo \
             check` writes the lock anew"
        );
    }
}
