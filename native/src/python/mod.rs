//! The Python module `zkescrow_native`: arrays in, bytes out. Long calls release the GIL.

mod keys;
mod measure;
mod run;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::PrimeField;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::Error;

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

/// Field elements from 32 little-endian bytes each.
fn elements(words: Vec<[u8; 32]>) -> PyResult<Vec<Fr>> {
    let canonical = |word| -> PyResult<Fr> {
        let found = Option::from(Fr::from_repr(word));
        found.ok_or_else(|| Refused::new_err("a word is not below the field's modulus"))
    };
    words.into_iter().map(canonical).collect()
}

#[pymodule]
fn zkescrow_native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<keys::Srs>()?;
    module.add_class::<run::Program>()?;
    module.add_class::<run::Cells>()?;
    module.add_class::<keys::Keys>()?;
    module.add_class::<keys::VerifyingKey>()?;
    module.add_function(wrap_pyfunction!(keys::keygen, module)?)?;
    module.add_function(wrap_pyfunction!(run::prove_run, module)?)?;
    module.add_function(wrap_pyfunction!(run::commit_image, module)?)?;
    module.add_function(wrap_pyfunction!(measure::msm_seconds, module)?)?;
    module.add_function(wrap_pyfunction!(measure::fft_seconds, module)?)?;
    module.add_function(wrap_pyfunction!(run::check_run, module)?)?;
    module.add("Refused", module.py().get_type::<Refused>())?;
    module.add("Rejected", module.py().get_type::<Rejected>())
}
