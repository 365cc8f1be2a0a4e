//! Verifying keys and their files. What is read was written by strangers.

use std::fs;
use std::path::Path;

use halo2_axiom::halo2curves::bn256::G1Affine;
use serde::{Deserialize, Serialize};

use super::configure::System;
use super::digest::key_words;
use crate::circuit::Shape;
use crate::error::{Error, Result};
use crate::program::Sections;
use crate::srs;
use crate::transcript::point_of;

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
    pub system: System,
    /// Commitments to the packed polynomials.
    pub packed: Vec<G1Affine>,
    pub srs: srs::Verifying,
    pub about: About,
}

impl Verifying {
    pub fn new(about: About, packed: Vec<G1Affine>, srs: srs::Verifying) -> Result<Self> {
        Ok(Verifying {
            system: System::new(&about.shape)?,
            packed,
            srs,
            about,
        })
    }

    /// The words of docs/native/FORMAT.md, section 2, of which the digest is the hash.
    pub fn to_bytes(&self) -> Vec<u8> {
        key_words(self)
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
        let srs = srs::Verifying::read(&folder.join(SRS_FILE))?;
        if srs.g1 != G1Affine::generator() {
            return Err(Error::Keys(format!(
                "{SRS_FILE} does not begin with the generator (1, 2): get the keys again"
            )));
        }
        let mut key = Verifying::new(about, Vec::new(), srs)?;
        key.read_points(&folder.join(VERIFYING_FILE))?;
        Ok(key)
    }

    /// Take the points of a key's file, all of the curve; infinity, (0, 0), is of zeros. The words before them follow from the
    /// files beside it, and must be those.
    fn read_points(&mut self, path: &Path) -> Result<()> {
        let bytes = fs::read(path)?;
        let refused = |why: &str| {
            let path = path.display();
            Error::Keys(format!(
                "{path}{why}: make the keys again, or get them again"
            ))
        };
        let head = key_words(self);
        let expected = head.len() + POINT * self.system.packed_polynomials();
        if !bytes.starts_with(&head) || bytes.len() != expected {
            return Err(refused(" is damaged"));
        }
        for (number, words) in bytes[head.len()..].chunks_exact(POINT).enumerate() {
            let point = point_of(words.try_into().expect("64 bytes"));
            let outside = |_| refused(&format!(": point {number} is not on the curve"));
            self.packed.push(point.map_err(outside)?);
        }
        Ok(())
    }
}
