//! Escapes quoted data in messages: values and labels of rows, names of columns and files, messages
//! of other crates. Such text may contain terminal control sequences or bidirectional formatting
//! characters. All messages escape them with the types of this module.

use std::fmt::{self, Display, Write};

/// Displays a text with control characters (including line ends) and bidirectional formatting
/// characters as `\u{1b}`.
///
/// Escaping is idempotent, so a message may be escaped more than once: the `Display` of every error
/// escapes each part that comes from elsewhere.
pub struct Escaped<T>(pub T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

/// A writer that escapes its input.
struct Escaping<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| match is_printable(character) {
            true => self.0.write_char(character),
            false => write!(self.0, "{}", character.escape_default()),
        })
    }
}

/// Whether a character is printable and does not affect the text around it.
fn is_printable(character: char) -> bool {
    let changes_direction = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    let ends_line = matches!(character, '\u{2028}' | '\u{2029}');
    !(character.is_control() || changes_direction || ends_line)
}

/// Maximum number of characters of a quoted value.
const MAX_CHARACTERS: usize = 80;

/// Displays a value in backticks, escaped. A value of more than 80 characters is truncated, and its
/// length is appended.
pub struct Quoted<T>(pub T);

impl<T: AsRef<str>> Display for Quoted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_ref();
        match text.char_indices().nth(MAX_CHARACTERS) {
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
        for character in ['\u{61c}', '\u{200f}', '\u{2066}', '\u{2069}', '\u{2028}', '\u{7f}', '\0']
        {
            assert!(Escaped(character).to_string().starts_with(r"\u{"), "{character:?}");
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
