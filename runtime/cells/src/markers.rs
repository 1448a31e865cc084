//! Texts that denote a missing value.

/// Whether a text is one of the `markers`, or a number that equals one.
pub fn is_marker(text: &str, markers: &[&str]) -> bool {
    markers.iter().any(|marker| *marker == text || is_same_number(text, marker))
}

fn is_same_number(text: &str, marker: &str) -> bool {
    // Most cells are told apart by their first byte, before anything is parsed.
    let may_be_number = |text: &str| {
        text.bytes().next().is_some_and(|first| first.is_ascii_digit() || b"+-.".contains(&first))
    };
    if !may_be_number(marker) || !may_be_number(text) {
        return false;
    }
    match (text.parse::<f64>(), marker.parse::<f64>()) {
        (Ok(number), Ok(marker)) => number == marker,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_that_is_a_number_is_every_way_to_write_it() {
        let markers = ["NA", "-200", "9.5"];
        for text in ["NA", "-200", "-200.0", "-2e2", "9.5", "09.50", "+9.5"] {
            assert!(is_marker(text, &markers), "{text}");
        }
        for text in ["na", "N", "-20", "200", "", "NAN", "- 200", "9,5"] {
            assert!(!is_marker(text, &markers), "{text}");
        }
        assert!(!is_marker("inf", &["Infinity"]), "only digits are compared as numbers");
    }
}
