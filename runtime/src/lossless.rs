//! Lossless JSON for floats: NaN and infinities, which JSON lacks, are written as texts.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number in JSON.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Other(String),
}

impl Number {
    fn of(number: f64) -> Number {
        match number.is_finite() {
            true => Number::Finite(number),
            false => Number::Other(number.to_string()),
        }
    }

    fn value<E: serde::de::Error>(self) -> Result<f64, E> {
        match self {
            Number::Finite(number) => Ok(number),
            Number::Other(text) => text.parse().map_err(E::custom),
        }
    }
}

/// For `#[serde(with = "lossless::number")]`.
pub(crate) mod number {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        Number::of(*number).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Number::deserialize(deserializer)?.value()
    }
}

/// For `#[serde(with = "lossless::list")]`.
pub(crate) mod list {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        numbers: &[f64],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(numbers.iter().map(|number| Number::of(*number)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<f64>, D::Error> {
        let numbers = Vec::<Number>::deserialize(deserializer)?;
        numbers.into_iter().map(Number::value).collect()
    }
}
