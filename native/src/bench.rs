//! Seconds of the two operations that proving mostly consists of, for the cost model.

use std::hint::black_box;
use std::time::Instant;

use halo2_axiom::halo2curves::bn256::{Bn256, Fr};
use halo2_axiom::halo2curves::ff::Field;
use halo2_axiom::poly::commitment::{Blind, Params};
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::poly::EvaluationDomain;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// From so many bits on, scalars are drawn from the whole field.
const FULL_BITS: u32 = 64;

/// Seconds of each commitment to a column of random scalars of so many bits.
pub fn msm_seconds(srs: &ParamsKZG<Bn256>, bits: u32, repeats: usize) -> Vec<f64> {
    let mut column = EvaluationDomain::new(1, srs.k()).empty_lagrange();
    let mut draws = ChaCha20Rng::seed_from_u64(u64::from(bits));
    for scalar in column.iter_mut() {
        *scalar = match bits {
            FULL_BITS.. => Fr::random(&mut draws),
            _ => Fr::from(draws.next_u64() & ((1 << bits) - 1)),
        };
    }
    (0..repeats)
        .map(|_| seconds(|| srs.commit_lagrange(&column, Blind::default())))
        .collect()
}

/// Seconds of each inverse transform of a column of 2^k values.
pub fn fft_seconds(k: u32, repeats: usize) -> Vec<f64> {
    let domain = EvaluationDomain::new(1, k);
    let mut column = domain.empty_lagrange();
    let mut draws = ChaCha20Rng::seed_from_u64(u64::from(k));
    column
        .iter_mut()
        .for_each(|value| *value = Fr::random(&mut draws));
    (0..repeats)
        .map(|_| {
            let column = column.clone();
            seconds(|| domain.lagrange_to_coeff(column))
        })
        .collect()
}

fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64()
}
