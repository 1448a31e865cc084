//! The form in which gradients travel.

use half::{bf16, f16};
use multi_input_base::Result;
use multi_input_kernel::Element;

use super::{damaged, Reader};

/// The precision in which gradients travel between ranks.
///
/// A shorter form halves the bytes of a step and rounds the gradients: `Bf16` to 8 significant bits
/// over the whole range of `f32`, `F16` to 11 bits between 6e-8 and 65,504. Ranks hold equal
/// weights with every form, and sums are computed in the precision of the model; but with a shorter
/// form they depend on the number of ranks, also with
/// `Trainer::virtual_shards`, because what stays on a rank is not
/// rounded. On one rank nothing travels. A gradient above 65,504 becomes infinite in `F16`, which ends the
/// run.
///
/// `bf16_compress_hook` and `fp16_compress_hook` of `torch.distributed.algorithms.ddp_comm_hooks`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// The precision of the model.
    #[default]
    Full,
    /// `bfloat16`.
    Bf16,
    /// IEEE half precision.
    F16,
}

/// Numbers that travel or stay away together.
const BLOCK: usize = 16;

/// How a list of numbers is written.
mod form {
    /// All numbers.
    pub(super) const ALL: u8 = 0;
    /// One bit for each block, and the numbers of the blocks whose bit is set; the others are 0.
    pub(super) const BLOCKS: u8 = 1;
}

impl Wire {
    /// The bytes of a number.
    fn bytes<E: Element>(self) -> usize {
        match self {
            Wire::Full => E::BYTES,
            Wire::Bf16 | Wire::F16 => 2,
        }
    }

    fn append<E: Element>(self, numbers: &[E], to: &mut Vec<u8>) {
        let short = |to_bits: fn(f32) -> u16, to: &mut Vec<u8>| {
            let start = to.len();
            to.resize(start + 2 * numbers.len(), 0);
            let bytes = to[start..].as_chunks_mut().0.iter_mut();
            for (bytes, number) in bytes.zip(numbers) {
                *bytes = to_bits(number.as_f64() as f32).to_le_bytes();
            }
        };
        match self {
            Wire::Full => E::append_bytes(numbers, to),
            Wire::Bf16 => short(|number| bf16::from_f32(number).to_bits(), to),
            Wire::F16 => short(|number| f16::from_f32(number).to_bits(), to),
        }
    }

    fn read<E: Element>(self, bytes: &[u8], to: &mut [E]) {
        let short = |of_bits: fn(u16) -> f32, to: &mut [E]| {
            for (number, bytes) in to.iter_mut().zip(bytes.as_chunks().0) {
                *number = E::of(f64::from(of_bits(u16::from_le_bytes(*bytes))));
            }
        };
        match self {
            Wire::Full => E::read_bytes(bytes, to),
            Wire::Bf16 => short(|bits| bf16::from_bits(bits).to_f32(), to),
            Wire::F16 => short(|bits| f16::from_bits(bits).to_f32(), to),
        }
    }

    /// Appends numbers, without blocks of zeros where this is shorter: the gradient of an embedding
    /// has zeros for all rows that the batch does not look up.
    pub(crate) fn write<E: Element>(self, numbers: &[E], to: &mut Vec<u8>) {
        // -0 is no zero here, because sums tell them apart.
        let is_zero = |number: &E| *number == E::zero() && number.is_sign_positive();
        let blocks = || numbers.chunks(BLOCK);
        let travels: Vec<bool> = blocks().map(|block| !block.iter().all(is_zero)).collect();
        let travelling = travels.iter().filter(|travels| **travels).count();
        let bitmap = travels.len().div_ceil(8);
        if (travels.len() - travelling) * BLOCK * self.bytes::<E>() <= bitmap {
            to.push(form::ALL);
            return self.append(numbers, to);
        }
        to.push(form::BLOCKS);
        to.extend(travels.chunks(8).map(|bits| {
            bits.iter().enumerate().fold(0, |byte, (bit, travels)| byte | u8::from(*travels) << bit)
        }));
        let blocks = blocks().zip(&travels).filter(|(_, travels)| **travels);
        blocks.for_each(|(block, _)| self.append(block, to));
    }

    /// Reads what [`write`](Wire::write) has appended for as many numbers.
    pub(crate) fn read_from<E: Element>(
        self,
        reader: &mut Reader<'_>,
        numbers: &mut [E],
    ) -> Result<()> {
        let form = reader.take(1)?;
        if form == [form::ALL] {
            self.read(reader.take(numbers.len() * self.bytes::<E>())?, numbers);
            return Ok(());
        }
        if form != [form::BLOCKS] {
            return Err(damaged());
        }
        let bitmap = reader.take(numbers.len().div_ceil(BLOCK).div_ceil(8))?;
        for (index, block) in numbers.chunks_mut(BLOCK).enumerate() {
            match bitmap[index / 8] & (1 << (index % 8)) {
                0 => block.fill(E::zero()),
                _ => self.read(reader.take(block.len() * self.bytes::<E>())?, block),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through<E: Element>(wire: Wire, numbers: &[E]) -> (Vec<E>, usize) {
        let mut bytes = Vec::new();
        wire.write(numbers, &mut bytes);
        let mut found = vec![E::one(); numbers.len()];
        let mut reader = Reader(&bytes);
        wire.read_from(&mut reader, &mut found).unwrap();
        assert!(reader.0.is_empty());
        (found, bytes.len())
    }

    #[test]
    fn numbers_arrive_with_their_bits() {
        let numbers = [1.5f32, -0.0, f32::NAN, f32::INFINITY, 1e-45, 0.0];
        let bits = |numbers: &[f32]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
        let (found, bytes) = through(Wire::Full, &numbers);
        assert_eq!((bits(&found), bytes), (bits(&numbers), 1 + 6 * 4));
        assert_eq!(through(Wire::Full, &[0.1f64]), (vec![0.1], 9));
        assert_eq!(through::<f32>(Wire::Full, &[]), (vec![], 1));
    }

    #[test]
    fn blocks_of_zeros_stay_away() {
        let mut numbers = vec![0.0f32; 1000];
        (numbers[3], numbers[999]) = (2.0, -0.0);
        // 63 blocks, of which the first and the last, shorter one travel.
        assert_eq!(through(Wire::Full, &numbers), (numbers.clone(), 1 + 8 + 4 * (16 + 8)));
        assert!(through(Wire::Full, &numbers).0[999].is_sign_negative());
        let dense: Vec<f32> = (1..100u8).map(f32::from).collect();
        assert_eq!(through(Wire::Full, &dense), (dense.clone(), 1 + 4 * 99));
    }

    #[test]
    fn short_forms_round_as_their_formats_do() {
        let numbers = [1.0f64 + 1.0 / 256.0, 3.0, 1e-8, -70_000.0];
        // bfloat16 has 7 explicit bits, with ties to even; binary16 has 10.
        assert_eq!(through(Wire::Bf16, &numbers).0[..2], [1.0, 3.0]);
        let half = through(Wire::F16, &numbers);
        assert_eq!(half, (vec![1.0 + 1.0 / 256.0, 3.0, 0.0, f64::NEG_INFINITY], 1 + 4 * 2));
    }

    #[test]
    fn cut_messages_are_errors() {
        let mut bytes = Vec::new();
        Wire::Full.write(&[0.0f32; 100], &mut bytes);
        let mut numbers = [0.0f32; 100];
        for end in 0..bytes.len() {
            assert!(Wire::Full.read_from(&mut Reader(&bytes[..end]), &mut numbers).is_err());
        }
        assert!(Wire::Full.read_from(&mut Reader(&[7; 500]), &mut numbers).is_err());
    }
}
