//! Cells of runs, and what is done with them.

use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use super::convert::{elements, lanes_of};
use super::keys::{Keys, Srs};
use super::program::Program;
use crate::prover::blinding::Blinding;
use crate::witness::{self, Tamper};
use crate::{check, prove};

/// The cells of a run.
#[pyclass(frozen)]
pub struct Cells(pub witness::Cells);

#[pymethods]
impl Cells {
    #[new]
    #[allow(clippy::too_many_arguments)] // Python's, by name
    fn new(
        q: PyReadonlyArray2<'_, i64>,
        r: PyReadonlyArray2<'_, i64>,
        y: PyReadonlyArray2<'_, i64>,
        multiplicities: PyReadonlyArray1<'_, i64>,
        ranks: PyReadonlyArray2<'_, i64>,
        image: Vec<[u8; 32]>,
        salts: Vec<[u8; 32]>,
        instances: Vec<[u8; 32]>,
    ) -> PyResult<Self> {
        let mut ranks = lanes_of(&ranks).into_iter();
        Ok(Cells(witness::Cells {
            pick: ranks.next().unwrap_or_default(),
            bar: ranks.next().unwrap_or_default(),
            q: lanes_of(&q),
            r: lanes_of(&r),
            y: lanes_of(&y),
            multiplicities: multiplicities.as_array().to_vec(),
            image: elements(image)?,
            salts: elements(salts)?,
            instances: elements(instances)?,
        }))
    }
}

/// A proof of a run. `progress` is called with each stage's name when it is done: cells, sums,
/// copies, quotient, evaluations, opening; what it raises is reported, and proving goes on.
#[pyfunction]
#[pyo3(signature = (program, keys, srs, cells, image_seed, proof_seed, progress = None))]
#[allow(clippy::too_many_arguments)] // Python's, by name
pub fn prove_run(
    py: Python<'_>,
    program: &Program,
    keys: &Keys,
    srs: &Srs,
    cells: &Cells,
    image_seed: [u8; 32],
    proof_seed: [u8; 32],
    progress: Option<PyObject>,
) -> PyResult<Vec<u8>> {
    let blinding = Blinding::new(image_seed, proof_seed);
    let report = |stage: &str| call(progress.as_ref(), stage);
    let run = || prove::prove(&program.0, &keys.0, &srs.0, &cells.0, blinding, &report);
    Ok(py.allow_threads(run)?)
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

/// What a run violates: "GATE on row ROW" or "copy of COLUMN on row ROW"; empty if it is a run.
#[pyfunction]
#[pyo3(name = "check", signature = (program, cells, tampers = Vec::new()))]
pub fn check_run(
    py: Python<'_>,
    program: &Program,
    cells: &Cells,
    tampers: Vec<Tamper>,
) -> PyResult<Vec<String>> {
    let found = py.allow_threads(|| check::check(&program.0, &cells.0, &tampers))?;
    Ok(found)
}
