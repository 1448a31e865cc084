//! Conversion between grey, RGB and alpha channels.

/// A pixel value of 8 or 16 bits.
pub(super) trait Value: Copy + Into<u32> {
    /// White, or opaque.
    const MAX: Self;

    /// Converts a value of at most [`MAX`](Value::MAX).
    fn of(value: u32) -> Self;
}

impl Value for u8 {
    const MAX: u8 = u8::MAX;

    fn of(value: u32) -> u8 {
        value as u8
    }
}

impl Value for u16 {
    const MAX: u16 = u16::MAX;

    fn of(value: u32) -> u16 {
        value as u16
    }
}

/// Converts interleaved values from `source` channels to `target` channels (1 is grey, 2 grey and
/// alpha, 3 RGB, 4 RGBA).
pub(super) fn convert<T: Value>(
    values: Vec<T>,
    source: usize,
    target: usize,
) -> Result<Vec<T>, String> {
    if source == target {
        return Ok(values);
    }
    let pixels = values.chunks_exact(source);
    let opacity = |pixel: &[T]| match source {
        2 | 4 => pixel[source - 1],
        _ => T::MAX,
    };
    let grey = |pixel: &[T]| match *pixel {
        [red, green, blue, ..] => luma([red, green, blue]),
        _ => pixel[0],
    };
    let colours = |pixel: &[T]| match *pixel {
        [red, green, blue, ..] => [red, green, blue],
        _ => [pixel[0]; 3],
    };
    Ok(match target {
        1 => pixels.map(grey).collect(),
        2 => pixels.flat_map(|pixel| [grey(pixel), opacity(pixel)]).collect(),
        3 => pixels.flat_map(colours).collect(),
        4 => pixels
            .flat_map(|pixel| {
                let [red, green, blue] = colours(pixel);
                [red, green, blue, opacity(pixel)]
            })
            .collect(),
        _ => return Err(format!("1 to 4 channels, not {target}")),
    })
}

/// ITU-R 601 luma in integer arithmetic, as in Pillow. The weights add up to 2^16, so 16-bit values
/// fit into 32 bits.
fn luma<T: Value>(colours: [T; 3]) -> T {
    let [red, green, blue]: [u32; 3] = colours.map(T::into);
    T::of((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_stays_white_in_both_depths() {
        assert_eq!(convert(vec![u8::MAX; 3], 3, 1), Ok(vec![u8::MAX]));
        assert_eq!(convert(vec![u16::MAX; 3], 3, 2), Ok(vec![u16::MAX; 2]));
        assert_eq!(convert(vec![0_u16, 65535, 0], 3, 1), Ok(vec![38469]));
        assert_eq!(convert(vec![7_u16, 9], 2, 4), Ok(vec![7, 7, 7, 9]));
    }
}
