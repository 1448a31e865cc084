//! Decoding of text to UTF-8.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use super::filter::{Filter, Filtered};

/// Stands for bytes that are malformed in the file's encoding; no text in UTF-8 has it.
const MALFORMED: u8 = 0xff;

/// Labels of Python's codecs that the WHATWG's list lacks, and the label there.
const ALIASES: [(&str, &str); 12] = [
    ("utf-8-sig", "utf-8"),
    ("utf-16-le", "utf-16le"),
    ("utf-16-be", "utf-16be"),
    // Other bytes than ASCII are malformed, as in Python.
    ("ascii", "utf-8"),
    ("us-ascii", "utf-8"),
    ("latin-1", "latin1"),
    ("iso8859-15", "iso-8859-15"),
    ("mac-roman", "macintosh"),
    ("cp932", "shift_jis"),
    ("cp936", "gbk"),
    ("cp949", "euc-kr"),
    ("cp950", "big5"),
];

/// The encoding of a label of the WHATWG's standard or of Python's codecs.
pub(super) fn of_label(label: &str) -> Result<&'static Encoding, String> {
    let with_dashes = label.trim().to_ascii_lowercase().replace('_', "-");
    let alias = ALIASES.iter().find(|(python, _)| *python == with_dashes);
    let found = match alias {
        Some((_, label)) => Encoding::for_label_no_replacement(label.as_bytes()),
        None => Encoding::for_label_no_replacement(label.as_bytes())
            .or_else(|| Encoding::for_label_no_replacement(with_dashes.as_bytes())),
    };
    found.ok_or_else(|| {
        format!(
            "found the unknown encoding `{label}` in `.encoding(..)`; some known ones are `utf-8`, \
             `utf-16`, `windows-1252`, `iso-8859-15`, `shift_jis` and `gb18030`"
        )
    })
}

/// The encoding of a file that begins with `start`, and the length of its byte order mark, which says
/// the encoding whatever is declared.
fn of_start(start: &[u8], declared: Option<&'static Encoding>) -> (&'static Encoding, usize) {
    // In UTF-16, ASCII characters have a zero byte.
    let is_marked = |(encoding, _): &(_, usize)| *encoding == UTF_8 || start.contains(&0);
    Encoding::for_bom(start).filter(is_marked).unwrap_or((declared.unwrap_or(UTF_8), 0))
}

/// The length of the byte order mark of a file that begins with `start`; `None` where it is not in
/// UTF-8.
pub(super) fn mark_of_utf8(start: &[u8], declared: Option<&'static Encoding>) -> Option<usize> {
    let (encoding, mark) = of_start(start, declared);
    (encoding == UTF_8).then_some(mark)
}

/// The text of a file that begins with `start`, in UTF-8, without a byte order mark.
pub(super) fn decoded(
    start: &[u8],
    mut file: Box<dyn Read>,
    declared: Option<&'static Encoding>,
) -> io::Result<Box<dyn Read>> {
    let (encoding, mark) = of_start(start, declared);
    file.read_exact(&mut [0; 3][..mark])?;
    Ok(match encoding == UTF_8 {
        true => file,
        false => Box::new(Filtered::new(file, Decode(encoding.new_decoder_without_bom_handling()))),
    })
}

/// Decodes to UTF-8.
struct Decode(Decoder);

impl Decode {
    fn decode(&mut self, mut bytes: &[u8], is_last: bool, to: &mut Vec<u8>) {
        let mut text = [0; 4096];
        loop {
            let (result, read, written) =
                self.0.decode_to_utf8_without_replacement(bytes, &mut text, is_last);
            to.extend_from_slice(&text[..written]);
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => to.push(MALFORMED),
            }
        }
    }
}

impl Filter for Decode {
    fn push(&mut self, bytes: &[u8], to: &mut Vec<u8>) {
        self.decode(bytes, false, to);
    }

    fn end(&mut self, to: &mut Vec<u8>) {
        self.decode(&[], true, to);
    }
}
