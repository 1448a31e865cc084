//! Texts that denote a missing value.

/// Whether a text is one of the `markers`, or a number that equals one.
pub fn is_marker(text: &str, markers: &[&str]) -> bool {
    markers.iter().any(|marker| *marker == text || is_same_number(text, marker))
}

fn is_same_number(text: &str, marker: &str) -> bool {
    as_number(text).is_some_and(|number| as_number(marker) == Some(number))
}

/// The number of a text that begins as one. Most cells are told apart by their first byte, before
/// anything is parsed.
fn as_number(text: &str) -> Option<f64> {
    let may_be_number =
        text.bytes().next().is_some_and(|first| first.is_ascii_digit() || b"+-.".contains(&first));
    may_be_number.then(|| text.parse().ok()).flatten()
}

/// The markers of a file, which all of its cells are compared with.
#[derive(Clone, Debug, Default)]
pub struct Markers {
    texts: Vec<String>,
    /// The values of those that are numbers.
    numbers: Vec<f64>,
}

impl Markers {
    /// The markers with these texts.
    pub fn new(texts: Vec<String>) -> Markers {
        let numbers = texts.iter().filter_map(|text| as_number(text)).collect();
        Markers { texts, numbers }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// As [`is_marker`].
    pub fn contain(&self, text: &str) -> bool {
        self.texts.iter().any(|marker| marker == text)
            || !self.numbers.is_empty()
                && as_number(text).is_some_and(|number| self.numbers.contains(&number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_that_is_a_number_is_every_way_to_write_it() {
        let markers = ["NA", "-200", "9.5"];
        let of_file = Markers::new(markers.map(str::to_owned).to_vec());
        for text in ["NA", "-200", "-200.0", "-2e2", "9.5", "09.50", "+9.5"] {
            assert!(is_marker(text, &markers) && of_file.contain(text), "{text}");
        }
        for text in ["na", "N", "-20", "200", "", "NAN", "- 200", "9,5"] {
            assert!(!is_marker(text, &markers) && !of_file.contain(text), "{text}");
        }
        assert!(!is_marker("inf", &["Infinity"]), "only digits are compared as numbers");
    }
}
