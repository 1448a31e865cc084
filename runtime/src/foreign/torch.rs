//! The `state_dict` of a PyTorch model in a safetensors file.

use safetensors::{Dtype, SafeTensors};

use super::{
    layer::{natural, ForeignLayer, ForeignTensor, Numbers},
    wire::Wire,
};

/// The names that a tensor has in its module; others are modules of their own.
const TENSORS: &[&str] =
    &["weight", "bias", "running_mean", "running_var", "in_proj_weight", "in_proj_bias"];

/// The modules of a file.
///
/// # Errors
/// The reason why it is no such file.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<ForeignLayer>, String> {
    if let Some(other) = other_format(bytes) {
        return Err(other);
    }
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| format!("it is damaged or no safetensors file: {error}"))?;
    let mut tensors = file.tensors();
    tensors.sort_by_key(|(name, _)| natural(name));
    let mut layers: Vec<ForeignLayer> = Vec::new();
    for (name, view) in &tensors {
        if name.rsplit('.').next() == Some("num_batches_tracked") {
            continue;
        }
        let numbers = numbers(view.dtype(), view.data())
            .ok_or_else(|| format!("`{name}` holds {:?}, which are no weights", view.dtype()))?;
        let (module, tensor) = split(name, &|name| tensors.iter().any(|(other, _)| other == name));
        let tensor = ForeignTensor {
            name: tensor,
            path: name.clone(),
            shape: view.shape().to_vec(),
            numbers,
        };
        match layers.iter_mut().find(|layer| layer.name == module) {
            Some(layer) => layer.tensors.push(tensor),
            None => layers.push(ForeignLayer {
                name: module,
                is_named: true,
                class: None,
                config: None,
                tensors: vec![tensor],
                flat: false,
                reads: Wire::Unknown,
            }),
        }
    }
    match layers.is_empty() {
        true => Err("it holds no tensors".to_owned()),
        false => Ok(layers),
    }
}

/// What a file is that is no safetensors file, and how to make one.
fn other_format(bytes: &[u8]) -> Option<String> {
    let made =
        "write `safetensors.torch.save_file(model.state_dict(), \"state.safetensors\")` in Python";
    let pickled = bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0x80, 0x02]);
    if pickled {
        return Some(format!("it is a file of `torch.save`, which holds Python objects: {made}"));
    }
    let hdf5 = bytes.starts_with(b"\x89HDF\r\n\x1a\n");
    hdf5.then(|| format!("it is an HDF5 file, which `Weights::keras` reads; for PyTorch {made}"))
}

/// The module and the name of the tensor in it. `has` says which names there are.
fn split(name: &str, has: &dyn Fn(&str) -> bool) -> (String, String) {
    let (module, tensor) = name.rsplit_once('.').unwrap_or(("", name));
    // The output of an attention is a module within it.
    if let Some(attention) = module.strip_suffix("out_proj") {
        if has(&format!("{attention}in_proj_weight")) {
            return (attention.trim_end_matches('.').to_owned(), format!("out_proj.{tensor}"));
        }
    }
    if let Some((start, layer, reverse)) = recurrent(tensor) {
        // A module of one layer is named without it.
        let several = has(&format!(
            "{}weight_ih_l1",
            if module.is_empty() { String::new() } else { format!("{module}.") }
        ));
        let ending = if several { format!(".l{layer}") } else { String::new() };
        return (format!("{module}{ending}"), format!("{start}_l0{reverse}"));
    }
    match TENSORS.contains(&tensor) {
        true => (module.to_owned(), tensor.to_owned()),
        false => (name.to_owned(), "weight".to_owned()),
    }
}

/// `weight_ih_l0_reverse` as `weight_ih`, 0 and `_reverse`.
fn recurrent(tensor: &str) -> Option<(&str, usize, &str)> {
    let (tensor, reverse) = match tensor.strip_suffix("_reverse") {
        Some(tensor) => (tensor, "_reverse"),
        None => (tensor, ""),
    };
    let (start, layer) = tensor.rsplit_once("_l")?;
    let known = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"].contains(&start);
    Some((start, layer.parse().ok().filter(|_| known)?, reverse))
}

/// The numbers of a tensor; `None` if they are no floats.
fn numbers(dtype: Dtype, bytes: &[u8]) -> Option<Numbers> {
    let halves = |number: fn(u16) -> f32| {
        let pairs = bytes.chunks_exact(2);
        Numbers::F32(pairs.map(|pair| number(u16::from_le_bytes([pair[0], pair[1]]))).collect())
    };
    match dtype {
        Dtype::F32 => {
            let numbers = bytes.chunks_exact(4);
            let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap_or_default());
            Some(Numbers::F32(numbers.map(number).collect()))
        }
        Dtype::F64 => {
            let numbers = bytes.chunks_exact(8);
            let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().unwrap_or_default());
            Some(Numbers::F64(numbers.map(number).collect()))
        }
        Dtype::F16 => Some(halves(half)),
        Dtype::BF16 => Some(halves(|bits| f32::from_bits(u32::from(bits) << 16))),
        _ => None,
    }
}

/// A number of 16 bits of IEEE 754.
pub(super) fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_split_by_module() {
        let has = |name: &str| ["a.in_proj_weight", "deep.weight_ih_l1"].contains(&name);
        for (name, module, tensor) in [
            ("net.0.weight", "net.0", "weight"),
            ("weight", "", "weight"),
            ("a.out_proj.bias", "a", "out_proj.bias"),
            ("b.out_proj.bias", "b.out_proj", "bias"),
            ("lstm.weight_ih_l0_reverse", "lstm", "weight_ih_l0_reverse"),
            ("deep.weight_ih_l1", "deep.l1", "weight_ih_l0"),
            ("positions", "positions", "weight"),
        ] {
            assert_eq!(split(name, &has), (module.to_owned(), tensor.to_owned()));
        }
    }

    #[test]
    fn halves_are_exact() {
        for (bits, number) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x0001, 2f32.powi(-24)), (0x7bff, 65504.0)]
        {
            assert_eq!(half(bits), number);
        }
        assert!(half(0x7c01).is_nan() && half(0xfc00) == f32::NEG_INFINITY);
    }
}
