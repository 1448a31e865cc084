//! Sums over some places of an image, each of which has a weight: what the way back through a
//! pooling comes to. The compiler does not widen this loop reliably, so it is spelled out.
#![allow(unsafe_code)]

use super::{
    register::{Register, WithRegister},
    Element,
};

/// How many numbers lie side by side without a gap in what is added up.
pub(crate) const LANES: usize = 16;

/// The windows of one filter, each of which hands its slope to one place of the convolution.
pub(crate) struct Places<'a, E> {
    pub(crate) slopes: &'a [E],
    /// Which place of each window.
    pub(crate) marks: &'a [u8],
    pub(crate) columns: usize,
    /// How far apart the first places of neighbouring windows are, down and across.
    pub(crate) steps: [usize; 2],
    /// How far each place of a window is from the first.
    pub(crate) within: &'a [usize; 1 << u8::BITS],
}

/// `sums[lane] += slope * padded[place + offset + lane]` over all windows, for [`LANES`] lanes of
/// every offset.
pub(crate) fn add_places<E: Element>(
    places: &Places<'_, E>,
    padded: &[E],
    offsets: &[usize],
    sums: &mut [E],
) {
    E::with_register(AddPlaces { places, padded, offsets, sums });
}

struct AddPlaces<'a, E> {
    places: &'a Places<'a, E>,
    padded: &'a [E],
    offsets: &'a [usize],
    sums: &'a mut [E],
}

impl<E: Element> WithRegister<E> for AddPlaces<'_, E> {
    #[inline(always)]
    unsafe fn run<R: Register<Number = E>>(self) {
        add::<R>(self.places, self.padded, self.offsets, self.sums);
    }
}

/// [`add_places`] with one sort of register.
///
/// # Safety
/// The processor has the register `R`.
#[inline(always)]
unsafe fn add<R: Register>(
    places: &Places<'_, R::Number>,
    padded: &[R::Number],
    offsets: &[usize],
    sums: &mut [R::Number],
) {
    let columns = places.columns.max(1);
    let furthest = (places.slopes.len() / columns).saturating_sub(1) * places.steps[0]
        + (columns - 1) * places.steps[1]
        + places.within.iter().fold(0, |most, within| most.max(*within));
    let reach = offsets.iter().fold(0, |most, offset| most.max(*offset)) + LANES;
    assert!(furthest + reach <= padded.len(), "every window is inside the padded image");
    assert_eq!(sums.len(), offsets.len() * LANES, "every lane has a sum");

    let all = || {
        let starts = offsets.iter().enumerate().map(|(index, offset)| (index * LANES, *offset));
        starts.flat_map(|(sum, offset)| {
            (0..LANES).step_by(R::COUNT).map(move |lane| (sum + lane, offset + lane))
        })
    };
    let mut registers = all().peekable();
    while registers.peek().is_some() {
        // As many at once as leave registers for what is read.
        let mut taken = [(0, 0); 6];
        let count = taken.iter_mut().zip(&mut registers).map(|(to, from)| *to = from).count();
        match count {
            1 => add_some::<R, 1>(places, padded, &taken, sums),
            2 => add_some::<R, 2>(places, padded, &taken, sums),
            3 => add_some::<R, 3>(places, padded, &taken, sums),
            4 => add_some::<R, 4>(places, padded, &taken, sums),
            5 => add_some::<R, 5>(places, padded, &taken, sums),
            _ => add_some::<R, 6>(places, padded, &taken, sums),
        }
    }
}

/// The same for `N` registers, each of which is filled from an offset and added to its sums.
///
/// # Safety
/// The processor has the register; every place and offset stays inside the image.
#[inline(always)]
unsafe fn add_some<R: Register, const N: usize>(
    places: &Places<'_, R::Number>,
    padded: &[R::Number],
    registers: &[(usize, usize); 6],
    sums: &mut [R::Number],
) {
    let columns = places.columns.max(1);
    let mut added = [R::zero(); N];
    let rows = places.slopes.chunks_exact(columns).zip(places.marks.chunks_exact(columns));
    for (row, (slopes, marks)) in rows.enumerate() {
        let mut window = row * places.steps[0];
        for (slope, mark) in slopes.iter().zip(marks) {
            let place = padded.as_ptr().add(window + places.within[usize::from(*mark)]);
            window += places.steps[1];
            let slope = R::of(*slope);
            for n in 0..N {
                let x = R::load(place.add(registers[n].1));
                // Rounded twice, so that the bits are those of any other register.
                added[n] = added[n].add(slope.multiply(x));
            }
        }
    }
    for n in 0..N {
        let sums = sums[registers[n].0..][..R::COUNT].as_mut_ptr();
        R::load(sums).add(added[n]).store(sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::wide::portable;

    fn check<E: Element>() {
        let numbers = |len: usize, scale: f64| -> Vec<E> {
            (0..len).map(|i| E::of((i as f64 * scale).sin())).collect()
        };
        let within = std::array::from_fn(|mark| (mark % 6) * 5);
        let (slopes, padded) = (numbers(12, 0.7), numbers(200, 0.3));
        let marks: Vec<u8> = (0..12).map(|i| i * 5 % 6).collect();
        let places =
            Places { slopes: &slopes, marks: &marks, columns: 4, steps: [30, 7], within: &within };
        for count in 1..8 {
            let offsets: Vec<usize> = (0..count).map(|n| n * n).collect();
            let mut expected = numbers(count * LANES, 0.1);
            for (at, sum) in expected.iter_mut().enumerate() {
                for window in 0..12 {
                    let place = window / 4 * 30 + window % 4 * 7 + within[marks[window] as usize];
                    let x = padded[place + offsets[at / LANES] + at % LANES];
                    *sum += slopes[window] * x;
                }
            }
            let run = || {
                let mut sums = numbers(count * LANES, 0.1);
                add_places(&places, &padded, &offsets, &mut sums);
                sums
            };
            let (wide, plain) = (run(), portable(run));
            assert_eq!(wide, plain, "the same bits with and without wide registers");
            for (found, expected) in wide.iter().zip(&expected) {
                assert!((found.as_f64() - expected.as_f64()).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn sums_are_those_of_the_plain_loops() {
        check::<f32>();
        check::<f64>();
    }
}
