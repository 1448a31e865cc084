//! Names of fields and structs from names of columns and files.

/// Keywords of Rust, and names that a node of a model cannot have.
const TAKEN: [&str; 58] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern",
    "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "type", "unsafe", "use",
    "where", "while", "abstract", "become", "box", "do", "final", "gen", "macro", "override",
    "priv", "try", "typeof", "unsized", "virtual", "yield", "build", "summary", "tape", "union",
    "f32", "bool", "u32",
];

/// The name of a field: `sale_price` for `Sale price (EUR)`.
pub(crate) fn field(column: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    for letter in column.chars() {
        let starts_word = letter.is_uppercase() && before.is_lowercase();
        if !name.is_empty() && (starts_word || !letter.is_alphanumeric()) && !name.ends_with('_') {
            name.push('_');
        }
        if letter.is_ascii_alphanumeric() {
            name.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    let name = name.trim_matches('_');
    match name.chars().next() {
        None => "column".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("column_{name}"),
        _ if TAKEN.contains(&name) || name.ends_with("_missing") => format!("{name}_"),
        _ => name.to_owned(),
    }
}

/// The name of a struct: `HousePrices` for `house-prices.csv`.
pub(crate) fn structure(file: &str) -> String {
    let words = file.split(|letter: char| !letter.is_ascii_alphanumeric());
    let capitalized = words.map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    let name: String = capitalized.collect();
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => name,
        _ => format!("Model{name}"),
    }
}

/// `name`, or with a number where another column has it already.
pub(crate) fn unique(name: String, taken: &[String]) -> String {
    let mut numbers = 2..;
    let mut unique = name.clone();
    while taken.contains(&unique) {
        unique = format!("{name}_{}", numbers.next().unwrap_or_default());
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_rust() {
        for (column, known) in [
            ("Sale price (EUR)", "sale_price_eur"),
            ("SalePrice", "sale_price"),
            ("type", "type_"),
            ("1stFlrSF", "column_1st_flr_sf"),
            ("\u{d6}l", "l"),
            ("", "column"),
            ("Unnamed: 0", "unnamed_0"),
            ("age_missing", "age_missing_"),
            ("BMI", "bmi"),
        ] {
            assert_eq!(field(column), known, "{column}");
        }
        assert_eq!(structure("house-prices"), "HousePrices");
        assert_eq!(structure("2024_flights"), "Model2024Flights");
        assert_eq!(unique("a".to_owned(), &["a".to_owned(), "a_2".to_owned()]), "a_3");
    }
}
