//! Programs, cells, and what is done with them.

use std::collections::HashMap;

use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::keys::{Keys, Srs};
use super::{elements, Refused};
use crate::blinding::Blinding;
use crate::circuit::Shape;
use crate::network::Tamper;
use crate::program::{self, Lanes};
use crate::sections::Sections;
use crate::{cells, check, prove};

/// A network's fixed columns and copies.
#[pyclass(frozen)]
pub struct Program(pub program::Program);

#[pymethods]
impl Program {
    #[new]
    fn new(
        shape: &Bound<'_, PyDict>,
        columns: HashMap<String, PyReadonlyArray2<'_, i64>>,
        copies: PyReadonlyArray2<'_, i64>,
        instances: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        let columns = columns.into_iter();
        let columns = columns
            .map(|(name, lanes)| (name, lanes_of(&lanes)))
            .collect();
        let copies = copies.as_array();
        let copies: Option<Vec<[i64; 4]>> = copies
            .rows()
            .into_iter()
            .map(|row| row.to_vec().try_into().ok())
            .collect();
        let copies = copies.ok_or_else(|| Refused::new_err("a copy is not four numbers"))?;
        let shape = shape_of(shape)?;
        let sections = Sections {
            context: part(instances, "context")?,
            digests: part(instances, "digests")?,
            outputs: part(instances, "outputs")?,
        };
        Ok(Program(program::Program::new(
            shape, columns, &copies, sections,
        )?))
    }

    /// The same program with salt below each weight lane and below `bias`, for hidden weights.
    fn salted(&self, salt: Vec<Vec<[u8; 32]>>) -> PyResult<Self> {
        let columns = salt.into_iter().map(elements).collect::<PyResult<_>>()?;
        Ok(Program(self.0.clone().salted(columns)?))
    }

    /// Rows that columns and cells may fill.
    #[staticmethod]
    fn usable_rows(k: u32) -> usize {
        program::usable_rows(k)
    }
}

fn part<'py, T: FromPyObject<'py>>(whole: &Bound<'py, PyDict>, name: &str) -> PyResult<T> {
    let found = whole.get_item(name)?;
    let missing = || Refused::new_err(format!("shape or instances lack {name}"));
    found.ok_or_else(missing)?.extract()
}

fn shape_of(shape: &Bound<'_, PyDict>) -> PyResult<Shape> {
    Ok(Shape {
        k: part(shape, "k")?,
        lanes: part(shape, "lanes")?,
        weight_lanes: part(shape, "weight_lanes")?,
        shift: part(shape, "shift")?,
        y_offset: part(shape, "y_offset")?,
        input_bits: part(shape, "input_bits")?,
        input_low: part(shape, "input_low")?,
        labels: part(shape, "labels")?,
        class_bits: part(shape, "class_bits")?,
        score_low: part(shape, "score_low")?,
        hash_group: part(shape, "hash_group")?,
        hidden: part(shape, "hidden")?,
    })
}

fn lanes_of(array: &PyReadonlyArray2<'_, i64>) -> Lanes {
    let rows = array.as_array();
    rows.rows().into_iter().map(|row| row.to_vec()).collect()
}

/// The cells of a run.
#[pyclass(frozen)]
pub struct Cells(pub cells::Cells);

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
        Ok(Cells(cells::Cells {
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
