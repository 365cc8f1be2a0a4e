//! KZG set-ups: powers of a secret on BN254, in coefficient and Lagrange form.

use std::fs::{metadata, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use halo2_axiom::halo2curves::bn256::Bn256;
use halo2_axiom::poly::commitment::Params;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::SerdeFormat;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::error::{Error, Result};

const FORMAT: SerdeFormat = SerdeFormat::RawBytes;
const BUFFER: usize = 1 << 22;
/// Bytes of a point of the first and of the second group in a file.
const POINT: u64 = 64;
const TWIST: u64 = 128;

/// A set-up whose secret follows from the seed: for development only.
pub fn development(k: u32, seed: [u8; 32]) -> ParamsKZG<Bn256> {
    ParamsKZG::setup(k, ChaCha20Rng::from_seed(seed))
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
