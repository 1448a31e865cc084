//! Texts of others in messages: values and labels out of rows, names of columns and files, what other
//! crates say of them. They may hold what a terminal obeys, or what turns the direction of the text
//! behind it. Messages write such letters out, here alone.

use std::fmt::{self, Display, Write};

/// The same text with control characters (line ends too) and marks of direction as `\u{1b}`.
///
/// What has been escaped stays as it is, so a message may pass through more than once: every
/// `Display` of an error escapes whatever it was not itself that said.
pub struct Escaped<T>(pub T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

/// Escapes what is written.
struct Escaping<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|letter| match is_seen(letter) {
            true => self.0.write_char(letter),
            false => write!(self.0, "{}", letter.escape_default()),
        })
    }
}

/// Whether a letter shows itself and changes nothing else.
fn is_seen(letter: char) -> bool {
    let turns = matches!(
        letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    let ends_line = matches!(letter, '\u{2028}' | '\u{2029}');
    !(letter.is_control() || turns || ends_line)
}

/// The most letters of a value that a message shows.
const MOST: usize = 80;

/// A value out of data in backticks, escaped; of a long one the beginning, and how long it is.
pub struct Quoted<T>(pub T);

impl<T: AsRef<str>> Display for Quoted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_ref();
        match text.char_indices().nth(MOST) {
            None => write!(f, "`{}`", Escaped(text)),
            Some((end, _)) => {
                let count = text.chars().count();
                write!(f, "`{}...` ({count} characters)", Escaped(&text[..end]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        let red = "a\u{1b}[31mb\u{9b}2J\u{7}\r\n\t";
        let escaped = r"a\u{1b}[31mb\u{9b}2J\u{7}\r\n\t";
        assert_eq!(Escaped(red).to_string(), escaped);
        assert_eq!(Escaped(Escaped(red)).to_string(), escaped);
        assert_eq!(Quoted("user\u{202e}gpj.exe").to_string(), r"`user\u{202e}gpj.exe`");
        for letter in ['\u{61c}', '\u{200f}', '\u{2066}', '\u{2069}', '\u{2028}', '\u{7f}', '\0'] {
            assert!(Escaped(letter).to_string().starts_with(r"\u{"), "{letter:?}");
        }
    }

    #[test]
    fn other_letters_stay() {
        let text = "Z\u{fc}rich \u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{1f469}\u{200d}\u{1f680} \\n `x`";
        assert_eq!(Escaped(text).to_string(), text);
    }

    #[test]
    fn a_long_value_is_cut_and_its_length_said() {
        assert_eq!(Quoted("\u{e9}".repeat(80)).to_string(), format!("`{}`", "\u{e9}".repeat(80)));
        let long = Quoted("\u{e9}".repeat(5000)).to_string();
        assert_eq!(long, format!("`{}...` (5000 characters)", "\u{e9}".repeat(80)));
    }
}
