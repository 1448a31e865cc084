//! What a layer of a Keras file computes, compared with ours.

use serde_json::Value;

use super::{layer::ForeignLayer, table::Counterpart, units::Unit, Library};

/// The settings in which a layer of a file differs from ours: predictions would differ.
pub(super) fn mistakes(
    unit: &Unit,
    layer: &ForeignLayer,
    counterpart: &Counterpart,
) -> Vec<String> {
    let differs = |(ours, theirs): &(&'static str, &'static str)| {
        let found = layer.setting(theirs)?;
        let (own, found) = match *ours {
            "epsilon" => (epsilon(unit)?, found.as_f64()?.to_string()),
            "activation" => activations(unit, found)?,
            ours => (own_setting(unit, ours), in_our_words(ours, found)?),
        };
        (own != found).then(|| {
            format!("`{}` has `{ours} = {own}` here, but `{}` has {found}", unit.name, layer.name)
        })
    };
    counterpart.settings.iter().filter_map(differs).collect()
}

/// What the file does not say and PyTorch does otherwise by default.
pub(super) fn note(unit: &Unit, counterpart: &Counterpart, library: Library) -> Option<String> {
    let differs = counterpart.differs.filter(|_| library == Library::PyTorch)?;
    let own = unit.numbers.iter().find(|(name, _)| *name == "epsilon").map(|(_, value)| *value);
    let is_theirs = own.is_some_and(|own| own < 5e-4);
    (!is_theirs).then(|| format!("`{}`: {differs}, if the module has its default", unit.name))
}

/// The epsilon of ours, as the number is written.
fn epsilon(unit: &Unit) -> Option<String> {
    let own = unit.numbers.iter().find(|(name, _)| *name == "epsilon").map(|(_, value)| *value);
    let own = own.or(match unit.kind.name {
        "RMSNorm" => Some(1e-6),
        // The norms of a `TransformerBlock` have their own.
        "LayerNorm" if unit.name.ends_with("_norm") => Some(1e-6),
        _ => Some(1e-3),
    })?;
    Some(own.to_string())
}

/// The activations of ours and theirs, unless one of both is elsewhere.
fn activations(unit: &Unit, found: &Value) -> Option<(String, String)> {
    let theirs = match found {
        Value::String(name) => name.as_str(),
        other => other.get("config")?.as_str()?,
    };
    let default = if unit.kind.name == "SimpleRNN" { "tanh" } else { "linear" };
    let own = unit.kind.argument("activation").unwrap_or(default);
    let elsewhere = unit.activation_elsewhere && own == "linear";
    let own_name = match own {
        "swish" => "silu",
        own => own,
    };
    let theirs = if theirs == "swish" { "silu" } else { theirs };
    (theirs != "linear" && !elsewhere && own_name != "_")
        .then(|| (own_name.to_owned(), theirs.to_owned()))
}

/// An argument of ours as it would be written for Keras.
fn own_setting(unit: &Unit, name: &str) -> String {
    let default = match name {
        "padding" => "valid",
        "go_backwards" => "false",
        _ => "1",
    };
    unit.kind.argument(name).unwrap_or(default).to_lowercase()
}

/// A value of Keras as ours are written: the same number along both axes is one number.
fn in_our_words(name: &str, found: &Value) -> Option<String> {
    match (name, found) {
        (_, Value::String(word)) => Some(word.clone()),
        (_, Value::Bool(flag)) => Some(flag.to_string()),
        (_, Value::Number(number)) => Some(number.to_string()),
        (_, Value::Array(numbers)) => match numbers.as_slice() {
            [number] => Some(number.to_string()),
            [first, second] if first == second => Some(first.to_string()),
            [first, second] => Some(format!("({first}, {second})")),
            _ => None,
        },
        _ => None,
    }
}
