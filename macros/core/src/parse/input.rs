//! `#[input(standardize, resize(64, 64), missing = zeros, columns("rooms", "age"))]`.

use multi_input_spec::{
    names::{find, Kind, Named, INPUT_OPTIONS, INPUT_RULES, WORDS},
    step::{self, STEPS},
};
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{
    ext::IdentExt,
    parse::{ParseStream, Parser},
    spanned::Spanned,
    Ident, LitStr,
};

use super::{
    argument::{self, Argument},
    attribute::{self, once, Entry, Form},
    cells::{self, CellOptions},
    claim::Claim,
    flow::{self, InputRules},
    given,
    own::{self, Own},
    word::Word,
    wraps::{self, Wraps},
};
use crate::{diagnostics::Diagnostics, meaning, suggest::list, text::compact};

/// The contents of `#[input(...)]`.
#[derive(Clone, Default)]
pub(crate) struct Input {
    /// The preprocessing steps, in order.
    pub(crate) steps: Vec<Step>,
    /// The index of the first step that could not be read, after which the shape is unknown.
    pub(crate) broken_at: Option<usize>,
    /// The replacement of absent values.
    pub(crate) missing: Option<(Missing, Span)>,
    /// Whether `missing` is given but could not be read.
    pub(crate) missing_unread: bool,
    /// How the value is written in files.
    pub(crate) cells: CellOptions,
    /// The outputs that it may reach, and when it is known.
    pub(crate) rules: InputRules,
    /// What its newtype wraps.
    pub(crate) wraps: Option<Wraps>,
}

/// A preprocessing step with its arguments.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) spec: &'static step::Step,
    pub(crate) arguments: Vec<Argument>,
    /// The step, where it is of the user's own, with the shape claimed for its output.
    pub(crate) own: Option<(Own, Option<Claim>)>,
    /// The span of its name.
    pub(crate) span: Span,
}

impl Input {
    /// Whether a step fills missing numbers.
    pub(crate) fn fills(&self) -> bool {
        self.steps.iter().any(|step| step.spec.form.fills)
    }

    /// Whether its texts are read for their content, not as names of categories. A step that only
    /// divides texts says that of a text, not of the items of a list.
    pub(crate) fn reads_within(&self, are_items: bool) -> bool {
        let mut steps =
            self.steps.iter().filter(|step| !(are_items && step.spec.form.keeps_values));
        steps.any(|step| step.spec.form.reads_within)
    }
}

impl Step {
    /// Whether an entry is a step of the user's own.
    pub(super) fn is_own(entry: &TokenStream) -> bool {
        let options = names().chain(cells::NAMES).chain(InputRules::NAMES).chain([wraps::NAME]);
        Own::is_written(entry, options, Kind::Step)
    }

    /// As the user calls it.
    pub(crate) fn name(&self) -> &str {
        self.own.as_ref().map_or(self.spec.name, |(own, _)| &own.text)
    }

    /// The argument of the parameter `name`.
    pub(crate) fn argument(&self, name: &str) -> Option<&Argument> {
        let index = self.spec.parameters.iter().position(|parameter| parameter.name == name);
        self.arguments.get(index?)
    }

    /// The input whose vocabulary it shares.
    pub(crate) fn shared_with(&self) -> Option<&Ident> {
        self.arguments.iter().find_map(|argument| match argument {
            Argument::Input(name) => Some(name),
            _ => None,
        })
    }
}

/// The replacement of an absent value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Zeros,
    Mean,
    Learned,
}

const POLICIES: [(&str, Missing); 3] =
    [("zeros", Missing::Zeros), ("mean", Missing::Mean), ("learned", Missing::Learned)];

/// Reads the tokens between the parentheses.
pub(super) fn read(tokens: TokenStream, errors: &mut Diagnostics) -> Input {
    let mut input = Input::default();
    let before = errors.guesses();
    let entries = attribute::listed(tokens, errors);
    // Where a comma is missing, the others may be at wrong places.
    errors.unless_guessed(before, |errors| {
        for entry in entries {
            let index = input.steps.len();
            if Step::is_own(&entry) {
                if read_own(entry, &mut input.steps, errors).is_none() {
                    input.broken_at.get_or_insert(index);
                }
                continue;
            }
            let before = errors.guesses();
            let read = attribute::read_entry(entry, errors).and_then(|entry| {
                if flow::is_rule(&entry.name) {
                    return input.read_option(entry, errors);
                }
                let entry = option(entry, "#[input]", &OPTIONS, errors)?;
                errors.unless_guessed(before, |errors| input.read_option(entry, errors))
            });
            if read.is_none() {
                input.broken_at.get_or_insert(index);
                input.missing_unread = true;
                Wraps::may_be_meant(Span::call_site(), &mut input.wraps);
            }
        }
    });
    input
}

/// The names of the options besides the steps.
static OPTIONS: [&[Named]; 2] = [INPUT_OPTIONS, INPUT_RULES];

/// The option or step that an entry is meant to be. What is written otherwise is reported; `None` if
/// it is none.
pub(super) fn option(
    mut entry: Entry,
    attribute: &str,
    options: &[&[Named]],
    errors: &mut Diagnostics,
) -> Option<Entry> {
    let given = entry.name.unraw().to_string();
    let span = entry.name.span();
    let options: Vec<Named> = options.iter().copied().flatten().copied().collect();
    if options.iter().any(|row| row.0 == given) || step::named(&given).is_some() {
        if let Some(text) = entry.mistake.take() {
            errors.guess(span, text);
        }
        return Some(entry);
    }
    let meaning = find(&options, &given)
        .and_then(|_| meaning::among(&given, &options))
        .or_else(|| meaning::of_step(&given, &options));
    let hint = meaning.as_ref().map_or_else(
        || format!("; there are {}", list(options.iter().map(|row| row.0).chain(names()))),
        |meaning| meaning.hint.clone(),
    );
    let meant = meaning.and_then(|meaning| meaning.name);
    let text = format!("`{attribute}` has no option `{given}`{hint}");
    errors.guess_if(meant.is_some(), span, text);
    entry.renamed(meant?)
}

impl Input {
    /// Reads an option by its name; `None` after reporting mistakes.
    fn read_option(&mut self, entry: Entry, errors: &mut Diagnostics) -> Option<()> {
        let Input { steps, cells, .. } = self;
        match step::named(&entry.name.to_string()) {
            Some(_) => read_into(entry, steps, cells, errors),
            None if entry.name == "missing" => self.read_missing(entry, errors),
            None if entry.name == wraps::NAME => Wraps::read(entry, &mut self.wraps, errors),
            None if flow::is_rule(&entry.name) => {
                self.rules.read(&entry.name, entry.form, errors);
                Some(())
            }
            None => cells.read(entry, errors),
        }
    }

    /// `missing = zeros`, or `missing("NA")`.
    fn read_missing(&mut self, entry: Entry, errors: &mut Diagnostics) -> Option<()> {
        let (span, name) = (entry.name.span(), entry.name);
        let texts = |texts| Entry { name: name.clone(), form: Form::Call(texts), mistake: None };
        let policy = match entry.form {
            Form::Value(value) => match texts_for_missing(&value) {
                Some(given) => {
                    let (policies, written) = (POLICIES.map(|(name, _)| name), compact(&given));
                    let text = format!(
                        "`missing` is one of {}; texts that mean a missing value are written \
                         `missing({written})`",
                        list(policies)
                    );
                    errors.guess(value.span(), text);
                    return errors.quietly(|errors| self.cells.read(texts(given), errors)).0;
                }
                None => policy(&value, errors)?,
            },
            Form::Call(tokens) if is_policy(&tokens) => {
                errors.guess(span, format!("write `missing = {}`", compact(&tokens)));
                policy(&tokens, errors)?
            }
            Form::Call(tokens) => return self.cells.read(texts(tokens), errors),
            Form::Word => {
                let text =
                    "`missing` takes what stands in, as in `missing = zeros`, or the texts that \
                            mean a missing value, as in `missing(\"NA\")`";
                errors.at(span, text);
                return None;
            }
        };
        once(&mut self.missing, policy, "missing", span, errors);
        Some(())
    }
}

/// `"NA"` of `missing = "NA"`, unless it is the name of a policy in quotes.
fn texts_for_missing(value: &TokenStream) -> Option<TokenStream> {
    let names = POLICIES.map(|(name, _)| name);
    let is_text = syn::parse2::<LitStr>(value.clone()).is_ok();
    let word = Word::alone(value);
    let is_policy = word.is_some_and(|word| {
        meaning::among(&word.text, &meaning::with_others(names, WORDS)).is_some()
    });
    let texts = attribute::without_brackets(value.clone());
    (is_text && !is_policy || texts.to_string() != value.to_string()).then_some(texts)
}

/// Whether `missing(mean)` is written for `missing = mean`.
fn is_policy(tokens: &TokenStream) -> bool {
    let name = syn::parse2::<Ident>(tokens.clone()).map(|name| name.to_string());
    name.is_ok_and(|name| POLICIES.iter().any(|(known, _)| *known == name))
}

/// The names of all steps of ours.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    STEPS.iter().map(|step| step.name)
}

/// Reads a step of the user's own, `my::Winsorize(0.01)` or `my::Polynomial(3) => [3]`; `None` after
/// reporting mistakes.
pub(super) fn read_own(
    entry: TokenStream,
    steps: &mut Vec<Step>,
    errors: &mut Diagnostics,
) -> Option<()> {
    let parser = |input: ParseStream<'_>| {
        let read = (Own::parse(input)?, Claim::parse(input)?);
        own::end(input).map(|()| read)
    };
    let (mut own, mut claim) = errors.ok(parser.parse2(entry))?;
    own.leave_to_rustc(errors);
    claim.iter_mut().for_each(|claim| claim.require(errors));
    let span = own.span;
    steps.push(Step {
        spec: &step::own::STEP,
        arguments: Vec::new(),
        own: Some((own, claim)),
        span,
    });
    Some(())
}

/// Reads a step by its name; `None` after reporting mistakes.
pub(super) fn read_into(
    entry: Entry,
    steps: &mut Vec<Step>,
    cells: &mut CellOptions,
    errors: &mut Diagnostics,
) -> Option<()> {
    let Entry { name, form, .. } = entry;
    let (spec, span) = (step::named(&name.to_string())?, name.span());
    if steps.iter().any(|known| known.spec.name == spec.name) {
        errors.at(span, format!("`{name}` is given twice"));
        return None;
    }
    let form = match form {
        Form::Value(value) if attribute::is_false(&value) => {
            errors.guess(span, format!("`{name}` takes no value; leave it out"));
            return Some(());
        }
        Form::Value(value) => {
            let is_true = value.to_string().eq_ignore_ascii_case("true");
            let (text, form) = called(spec, value, is_true);
            errors.guess(span, text);
            let arguments =
                errors.quietly(|errors| read_arguments(spec, &name, form, cells, errors)).0?;
            steps.push(Step { spec, arguments, own: None, span });
            return Some(());
        }
        form => form,
    };
    let arguments = read_arguments(spec, &name, form, cells, errors)?;
    steps.push(Step { spec, arguments, own: None, span });
    Some(())
}

/// What to write instead of `name = value`, and its form.
fn called(spec: &step::Step, value: TokenStream, is_true: bool) -> (String, Form) {
    let name = spec.name;
    let needs: Vec<&str> = spec.parameters.iter().filter(|p| p.required).map(|p| p.name).collect();
    match (spec.parameters.is_empty() || is_true, needs.is_empty()) {
        (true, true) => (format!("`{name}` takes no value; write `{name}` alone"), Form::Word),
        (true, false) => {
            let needs = needs.join(", ");
            (format!("`{name}` takes arguments: `{name}({needs})`"), Form::Call(value))
        }
        (false, _) => {
            let tokens = match Word::alone(&value).and_then(|word| word.ident()) {
                Some(word) => word.to_token_stream(),
                None => attribute::without_brackets(value),
            };
            let arguments = compact(&tokens);
            let text =
                format!("`{name}` takes its arguments in parentheses: `{name}({arguments})`");
            (text, Form::Call(tokens))
        }
    }
}

/// The arguments of a step, or `None` after reporting mistakes.
fn read_arguments(
    spec: &'static step::Step,
    name: &Ident,
    form: Form,
    cells: &mut CellOptions,
    errors: &mut Diagnostics,
) -> Option<Vec<Argument>> {
    let before = errors.guesses();
    let mut given = match form {
        Form::Word => Vec::new(),
        Form::Call(tokens) | Form::Value(tokens) => given::read(tokens, errors)?,
    };
    if spec.form.reads_dates {
        given = cells.take_date(given, errors);
    }
    errors.unless_guessed(before, |errors| {
        argument::read(spec.name, name.span(), spec.parameters, given, errors)
    })
}

fn policy(value: &TokenStream, errors: &mut Diagnostics) -> Option<(Missing, Span)> {
    let names = POLICIES.map(|(name, _)| name);
    let known = list(names);
    let Some(word) = Word::alone(value) else {
        let found = compact(value);
        if matches!(found.as_str(), "0" | "0.0") {
            errors.guess(value.span(), "write `missing = zeros`");
            return Some((Missing::Zeros, value.span()));
        }
        errors.at(value.span(), format!("`missing` is one of {known}, not `{found}`"));
        return None;
    };
    let unknown = |given: &str| format!("`missing` is one of {known}, not `{given}`");
    let names = meaning::with_others(names, WORDS);
    if meaning::among(&word.text, &names).is_none() {
        word.refuse(unknown(&word.text), errors);
        return None;
    }
    let chosen = word.choose(&names, unknown, errors)?;
    let policy = POLICIES.iter().find(|(name, _)| *name == chosen)?;
    Some((policy.1, word.span))
}
