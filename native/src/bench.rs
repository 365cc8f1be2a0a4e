//! Seconds of the two operations that proving mostly consists of, for the cost model.

use std::hint::black_box;
use std::time::Instant;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use crate::algebra::domain::Domain;
use crate::algebra::msm;
use crate::srs::Srs;

/// From so many bits on, scalars are drawn from the whole field.
const FULL_BITS: u32 = 63;

/// Seconds of each commitment to a column of random scalars of so many bits.
pub fn msm_seconds(srs: &Srs, bits: u32, repeats: usize) -> Vec<f64> {
    let mut draws = ChaCha20Rng::seed_from_u64(u64::from(bits));
    let rows = 0..srs.lagrange.len();
    if bits >= FULL_BITS {
        let column: Vec<Fr> = rows.map(|_| Fr::random(&mut draws)).collect();
        return repeat(repeats, || msm::full(&column, &srs.lagrange));
    }
    let below = (1 << bits) - 1;
    let column: Vec<i64> = rows.map(|_| (draws.next_u64() & below) as i64).collect();
    repeat(repeats, || msm::small(&column, &srs.lagrange))
}

/// Seconds of each inverse transform of a column of 2^k values.
pub fn fft_seconds(k: u32, repeats: usize) -> Vec<f64> {
    let domain = Domain::new(k, 2);
    let mut draws = ChaCha20Rng::seed_from_u64(u64::from(k));
    let column: Vec<Fr> = (0..domain.n).map(|_| Fr::random(&mut draws)).collect();
    repeat(repeats, || domain.coefficients(column.clone()))
}

fn repeat<T>(repeats: usize, work: impl Fn() -> T) -> Vec<f64> {
    (0..repeats).map(|_| seconds(&work)).collect()
}

fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64()
}
