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
            "epsilon" => (own_epsilon(unit).to_string(), found.as_f64()?.to_string()),
            "activation" => activations(unit, found)?,
            ours => (own_setting(unit, ours), in_our_words(ours, found)?),
        };
        (own != found).then(|| {
            format!("`{}` has `{ours} = {own}` here, but `{}` has {found}", unit.name, layer.name)
        })
    };
    counterpart.settings.iter().filter_map(differs).collect()
}

/// The epsilon of a layer, which the files of PyTorch do not hold, if it is not the default there.
pub(super) fn note(unit: &Unit, counterpart: &Counterpart, library: Library) -> Option<String> {
    let theirs = counterpart.torch_epsilon.filter(|_| library == Library::PyTorch)?;
    let own = own_epsilon(unit);
    let differs = (own - theirs).abs() > theirs * 1e-3;
    differs.then(|| {
        format!(
            "`{}` has an epsilon of {own:e}; PyTorch's default is {theirs:e}: unless `eps` of the module is \
             {own:e}, predictions differ",
            unit.name
        )
    })
}

fn own_epsilon(unit: &Unit) -> f64 {
    let written = unit.numbers.iter().find(|(name, _)| *name == "epsilon");
    match written {
        Some((_, value)) => *value,
        None if unit.kind.name == "RMSNorm" => 1e-6,
        // The norms of a `TransformerBlock` have their own.
        None if unit.name.ends_with("_norm") => 1e-6,
        None => 1e-3,
    }
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
