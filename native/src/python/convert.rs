//! Words, arrays and errors between Python and the engine.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::PrimeField;
use numpy::PyReadonlyArray2;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::circuit::rows::Lanes;
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
pub fn elements(words: Vec<[u8; 32]>) -> PyResult<Vec<Fr>> {
    let canonical = |word| -> PyResult<Fr> {
        let found = Option::from(Fr::from_repr(word));
        found.ok_or_else(|| Refused::new_err("a word is not below the field's modulus"))
    };
    words.into_iter().map(canonical).collect()
}

/// Columns [lane][row] of an array.
pub fn lanes_of(array: &PyReadonlyArray2<'_, i64>) -> Lanes {
    let rows = array.as_array();
    rows.rows().into_iter().map(|row| row.to_vec()).collect()
}
