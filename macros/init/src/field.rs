//! The lines of a field.

use crate::{
    nature::{Kind, Nature},
    profile::{Dates, Written},
};

/// Indices of a vocabulary that are no values of their own: padding and unknown values.
const RESERVED: usize = 2;

/// The parts of `#[input(...)]`, the branch and the type of a field.
struct Parts {
    options: Vec<String>,
    branch: Option<String>,
    ty: String,
    /// Whether missing values are filled by a step.
    fills: bool,
}

/// The lines of an input called `name`.
pub(crate) fn input(name: &str, nature: &Nature) -> String {
    let Parts { options: steps, branch, ty, fills } = parts(nature);
    let mut options = cell_options(name, nature);
    if fills && nature.is_optional {
        options.push("impute(median)".to_owned());
    }
    options.extend(steps);
    let ty = match nature.is_optional && !fills {
        true => {
            options.push("missing = learned".to_owned());
            format!("Option<{ty}>")
        }
        false => ty,
    };
    let input = match options.is_empty() {
        true => "#[input]".to_owned(),
        false => format!("#[input({})]", options.join(", ")),
    };
    let branch = branch.map_or(String::new(), |branch| format!("    #[branch({branch})]\n"));
    format!("    {input}\n{branch}    {name}: {ty},\n")
}

/// Several numbers that are one array, in numbered columns.
pub(crate) fn numbered(name: &str, first: &str, last: &str, count: usize) -> String {
    format!(
        "    #[input(standardize, columns({first:?}..={last:?}))]\n    #[branch(Dense(32, relu))]\n    \
         {name}: [f32; {count}],\n"
    )
}

fn parts(nature: &Nature) -> Parts {
    let parts = |options: &[&str], branch: Option<&str>, ty: &str| Parts {
        options: options.iter().map(|option| (*option).to_owned()).collect(),
        branch: branch.map(str::to_owned),
        ty: ty.to_owned(),
        fills: false,
    };
    match &nature.kind {
        Kind::Number(_) => Parts { fills: true, ..parts(&["standardize"], None, "f32") },
        Kind::Double => Parts { fills: true, ..parts(&["standardize"], None, "f64") },
        Kind::Flag => parts(&[], None, "bool"),
        Kind::Category { known, whole } => {
            let categories = format!("categories({})", known + RESERVED);
            let ty = if *whole { "u32" } else { "String" };
            parts(&[&categories], Some("Embedding(auto)"), ty)
        }
        Kind::Text { vocabulary, length } => {
            let words = format!("words({vocabulary}, {length})");
            let branch = format!("Embedding({vocabulary}, 16, mask), GlobalAveragePool1D");
            // A missing text has no words.
            parts(&[&words], Some(&branch), "String")
        }
        Kind::Date(dates) => {
            let calendar = calendar("year, month_cycle, weekday_cycle", *dates);
            parts(&[&calendar, "standardize"], None, "NaiveDate")
        }
        Kind::Time(dates) => {
            let calendar = calendar("year, month_cycle, weekday_cycle, hour_cycle", *dates);
            parts(&[&calendar, "standardize"], None, "NaiveDateTime")
        }
        Kind::Instant => {
            let calendar = calendar("year, month_cycle, weekday_cycle, hour_cycle", Dates::Iso);
            parts(&[&calendar, "standardize"], None, "DateTime<Utc>")
        }
        Kind::List(length) => {
            parts(&["standardize"], Some("Dense(32, relu)"), &format!("[f32; {length}]"))
        }
        Kind::Class { .. } | Kind::LeftOut(_) => parts(&[], None, "f32"),
    }
}

fn calendar(parts: &str, dates: Dates) -> String {
    match dates {
        Dates::Iso => format!("calendar({parts})"),
        Dates::Pattern(pattern) => format!("calendar({parts}, format = {pattern:?})"),
    }
}

/// The options about how cells are written.
fn cell_options(name: &str, nature: &Nature) -> Vec<String> {
    let mut options = Vec::new();
    if nature.column != name {
        options.push(format!("columns({:?})", nature.column));
    }
    if !nature.markers.is_empty() {
        let markers: Vec<String> =
            nature.markers.iter().map(|marker| format!("{marker:?}")).collect();
        options.push(format!("missing({})", markers.join(", ")));
    }
    if let Kind::Number(written) = nature.kind {
        match written {
            Written::Plain => {}
            Written::DecimalComma => options.push("decimal = \",\"".to_owned()),
            Written::GroupedComma => options.push("thousands = \",\"".to_owned()),
            Written::Percent => options.push("percent".to_owned()),
            Written::Currency(sign) => {
                options.push(format!("currency = {sign:?}, thousands = \",\""));
            }
        }
    }
    options
}

/// The lines of the target called `name`, behind its merge.
pub(crate) fn target(name: &str, nature: &Nature) -> Option<String> {
    let (branch, loss, ty) = match &nature.kind {
        Kind::Number(_) => {
            ("Dense(1)".to_owned(), "mse, metrics(mae, r2), standardize", "f32".to_owned())
        }
        Kind::Double => {
            ("Dense(1)".to_owned(), "mse, metrics(mae, r2), standardize", "f64".to_owned())
        }
        Kind::Flag => (
            "Dense(1, sigmoid)".to_owned(),
            "binary_cross_entropy, metrics(accuracy, auc)",
            "bool".to_owned(),
        ),
        Kind::Class { known } => (
            format!("Dense({known}, softmax)"),
            "cross_entropy, metrics(accuracy), categories",
            format!("Class<{known}>"),
        ),
        _ => return None,
    };
    let options = cell_options(name, nature);
    let options = options.iter().map(|option| format!(", {option}")).collect::<String>();
    let ty = if nature.is_optional { format!("Option<{ty}>") } else { ty };
    Some(format!(
        "    #[branch(Dense(64, relu), Dense(32, relu), {branch})]\n    #[output(loss = \
         {loss}{options})]\n    {name}: {ty},\n"
    ))
}
