//! A set-up and its file.

use std::fs::{metadata, File};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use halo2_axiom::arithmetic::g_to_lagrange;
use halo2_axiom::halo2curves::bn256::{Fr, G1Affine, G2Affine, G1};
use halo2_axiom::halo2curves::serde::SerdeObject;

use super::points::{self, POINT, TWIST};
use crate::algebra::msm;
use crate::error::{Error, Result};

const BUFFER: usize = 1 << 22;
/// Bytes of the k that a file begins with.
const HEADER: u64 = 4;
/// The largest set-up that is read: 16 GiB.
const GREATEST: u32 = 27;

/// A set-up for columns of 2^k rows, and for polynomials with as many coefficients as powers.
#[derive(Clone, Debug)]
pub struct Srs {
    pub k: u32,
    /// s^i G, at least 2^k.
    pub powers: Vec<G1Affine>,
    /// l_i(s) G, l_i being 1 on the i-th root of unity and 0 on the others.
    pub lagrange: Vec<G1Affine>,
    pub g2: G2Affine,
    pub s_g2: G2Affine,
}

impl Srs {
    /// The part that verification takes.
    pub fn verifying(&self) -> Verifying {
        Verifying {
            g1: self.powers[0],
            g2: self.g2,
            s_g2: self.s_g2,
        }
    }

    /// The commitment to the polynomial of these coefficients, in natural order.
    pub fn commit(&self, coefficients: &[Fr]) -> G1 {
        msm::full(coefficients, &self.powers[..coefficients.len()])
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
        Ok(Srs::of_powers(k, powers, [self.g2, self.s_g2]))
    }

    /// The set-up of 2^k powers, their Lagrange form computed.
    fn of_powers(k: u32, powers: Vec<G1Affine>, [g2, s_g2]: [G2Affine; 2]) -> Self {
        let lagrange = g_to_lagrange(powers.iter().map(|point| point.into()).collect(), k);
        Srs {
            k,
            powers,
            lagrange,
            g2,
            s_g2,
        }
    }

    /// The same with 2^k powers, read from the file of a set-up with at least as many, which must be
    /// of the same secret.
    pub fn with_powers(&self, path: &Path, k: u32) -> Result<Self> {
        let found = size(path)?;
        if k < self.k || k > found {
            return Err(Error::Keys(format!(
                "{} has 2^{found} powers; 2^{k} are asked for, of a set-up for 2^{} rows",
                path.display(),
                self.k
            )));
        }
        let mut file = BufReader::with_capacity(BUFFER, File::open(path)?);
        file.read_exact(&mut [0; HEADER as usize])?;
        let powers = points::first(&mut file, k, "power")?;
        file.seek(SeekFrom::Start(HEADER + 2 * (POINT << found)))?;
        let twists = points::second(&mut file)?;
        if powers[..1 << self.k] != self.powers[..1 << self.k] || twists != [self.g2, self.s_g2] {
            return Err(Error::Keys(format!(
                "{} is of another secret than the set-up for 2^{} rows: get both again",
                path.display(),
                self.k
            )));
        }
        Ok(Srs {
            powers,
            lagrange: self.lagrange.clone(),
            ..*self
        })
    }

    /// Write k, 2^k powers, their Lagrange form, then the second group's generator and multiple.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut file = BufWriter::with_capacity(BUFFER, File::create(path)?);
        file.write_all(&self.k.to_le_bytes())?;
        for point in self.powers[..1 << self.k].iter().chain(&self.lagrange) {
            point.write_raw(&mut file)?;
        }
        self.g2.write_raw(&mut file)?;
        self.s_g2.write_raw(&mut file)?;
        Ok(file.flush()?)
    }

    /// Read what `write` wrote; bad points are refused.
    pub fn read(path: &Path) -> Result<Self> {
        let k = size(path)?;
        let mut file = BufReader::with_capacity(BUFFER, File::open(path)?);
        file.read_exact(&mut [0; HEADER as usize])?;
        let powers = points::first(&mut file, k, "power")?;
        let lagrange = points::first(&mut file, k, "Lagrange point")?;
        let [g2, s_g2] = points::second(&mut file)?;
        Ok(Srs {
            k,
            powers,
            lagrange,
            g2,
            s_g2,
        })
    }

    /// Read 2^k powers and the second group's two points from two places of a file, such as a
    /// ceremony's or a larger set-up's, and compute the Lagrange form. Bad points are refused.
    pub fn read_powers(path: &Path, k: u32, powers_at: u64, twists_at: u64) -> Result<Self> {
        if k > GREATEST {
            return Err(Error::Keys(format!(
                "2^{k} powers are asked for; at most 2^{GREATEST} are read"
            )));
        }
        let mut file = BufReader::with_capacity(BUFFER, File::open(path)?);
        file.seek(SeekFrom::Start(powers_at))?;
        let powers = points::first(&mut file, k, "power")?;
        file.seek(SeekFrom::Start(twists_at))?;
        let twists = points::second(&mut file)?;
        Ok(Srs::of_powers(k, powers, twists))
    }
}

/// The k that a file says, if its length is that of such a set-up.
fn size(path: &Path) -> Result<u32> {
    let mut first = [0; HEADER as usize];
    File::open(path)?.read_exact(&mut first)?;
    let k = u32::from_le_bytes(first);
    let expected = HEADER + 2 * TWIST + 2 * POINT.checked_shl(k.min(32)).unwrap_or(0);
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
