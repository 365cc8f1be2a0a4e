//! Multi-scalar multiplication: Pippenger's buckets, filled by batches of affine additions.
//!
//! Scalars are cut into signed digits of `width` bits (Booth's recoding, so that a window needs no
//! carry from the one below). The points of a bucket are added in pairs, all buckets of a group
//! together, so that one field inversion serves thousands of additions of six multiplications.

use std::ops::Range;

use halo2_axiom::halo2curves::bn256::{Fq, Fr, G1Affine, G1};
use halo2_axiom::halo2curves::ff::{Field, PrimeField};
use halo2_axiom::halo2curves::group::prime::PrimeCurveAffine;
use halo2_axiom::halo2curves::group::Group;
use rayon::prelude::*;

/// Points added together before the next buckets are begun: half a megabyte.
const GROUP: usize = 1 << 13;
const WIDEST: u32 = 17;
/// Points asked for before they are needed.
const AHEAD: usize = 24;

/// The sum of scalar times base.
pub fn full(scalars: &[Fr], bases: &[G1Affine]) -> G1 {
    let limbs: Vec<Scalar> = scalars.par_iter().map(Scalar::of_element).collect();
    sum(&limbs, bases)
}

/// The sum of integer times base; time grows with the integers' length.
pub fn small(scalars: &[i64], bases: &[G1Affine]) -> G1 {
    let limbs: Vec<Scalar> = scalars.par_iter().map(|v| Scalar::of_integer(*v)).collect();
    sum(&limbs, bases)
}

/// Magnitude in little-endian limbs, and whether it is subtracted.
#[derive(Clone, Copy)]
struct Scalar {
    limbs: [u64; 4],
    negative: bool,
}

impl Scalar {
    fn of_element(value: &Fr) -> Self {
        let bytes = value.to_repr();
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().zip(bytes.as_ref().chunks_exact(8)) {
            *limb = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        }
        Scalar {
            limbs,
            negative: false,
        }
    }

    fn of_integer(value: i64) -> Self {
        Scalar {
            limbs: [value.unsigned_abs(), 0, 0, 0],
            negative: value < 0,
        }
    }

    fn bits(&self) -> u32 {
        let top = (0..4).rev().find(|limb| self.limbs[*limb] != 0);
        top.map_or(0, |limb| {
            64 * (limb as u32 + 1) - self.limbs[limb].leading_zeros()
        })
    }

    /// Digit of a window, in -2^(width-1) ..= 2^(width-1).
    fn digit(&self, window: u32, width: u32) -> i32 {
        let mask = (1u64 << (width + 1)) - 1;
        let bits = match window {
            0 => (self.limbs[0] << 1) & mask,
            _ => self.bits_at(window * width - 1) & mask,
        };
        let digit = (bits as i32 + 1) >> 1;
        let digit = match bits >> width {
            0 => digit,
            _ => digit - (1 << width),
        };
        match self.negative {
            true => -digit,
            false => digit,
        }
    }

    /// The 64 bits from one on.
    fn bits_at(&self, bit: u32) -> u64 {
        let (limb, shift) = (bit as usize / 64, bit % 64);
        let low = self.limbs.get(limb).map_or(0, |limb| limb >> shift);
        let next = self.limbs.get(limb + 1).copied().unwrap_or(0);
        match shift {
            0 => low,
            _ => low | next << (64 - shift),
        }
    }
}

fn sum(scalars: &[Scalar], bases: &[G1Affine]) -> G1 {
    assert_eq!(scalars.len(), bases.len());
    if scalars.is_empty() {
        return G1::identity();
    }
    let bits = scalars.par_iter().map(Scalar::bits).max().unwrap_or(0);
    let width = best_width(bits, scalars.len());
    let windows = (bits + 1).div_ceil(width);
    let parts = parts(windows, scalars.len());
    let tasks: Vec<(u32, Range<usize>)> = (0..windows)
        .flat_map(|window| parts.iter().map(move |part| (window, part.clone())))
        .collect();
    let sums: Vec<G1> = tasks
        .into_par_iter()
        .with_max_len(1)
        .map(|(window, part)| Window { window, width }.sum(&scalars[part.clone()], &bases[part]))
        .collect();
    let by_window = sums.chunks(parts.len()).rev();
    by_window.fold(G1::identity(), |total, part| {
        let shifted = (0..width).fold(total, |point, _| point.double());
        part.iter().fold(shifted, |sum, point| sum + point)
    })
}

/// The width that takes the fewest multiplications: 6 to add a point, 27 to sum up a bucket.
fn best_width(bits: u32, count: usize) -> u32 {
    let cost = |width: &u32| {
        let windows = u64::from((bits + 1).div_ceil(*width));
        windows * (6 * count as u64 + 27 * (1 << (width - 1)))
    };
    (2..=WIDEST).min_by_key(cost).unwrap_or(2)
}

/// Few windows are cut up for all threads to have work.
fn parts(windows: u32, count: usize) -> Vec<Range<usize>> {
    let threads = rayon::current_num_threads();
    let wanted = match windows as usize >= 4 * threads {
        true => 1,
        false => threads,
    };
    let length = count.div_ceil(wanted);
    let starts = (0..count).step_by(length);
    starts
        .map(|start| start..count.min(start + length))
        .collect()
}

/// One window of all scalars.
#[derive(Clone, Copy)]
struct Window {
    window: u32,
    width: u32,
}

impl Window {
    /// Sum of digit times base.
    fn sum(self, scalars: &[Scalar], bases: &[G1Affine]) -> G1 {
        let sorted = self.sort(scalars);
        let mut buckets = vec![G1Affine::identity(); sorted.ends.len()];
        let mut adder = Adder::default();
        let mut first = 0;
        while first < buckets.len() {
            let last = sorted.group(first);
            buckets[first..last].copy_from_slice(&adder.sums(&sorted, first..last, bases));
            first = last;
        }
        weighted(&buckets)
    }

    /// Points by bucket: digit d is in bucket |d| - 1.
    fn sort(self, scalars: &[Scalar]) -> Sorted {
        let digits: Vec<i32> = scalars
            .iter()
            .map(|scalar| scalar.digit(self.window, self.width))
            .collect();
        let mut next = vec![0u32; (1 << (self.width - 1)) + 1];
        for digit in &digits {
            next[digit.unsigned_abs() as usize] += 1;
        }
        next[0] = 0;
        let mut total = 0;
        for count in next.iter_mut() {
            (*count, total) = (total, total + *count);
        }
        let mut order = vec![0u32; total as usize];
        for (index, digit) in digits.iter().enumerate() {
            if *digit != 0 {
                let place = &mut next[digit.unsigned_abs() as usize];
                order[*place as usize] = (index as u32) << 1 | u32::from(*digit < 0);
                *place += 1;
            }
        }
        Sorted {
            order,
            ends: next[1..].to_vec(),
        }
    }
}

/// Points in order of their buckets: index << 1 | negative, and where each bucket ends.
struct Sorted {
    order: Vec<u32>,
    ends: Vec<u32>,
}

impl Sorted {
    fn start(&self, bucket: usize) -> usize {
        bucket
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize)
    }

    /// The bucket after the last one of a group.
    fn group(&self, first: usize) -> usize {
        let most = (self.start(first) + GROUP) as u32;
        let fitting = self.ends[first..].partition_point(|end| *end <= most);
        first + fitting.max(1)
    }

    /// Bases are read in no order: ask for them before they are needed.
    fn prefetch(&self, place: usize, bases: &[G1Affine]) {
        #[cfg(target_arch = "x86_64")]
        if let Some(entry) = self.order.get(place) {
            use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
            let base: *const G1Affine = &bases[*entry as usize >> 1];
            // SAFETY: a hint; it reads nothing, and the pointer is that of a reference.
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(base.cast());
                _mm_prefetch::<_MM_HINT_T0>(base.cast::<i8>().add(63));
            }
        }
    }

    fn point(&self, place: usize, bases: &[G1Affine]) -> G1Affine {
        let entry = self.order[place];
        let point = bases[entry as usize >> 1];
        match entry & 1 {
            0 => point,
            _ => -point,
        }
    }
}

/// Sums of buckets, in rounds that add neighbours; its buffers serve group after group.
#[derive(Default)]
struct Adder {
    points: Vec<G1Affine>,
    halved: Vec<G1Affine>,
    counts: Vec<u32>,
    /// (left summand among `points`, place of the sum among `halved`).
    pairs: Vec<(u32, u32)>,
    products: Vec<Fq>,
}

impl Adder {
    /// The sum of each bucket of a group.
    fn sums(
        &mut self,
        sorted: &Sorted,
        buckets: Range<usize>,
        bases: &[G1Affine],
    ) -> Vec<G1Affine> {
        let places = sorted.start(buckets.start)..sorted.ends[buckets.end - 1] as usize;
        self.points.clear();
        self.points.extend(places.map(|place| {
            sorted.prefetch(place + AHEAD, bases);
            sorted.point(place, bases)
        }));
        self.counts.clear();
        let count = |bucket| sorted.ends[bucket] - sorted.start(bucket) as u32;
        self.counts.extend(buckets.map(count));
        while self.counts.iter().any(|count| *count > 1) {
            self.halve();
        }
        let mut points = self.points.iter();
        let sum = |count: &u32| match count {
            0 => G1Affine::identity(),
            _ => *points.next().expect("a point for each bucket in use"),
        };
        self.counts.iter().map(sum).collect()
    }

    /// Add neighbours in every bucket; an odd one is left as it is.
    fn halve(&mut self) {
        let length: u32 = self.counts.iter().map(|count| count.div_ceil(2)).sum();
        self.halved.resize(length as usize, G1Affine::identity());
        self.pairs.clear();
        let (mut from, mut to) = (0, 0);
        for count in &mut self.counts {
            let pairs = *count / 2;
            self.pairs
                .extend((0..pairs).map(|pair| (from + 2 * pair, to + pair)));
            from += *count;
            if *count % 2 == 1 {
                self.halved[(to + pairs) as usize] = self.points[from as usize - 1];
            }
            *count = count.div_ceil(2);
            to += *count;
        }
        self.add_pairs();
        std::mem::swap(&mut self.points, &mut self.halved);
    }

    /// One inversion for all: products of the denominators forward, their inverses backward.
    fn add_pairs(&mut self) {
        self.products.clear();
        let mut product = Fq::ONE;
        for (left, _) in &self.pairs {
            let [p, q] = [0, 1].map(|i| &self.points[*left as usize + i]);
            self.products.push(product);
            product *= denominator(p, q);
        }
        let mut inverse = product.invert().expect("no denominator is zero");
        for ((left, place), before) in self.pairs.iter().zip(&self.products).rev() {
            let [p, q] = [0, 1].map(|i| &self.points[*left as usize + i]);
            let denominator = denominator(p, q);
            self.halved[*place as usize] = add(p, q, inverse * before);
            inverse *= denominator;
        }
    }
}

fn is_identity(point: &G1Affine) -> bool {
    point.x == Fq::ZERO && point.y == Fq::ZERO
}

/// What the slope of p + q is divided by; 1 where the sum needs no slope.
fn denominator(p: &G1Affine, q: &G1Affine) -> Fq {
    if is_identity(p) || is_identity(q) {
        Fq::ONE
    } else if p.x != q.x {
        q.x - p.x
    } else if p.y == q.y {
        p.y.double()
    } else {
        Fq::ONE
    }
}

/// p + q, given the inverse of `denominator`.
fn add(p: &G1Affine, q: &G1Affine, inverse: Fq) -> G1Affine {
    let rise = if is_identity(p) {
        return *q;
    } else if is_identity(q) {
        return *p;
    } else if p.x != q.x {
        q.y - p.y
    } else if p.y == q.y {
        let square = p.x.square();
        square.double() + square
    } else {
        return G1Affine::identity();
    };
    let slope = rise * inverse;
    let x = slope.square() - p.x - q.x;
    let y = slope * (p.x - x) - p.y;
    G1Affine { x, y }
}

/// sum of (i + 1) * bucket_i
fn weighted(buckets: &[G1Affine]) -> G1 {
    let (mut running, mut total) = (G1::identity(), G1::identity());
    for bucket in buckets.iter().rev() {
        running += bucket;
        total += running;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_axiom::halo2curves::group::Curve;
    use rand_chacha::ChaCha20Rng;
    use rand_core::{RngCore, SeedableRng};

    fn points(count: usize, draws: &mut ChaCha20Rng) -> Vec<G1Affine> {
        (0..count)
            .map(|_| (G1::generator() * Fr::random(&mut *draws)).to_affine())
            .collect()
    }

    fn naive(scalars: &[Fr], bases: &[G1Affine]) -> G1 {
        let products = scalars
            .iter()
            .zip(bases)
            .map(|(scalar, base)| base * scalar);
        products.fold(G1::identity(), |sum, product| sum + product)
    }

    #[test]
    fn field_elements_of_any_length_are_summed() {
        let mut draws = ChaCha20Rng::seed_from_u64(1);
        for count in [0, 1, 2, 3, 50, 700] {
            let bases = points(count, &mut draws);
            let mut scalars: Vec<Fr> = (0..count).map(|_| Fr::random(&mut draws)).collect();
            let ends = [Fr::ZERO, -Fr::ONE, Fr::ONE, -Fr::from(2)];
            for (scalar, end) in scalars.iter_mut().zip(ends) {
                *scalar = end;
            }
            assert_eq!(full(&scalars, &bases), naive(&scalars, &bases), "{count}");
        }
    }

    #[test]
    fn integers_of_either_sign_are_summed() {
        let mut draws = ChaCha20Rng::seed_from_u64(2);
        for shift in [1, 8, 30, 44, 52, 63] {
            let bases = points(200, &mut draws);
            let scalars: Vec<i64> = (0..200)
                .map(|_| draws.next_u64() as i64 >> shift)
                .chain([0, i64::MIN, i64::MAX])
                .skip(3)
                .collect();
            let elements: Vec<Fr> = scalars
                .iter()
                .map(|v| crate::algebra::field::signed(*v))
                .collect();
            assert_eq!(small(&scalars, &bases), naive(&elements, &bases), "{shift}");
        }
    }

    #[test]
    fn equal_opposite_and_absent_points_are_added_as_they_should_be() {
        let mut draws = ChaCha20Rng::seed_from_u64(3);
        let mut bases = vec![points(1, &mut draws)[0]; 9];
        bases[2] = -bases[2];
        bases[3] = G1Affine::identity();
        bases[4] = G1Affine::identity();
        for scalars in [[1; 9], [1, 1, 1, 1, 1, -1, -1, -1, 1], [3; 9]] {
            let elements: Vec<Fr> = scalars.map(crate::algebra::field::signed).to_vec();
            assert_eq!(small(&scalars, &bases), naive(&elements, &bases));
        }
    }
}
