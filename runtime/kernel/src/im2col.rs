//! Patches of an image under pooled convolution windows, and their sums weighted by gradients: the
//! gradient of the weight of a pooled convolution. The compiler does not vectorize these loops
//! reliably, so SIMD registers are written out.
#![allow(unsafe_code)]

use super::{
    element::simd::{Simd, WithSimd},
    Element,
};

/// A patch is padded to a multiple of this length.
const LANES: usize = 16;
/// Maximum length of a copy, and the number of elements that may be read beyond the last patch.
pub(crate) const MAX_COPY: usize = 8;

/// The layout of the patches under a pooling window: one patch per position of the convolution in
/// the window.
pub(crate) struct Im2col {
    /// For each copy, its offset from the patch's corner in the image and its offset in the patch.
    copies: Vec<[usize; 2]>,
    /// Length of a copy. The next copy overwrites the excess.
    copy_len: usize,
    lanes: usize,
    /// Offsets of the patches of a window from the first one.
    offsets: Vec<usize>,
    /// Distance between adjacent windows in the image.
    step: usize,
}

impl Im2col {
    /// `runs` are the offsets of a patch's contiguous runs of `run_len` elements each.
    pub(crate) fn new(
        runs: impl Iterator<Item = usize>,
        run_len: usize,
        offsets: Vec<usize>,
        step: usize,
    ) -> Im2col {
        let copy_len = run_len.next_power_of_two().min(MAX_COPY);
        let copies = runs.enumerate().flat_map(|(index, run)| {
            (0..run_len).step_by(copy_len).map(move |at| [run + at, index * run_len + at])
        });
        let copies: Vec<_> = copies.collect();
        let len = copies.last().map_or(0, |[_, to]| to + copy_len);
        Im2col { copies, copy_len, lanes: len.next_multiple_of(LANES), offsets, step }
    }

    /// Length of a padded patch.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    /// Length of all patches of a window.
    pub(crate) fn window(&self) -> usize {
        self.offsets.len() * self.lanes
    }

    /// Number of elements of the image that the patches of `windows` adjacent windows span.
    pub(crate) fn extent(&self, windows: usize) -> usize {
        let offset = self.offsets.iter().fold(0, |max, offset| max.max(*offset));
        let from = self.copies.iter().fold(0, |max, [from, _]| max.max(*from));
        windows.saturating_sub(1) * self.step + offset + from + self.copy_len
    }

    /// Fills `windows`, `[windows, positions, lanes]`, with the patches of adjacent windows, the
    /// first of which starts at `image[0]`. The padding of a patch has arbitrary content.
    pub(crate) fn gather<E: Element>(&self, image: &[E], windows: &mut [E]) {
        match self.copy_len {
            1 => self.gather_by::<E, 1>(image, windows),
            2 => self.gather_by::<E, 2>(image, windows),
            4 => self.gather_by::<E, 4>(image, windows),
            _ => self.gather_by::<E, MAX_COPY>(image, windows),
        }
    }

    fn gather_by<E: Element, const N: usize>(&self, image: &[E], windows: &mut [E]) {
        let count = windows.len() / self.window().max(1);
        assert!(
            self.copy_len >= N && self.extent(count) <= image.len(),
            "the image has every number"
        );
        assert!(self.copies.iter().all(|[_, to]| to + N <= self.lanes), "and the patch a place");
        for (index, window) in windows.chunks_exact_mut(self.window().max(1)).enumerate() {
            for (offset, patch) in self.offsets.iter().zip(window.chunks_exact_mut(self.lanes)) {
                let (corner, patch) = (index * self.step + offset, patch.as_mut_ptr());
                for [from, to] in &self.copies {
                    // SAFETY: both ranges are within their slices by the assertions above.
                    unsafe {
                        let source = image.as_ptr().add(corner + from).cast::<[E; N]>();
                        patch.add(*to).cast::<[E; N]>().write_unaligned(source.read_unaligned());
                    }
                }
            }
        }
    }

    /// `sums[k] += gradient * patch[k]` for every window and filter, where `patch` is the window's
    /// patch at the filter's argmax. `sums` has the shape `[filters, lanes]`, see
    /// [`lanes`](Im2col::lanes).
    pub(crate) fn add<E: Element>(
        &self,
        windows: &[E],
        pooled: PooledGrads<'_, E>,
        sums: &mut [E],
    ) {
        E::with_simd(AddPatches { patches: self, windows, pooled, sums });
    }
}

/// The argmax of each pooling window, and the largest of them.
#[derive(Clone, Copy)]
pub(crate) struct Argmax<'a> {
    argmax: &'a [u8],
    max: u8,
}

impl<'a> Argmax<'a> {
    pub(crate) fn new(argmax: &'a [u8]) -> Argmax<'a> {
        Argmax { argmax, max: argmax.iter().fold(0, |max, index| max.max(*index)) }
    }
}

/// Gradients and argmax of pooling windows, `[filters, windows]`.
#[derive(Clone, Copy)]
pub(crate) struct PooledGrads<'a, E> {
    pub grads: &'a [E],
    pub argmax: Argmax<'a>,
    /// Index of the first window, and number of windows per filter.
    pub first: usize,
    pub windows_per_filter: usize,
}

struct AddPatches<'a, E> {
    patches: &'a Im2col,
    windows: &'a [E],
    pooled: PooledGrads<'a, E>,
    sums: &'a mut [E],
}

impl<E: Element> WithSimd<E> for AddPatches<'_, E> {
    #[inline(always)]
    unsafe fn run<R: Simd<Number = E>>(self) {
        let AddPatches { patches, windows, pooled, sums } = self;
        let (lanes, window_len) = (patches.lanes(), patches.window());
        let count = windows.len() / window_len.max(1);
        assert!(usize::from(pooled.argmax.max) < patches.offsets.len(), "every mark is of a place");
        assert!(
            pooled.first + count <= pooled.windows_per_filter,
            "every filter has so many windows"
        );
        assert!(lanes.is_multiple_of(LANES) && count * window_len <= windows.len());
        let grads = pooled.grads.chunks_exact(pooled.windows_per_filter.max(1));
        let argmax = pooled.argmax.argmax.chunks_exact(pooled.windows_per_filter.max(1));
        let filters = grads.zip(argmax).zip(sums.chunks_exact_mut(lanes.max(1)));
        for ((grads, argmax), sums) in filters {
            let own = pooled.first..pooled.first + count;
            let mut filter = AddFilter {
                windows: windows.as_ptr(),
                window_len,
                grads: &grads[own.clone()],
                argmax: &argmax[own],
                sums,
            };
            let mut lane = 0;
            while lane + 4 * R::LANES <= lanes {
                filter.add_lanes::<R, 4>(lane);
                lane += 4 * R::LANES;
            }
            while lane + 2 * R::LANES <= lanes {
                filter.add_lanes::<R, 2>(lane);
                lane += 2 * R::LANES;
            }
            if lane < lanes {
                filter.add_lanes::<R, 1>(lane);
            }
        }
    }
}

/// The sums of one filter.
struct AddFilter<'a, E> {
    /// The patches of the first window, and the distance to the next window.
    windows: *const E,
    window_len: usize,
    grads: &'a [E],
    argmax: &'a [u8],
    sums: &'a mut [E],
}

impl<E: Element> AddFilter<'_, E> {
    /// Computes `N` registers of sums, starting at `lane`.
    ///
    /// # Safety
    /// The processor supports the register, the sums are in bounds, and every argmax is the index
    /// of a patch.
    #[inline(always)]
    unsafe fn add_lanes<R: Simd<Number = E>, const N: usize>(&mut self, lane: usize) {
        // Two independent sums hide the latency of an addition.
        let mut sums = [[R::zero(); N]; 2];
        let (grads, last_grad) = self.grads.as_chunks::<2>();
        let (argmax, last_index) = self.argmax.as_chunks::<2>();
        let mut window = self.windows.add(lane);
        for (grads, argmax) in grads.iter().zip(argmax) {
            for two in 0..2 {
                self.window::<R, N>(window, grads[two], argmax[two], &mut sums[two]);
                window = window.wrapping_add(self.window_len);
            }
        }
        if let ([grad], [index]) = (last_grad, last_index) {
            self.window::<R, N>(window, *grad, *index, &mut sums[0]);
        }
        let [even, odd] = sums;
        for (n, (even, odd)) in even.into_iter().zip(odd).enumerate() {
            let to = self.sums.as_mut_ptr().add(lane + n * R::LANES);
            R::load(to).add(even.add(odd)).store(to);
        }
    }

    /// # Safety
    /// As [`add_lanes`](AddFilter::add_lanes), for a window in bounds.
    #[inline(always)]
    unsafe fn window<R: Simd<Number = E>, const N: usize>(
        &self,
        window: *const E,
        grad: E,
        index: u8,
        sums: &mut [R; N],
    ) {
        let patch = window.add(usize::from(index) * self.sums.len());
        let grad = R::splat(grad);
        for (n, sum) in sums.iter_mut().enumerate() {
            // Not fused, so that the bits do not depend on the register.
            *sum = sum.add(grad.mul(R::load(patch.add(n * R::LANES))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd_dispatch::portable;

    fn numbers<E: Element>(len: usize, scale: f64) -> Vec<E> {
        (0..len).map(|i| E::of((i as f64 * scale).sin())).collect()
    }

    /// Compares with scalar loops: runs of `run_len` elements each, windows of six positions.
    fn check<E: Element>(runs: &[usize], run_len: usize, count: usize) {
        let offsets: Vec<usize> = (0..6).map(|offset| offset / 3 * 40 + offset % 3).collect();
        let patches = Im2col::new(runs.iter().copied(), run_len, offsets.clone(), 5);
        let image = numbers::<E>(patches.extent(count), 0.3);
        let mut windows = vec![E::zero(); count * patches.window()];
        patches.gather(&image, &mut windows);
        // Two filters, with one more window before and one after the tested ones.
        let windows_per_filter = count + 2;
        let grads = numbers::<E>(2 * windows_per_filter, 0.7);
        let argmax: Vec<u8> = (0..2 * windows_per_filter).map(|i| (i * 5 % 6) as u8).collect();

        let run = || {
            let mut sums = numbers(2 * patches.lanes(), 0.1);
            let pooled = PooledGrads {
                grads: &grads,
                argmax: Argmax::new(&argmax),
                first: 1,
                windows_per_filter,
            };
            patches.add(&windows, pooled, &mut sums);
            sums
        };
        let (wide, plain): (Vec<E>, _) = (run(), portable(run));
        let before = numbers::<E>(wide.len(), 0.1);
        for (filter, at) in (0..2).flat_map(|f| (0..runs.len() * run_len).map(move |at| (f, at))) {
            let sum = filter * patches.lanes() + at;
            assert_eq!(wide[sum], plain[sum], "the same bits with and without wide registers");
            let mut expected = before[sum].as_f64();
            for window in 0..count {
                let own = filter * windows_per_filter + 1 + window;
                let corner = window * 5 + offsets[usize::from(argmax[own])];
                let x = image[corner + runs[at / run_len] + at % run_len];
                expected += grads[own].as_f64() * x.as_f64();
            }
            assert!((wide[sum].as_f64() - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn sums_are_those_of_the_plain_loops() {
        // Runs of one copy, of a part of one and of several; patches of one register and of many.
        for (runs, run_len) in [(9, 3), (3, 1), (5, 2), (16, 1), (4, 4), (7, 5), (11, 9), (6, 16)] {
            let runs: Vec<usize> = (0..runs).map(|run| run * 40 + run % 2).collect();
            for count in [0, 1, 2, 7] {
                check::<f32>(&runs, run_len, count);
                check::<f64>(&runs, run_len, count);
            }
        }
        check::<f32>(&[], 0, 3);
    }

    #[test]
    #[should_panic(expected = "every mark is of a place")]
    fn a_place_beyond_the_window_is_refused() {
        let patches = Im2col::new([0].into_iter(), 4, vec![0, 1], 2);
        let pooled = PooledGrads {
            grads: &[1f32],
            argmax: Argmax::new(&[2]),
            first: 0,
            windows_per_filter: 1,
        };
        patches.add(&[0.0; 2 * LANES], pooled, &mut [0.0; LANES]);
    }
}
