//! `split`: a text cut into a list of texts.

use std::sync::Arc;

use super::stage::{FixedStep, Refusal};
use crate::{schema::Step, Values};

/// Cuts a text at each `separator` into a list of texts. White space around a text is removed, and
/// a text of which nothing is left is no item: `"Action| Comedy||"` has two. An empty text is an
/// empty list. `split(" ")` cuts at any white space.
///
/// A `Vec` or an array is a list already and stays as it is; in a file, its cell is cut
/// before the items are read.
///
/// pandas: `text.str.split(separator)`; `tf.strings.split`. Both keep empty texts.
#[derive(Clone, Copy, Debug)]
pub struct Split;

impl FixedStep for Split {
    fn apply(step: &Step, values: Values) -> Result<Values, Refusal> {
        match &values {
            Values::Texts(texts) if step.input.rank() == 0 && !step.input.is_list() => {
                let separator = step.argument("separator").text_or("");
                let list = |text: &Arc<str>| {
                    let items = items(text, separator).map(Into::into);
                    Arc::new(Values::Texts(items.collect()))
                };
                Ok(Values::Lists(texts.iter().map(list).collect()))
            }
            _ => Ok(values),
        }
    }
}

/// The items of a text, without those that are empty.
pub(crate) fn items<'a>(text: &'a str, separator: &'a str) -> impl Iterator<Item = &'a str> {
    // A separator of white space is any white space, because files align columns with it.
    let at_spaces = separator.trim().is_empty();
    let spaces = text.split_whitespace().filter(move |_| at_spaces);
    let parts = text.split(separator).map(str::trim).filter(move |_| !at_spaces);
    spaces.chain(parts).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_trimmed_and_never_empty() {
        let all = |text, separator| items(text, separator).collect::<Vec<_>>();
        assert_eq!(all("Action| Comedy||Sci-Fi ", "|"), ["Action", "Comedy", "Sci-Fi"]);
        assert_eq!(all(" 3  1\t4 ", " "), ["3", "1", "4"]);
        assert_eq!(all("a, b and c", ", "), ["a", "b and c"]);
        assert_eq!(all("", "|"), Vec::<&str>::new());
        assert_eq!(all(" | ", "|"), Vec::<&str>::new());
    }
}
