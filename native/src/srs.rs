//! KZG set-ups: powers of a secret on BN254, in coefficient and Lagrange form.

use std::fs::{metadata, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use halo2_axiom::arithmetic::g_to_lagrange;
use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine, G2Affine, G1};
use halo2_axiom::halo2curves::ff::{BatchInvert, Field, PrimeField};
use halo2_axiom::halo2curves::group::prime::PrimeCurveAffine;
use halo2_axiom::halo2curves::group::{Curve, Group};
use halo2_axiom::halo2curves::serde::SerdeObject;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rayon::prelude::*;

use crate::error::{Error, Result};

const BUFFER: usize = 1 << 22;
/// Scalars worked on by one thread at a time.
const CHUNK: usize = 1 << 10;
/// Bytes of a point of the first and of the second group in a file.
const POINT: u64 = 64;
const TWIST: u64 = 128;

/// A set-up for polynomials of degree below 2^k.
#[derive(Clone, Debug)]
pub struct Srs {
    pub k: u32,
    /// s^i G.
    pub powers: Vec<G1Affine>,
    /// l_i(s) G, l_i being 1 on the i-th root of unity and 0 on the others.
    pub lagrange: Vec<G1Affine>,
    pub g2: G2Affine,
    pub s_g2: G2Affine,
}

impl Srs {
    /// The part that verification takes, in halo2's form.
    pub fn verifying(&self) -> Verifying {
        Verifying {
            g1: self.powers[0],
            g2: self.g2,
            s_g2: self.s_g2,
        }
    }

    /// The same set-up for 2^k rows.
    pub fn downsize(&self, k: u32) -> Result<Self> {
        if k > self.k {
            return Err(Error::Keys(format!(
                "the set-up is for 2^{} rows; it cannot serve 2^{k}: make one of that size",
                self.k
            )));
        }
        let powers = self.powers[..1 << k].to_vec();
        let lagrange = g_to_lagrange(powers.iter().map(|point| point.to_curve()).collect(), k);
        Ok(Srs {
            k,
            powers,
            lagrange,
            g2: self.g2,
            s_g2: self.s_g2,
        })
    }

    /// Write k, the powers, their Lagrange form, then the second group's generator and multiple.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut file = BufWriter::with_capacity(BUFFER, File::create(path)?);
        file.write_all(&self.k.to_le_bytes())?;
        for point in self.powers.iter().chain(&self.lagrange) {
            point.write_raw(&mut file)?;
        }
        self.g2.write_raw(&mut file)?;
        self.s_g2.write_raw(&mut file)?;
        Ok(file.flush()?)
    }

    /// Read what `write` wrote; points that are not on the curve are refused.
    pub fn read(path: &Path) -> Result<Self> {
        let k = size(path)?;
        let mut file = BufReader::with_capacity(BUFFER, File::open(path)?);
        file.read_exact(&mut [0; 4])?;
        let mut points = || -> Result<Vec<G1Affine>> {
            let all = (0..1usize << k).map(|_| G1Affine::read_raw(&mut file));
            Ok(all.collect::<std::io::Result<_>>()?)
        };
        let (powers, lagrange) = (points()?, points()?);
        Ok(Srs {
            k,
            powers,
            lagrange,
            g2: G2Affine::read_raw(&mut file)?,
            s_g2: G2Affine::read_raw(&mut file)?,
        })
    }
}

/// The k that a file says, if its length is that of such a set-up.
fn size(path: &Path) -> Result<u32> {
    let mut first = [0; 4];
    File::open(path)?.read_exact(&mut first)?;
    let k = u32::from_le_bytes(first);
    let expected = 4 + 2 * TWIST + 2 * POINT.checked_shl(k.min(32)).unwrap_or(0);
    let found = metadata(path)?.len();
    match found == expected {
        true => Ok(k),
        false => Err(Error::Keys(format!(
            "{} says k = {k} and has {found} bytes; {expected} are expected",
            path.display()
        ))),
    }
}

/// What verification takes of a set-up.
#[derive(Clone, Copy, Debug)]
pub struct Verifying {
    pub g1: G1Affine,
    pub g2: G2Affine,
    pub s_g2: G2Affine,
}

impl Verifying {
    /// In halo2's form, said to be of 2^k powers.
    pub fn params(&self, k: u32) -> ParamsKZG<Bn256> {
        let smallest = ParamsKZG::<Bn256>::setup(0, ChaCha20Rng::from_seed([0; 32]));
        let first = vec![self.g1];
        smallest.from_parts(k, first.clone(), Some(first), self.g2, self.s_g2)
    }

    /// A set-up of one power, as `Srs::write` writes it.
    pub fn write(&self, path: &Path) -> Result<()> {
        let srs = Srs {
            k: 0,
            powers: vec![self.g1],
            lagrange: vec![self.g1],
            g2: self.g2,
            s_g2: self.s_g2,
        };
        srs.write(path)
    }

    pub fn read(path: &Path) -> Result<Self> {
        Ok(Srs::read(path)?.verifying())
    }
}

/// A set-up whose secret follows from the seed: for development only.
///
/// It is `ParamsKZG::setup` of that generator, ten times as fast: all points are multiples of one.
pub fn development(k: u32, seed: [u8; 32]) -> Srs {
    let smallest = ParamsKZG::<Bn256>::setup(1, ChaCha20Rng::from_seed(seed));
    let secret = Fr::random(ChaCha20Rng::from_seed(seed));
    let windows = windows();
    Srs {
        k,
        powers: multiples(&windows, &powers(secret, 1 << k)),
        lagrange: multiples(&windows, &lagrange(secret, k)),
        g2: smallest.g2(),
        s_g2: smallest.s_g2(),
    }
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
