//! Set-ups whose secret is known: for development only.

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine, G2Affine, G1};
use halo2_axiom::halo2curves::ff::{BatchInvert, Field, PrimeField};
use halo2_axiom::halo2curves::group::prime::PrimeCurveAffine;
use halo2_axiom::halo2curves::group::{Curve, Group};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rayon::prelude::*;

use super::setup::Srs;
use crate::algebra::domain::root_of_unity;
use crate::algebra::field::first_powers;

/// Scalars worked on by one thread at a time.
const CHUNK: usize = 1 << 10;

/// A set-up for 2^k rows whose secret follows from the seed, with `packing` times as many powers.
///
/// It is `ParamsKZG::setup` of that generator, ten times as fast: all points are multiples of one.
pub fn development(k: u32, packing: usize, seed: [u8; 32]) -> Srs {
    let secret = Fr::random(ChaCha20Rng::from_seed(seed));
    let windows = windows();
    let g2 = G2Affine::generator();
    Srs {
        k,
        powers: multiples(&windows, &first_powers(secret, packing << k)),
        lagrange: multiples(&windows, &lagrange(secret, k)),
        g2,
        s_g2: (g2 * secret).to_affine(),
    }
}

/// The Lagrange polynomials of the 2^k-th roots of unity w at s: (s^n - 1) w / (n (s - w)).
fn lagrange(secret: Fr, k: u32) -> Vec<Fr> {
    let roots = first_powers(root_of_unity(k), 1 << k);
    let mut values: Vec<Fr> = roots.iter().map(|root| secret - root).collect();
    values.iter_mut().batch_invert();
    let n = Fr::from(1 << k);
    let scale = (secret.pow_vartime([1 << k]) - Fr::ONE) * n.invert().expect("n is not zero");
    values
        .iter()
        .zip(&roots)
        .map(|(value, root)| scale * root * value)
        .collect()
}

/// The multiples of 256^i G by 0 to 255, for each byte i of a scalar.
fn windows() -> Vec<Vec<G1Affine>> {
    let mut base = G1::generator();
    let window = |_| {
        let digits = std::iter::successors(Some(G1::identity()), |point| Some(point + base));
        let mut points: Vec<G1> = digits.take(257).collect();
        base = points.pop().expect("256 G");
        affine(&points)
    };
    (0..32).map(window).collect()
}

/// The generator times each scalar.
fn multiples(windows: &[Vec<G1Affine>], scalars: &[Fr]) -> Vec<G1Affine> {
    let multiple = |scalar: &Fr| -> G1 {
        let bytes = scalar.to_repr();
        let digits = windows.iter().zip(bytes.as_ref());
        digits.fold(G1::identity(), |sum, (window, digit)| {
            sum + window[*digit as usize]
        })
    };
    let chunk = |scalars: &[Fr]| affine(&scalars.iter().map(multiple).collect::<Vec<_>>());
    scalars.par_chunks(CHUNK).flat_map_iter(chunk).collect()
}

fn affine(points: &[G1]) -> Vec<G1Affine> {
    let mut found = vec![G1Affine::identity(); points.len()];
    G1::batch_normalize(points, &mut found);
    found
}
