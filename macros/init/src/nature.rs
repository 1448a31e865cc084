//! What a column is for a model.

use crate::profile::{Dates, Form, Profile, Written};

/// Whole numbers of so few different values may be classes of a target.
const FEW_CLASSES: usize = 20;

/// A text of so many words on average is read for its words.
const WORDS_OF_A_TEXT: f64 = 3.0;

/// So many rows for each value make a name a category.
const ROWS_PER_CATEGORY: usize = 3;

/// What a column is for a model: how its field is written.
#[derive(Clone, Debug)]
pub(crate) struct Nature {
    pub(crate) column: String,
    pub(crate) kind: Kind,
    /// Whether some rows have no value.
    pub(crate) is_optional: bool,
    /// Texts that stand for a missing value.
    pub(crate) markers: Vec<&'static str>,
}

/// The kinds of fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Number(Written),
    Double,
    Flag,
    /// A name or id of one of a number of categories.
    Category {
        known: usize,
        whole: bool,
    },
    /// The label of a class, as a target.
    Class {
        known: usize,
    },
    Text {
        vocabulary: usize,
        length: usize,
    },
    Date(Dates),
    Time(Dates),
    Instant,
    List(usize),
    /// It is left out, for this reason.
    LeftOut(&'static str),
}

impl Nature {
    pub(crate) fn of(profile: &Profile<'_>, is_target: bool) -> Nature {
        let kind = if is_target { target(profile) } else { input(profile) };
        Nature {
            column: profile.name.to_owned(),
            kind,
            is_optional: profile.missing > 0,
            markers: profile.markers.clone(),
        }
    }
}

fn target(profile: &Profile<'_>) -> Kind {
    let classes = Kind::Class { known: profile.distinct };
    match &profile.form {
        _ if profile.distinct < 2 => Kind::LeftOut("it has no two different values"),
        Form::Flag => Kind::Flag,
        Form::Number(written) => Kind::Number(*written),
        Form::Whole { .. } => Kind::Number(Written::Plain),
        Form::Double => Kind::Double,
        Form::Text if profile.distinct <= FEW_CLASSES => classes,
        _ => Kind::LeftOut("it is no number, flag or label of a class"),
    }
}

fn input(profile: &Profile<'_>) -> Kind {
    let present = profile.rows - profile.missing;
    let is_category = profile.distinct * ROWS_PER_CATEGORY <= present;
    let whole = matches!(profile.form, Form::Whole { .. });
    match &profile.form {
        _ if profile.distinct < 2 => Kind::LeftOut("it has no two different values"),
        _ if profile.counts_rows => Kind::LeftOut("it counts the rows"),
        Form::Flag => Kind::Flag,
        Form::Whole { .. } if is_id(profile.name) && is_category => {
            Kind::Category { known: profile.distinct, whole }
        }
        Form::Whole { .. } if is_id(profile.name) => Kind::LeftOut("each row has an id of its own"),
        Form::Whole { largest } if *largest <= 1 << 24 => Kind::Number(Written::Plain),
        Form::Whole { .. } | Form::Double => Kind::Double,
        Form::Number(written) => Kind::Number(*written),
        Form::Date(dates) => Kind::Date(*dates),
        Form::Time(dates) => Kind::Time(*dates),
        Form::Instant => Kind::Instant,
        Form::Text if profile.words >= WORDS_OF_A_TEXT => Kind::Text {
            // Padding and unknown words have indices too.
            vocabulary: (profile.vocabulary + 2).clamp(10, 10_000),
            length: profile.most_words.clamp(4, 200),
        },
        Form::Text if is_category => Kind::Category { known: profile.distinct, whole },
        Form::Text => Kind::LeftOut("almost every row has a text of its own"),
        Form::Other => match profile.list {
            Some(length) => Kind::List(length),
            None => Kind::LeftOut("its lists differ in length, or hold no numbers"),
        },
    }
}

/// Whether a column's name says that its numbers are ids.
fn is_id(name: &str) -> bool {
    let name = name.to_lowercase();
    let ends = ["id", "_code", "zip", "zipcode", "zip_code", "postcode"];
    ends.iter().any(|end| name == *end || name.ends_with(end) && name.len() > end.len())
        && !name.ends_with("paid")
        && !name.ends_with("humid")
}
