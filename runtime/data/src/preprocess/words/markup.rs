//! HTML and XML as text: tags become spaces, and entities the characters that they stand for.

use std::borrow::Cow;

/// The text without its markup:
///
/// - a tag, a comment, a declaration and a processing instruction are a space, and so is the
///   content of `<script>` and `<style>`; of `<![CDATA[...]]>` the content remains;
/// - `&#233;`, `&#xe9;` and the entities of XML and of Latin-1 (`&amp;`, `&eacute;`) are their
///   characters, and any other entity of that form is a space.
///
/// A `<` that begins no tag and a `&` that begins no entity stay as they are: `a < b`, `I <3 U`,
/// `AT&T`. Decoded characters are not read as markup again.
pub(super) fn stripped(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '&']) {
        return Cow::Borrowed(text);
    }
    let last = Last::of(text);
    let mut plain = String::with_capacity(text.len());
    let mut start = 0;
    while let Some(at) = text[start..].find(['<', '&']).map(|at| start + at) {
        plain.push_str(&text[start..at]);
        let rest = &text[at..];
        let length = match rest.starts_with('<') {
            true => markup_end(rest, &last, at).inspect(|_| plain.push(' ')),
            false => entity(rest).map(|(end, character)| {
                plain.push(character);
                end
            }),
        };
        if length.is_none() {
            plain.push_str(&rest[..1]);
        }
        start = at + length.unwrap_or(1);
    }
    plain.push_str(&text[start..]);
    Cow::Owned(plain)
}

/// The elements whose content is no text.
const CODE: [&str; 2] = ["script", "style"];

/// The last positions in a text at which markup can end. A search for an end that is not there would
/// take quadratic time in a text of many beginnings.
struct Last {
    tag: Option<usize>,
    comment: Option<usize>,
    /// The closing tags of [`CODE`].
    code: [Option<usize>; 2],
}

impl Last {
    fn of(text: &str) -> Last {
        let closing = |element: &str| {
            let all = text.rmatch_indices("</").map(|(at, _)| at);
            all.into_iter().find(|at| starts_with_word(&text[at + 2..], element))
        };
        Last { tag: text.rfind('>'), comment: text.rfind("-->"), code: CODE.map(closing) }
    }
}

/// The end of the markup at the start of `text`, which is the rest from `at` on; `None` if the `<`
/// begins none.
fn markup_end(text: &str, last: &Last, at: usize) -> Option<usize> {
    const CDATA: &str = "<![CDATA[";
    let is_ahead = |last: Option<usize>| last.is_some_and(|last| last > at);
    if text.starts_with(CDATA) {
        return Some(CDATA.len());
    }
    // `<!-->` is a comment as well.
    if text.starts_with("<!--") && is_ahead(last.comment) {
        return text[2..].find("-->").map(|end| 2 + end + 3);
    }
    let name = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    let is_tag =
        name.starts_with(|first: char| first.is_ascii_alphabetic() || "!?".contains(first));
    if !is_tag || !is_ahead(last.tag) {
        return None;
    }
    let end = tag_end(text)?;
    let content = CODE.into_iter().zip(last.code).find_map(|(element, last)| {
        let is_element = starts_with_word(&text[1..end], element) && !text[..end].ends_with("/>");
        let is_closed = last.is_some_and(|last| last >= at + end);
        (is_element && is_closed).then(|| content_end(&text[end..], element)).flatten()
    });
    Some(end + content.unwrap_or(0))
}

/// The end of a tag: behind the next `>` that is not within a quoted value, or behind the next one
/// at all if a quotation mark is not closed.
fn tag_end(text: &str) -> Option<usize> {
    let plain = text.find('>')? + 1;
    let mut quote = None;
    let mut before = '<';
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '>') => return Some(at + 1),
            (None, '"' | '\'') if before == '=' => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
        if !character.is_whitespace() {
            before = character;
        }
    }
    Some(plain)
}

/// The length of the content of an element, up to its closing tag.
fn content_end(text: &str, element: &str) -> Option<usize> {
    let closing = text.match_indices("</").map(|(at, _)| at);
    closing.into_iter().find(|at| starts_with_word(&text[at + 2..], element))
}

/// Whether a text starts with the name of an element, in any case.
fn starts_with_word(text: &str, word: &str) -> bool {
    let (start, rest) = match text.split_at_checked(word.len()) {
        Some(parts) => parts,
        None => return false,
    };
    start.eq_ignore_ascii_case(word)
        && !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-')
}

/// The end of the entity at the start of `text` and its character; `None` if the `&` begins none.
fn entity(text: &str) -> Option<(usize, char)> {
    /// No name and no number of a character is longer.
    const LONGEST: usize = 32;
    let end = text.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let character = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None if name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            named(name).unwrap_or(' ')
        }
        None => return None,
    };
    Some((end + 1, character))
}

/// The character of `233` or `xe9`; a space for a number that is none.
fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    is_number.then(|| {
        let code = u32::from_str_radix(digits, radix).ok();
        code.and_then(char::from_u32).filter(|character| !character.is_control()).unwrap_or(' ')
    })
}

/// The entities of HTML 4 for U+00A0 to U+00FF, in their order.
const LATIN_1: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg \
    macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 \
    iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute \
    Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml \
    Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml \
    igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute \
    ucirc uuml yacute thorn yuml";

/// The other entities that are common in texts.
const OTHERS: [(&str, char); 21] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Yuml", 'Ÿ'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("hellip", '…'),
    ("euro", '€'),
    ("trade", '™'),
];

fn named(name: &str) -> Option<char> {
    let latin_1 = || LATIN_1.split_whitespace().zip('\u{a0}'..).find(|(known, _)| *known == name);
    OTHERS.into_iter().find(|(known, _)| *known == name).or_else(latin_1).map(|(_, of)| of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_spaces_and_entities_characters() {
        let cases = [
            ("no markup", "no markup"),
            ("a<br />b<BR>c", "a b c"),
            ("<b>bold</b>face", " bold face"),
            ("<a href=\"x>y\" title='>'>z</a>", " z "),
            ("<p title=it's>x</p> it's", " x  it's"),
            ("<p title=\">x", " x"),
            ("a<!-- <b> > -->b<!doctype html>c<?xml version='1'?>d", "a b c d"),
            ("<!-->a", " a"),
            ("<!-- open > a", "  a"),
            ("<script>if (a < b) { \"</p>\" }</SCRIPT>text<style>p { }</style >!", "  text  !"),
            ("<script src='x'/>text", " text"),
            ("<scripted>text</scripted>", " text "),
            ("<script>open", " open"),
            ("<![CDATA[a < b]]>", " a < b]]>"),
            ("caf&eacute; &#233; &#xE9; &Eacute;", "café é é É"),
            ("R&amp;D &lt;b&gt; &amp;amp;", "R&D <b> &amp;"),
            ("a&nbsp;b&unknown;c&#0;d&#xffffffffff;e", "a\u{a0}b c d e"),
            ("ÿ&yuml;&szlig;&divide;&iquest;", "ÿÿß÷¿"),
            ("AT&T; a < b > c, I <3 U, a<b, x & y; 5 &", "AT  a < b > c, I <3 U, a<b, x & y; 5 &"),
            ("&#; &#x; &; &a b; & ; &é;", "&#; &#x; &; &a b; & ; &é;"),
            ("<", "<"),
            ("</", "</"),
            ("a</p", "a</p"),
        ];
        for (text, expected) in cases {
            assert_eq!(stripped(text), expected, "{text}");
        }
    }

    #[test]
    fn a_long_text_of_open_tags_takes_linear_time() {
        for hostile in ["<a =\"", "<a ", "<!-- ", "<script>", "&", "<a ='", "</script", "<![CDATA["]
        {
            let text = hostile.repeat(100_000);
            let started = std::time::Instant::now();
            stripped(&text);
            let seconds = started.elapsed().as_secs_f64();
            assert!(seconds < 20.0, "{hostile}: {seconds}");
        }
    }
}
