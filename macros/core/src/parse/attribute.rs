//! The common syntax of the DSL's attributes: a list of entries, each a word, a call or a value.

use proc_macro2::{Delimiter, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::{parse::ParseStream, spanned::Spanned, Attribute, Token, Type};

use super::{
    trees::{empty_place, is_mark, is_name, mark},
    word::{self, Word},
};
use crate::{
    diagnostics::Diagnostics,
    text::{camel_case, compact},
};

/// The attributes of the DSL.
pub(super) const OURS: [&str; 7] =
    ["input", "merge", "from", "derived", "branch", "output", "renamed"];

/// Whether an attribute belongs to the DSL.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    OURS.iter().any(|ours| attribute.path().is_ident(ours))
}

/// An entry of an attribute's list.
pub(super) struct Entry {
    pub(super) name: Ident,
    pub(super) form: Form,
    /// What is wrong with how it is written, and not reported yet; the entry is what is meant.
    pub(super) mistake: Option<String>,
}

/// The syntax of an entry.
pub(super) enum Form {
    /// `name`
    Word,
    /// `name(...)`
    Call(TokenStream),
    /// `name = ...`
    Value(TokenStream),
}

impl Entry {
    /// For an option that stands alone; `None` if it is switched off.
    pub(super) fn word(self, errors: &mut Diagnostics) -> Option<()> {
        let name = &self.name;
        match self.form {
            Form::Word => return Some(()),
            Form::Value(value) if is_false(&value) => {
                errors.guess(name.span(), format!("`{name}` takes no value; leave it out"));
                return None;
            }
            Form::Value(_) | Form::Call(_) => {
                errors.guess(name.span(), format!("`{name}` takes no value; write `{name}` alone"));
            }
        }
        Some(())
    }

    /// The tokens in the parentheses of an option such as `example`.
    pub(super) fn call(self, example: &str, errors: &mut Diagnostics) -> Option<TokenStream> {
        let text = format!("`{}` takes its values in parentheses: `{example}`", self.name);
        match self.form {
            Form::Call(tokens) => Some(tokens),
            Form::Value(value) => {
                errors.guess(self.name.span(), text);
                Some(without_brackets(value))
            }
            Form::Word => {
                errors.at(self.name.span(), text);
                None
            }
        }
    }

    /// The tokens behind the `=` of an option such as `example`.
    pub(super) fn value(self, example: &str, errors: &mut Diagnostics) -> Option<TokenStream> {
        let text = format!("`{}` takes its value behind `=`: `{example}`", self.name);
        match self.form {
            Form::Value(value) => Some(value),
            Form::Call(tokens) if !tokens.is_empty() => {
                errors.guess(self.name.span(), text);
                Some(tokens)
            }
            Form::Call(_) | Form::Word => {
                errors.at(self.name.span(), text);
                None
            }
        }
    }

    /// What `name` is meant for.
    pub(super) fn renamed(self, name: &str) -> Option<Entry> {
        Some(Entry { name: word::ident(name, self.name.span())?, ..self })
    }
}

/// `false`, as it is written in any language.
pub(super) fn is_false(value: &TokenStream) -> bool {
    value.to_string().eq_ignore_ascii_case("false")
}

/// `mae, r2` of `[mae, r2]`.
pub(super) fn without_brackets(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) => group.stream(),
        _ => tokens,
    }
}

/// One of [`entries`], or what is meant by it; `None` after reporting that it is unreadable.
pub(super) fn read_entry(tokens: TokenStream, errors: &mut Diagnostics) -> Option<Entry> {
    let Some((word, rest)) = Word::begins(&tokens) else {
        let (at, found) = (tokens.span(), compact(&tokens));
        errors.at(at, format!("expected a name; found `{found}`"));
        return None;
    };
    let Some(name) = word.ident() else {
        let text = &word.text;
        word.refuse(format!("expected a name; found `{text}`"), errors);
        return None;
    };
    let (form, mistake) = match form_behind(&name, &word, rest) {
        Ok(read) => read,
        Err(text) => {
            errors.at(name.span(), text);
            return None;
        }
    };
    Some(Entry { name, form, mistake: mistake.or_else(|| word.mistake()) })
}

/// What follows the name of an entry.
pub(super) fn form(name: &Ident, input: ParseStream<'_>) -> syn::Result<Form> {
    Ok(if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        let value: TokenStream = input.parse()?;
        if value.is_empty() {
            return Err(syn::Error::new(name.span(), format!("`{name} =` lacks its value")));
        }
        Form::Value(value)
    } else if input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        Form::Call(content.parse()?)
    } else {
        Form::Word
    })
}

/// The form of an entry that begins with `word`, and a mistake in it that leaves no doubt; an error if
/// it is none.
fn form_behind(
    name: &Ident,
    word: &Word,
    rest: TokenStream,
) -> Result<(Form, Option<String>), String> {
    let before = || word.arguments.clone().map_or(Form::Word, Form::Call);
    let is_bare = word.arguments.is_none();
    let mut trees = rest.clone().into_iter();
    let (first, behind) = (trees.next(), trees.collect::<TokenStream>());
    let value = || match behind.is_empty() {
        true => Err(format!("`{name} =` lacks its value")),
        false => Ok(Form::Value(behind.clone())),
    };
    match first {
        None => Ok((before(), None)),
        Some(TokenTree::Punct(mark)) if mark.as_char() == '=' && starts_with(&behind, '>') => {
            let text = format!(
                "`=> ...` is behind things of your own, which are named by a path: `my::{}`",
                camel_case(&name.to_string())
            );
            Ok((before(), Some(text)))
        }
        Some(TokenTree::Punct(mark)) if mark.as_char() == '=' && is_bare => Ok((value()?, None)),
        Some(TokenTree::Punct(mark)) if mark.as_char() == ':' && is_bare => {
            let is_flag = behind.to_string().eq_ignore_ascii_case("true");
            let text = match is_flag {
                true => format!("`{name}` takes no value; write `{name}` alone"),
                false => format!("`{name}` takes its value behind `=`, not behind `:`"),
            };
            Ok((if is_flag { Form::Word } else { value()? }, Some(text)))
        }
        Some(TokenTree::Group(group)) if behind.is_empty() && is_bare => {
            let inner = compact(&group.stream());
            let text = format!("write round parentheses: `{name}({inner})`");
            Ok((Form::Call(group.stream()), Some(text)))
        }
        Some(_) => {
            Err(format!("expected a comma or nothing behind `{name}`; found `{}`", compact(&rest)))
        }
    }
}

fn starts_with(tokens: &TokenStream, mark: char) -> bool {
    tokens.clone().into_iter().next().is_some_and(|first| is_mark(&first, mark))
}

/// The options that take a value.
const VALUED: [&str; 6] = ["loss", "weight", "missing", "decimal", "thousands", "currency"];

/// [`entries`]; a missing comma is reported, and the entries are what is meant.
pub(super) fn listed(tokens: TokenStream, errors: &mut Diagnostics) -> Vec<TokenStream> {
    if let Some(comma) = empty_place(&tokens) {
        errors.guess(comma, "there is a comma too many");
    }
    let mut all = Vec::new();
    for entry in entries(tokens) {
        let mut part: Vec<TokenTree> = Vec::new();
        for tree in entry {
            if let Some(before) = part.last().filter(|before| lacks_comma(before, &tree)) {
                let is_value = part.len() == 1 && VALUED.contains(&before.to_string().as_str());
                let before = compact(&before.clone().into());
                if is_value {
                    let text =
                        format!("`{before}` takes its value behind `=`: `{before} = {tree}`");
                    errors.guess(tree.span(), text);
                    part.push(Punct::new('=', Spacing::Alone).into());
                } else {
                    let text = format!("expected a comma between `{before}` and `{tree}`");
                    errors.guess(tree.span(), text);
                    all.push(std::mem::take(&mut part).into_iter().collect());
                }
            }
            part.push(tree);
        }
        all.push(part.into_iter().collect());
    }
    all
}

/// Whether a value ends at one tree and another one begins at the next.
fn lacks_comma(before: &TokenTree, next: &TokenTree) -> bool {
    let ends = match before {
        TokenTree::Ident(word) => is_name(word),
        TokenTree::Literal(_) => true,
        TokenTree::Group(group) => {
            matches!(group.delimiter(), Delimiter::Parenthesis | Delimiter::Bracket)
        }
        TokenTree::Punct(_) => false,
    };
    ends && match next {
        TokenTree::Ident(word) => is_name(word),
        TokenTree::Literal(_) => true,
        _ => false,
    }
}

/// Splits at commas outside `<...>` and the bars of a closure.
pub(super) fn entries(tokens: TokenStream) -> Vec<TokenStream> {
    let mut entries = vec![TokenStream::new()];
    let (mut depth, mut is_in_bars) = (0_usize, false);
    let mut before = ' ';
    for tree in tokens {
        let mark = mark(&tree);
        match mark {
            '<' => depth += 1,
            '>' if before != '=' && before != '-' => depth = depth.saturating_sub(1),
            '|' if is_in_bars || before == '=' => is_in_bars = !is_in_bars,
            _ => {}
        }
        before = mark;
        if mark == ',' && depth == 0 && !is_in_bars {
            entries.push(TokenStream::new());
        } else if let Some(last) = entries.last_mut() {
            last.extend([tree]);
        }
    }
    entries.retain(|entry| !entry.is_empty());
    entries
}

/// The token of a type for error spans: its last segment, `Class` in `multi_input::Class<3>`.
pub(super) fn point(ty: &Type) -> Span {
    match ty {
        Type::Path(path) => path.path.segments.last().map_or(ty.span(), |last| last.ident.span()),
        _ => ty.span(),
    }
}

/// Puts `value` into `slot`; reports a second value.
pub(super) fn once<T>(
    slot: &mut Option<T>,
    value: T,
    name: &str,
    at: Span,
    errors: &mut Diagnostics,
) {
    if slot.replace(value).is_some() {
        errors.at(at, format!("`{name}` is given twice"));
    }
}
