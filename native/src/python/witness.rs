//! Witnesses, and what is done with them.

use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use super::convert::{elements, lanes_of};
use super::keys::{Keys, Srs};
use super::program::Program;
use crate::prover::blinding::Blinding;
use crate::witness::{self, Tamper};
use crate::{check, prove};

/// One execution of a network: the advice of the first phase that the caller knows.
#[pyclass(frozen)]
pub struct Witness(pub witness::Witness);

#[pymethods]
impl Witness {
    #[new]
    #[allow(clippy::too_many_arguments)] // Python's, by name
    fn new(
        quotient: PyReadonlyArray2<'_, i64>,
        remainder: PyReadonlyArray2<'_, i64>,
        activation: PyReadonlyArray2<'_, i64>,
        multiplicity: PyReadonlyArray1<'_, i64>,
        ranks: PyReadonlyArray2<'_, i64>,
        input: Vec<[u8; 32]>,
        salts: Vec<[u8; 32]>,
        instances: Vec<[u8; 32]>,
    ) -> PyResult<Self> {
        let mut ranks = lanes_of(&ranks).into_iter();
        Ok(Witness(witness::Witness {
            membership: ranks.next().unwrap_or_default(),
            threshold: ranks.next().unwrap_or_default(),
            quotient: lanes_of(&quotient),
            remainder: lanes_of(&remainder),
            activation: lanes_of(&activation),
            multiplicity: multiplicity.as_array().to_vec(),
            input: elements(input)?,
            salts: elements(salts)?,
            instances: elements(instances)?,
        }))
    }
}

/// A proof of an execution. `progress` is called with each stage's name when it is done: cells,
/// sums, copies, quotient, evaluations, opening; what it raises is reported, and proving goes on.
#[pyfunction]
#[pyo3(name = "prove", signature = (program, keys, srs, witness, image_seed, proof_seed, progress = None))]
#[allow(clippy::too_many_arguments)] // Python's, by name
pub fn prove_witness(
    py: Python<'_>,
    program: &Program,
    keys: &Keys,
    srs: &Srs,
    witness: &Witness,
    image_seed: [u8; 32],
    proof_seed: [u8; 32],
    progress: Option<PyObject>,
) -> PyResult<Vec<u8>> {
    let blinding = Blinding::new(image_seed, proof_seed);
    let report = |stage: &str| call(progress.as_ref(), stage);
    let proof = || prove::prove(&program.0, &keys.0, &srs.0, &witness.0, blinding, &report);
    Ok(py.allow_threads(proof)?)
}

fn call(progress: Option<&PyObject>, stage: &str) {
    Python::with_gil(|py| {
        let called = progress.map(|function| function.call1(py, (stage,)));
        if let Some(Err(error)) = called {
            error.write_unraisable(py, progress.map(|function| function.bind(py)));
        }
    });
}

/// The first point of every proof about an image (x, y big-endian), from its words and seed.
#[pyfunction]
pub fn commit_image(
    py: Python<'_>,
    srs: &Srs,
    image: Vec<[u8; 32]>,
    image_seed: [u8; 32],
) -> PyResult<Vec<u8>> {
    let image = elements(image)?;
    let point = py.allow_threads(|| prove::commit_image(&srs.0, &image, image_seed))?;
    Ok(point.to_vec())
}

/// What a witness violates: "GATE on row ROW" or "copy of COLUMN on row ROW"; empty if nothing.
#[pyfunction]
#[pyo3(name = "check", signature = (program, witness, tampers = Vec::new()))]
pub fn check_witness(
    py: Python<'_>,
    program: &Program,
    witness: &Witness,
    tampers: Vec<Tamper>,
) -> PyResult<Vec<String>> {
    Ok(py.allow_threads(|| check::check(&program.0, &witness.0, &tampers))?)
}
