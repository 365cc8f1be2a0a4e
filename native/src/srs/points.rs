//! Points of a file, every one checked.

use std::io::Read;

use halo2_axiom::halo2curves::bn256::{G1Affine, G2Affine, G2};
use halo2_axiom::halo2curves::group::cofactor::CofactorGroup;
use halo2_axiom::halo2curves::group::prime::PrimeCurveAffine;
use halo2_axiom::halo2curves::serde::SerdeObject;
use rayon::prelude::*;

use crate::error::{Error, Result};

/// Bytes of a point of the first and of the second group in a file.
pub const POINT: u64 = 64;
pub const TWIST: u64 = 128;

/// Points decoded before the next are read: a megabyte.
const CHUNK: usize = 1 << 14;

/// 2^k points of the first group, which is the whole curve; none may be infinity.
pub fn first(file: &mut impl Read, k: u32, name: &str) -> Result<Vec<G1Affine>> {
    let count = 1usize << k;
    let mut found = Vec::with_capacity(count);
    let mut bytes = vec![0; POINT as usize * count.min(CHUNK)];
    while found.len() < count {
        file.read_exact(&mut bytes)?;
        let decoded = bytes.par_chunks_exact(POINT as usize).map(finite);
        let points: Vec<Option<G1Affine>> = decoded.collect();
        for point in points {
            let number = found.len();
            found.push(point.ok_or_else(|| outside(&format!("{name} {number}")))?);
        }
    }
    Ok(found)
}

/// The generator and its multiple: finite points of the twist, of the prime order.
pub fn second(file: &mut impl Read) -> Result<[G2Affine; 2]> {
    let mut point = |name| -> Result<G2Affine> {
        let mut bytes = [0; TWIST as usize];
        file.read_exact(&mut bytes)?;
        let found = G2Affine::from_raw_bytes(&bytes).filter(in_second_group);
        found.ok_or_else(|| outside(name))
    };
    Ok([point("point G2")?, point("point s G2")?])
}

fn finite(bytes: &[u8]) -> Option<G1Affine> {
    G1Affine::from_raw_bytes(bytes).filter(|point| !bool::from(point.is_identity()))
}

fn in_second_group(point: &G2Affine) -> bool {
    let ordered = G2::from(*point).is_torsion_free();
    bool::from(ordered) && !bool::from(point.is_identity())
}

fn outside(name: &str) -> Error {
    Error::Keys(format!(
        "{name} of the set-up is not a finite point of its group: get the file again"
    ))
}
