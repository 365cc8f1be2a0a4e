//! KZG set-ups: powers of a secret on BN254, in coefficient and Lagrange form.

use std::fs::{metadata, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine, G1};
use halo2_axiom::halo2curves::ff::{BatchInvert, Field, PrimeField};
use halo2_axiom::halo2curves::group::prime::PrimeCurveAffine;
use halo2_axiom::halo2curves::group::{Curve, Group};
use halo2_axiom::poly::commitment::Params;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::SerdeFormat;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rayon::prelude::*;

use crate::error::{Error, Result};

const FORMAT: SerdeFormat = SerdeFormat::RawBytes;
const BUFFER: usize = 1 << 22;
/// Scalars worked on by one thread at a time.
const CHUNK: usize = 1 << 10;
/// Bytes of a point of the first and of the second group in a file.
const POINT: u64 = 64;
const TWIST: u64 = 128;

/// A set-up whose secret follows from the seed: for development only.
///
/// It is `ParamsKZG::setup` of that generator, ten times as fast: all points are multiples of one.
pub fn development(k: u32, seed: [u8; 32]) -> ParamsKZG<Bn256> {
    let smallest = ParamsKZG::<Bn256>::setup(1, ChaCha20Rng::from_seed(seed));
    let secret = Fr::random(ChaCha20Rng::from_seed(seed));
    let windows = windows();
    let powers = multiples(&windows, &powers(secret, 1 << k));
    let lagrange = multiples(&windows, &lagrange(secret, k));
    smallest.from_parts(k, powers, Some(lagrange), smallest.g2(), smallest.s_g2())
}

fn powers(base: Fr, count: usize) -> Vec<Fr> {
    let all = std::iter::successors(Some(Fr::ONE), |power| Some(power * base));
    all.take(count).collect()
}

/// The Lagrange polynomials of the 2^k-th roots of unity w at s: (s^n - 1) w / (n (s - w)).
fn lagrange(secret: Fr, k: u32) -> Vec<Fr> {
    let omega = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    let roots = powers(omega, 1 << k);
    let mut values: Vec<Fr> = roots.iter().map(|root| secret - root).collect();
    values.iter_mut().batch_invert();
    let n = Fr::from(1 << k);
    let factor = (secret.pow_vartime([1 << k]) - Fr::ONE) * n.invert().expect("n is not zero");
    values
        .iter()
        .zip(&roots)
        .map(|(value, root)| factor * root * value)
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

/// Write k, the powers, their Lagrange form, then the second group's generator and its multiple.
pub fn write(srs: &ParamsKZG<Bn256>, path: &Path) -> Result<()> {
    let mut file = BufWriter::with_capacity(BUFFER, File::create(path)?);
    srs.write_custom(&mut file, FORMAT)?;
    Ok(file.flush()?)
}

/// Read what `write` wrote.
pub fn read(path: &Path) -> Result<ParamsKZG<Bn256>> {
    let mut first = [0; 4];
    File::open(path)?.read_exact(&mut first)?;
    let k = u32::from_le_bytes(first);
    let expected = 4 + 2 * TWIST + 2 * POINT.checked_shl(k.min(32)).unwrap_or(0);
    let found = metadata(path)?.len();
    if found != expected {
        return Err(Error::Keys(format!(
            "{} says k = {k} and has {found} bytes; {expected} are expected",
            path.display()
        )));
    }
    let mut file = BufReader::with_capacity(BUFFER, File::open(path)?);
    Ok(ParamsKZG::read_custom(&mut file, FORMAT)?)
}

/// The same set-up for 2^k rows.
pub fn downsize(srs: &ParamsKZG<Bn256>, k: u32) -> Result<ParamsKZG<Bn256>> {
    if k > srs.k() {
        return Err(Error::Keys(format!(
            "the set-up is for 2^{} rows; it cannot serve 2^{k}: make one of that size",
            srs.k()
        )));
    }
    let mut smaller = srs.clone();
    smaller.downsize(k);
    Ok(smaller)
}
