//! Number-theoretic transforms of length 2^k that never reorder.
//!
//! Coefficients stand in *bit-reversed* order: the coefficient of X^i at the place whose k bits are
//! those of i reversed. Values to coefficients is then decimation in frequency, coefficients to
//! values decimation in time; both work in place, halves of halves, so that all but the first
//! levels stay in the processor's cache. halo2's transform takes natural order on both sides.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;
use rayon::prelude::*;

use super::field::powers;

/// Values transformed by one thread without dividing the work.
const SERIAL: usize = 1 << 12;

/// Powers of the root of unity of each order: `levels[t]` holds omega_m^j, j < m / 2, m = 2^(t+1).
#[derive(Clone, Debug)]
pub struct Transform {
    levels: Vec<Vec<Fr>>,
}

impl Transform {
    /// For 2^k values, omega being a root of unity of that order.
    pub fn new(k: u32, omega: Fr) -> Self {
        let mut levels = Vec::new();
        let mut level: Vec<Fr> = powers(omega).take((1 << k) / 2).collect();
        for _ in 0..k {
            let next = level.iter().step_by(2).copied().collect();
            levels.push(std::mem::replace(&mut level, next));
        }
        levels.reverse();
        Transform { levels }
    }

    fn level(&self, length: usize) -> &[Fr] {
        &self.levels[length.ilog2() as usize - 1]
    }

    /// Bit-reversed coefficients to values on 1, omega, omega^2, ...
    pub fn forward(&self, values: &mut [Fr]) {
        if values.len() < 2 {
            return;
        }
        let roots = self.level(values.len());
        let (even, odd) = values.split_at_mut(values.len() / 2);
        if even.len() < SERIAL {
            self.forward(even);
            self.forward(odd);
            join(even, odd, roots);
            return;
        }
        rayon::join(|| self.forward(even), || self.forward(odd));
        let pairs = even.par_chunks_mut(SERIAL).zip(odd.par_chunks_mut(SERIAL));
        let parts = pairs.zip(roots.par_chunks(SERIAL));
        parts.for_each(|((even, odd), roots)| join(even, odd, roots));
    }

    /// Values on 1, omega, omega^2, ... to bit-reversed coefficients, times the number of values.
    pub fn backward(&self, values: &mut [Fr]) {
        if values.len() < 2 {
            return;
        }
        let roots = self.level(values.len());
        let (low, high) = values.split_at_mut(values.len() / 2);
        if low.len() < SERIAL {
            part(low, high, roots, 0);
            self.backward(low);
            self.backward(high);
            return;
        }
        let pairs = low.par_chunks_mut(SERIAL).zip(high.par_chunks_mut(SERIAL));
        let parts = pairs.enumerate();
        parts.for_each(|(i, (low, high))| part(low, high, roots, i * SERIAL));
        rayon::join(|| self.backward(low), || self.backward(high));
    }
}

/// (even, odd) -> (even + w odd, even - w odd)
fn join(even: &mut [Fr], odd: &mut [Fr], roots: &[Fr]) {
    for ((even, odd), root) in even.iter_mut().zip(odd).zip(roots) {
        let turned = *odd * root;
        *odd = *even - turned;
        *even += turned;
    }
}

/// (low, high) -> (low + high, (low - high) / w): 1 / w^j is -w^(m/2 - j).
fn part(low: &mut [Fr], high: &mut [Fr], roots: &[Fr], first: usize) {
    for (j, (low, high)) in (first..).zip(low.iter_mut().zip(high)) {
        let difference = match j {
            0 => *low - *high,
            _ => (*high - *low) * roots[roots.len() - j],
        };
        *low += *high;
        *high = difference;
    }
}

/// The powers x^0, x^1, ... x^(2^k - 1) in bit-reversed order.
pub fn bit_reversed_powers(x: Fr, k: u32) -> Vec<Fr> {
    let squares: Vec<Fr> = std::iter::successors(Some(x), |power| Some(power.square()))
        .take(k as usize)
        .collect();
    let mut all = Vec::with_capacity(1 << k);
    all.push(Fr::ONE);
    for square in squares.iter().rev() {
        let length = all.len();
        all.resize(2 * length, Fr::ZERO);
        let (known, next) = all.split_at_mut(length);
        let pairs = next.par_iter_mut().with_min_len(SERIAL).zip(known);
        pairs.for_each(|(next, known)| *next = *known * square);
    }
    all
}

/// From bit-reversed to natural order, or back.
pub fn reorder(values: &[Fr]) -> Vec<Fr> {
    let unused = usize::BITS - values.len().ilog2();
    let place = |i: usize| match values.len() {
        1 => 0,
        _ => i.reverse_bits() >> unused,
    };
    let places = (0..values.len()).into_par_iter().with_min_len(SERIAL);
    places.map(|i| values[place(i)]).collect()
}
