//! The Python module `zkescrow_native`: arrays in, bytes out. Long calls release the GIL.

use std::collections::HashMap;
use std::path::PathBuf;

use halo2_axiom::halo2curves::bn256::{Bn256, Fr};
use halo2_axiom::halo2curves::ff::PrimeField;
use halo2_axiom::poly::commitment::Params;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::blinding::Blinding;
use crate::circuit::Shape;
use crate::error::Error;
use crate::network::Tamper;
use crate::program::{self, Lanes};
use crate::{bench, check, describe, keys, prove, srs};

pyo3::create_exception!(zkescrow_native, Refused, PyValueError);
pyo3::create_exception!(zkescrow_native, Rejected, PyValueError);

impl From<Error> for PyErr {
    fn from(error: Error) -> PyErr {
        match error {
            Error::Rejected(_) => Rejected::new_err(error.to_string()),
            _ => Refused::new_err(error.to_string()),
        }
    }
}

/// A KZG set-up for 2^k rows.
#[pyclass(frozen)]
struct Srs(ParamsKZG<Bn256>);

#[pymethods]
impl Srs {
    /// Made from a seed: whoever knows the seed can forge proofs. For development only.
    #[staticmethod]
    fn development(py: Python<'_>, k: u32, seed: [u8; 32]) -> Self {
        Srs(py.allow_threads(|| srs::development(k, seed)))
    }

    /// Read the file that `write` made; points that are not on the curve are refused.
    #[staticmethod]
    fn read(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(Srs(py.allow_threads(|| srs::read(&path))?))
    }

    fn write(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        Ok(py.allow_threads(|| srs::write(&self.0, &path))?)
    }

    /// The same set-up for fewer rows.
    fn downsize(&self, py: Python<'_>, k: u32) -> PyResult<Self> {
        Ok(Srs(py.allow_threads(|| srs::downsize(&self.0, k))?))
    }

    #[getter]
    fn k(&self) -> u32 {
        self.0.k()
    }
}

/// A network's fixed columns and copies.
#[pyclass(frozen)]
struct Program(program::Program);

#[pymethods]
impl Program {
    #[new]
    fn new(
        shape: &Bound<'_, PyDict>,
        columns: HashMap<String, PyReadonlyArray2<'_, i64>>,
        copies: PyReadonlyArray2<'_, i64>,
        instances: usize,
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
        Ok(Program(program::Program::new(
            shape, columns, &copies, instances,
        )?))
    }

    /// Rows that columns and cells may fill.
    #[staticmethod]
    fn usable_rows(k: u32) -> usize {
        program::usable_rows(k)
    }
}

fn shape_of(shape: &Bound<'_, PyDict>) -> PyResult<Shape> {
    fn part<'py, T: FromPyObject<'py>>(shape: &Bound<'py, PyDict>, name: &str) -> PyResult<T> {
        let found = shape.get_item(name)?;
        let missing = || Refused::new_err(format!("the shape lacks {name}"));
        found.ok_or_else(missing)?.extract()
    }
    Ok(Shape {
        k: part(shape, "k")?,
        lanes: part(shape, "lanes")?,
        weight_lanes: part(shape, "weight_lanes")?,
        shift: part(shape, "shift")?,
        y_offset: part(shape, "y_offset")?,
        input_bits: part(shape, "input_bits")?,
        input_low: part(shape, "input_low")?,
    })
}

fn lanes_of(array: &PyReadonlyArray2<'_, i64>) -> Lanes {
    let rows = array.as_array();
    rows.rows().into_iter().map(|row| row.to_vec()).collect()
}

/// The cells of a run.
#[pyclass(frozen)]
struct Cells(program::Cells);

#[pymethods]
impl Cells {
    #[new]
    fn new(
        q: PyReadonlyArray2<'_, i64>,
        r: PyReadonlyArray2<'_, i64>,
        y: PyReadonlyArray2<'_, i64>,
        multiplicities: PyReadonlyArray1<'_, i64>,
        image: Vec<[u8; 32]>,
        instances: Vec<[u8; 32]>,
    ) -> PyResult<Self> {
        Ok(Cells(program::Cells {
            q: lanes_of(&q),
            r: lanes_of(&r),
            y: lanes_of(&y),
            multiplicities: multiplicities.as_array().to_vec(),
            image: elements(image)?,
            instances: elements(instances)?,
        }))
    }
}

/// Field elements from 32 little-endian bytes each.
fn elements(words: Vec<[u8; 32]>) -> PyResult<Vec<Fr>> {
    let canonical = |word| -> PyResult<Fr> {
        let found = Option::from(Fr::from_repr(word));
        found.ok_or_else(|| Refused::new_err("a word is not below the field's modulus"))
    };
    words.into_iter().map(canonical).collect()
}

/// Proving and verifying key of a program.
#[pyclass(frozen)]
struct Keys(keys::Keys);

/// Make the keys; deterministic.
#[pyfunction]
fn keygen(py: Python<'_>, program: &Program, srs: &Srs) -> PyResult<Keys> {
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

    /// What verification takes.
    fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying.clone())
    }
}

/// All that verification takes.
#[pyclass(frozen)]
struct VerifyingKey(keys::Verifying);

#[pymethods]
impl VerifyingKey {
    /// Read it from a folder of keys; the proving key may be missing there.
    #[staticmethod]
    fn read(folder: PathBuf) -> PyResult<Self> {
        Ok(VerifyingKey(keys::Verifying::read(&folder)?))
    }

    /// The key in the engine's own format.
    fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// JSON that suffices for an independent verifier.
    fn description(&self) -> String {
        describe::describe(&self.0).to_string()
    }

    /// Raise Rejected unless the proof holds for the instances, 32 little-endian bytes each.
    fn verify(&self, py: Python<'_>, proof: &[u8], instances: Vec<[u8; 32]>) -> PyResult<()> {
        let instances = elements(instances)?;
        Ok(py.allow_threads(|| prove::verify(&self.0, proof, &instances))?)
    }
}

/// A proof of a run.
#[pyfunction]
fn prove_run(
    py: Python<'_>,
    program: &Program,
    keys: &Keys,
    srs: &Srs,
    cells: &Cells,
    image_seed: [u8; 32],
    proof_seed: [u8; 32],
) -> PyResult<Vec<u8>> {
    let blinding = Blinding::new(image_seed, proof_seed);
    let proof =
        py.allow_threads(|| prove::prove(&program.0, &keys.0, &srs.0, &cells.0, blinding))?;
    Ok(proof)
}

/// The first point of every proof about an image (x, y big-endian), from its words and seed.
#[pyfunction]
fn commit_image(
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
fn check_run(
    py: Python<'_>,
    program: &Program,
    cells: &Cells,
    tampers: Vec<Tamper>,
) -> PyResult<Vec<String>> {
    let found = py.allow_threads(|| check::check(&program.0, &cells.0, &tampers))?;
    Ok(found)
}

/// Seconds of each of some commitments to 2^k scalars of so many bits (64 and more: any).
#[pyfunction]
fn msm_seconds(py: Python<'_>, srs: &Srs, bits: u32, repeats: usize) -> Vec<f64> {
    py.allow_threads(|| bench::msm_seconds(&srs.0, bits, repeats))
}

/// Seconds of each of some inverse transforms of 2^k values.
#[pyfunction]
fn fft_seconds(py: Python<'_>, k: u32, repeats: usize) -> Vec<f64> {
    py.allow_threads(|| bench::fft_seconds(k, repeats))
}

#[pymodule]
fn zkescrow_native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Srs>()?;
    module.add_class::<Program>()?;
    module.add_class::<Cells>()?;
    module.add_class::<Keys>()?;
    module.add_class::<VerifyingKey>()?;
    module.add_function(wrap_pyfunction!(keygen, module)?)?;
    module.add_function(wrap_pyfunction!(prove_run, module)?)?;
    module.add_function(wrap_pyfunction!(commit_image, module)?)?;
    module.add_function(wrap_pyfunction!(msm_seconds, module)?)?;
    module.add_function(wrap_pyfunction!(fft_seconds, module)?)?;
    module.add_function(wrap_pyfunction!(check_run, module)?)?;
    module.add("Refused", module.py().get_type::<Refused>())?;
    module.add("Rejected", module.py().get_type::<Rejected>())
}
