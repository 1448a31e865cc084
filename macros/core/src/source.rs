//! What stands around the annotated struct in its file. A macro sees the struct alone: not a derive
//! above the attribute, which has run on the struct before, nor the items beside it, with whose names
//! those of the generated types may collide.

extern crate proc_macro;

use std::fs;

/// The text of the file with the attribute, and where the attribute begins.
pub(crate) struct SourceText {
    text: String,
    attribute: usize,
}

/// Whether the attribute is written `#[multi_input_model = ...]`, which rustc reports.
pub(crate) fn is_key_value() -> bool {
    let text = proc_macro::is_available().then(|| proc_macro::Span::call_site().source_text());
    let text = text.flatten().unwrap_or_default();
    let is_of_path = |letter: char| is_letter(letter) || ":#[ ".contains(letter);
    text.trim_start_matches(is_of_path).starts_with('=')
}

/// Whether a type of the user's own is called `name`.
pub(crate) fn has_own(name: &str) -> bool {
    let source = SourceText::of_call();
    source.and_then(|source| source.declared(name)).is_some_and(|declared| !declared.is_import)
}

/// Whether something is declared or imported beside the struct as `name`; `None` if the file cannot be
/// read.
pub(crate) fn declares(name: &str) -> Option<bool> {
    let begins = [("const", ":"), ("static", ":"), ("mod", ";"), ("mod", " {")];
    let is_other =
        |text: &str| begins.iter().any(|(word, end)| text.contains(&format!("{word} {name}{end}")));
    SourceText::of_call().map(|source| source.declared(name).is_some() || is_other(&source.text))
}

/// Whether the struct is known to stand in a module, not in a function.
pub(crate) fn is_in_module() -> bool {
    SourceText::of_call().is_some_and(|source| source.is_in_module())
}

/// An item of a name.
pub(crate) struct Declared {
    /// Its line in the file, from 1.
    pub(crate) line: usize,
    /// Whether it stands before the attribute.
    pub(crate) is_before: bool,
    /// Whether it has the attribute `multi_input_model`.
    pub(crate) is_model: bool,
    /// Whether it is imported.
    is_import: bool,
}

impl SourceText {
    /// The file of the macro's call; `None` outside of a compiler, and for a text that is no file.
    pub(crate) fn of_call() -> Option<SourceText> {
        if !proc_macro::is_available() {
            return None;
        }
        let call = proc_macro::Span::call_site();
        let start = call.start();
        let text = fs::read_to_string(start.local_file()?).ok()?;
        let source = SourceText::new(text, start.line(), start.column())?;
        // A documentation test has lines of its own, but the file of its documentation.
        let written = call.source_text().unwrap_or_default();
        let first = written.lines().next().unwrap_or_default();
        source.text[source.attribute..].starts_with(first).then_some(source)
    }

    /// A text with the attribute at a line and column, both from 1.
    fn new(text: String, line: usize, column: usize) -> Option<SourceText> {
        let before =
            text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum::<usize>();
        let on_line = text.get(before..)?.chars().take(column.checked_sub(1)?);
        let attribute = before + on_line.map(char::len_utf8).sum::<usize>();
        text.get(attribute..)?.starts_with("#[").then_some(SourceText { text, attribute })
    }

    /// The contents of the derives that stand above the attribute.
    pub(crate) fn derives_above(&self) -> Option<String> {
        let derives: Vec<&str> = attributes_before(&self.text[..self.attribute])
            .filter_map(|attribute| attribute.strip_prefix("derive"))
            .filter_map(|list| list.trim().strip_prefix('(')?.strip_suffix(')'))
            .map(|list| list.trim().trim_end_matches(','))
            .collect();
        (!derives.is_empty()).then(|| {
            let all = derives.into_iter().rev().collect::<Vec<_>>().join(", ");
            all.split_whitespace().collect::<Vec<_>>().join(" ")
        })
    }

    /// The item called `name` beside the struct, in the same module or block; not one that depends on
    /// `cfg`.
    pub(crate) fn declared(&self, name: &str) -> Option<Declared> {
        // Reading the tokens takes longer than looking for the name.
        if !self.text.contains(&format!(" {name}")) {
            return None;
        }
        let (mut blocks, mut here, mut found) = (Vec::new(), None, Vec::new());
        let (mut words, mut last) = (["", ""], 0);
        // Where the import stands that is being read.
        let mut import: Option<Vec<usize>> = None;
        for (at, token) in tokens(&self.text) {
            if at == self.attribute {
                here = Some(blocks.clone());
            }
            if let Some(scope) =
                import.as_ref().filter(|_| words[1] == name && ENDS.contains(&token))
            {
                found.push((last, scope.clone()));
            }
            match token {
                "use" => import = Some(blocks.clone()),
                ";" => import = None,
                "{" | "(" | "[" => blocks.push(at),
                "}" | ")" | "]" => {
                    blocks.pop();
                }
                _ if token == name && DECLARING.contains(&words[1]) => {
                    found.push((at, blocks.clone()));
                }
                _ => {}
            }
            (words, last) = ([words[1], token], at);
        }
        let here = here?;
        // The struct itself comes first behind the attribute.
        let mut behind = found.iter().filter(|(at, _)| *at > self.attribute);
        let own = behind.next().map(|(at, _)| *at).filter(|_| self.is_own(name));
        let beside = found.iter().filter(|(at, blocks)| Some(*at) != own && *blocks == here);
        beside.into_iter().find_map(|(at, _)| self.declaration(*at))
    }

    /// Whether all that the attribute is in are modules.
    fn is_in_module(&self) -> bool {
        let (mut blocks, mut words) = (Vec::new(), ["", ""]);
        for (at, token) in tokens(&self.text) {
            match token {
                _ if at >= self.attribute => break,
                "{" | "(" | "[" => blocks.push(words[0] == "mod"),
                "}" | ")" | "]" => {
                    blocks.pop();
                }
                _ => {}
            }
            words = [words[1], token];
        }
        blocks.into_iter().all(|is_module| is_module)
    }

    /// Whether `name` is that of the struct below the attribute.
    fn is_own(&self, name: &str) -> bool {
        let mut words = tokens(&self.text[self.attribute..]).map(|(_, token)| token);
        words.find(|token| *token == "struct").and_then(|_| words.next()) == Some(name)
    }

    /// What the item at an offset is, unless it depends on `cfg`.
    fn declaration(&self, at: usize) -> Option<Declared> {
        let start = self.text[..at].rfind(['}', ';', '{', ']']).map_or(0, |end| end + 1);
        let attributes: Vec<&str> = attributes_before(&self.text[..start]).collect();
        let begins = |start: &str| attributes.iter().any(|attribute| attribute.starts_with(start));
        (!begins("cfg")).then(|| Declared {
            line: self.text[..at].matches('\n').count() + 1,
            is_before: at < self.attribute,
            is_import: self.text[..at].trim_end().ends_with([':', '{', ',']),
            is_model: begins("multi_input_model") || begins("multi_input::multi_input_model"),
        })
    }
}

/// What ends an imported name.
const ENDS: [&str; 3] = [",", "}", ";"];

/// The words before the name of a type.
const DECLARING: [&str; 5] = ["struct", "enum", "union", "type", "trait"];

/// The contents of the attributes at the end of a text, the last first.
fn attributes_before(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = without_comments(rest);
        if !rest.ends_with(']') {
            return None;
        }
        let mut depth = 0_usize;
        let open = rest.char_indices().rev().find_map(|(at, letter)| {
            match letter {
                ']' => depth += 1,
                '[' => depth -= 1,
                _ => {}
            }
            (depth == 0).then_some(at)
        })?;
        let content = &rest[open + 1..rest.len() - 1];
        rest = rest[..open].strip_suffix('#')?;
        Some(content.trim())
    })
}

/// The text without comments and blanks at its end.
fn without_comments(mut text: &str) -> &str {
    loop {
        text = text.trim_end();
        let line = text.rfind('\n').map_or(0, |end| end + 1);
        let comment = text[line..].find("//").map(|at| line + at);
        // A comment stands alone or behind an attribute; other marks are in a text.
        let is_comment = |at: &usize| {
            let before = text[line..*at].trim();
            before.is_empty() || before.ends_with(']')
        };
        match comment.filter(is_comment) {
            Some(at) => text = &text[..at],
            None => return text,
        }
    }
}

/// The words, brackets and separators of a text with their offsets, without comments, texts and characters.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || loop {
        let rest = text.get(at..)?;
        let first = rest.chars().next()?;
        let length = match first {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => quoted(rest),
            'r' if rest.starts_with("r\"") || rest.starts_with("r#\"") => raw(rest),
            '\'' => character(rest),
            _ if is_letter(first) => rest.find(|letter| !is_letter(letter)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let token = (at, &rest[..length]);
        at += length;
        if is_letter(first) || "{}()[]#,;".contains(first) {
            return Some(token);
        }
    })
}

fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The length of a text in double quotes.
fn quoted(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a raw text.
fn raw(text: &str) -> usize {
    let marks = text[1..].chars().take_while(|letter| *letter == '#').count();
    let end = format!("\"{}", "#".repeat(marks));
    let start = marks + 2;
    text.get(start..)
        .and_then(|rest| rest.find(&end))
        .map_or(text.len(), |at| start + at + end.len())
}

/// The length of a character, or of the mark of a lifetime.
fn character(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), _) => {
            text[2..].find('\'').map_or(1, |end| end.max(1) + 3).min(text.len())
        }
        (_, Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text with the attribute where `#[multi_input_model]` is first.
    fn source(text: &str) -> SourceText {
        let at = text.find("#[multi_input_model]").unwrap();
        let line = text[..at].matches('\n').count() + 1;
        let column = at - text[..at].rfind('\n').map_or(0, |end| end + 1) + 1;
        SourceText::new(text.to_owned(), line, column).unwrap()
    }

    #[test]
    fn derives_above_the_attribute_are_found() {
        let above = |text: &str| source(text).derives_above();
        let text = "struct A;\n#[derive(Clone)] // all\n/// [docs]\n#[derive(\n    Debug,\n)]\n#[multi_input_model]\n";
        assert_eq!(above(text).unwrap(), "Clone, Debug");
        assert_eq!(above("#[derive(Clone)]\nstruct A;\n#[multi_input_model]\n"), None);
        assert_eq!(above("#[allow(dead_code)]\n#[multi_input_model]\n#[derive(Clone)]"), None);
    }

    #[test]
    fn items_beside_the_struct_are_found() {
        let line = |text: &str, name: &str| source(text).declared(name).map(|found| found.line);
        let text = "struct HouseInputs;\n#[multi_input_model]\nstruct House {}\nmod m { struct HouseSample; }\n";
        assert_eq!(line(text, "HouseInputs"), Some(1));
        assert_eq!(line(text, "HouseSample"), None);
        assert_eq!(line(text, "House"), None);
        let inner = "struct HouseInputs; mod m {\n#[multi_input_model]\nstruct House {} }\n// struct HouseModel\n";
        assert_eq!(line(inner, "HouseInputs"), None);
        assert_eq!(line(inner, "HouseModel"), None);
        let twice = "#[multi_input_model]\nstruct House { a: [f32; 'b' as usize] }\nconst S: &str = \"}{\\\"\"; fn f<'a>() {}\nenum House {}";
        assert_eq!(line(twice, "House"), Some(4));
        let imported = "use a::{B, HouseInputs};\n#[multi_input_model]\nstruct House {}\n";
        assert_eq!(line(imported, "HouseInputs"), Some(1));
        assert!(source(imported).declared("HouseInputs").unwrap().is_import);
        let renamed = "use a::HouseInputs as Row;\n#[multi_input_model]\nstruct House {}\n";
        assert_eq!(line(renamed, "HouseInputs"), None);
        assert!(source(inner).is_in_module());
        assert!(!source("mod m { fn f() {\n#[multi_input_model]\nstruct House; }").is_in_module());
        let chosen = "#[cfg(unix)]\nstruct HouseInputs;\n#[multi_input_model]\nstruct House {}\n";
        assert_eq!(line(chosen, "HouseInputs"), None);
    }
}
