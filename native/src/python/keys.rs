//! Set-ups and keys.

use std::path::PathBuf;

use pyo3::prelude::*;

use super::convert::elements;
use super::program::Program;
use crate::keys::describe::describe;
use crate::{keys, srs, verify};

/// A KZG set-up for 2^k rows.
#[pyclass(frozen)]
pub struct Srs(pub srs::Srs);

#[pymethods]
impl Srs {
    /// Made from a seed: whoever knows the seed can forge proofs. For development only.
    #[staticmethod]
    #[pyo3(signature = (k, seed, packing = 1))]
    fn development(py: Python<'_>, k: u32, seed: [u8; 32], packing: usize) -> Self {
        Srs(py.allow_threads(|| srs::development(k, packing, seed)))
    }

    /// Read 2^k powers and two points of the second group, and compute the Lagrange form.
    #[staticmethod]
    fn read_powers(
        py: Python<'_>,
        path: PathBuf,
        k: u32,
        powers_at: u64,
        twists_at: u64,
    ) -> PyResult<Self> {
        let read = || srs::Srs::read_powers(&path, k, powers_at, twists_at);
        Ok(Srs(py.allow_threads(read)?))
    }

    /// Raise Refused unless it holds consecutive powers of one secret and their Lagrange form.
    fn check(&self, py: Python<'_>, seed: [u8; 32]) -> PyResult<()> {
        Ok(py.allow_threads(|| self.0.check(seed))?)
    }

    /// Read the file that `write` made; points that are not on the curve are refused.
    #[staticmethod]
    fn read(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(Srs(py.allow_threads(|| srs::Srs::read(&path))?))
    }

    /// Write the set-up of its rows, without further powers.
    fn write(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        Ok(py.allow_threads(|| self.0.write(&path))?)
    }

    /// The same with the first 2^k powers of a file that `write` made, of the same secret.
    fn with_powers(&self, py: Python<'_>, path: PathBuf, k: u32) -> PyResult<Self> {
        let read = || self.0.with_powers(&path, k);
        Ok(Srs(py.allow_threads(read)?))
    }

    /// The same set-up for fewer rows.
    fn downsize(&self, py: Python<'_>, k: u32) -> PyResult<Self> {
        Ok(Srs(py.allow_threads(|| self.0.downsize(k))?))
    }

    #[getter]
    fn k(&self) -> u32 {
        self.0.k
    }
}

/// Proving and verifying key of a program.
#[pyclass(frozen)]
pub struct Keys(pub keys::Keys);

/// Make the keys; deterministic.
#[pyfunction]
pub fn keygen(py: Python<'_>, program: &Program, srs: &Srs) -> PyResult<Keys> {
    Ok(Keys(py.allow_threads(|| keys::keygen(&program.0, &srs.0))?))
}

#[pymethods]
impl Keys {
    /// Read the folder that `write` made.
    #[staticmethod]
    fn read(py: Python<'_>, folder: PathBuf) -> PyResult<Self> {
        Ok(Keys(py.allow_threads(|| keys::Keys::read(&folder))?))
    }

    /// Write the keys into a folder; the proving key is the large file.
    fn write(&self, py: Python<'_>, folder: PathBuf) -> PyResult<()> {
        Ok(py.allow_threads(|| self.0.write(&folder))?)
    }

    /// keccak256 of what every proof begins with: the digest and the points of hidden weights.
    fn weights_commitment(&self) -> PyResult<Vec<u8>> {
        Ok(self.0.weights_commitment()?.to_vec())
    }

    /// What verification takes.
    fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying.clone())
    }
}

/// All that verification takes.
#[pyclass(frozen)]
pub struct VerifyingKey(pub keys::Verifying);

#[pymethods]
impl VerifyingKey {
    /// Read it from a folder of keys; the proving key may be missing there.
    #[staticmethod]
    fn read(folder: PathBuf) -> PyResult<Self> {
        Ok(VerifyingKey(keys::Verifying::read(&folder)?))
    }

    /// The key's words, as the contract that holds it has them.
    fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// JSON that suffices for an independent verifier.
    fn description(&self) -> String {
        describe(&self.0).to_string()
    }

    /// Raise Rejected unless the proof holds for the instances, 32 little-endian bytes each.
    fn verify(&self, py: Python<'_>, proof: &[u8], instances: Vec<[u8; 32]>) -> PyResult<()> {
        let instances = elements(instances)?;
        Ok(py.allow_threads(|| verify::verify(&self.0, proof, &instances))?)
    }
}
