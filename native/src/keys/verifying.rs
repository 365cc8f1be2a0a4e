//! Verifying keys and their files. What is read was written by strangers.

use std::fs;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;

use halo2_axiom::halo2curves::bn256::{Bn256, G1Affine};
use halo2_axiom::halo2curves::group::prime::PrimeCurveAffine;
use halo2_axiom::halo2curves::serde::SerdeObject;
use halo2_axiom::plonk::VerifyingKey;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::SerdeFormat;
use serde::{Deserialize, Serialize};

use super::configure::{check_degree, configured};
use crate::circuit::Shape;
use crate::error::{Error, Result};
use crate::program::Sections;
use crate::srs;
use crate::witness::NetworkCircuit;

/// Points are written as they lie in memory; halo2's reader looks at no curve, `points` does.
const FORMAT: SerdeFormat = SerdeFormat::RawBytes;
/// halo2's version of the verifying key's format, and its flag for selectors: there are none.
const HALO2_FORMAT: u8 = 2;
const NO_SELECTORS: u8 = 0;
const POINT: usize = 64;
const SHAPE_FILE: &str = "shape.json";
pub(crate) const VERIFYING_FILE: &str = "verifying.key";
const SRS_FILE: &str = "verifying.srs";

/// What the key files do not say themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    pub shape: Shape,
    pub instances: Sections,
}

/// All that verification takes, a few kilobytes.
#[derive(Clone, Debug)]
pub struct Verifying {
    pub vk: VerifyingKey<G1Affine>,
    pub srs: srs::Verifying,
    pub about: About,
}

impl Verifying {
    /// From the points of the fixed columns and then of sigma, by way of halo2's file format.
    pub fn new(about: About, points: &[G1Affine], srs: srs::Verifying) -> Result<Self> {
        let mut bytes = header(&about.shape);
        let words = points.iter().flat_map(SerdeObject::to_raw_bytes);
        bytes.extend(words);
        let vk = VerifyingKey::from_bytes::<NetworkCircuit<'_>>(&bytes, FORMAT, about.shape)?;
        check_degree(vk.cs())?;
        Ok(Verifying { vk, srs, about })
    }

    /// The key in halo2's own format.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.vk.to_bytes(FORMAT)
    }

    /// The set-up in halo2's form: only its first power.
    pub fn params(&self) -> ParamsKZG<Bn256> {
        self.srs.params(self.about.shape.k)
    }

    /// How many fixed columns and how many of sigma there are.
    pub fn columns(&self) -> (usize, usize) {
        columns(&self.about.shape)
    }

    /// Write it into a folder.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::write(folder.join(VERIFYING_FILE), self.to_bytes())?;
        self.srs.write(&folder.join(SRS_FILE))?;
        let about = serde_json::to_string_pretty(&self.about).expect("plain numbers");
        Ok(fs::write(folder.join(SHAPE_FILE), about)?)
    }

    /// Read the verifying key that lies beside a proving key; the latter may be absent.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(SHAPE_FILE);
        let about: About = serde_json::from_slice(&fs::read(&path)?)
            .map_err(|cause| Error::Keys(format!("{}: {cause}", path.display())))?;
        about.shape.check()?;
        let path = folder.join(VERIFYING_FILE);
        let points = points(&path, &about.shape)?;
        let srs = srs::Verifying::read(&folder.join(SRS_FILE))?;
        if srs.g1 != G1Affine::generator() {
            return Err(Error::Keys(format!(
                "{SRS_FILE} does not begin with the generator (1, 2): get the keys again"
            )));
        }
        unpanicked(&path, || Verifying::new(about, &points, srs))
    }
}

fn columns(shape: &Shape) -> (usize, usize) {
    let (cs, _) = configured(shape);
    let sigma = cs.permutation().get_columns().len();
    (cs.num_fixed_columns(), sigma)
}

fn header(shape: &Shape) -> Vec<u8> {
    let fixed = columns(shape).0 as u32;
    let k = shape.k.to_le_bytes();
    [
        &[HALO2_FORMAT],
        &k[..],
        &[NO_SELECTORS],
        &fixed.to_le_bytes(),
    ]
    .concat()
}

/// The points of a key's file, each of its group; none but a fixed column's may be infinity.
fn points(path: &Path, shape: &Shape) -> Result<Vec<G1Affine>> {
    let (bytes, header, (fixed, sigma)) = (fs::read(path)?, header(shape), columns(shape));
    let refused = |why: &str| {
        let path = path.display();
        Err(Error::Keys(format!(
            "{path}{why}: make the keys again, or get them again"
        )))
    };
    if !bytes.starts_with(&header) || bytes.len() != header.len() + POINT * (fixed + sigma) {
        return refused(" is damaged");
    }
    let mut found = Vec::with_capacity(fixed + sigma);
    for (number, words) in bytes[header.len()..].chunks_exact(POINT).enumerate() {
        match G1Affine::from_raw_bytes(words) {
            None => return refused(&format!(": point {number} is not on the curve")),
            Some(point) if number >= fixed && bool::from(point.is_identity()) => {
                return refused(&format!(": point {number} is at infinity"))
            }
            Some(point) => found.push(point),
        }
    }
    Ok(found)
}

/// halo2's readers panic at what they cannot read.
fn unpanicked<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    let damaged = || {
        Error::Keys(format!(
            "{} is damaged: make the keys again",
            path.display()
        ))
    };
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(damaged()))
}
