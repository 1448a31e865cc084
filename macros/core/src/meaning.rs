//! What a name means that is not one of ours: first the names of other libraries, then misspellings.

use multi_input_spec::names::{find, is_same, Kind, Named};

use crate::suggest::nearest;

/// The meaning of a name.
pub(crate) struct Meaning {
    /// The name here, if there is one for the same thing.
    pub(crate) name: Option<&'static str>,
    /// What to say after "there is no layer `Linear`".
    pub(crate) hint: String,
}

impl Meaning {
    fn called(name: &'static str, given: &str) -> Meaning {
        let hint = match is_same(name, given) {
            true => format!("; did you mean `{name}`?"),
            false => format!("; it is called `{name}` here"),
        };
        Meaning { name: Some(name), hint }
    }
}

/// The meaning of `given` among the names of `kinds`, or among those of other kinds, which stand
/// elsewhere; `None` if it is known nowhere.
pub(crate) fn of(kinds: &[Kind], given: &str) -> Option<Meaning> {
    if let Some(name) = kinds.iter().find_map(|kind| kind.find(given)) {
        return Some(Meaning::called(name, given));
    }
    let absent = |kinds: &[Kind]| {
        let instead = kinds.iter().find_map(|kind| kind.absent(given))?;
        Some(Meaning { name: None, hint: format!(": {instead}") })
    };
    let others: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| !kinds.contains(kind)).collect();
    let elsewhere = || {
        let (kind, name) = others.iter().find_map(|kind| Some((kind, kind.find(given)?)))?;
        let (what, written) = (kind.in_words(), kind.written(name));
        Some(Meaning { name: None, hint: format!("; the {what} `{name}` is written `{written}`") })
    };
    absent(kinds)
        .or_else(elsewhere)
        .or_else(|| near(given, kinds.iter().flat_map(|kind| kind.names())))
        .or_else(|| absent(&others))
}

/// The meaning of `given` among the steps and `options`, which stand beside them.
pub(crate) fn of_step(given: &str, options: &[Named]) -> Option<Meaning> {
    let far = of(&[Kind::Step], given);
    let is_known = Kind::Step.find(given).is_some() || Kind::Step.absent(given).is_some();
    match is_known {
        true => far,
        false => {
            let steps = Kind::Step.names();
            let near = near(given, options.iter().copied().chain(steps));
            near.or(far)
        }
    }
}

/// The meaning of `given` among `names`.
pub(crate) fn among(given: &str, names: &[Named]) -> Option<Meaning> {
    match find(names, given) {
        Some(name) => Some(Meaning::called(name, given)),
        None => near(given, names.iter().copied()),
    }
}

/// The name that `given` is a misspelling of.
fn near(given: &str, names: impl IntoIterator<Item = Named>) -> Option<Meaning> {
    let names = names.into_iter().map(|Named(name, _)| name);
    let (edits, name) = nearest(given, names)?;
    // A distant name is a question; the model does not go on with it.
    let is_slip = edits <= 2 && edits < given.len().div_ceil(2);
    let hint = format!("; did you mean `{name}`?");
    Some(Meaning { name: is_slip.then_some(name), hint })
}

/// `names`, each with its other names in `table`.
pub(crate) fn with_others(
    names: impl IntoIterator<Item = &'static str>,
    table: &'static [Named],
) -> Vec<Named> {
    let others = |name: &str| table.iter().find(|row| row.0 == name).map_or(&[][..], |row| row.1);
    names.into_iter().map(|name| Named(name, others(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(kinds: &[Kind], given: &str) -> String {
        of(kinds, given).map(|meaning| meaning.hint).unwrap_or_default()
    }

    #[test]
    fn meaning_comes_before_spelling() {
        const LAYERS: &[Kind] = &[Kind::Layer, Kind::Activation];
        assert_eq!(hint(LAYERS, "Linear"), "; it is called `Dense` here");
        assert_eq!(hint(LAYERS, "dense"), "; did you mean `Dense`?");
        assert_eq!(hint(LAYERS, "Dens"), "; did you mean `Dense`?");
        assert_eq!(hint(LAYERS, "swish"), "; it is called `silu` here");
        assert!(hint(LAYERS, "Conv3D").starts_with(": data has at most two axes"));
        let said = "; the merge `concat` is written `#[merge(concat(first, second))]`";
        assert_eq!(hint(LAYERS, "Concatenate"), said);
        assert_eq!(hint(LAYERS, "Xylophone"), "");
        assert_eq!(hint(&[Kind::Merge], "minus"), "; it is called `subtract` here");
        assert_eq!(hint(&[Kind::Loss], "bce"), "; it is called `binary_cross_entropy` here");
    }

    #[test]
    fn a_distant_name_is_no_slip() {
        let name = |given| of(&[Kind::Layer], given).and_then(|meaning| meaning.name);
        assert_eq!(name("Dens"), Some("Dense"));
        assert_eq!(name("Embeding"), Some("Embedding"));
        assert_eq!(name("Danseee"), None);
    }
}
