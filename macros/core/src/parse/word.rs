//! A word as users write it: `relu`, and also `"relu"`, `nn.ReLU()` or `tf::nn::relu`, where the same
//! is meant.

use std::fmt::Display;

use multi_input_spec::names::{Kind, Named};
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{ext::IdentExt, parse::Parser, Expr, Lit};

use crate::{diagnostics::Diagnostics, meaning, source, suggest::list};

/// A word with what stands around it.
pub(super) struct Word {
    /// The word alone.
    pub(super) text: String,
    pub(super) span: Span,
    form: Form,
    /// The contents of the parentheses behind it.
    pub(super) arguments: Option<TokenStream>,
}

/// The form of a word.
enum Form {
    Plain,
    /// `"relu"`.
    Quoted,
    /// `'relu'`, which rustc reports.
    Broken,
    /// `nn.ReLU`, with `nn.`, or with `nn::`.
    Path(String),
}

/// The modules of other libraries.
const FOREIGN: &[&str] = &[
    "nn",
    "torch",
    "tf",
    "tensorflow",
    "keras",
    "tfrs",
    "sklearn",
    "F",
    "functional",
    "pd",
    "np",
    "dfdx",
    "jax",
    "flax",
    "optax",
    "torchvision",
    "transforms",
    "burn",
    "candle",
    "tch",
];

/// Modules in which a name of ours in small letters is ours.
const OURS: &[&str] = &[
    "multi_input",
    "loss",
    "losses",
    "metric",
    "metrics",
    "layer",
    "layers",
    "activation",
    "activations",
    "merge",
    "merges",
    "preprocess",
    "preprocessing",
];

impl Word {
    /// The word at the beginning of `tokens`, and the tokens behind it.
    pub(super) fn begins(tokens: &TokenStream) -> Option<(Word, TokenStream)> {
        let mut trees = tokens.clone().into_iter().peekable();
        let mut word = match trees.next()? {
            TokenTree::Ident(name) => {
                let text = name.unraw().to_string();
                Word { text, span: name.span(), form: Form::Plain, arguments: None }
            }
            TokenTree::Literal(literal) => quoted(&literal)?,
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                let rest: TokenStream = trees.collect();
                return Word::begins(&group.stream().into_iter().chain(rest).collect());
            }
            _ => return None,
        };
        let mut path = String::new();
        while matches!(word.form, Form::Plain | Form::Path(_)) {
            let mut ahead = trees.clone();
            let separator = match (ahead.next(), ahead.clone().next()) {
                (Some(TokenTree::Punct(dot)), _) if dot.as_char() == '.' => ".",
                (Some(TokenTree::Punct(a)), Some(TokenTree::Punct(b)))
                    if a.as_char() == ':' && b.as_char() == ':' =>
                {
                    ahead.next();
                    "::"
                }
                _ => break,
            };
            let Some(TokenTree::Ident(next)) = ahead.next() else { break };
            path.push_str(&format!("{}{separator}", word.text));
            (word.text, word.span) = (next.unraw().to_string(), next.span());
            word.form = Form::Path(path.clone());
            trees = ahead;
        }
        if let Some(TokenTree::Group(group)) = trees.peek() {
            if group.delimiter() == Delimiter::Parenthesis {
                word.arguments = Some(group.stream());
                trees.next();
            }
        }
        Some((word, trees.collect()))
    }

    /// The word, if `tokens` are nothing else.
    pub(super) fn alone(tokens: &TokenStream) -> Option<Word> {
        Word::begins(tokens).filter(|(_, rest)| rest.is_empty()).map(|(word, _)| word)
    }

    /// The word, if the expression is one.
    pub(super) fn of(value: &Expr) -> Option<Word> {
        Word::alone(&value.to_token_stream())
    }

    /// Whether it is written as ours are.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.form, Form::Plain)
    }

    /// Whether it names something of `kind`, not something of the user's own: it is in quotes, comes
    /// from another library's module, or is one of the names that other libraries have for such things.
    pub(super) fn is_ours(&self, kind: Kind) -> bool {
        let is_small = self.text.starts_with(char::is_lowercase);
        match &self.form {
            Form::Quoted | Form::Broken => true,
            Form::Plain => is_small || self.is_foreign(kind),
            Form::Path(path) => {
                let first = path.split(['.', ':']).next().unwrap_or_default();
                let is_module = || {
                    let is_known = kind.find(&self.text).is_some();
                    let is_absent = || kind.absent(&self.text).is_some();
                    FOREIGN.contains(&first) && (is_known || is_absent())
                        || OURS.contains(&first) && is_small && is_known
                };
                path.contains('.') || is_module() && source::declares(first) != Some(true)
            }
        }
    }

    /// Whether other libraries have something of `kind` by this name, and nothing beside the struct does.
    fn is_foreign(&self, kind: Kind) -> bool {
        match kind.find(&self.text) {
            Some(_) => source::declares(&self.text) != Some(true),
            None => {
                kind.absent(&self.text).is_some() && source::declares(&self.text) == Some(false)
            }
        }
    }

    /// As an identifier; `None` if it has letters that none has.
    pub(super) fn ident(&self) -> Option<Ident> {
        ident(&self.text, self.span)
    }

    /// What is wrong with the form of a word of ours.
    pub(super) fn mistake(&self) -> Option<String> {
        let text = &self.text;
        match &self.form {
            Form::Plain => None,
            Form::Quoted => Some(format!("write `{text}` without quotes")),
            Form::Broken => Some(String::new()),
            Form::Path(path) => Some(format!("write `{text}` alone, without `{path}`")),
        }
    }

    /// Reports a mistake after which the model goes on with what is meant.
    pub(super) fn report(&self, mistake: impl Display, errors: &mut Diagnostics) {
        self.say(mistake, true, errors);
    }

    /// Reports that nothing is meant by it.
    pub(super) fn refuse(&self, mistake: impl Display, errors: &mut Diagnostics) {
        self.say(mistake, false, errors);
    }

    /// Reports a mistake. Of a token that rustc has reported nothing else is said if it is clear what
    /// is meant.
    fn say(&self, mistake: impl Display, is_meant: bool, errors: &mut Diagnostics) {
        match (is_meant, &self.form) {
            (true, Form::Broken) => {}
            _ => errors.guess_if(is_meant, self.span, mistake),
        }
    }

    /// The name of the thing of `kinds` that is meant, and whether a mistake has been reported; `None`
    /// after reporting that there is none: `unknown` is as "there is no loss", `otherwise` what to say
    /// of a name that is known nowhere.
    pub(super) fn name_of(
        &self,
        kinds: &[Kind],
        unknown: &str,
        otherwise: impl FnOnce() -> String,
        errors: &mut Diagnostics,
    ) -> Option<(&'static str, bool)> {
        let mut names = kinds.iter().flat_map(|kind| kind.names());
        if let Some(row) = names.find(|row| row.0 == self.text) {
            let mistake = self.mistake();
            if let Some(text) = &mistake {
                self.report(text, errors);
            }
            return Some((row.0, mistake.is_some()));
        }
        let meaning = meaning::of(kinds, &self.text);
        let hint = meaning.as_ref().map_or_else(otherwise, |meaning| meaning.hint.clone());
        let meant = meaning.and_then(|meaning| meaning.name);
        self.say(format!("{unknown} `{}`{hint}", self.text), meant.is_some(), errors);
        Some((meant?, true))
    }

    /// Which of `words` is meant. Whatever else is written is reported, and where it is clear what is
    /// meant the model goes on with it; `what` is as in "there is no activation".
    pub(super) fn choose(
        &self,
        words: &[Named],
        unknown: impl FnOnce(&str) -> String,
        errors: &mut Diagnostics,
    ) -> Option<&'static str> {
        if let Some(row) = words.iter().find(|row| row.0 == self.text) {
            if let Some(mistake) = self.mistake() {
                self.report(mistake, errors);
            }
            return Some(row.0);
        }
        let meaning = meaning::among(&self.text, words);
        let hint = meaning.as_ref().map_or_else(
            || format!("; there are {}", list(words.iter().map(|row| row.0))),
            |meaning| meaning.hint.clone(),
        );
        let meant = meaning.and_then(|meaning| meaning.name);
        self.say(format!("{}{hint}", unknown(&self.text)), meant.is_some(), errors);
        meant
    }
}

/// The word that an expression is, as ours are written.
pub(super) fn plain(value: &Expr) -> Option<&Ident> {
    match value {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

/// As an identifier, a keyword as `r#type`; `None` if it has letters that none has.
pub(super) fn ident(text: &str, span: Span) -> Option<Ident> {
    let name = Ident::parse_any.parse_str(text).ok()?;
    match syn::parse_str::<Ident>(text).is_err()
        && !["self", "Self", "super", "crate", "_"].contains(&text)
    {
        true => Some(Ident::new_raw(text, span)),
        false => Some(Ident::new(&name.to_string(), span)),
    }
}

/// A literal that is a word in quotes.
fn quoted(literal: &proc_macro2::Literal) -> Option<Word> {
    let written = literal.to_string();
    let span = literal.span();
    let (text, form) = match Lit::new(literal.clone()) {
        Lit::Str(text) => (text.value(), Form::Quoted),
        Lit::Char(letter) => (letter.value().to_string(), Form::Quoted),
        _ if written.starts_with('\'') => (written.trim_matches('\'').to_owned(), Form::Broken),
        _ => return None,
    };
    // `"nn.ReLU"` is named by its last part.
    let last = text.trim().rsplit(['.', ':']).next().unwrap_or_default().to_owned();
    let is_name = last.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    (is_name && !last.is_empty() && !last.starts_with(|c: char| c.is_numeric())).then_some(Word {
        text: last.replace('-', "_"),
        span,
        form,
        arguments: None,
    })
}
