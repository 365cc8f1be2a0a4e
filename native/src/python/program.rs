//! Programs: a network's fixed columns and copies.

use std::collections::HashMap;

use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::convert::{elements, lanes_of, Refused};
use crate::circuit::rows::usable_rows;
use crate::circuit::Shape;
use crate::program::{self, Sections};

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
        usable_rows(k)
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
        packing: part(shape, "packing")?,
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
