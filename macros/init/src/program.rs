//! The source code of a program.

use multi_input_cells::{numbered, Sample};

use crate::{
    field, identifier,
    nature::{Kind, Nature},
    profile::Written,
    Request,
};

/// So many numbered columns in a row are one array.
const MANY: usize = 8;

/// A field with the columns that it takes.
struct Field {
    name: String,
    lines: String,
}

/// Writes a program for the columns of a file.
pub(crate) fn program(
    request: &Request<'_>,
    sample: &Sample,
    target: usize,
    natures: Vec<(usize, Nature)>,
) -> Result<String, String> {
    let path = request.path.display();
    let file = request.path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let model = match request.name {
        Some(name) => name.to_owned(),
        None => identifier::structure(file.split('.').next().unwrap_or_default()),
    };
    let (targets, inputs): (Vec<_>, Vec<_>) =
        natures.into_iter().partition(|(column, _)| *column == target);
    let inputs: Vec<Nature> = inputs.into_iter().map(|(_, nature)| nature).collect();
    let target = targets.into_iter().next().map(|(_, nature)| nature);
    let target = target.ok_or("there is no target")?;
    if let Kind::LeftOut(reason) = target.kind {
        return Err(format!("`{}` cannot be predicted: {reason}", target.column));
    }
    let (fields, left_out) = fields(&inputs);
    if fields.is_empty() {
        return Err(format!("{path}: no column is left to predict from"));
    }
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let taken: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    let name = identifier::unique(identifier::field(&target.column), &taken);
    let output = field::target(&name, &target).ok_or("the target has no loss")?;
    let merge = match names[..] {
        [only] => format!("    #[from({only})]\n"),
        _ => format!("    #[merge(concat({}))]\n", wrapped(&names)),
    };
    let lines: String = fields.iter().map(|field| field.lines.as_str()).collect();
    let metric = match target.kind {
        Kind::Number(_) | Kind::Double => "r2",
        _ => "accuracy",
    };
    let (data, source) = access(request, sample, &path.to_string());
    let first = if sample.is_cut { "the first " } else { "" };
    let rows = sample.len();
    Ok(format!(
        "// A first model for {path}, of {first}{rows} rows. Change what you know better.

use multi_input::{{
    data::{{{reader}, Source}},
    prelude::*,
}};

/// What predicts `{column}`.
#[multi_input_model({data}, allow(unused_columns))]
#[derive(Clone, Debug)]
pub struct {model} {{
{lines}{left_out}{merge}{output}}}

fn main() -> multi_input::Result<()> {{
    let source = {reader}::<{model}Sample>{source};
    let (train, test) = (source.part(0.0..0.8, Seed(1)), source.part(0.8..1.0, Seed(1)));
    let mut model = {model}::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(1e-3)).epochs(30).fit_from(&mut model, &train)?;
    let evaluation = model.evaluate_from(&test)?;
    println!(\"{{evaluation}}\");
    println!(\"result: {metric}={{:.4}}\", evaluation.get(\"{metric}\").unwrap_or(f64::NAN));
    Ok(())
}}
",
        column = target.column,
        reader = reader(request, sample),
    ))
}

/// The source of the file.
fn reader(request: &Request<'_>, sample: &Sample) -> &'static str {
    match request.path.extension().and_then(|extension| extension.to_str()) {
        Some("parquet") => "Parquet",
        _ if sample.has_objects() => "JsonLines",
        _ => "Csv",
    }
}

/// The option `data` of the model, and the call that makes the source.
fn access(request: &Request<'_>, sample: &Sample, path: &str) -> (String, String) {
    match &request.names {
        Some(_) => {
            let names: Vec<String> =
                sample.columns.iter().map(|name| format!("{name:?}")).collect();
            let names = names.join(", ");
            (format!("data({path:?}, names({names}))"), format!("::new({path:?}).names([{names}])"))
        }
        None => (format!("data = {path:?}"), format!("::new({path:?})")),
    }
}

/// The fields of all inputs, and comments about the columns that are left out.
fn fields(inputs: &[Nature]) -> (Vec<Field>, String) {
    let (mut fields, mut left_out): (Vec<Field>, String) = (Vec::new(), String::new());
    let mut rest = inputs;
    while let Some((nature, others)) = rest.split_first() {
        let taken: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        let run = numbered_run(rest);
        if run >= MANY {
            let (text, _) = numbered(&nature.column);
            let name = match text.trim_matches('_').is_empty() {
                true => "numbers".to_owned(),
                false => identifier::field(text),
            };
            let name = identifier::unique(name, &taken);
            let last = &rest[run - 1].column;
            let lines = field::numbered(&name, &nature.column, last, run);
            fields.push(Field { name, lines });
            rest = &rest[run..];
            continue;
        }
        if let Kind::LeftOut(reason) = nature.kind {
            left_out.push_str(&format!("    // `{}` is left out: {reason}.\n", nature.column));
        } else {
            let name = identifier::unique(identifier::field(&nature.column), &taken);
            let lines = field::input(&name, nature);
            fields.push(Field { name, lines });
        }
        rest = others;
    }
    (fields, left_out)
}

/// Number of columns at the beginning that are plain numbers, numbered one after the other.
fn numbered_run(natures: &[Nature]) -> usize {
    let Some(first) = natures.first() else { return 0 };
    let (text, digits) = numbered(&first.column);
    let Ok(start) = digits.parse::<usize>() else { return 0 };
    let is_next = |(index, nature): &(usize, &Nature)| {
        let (other, digits) = numbered(&nature.column);
        let is_number = nature.kind == Kind::Number(Written::Plain)
            || matches!(nature.kind, Kind::LeftOut("it has no two different values"));
        other == text && digits.parse() == Ok(start + index) && is_number && !nature.is_optional
    };
    natures.iter().enumerate().take_while(is_next).count()
}

/// Names in lines that are not too long.
fn wrapped(names: &[&str]) -> String {
    const WIDTH: usize = 80;
    let (mut text, mut width) = (String::new(), 0);
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            text.push_str(if width > WIDTH { ",\n        " } else { ", " });
            width = if width > WIDTH { 0 } else { width + 2 };
        }
        text.push_str(name);
        width += name.len();
    }
    text
}
