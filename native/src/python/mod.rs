//! The Python module `zkescrow_native`: arrays in, bytes out. Long calls release the GIL.

mod convert;
mod keys;
mod measure;
mod program;
mod witness;

use pyo3::prelude::*;

use convert::{Refused, Rejected};

#[pymodule]
fn zkescrow_native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<keys::Srs>()?;
    module.add_class::<program::Program>()?;
    module.add_class::<witness::Witness>()?;
    module.add_class::<keys::Keys>()?;
    module.add_class::<keys::VerifyingKey>()?;
    module.add_function(wrap_pyfunction!(keys::keygen, module)?)?;
    module.add_function(wrap_pyfunction!(witness::prove_witness, module)?)?;
    module.add_function(wrap_pyfunction!(witness::commit_image, module)?)?;
    module.add_function(wrap_pyfunction!(measure::msm_seconds, module)?)?;
    module.add_function(wrap_pyfunction!(measure::fft_seconds, module)?)?;
    module.add_function(wrap_pyfunction!(witness::check_witness, module)?)?;
    module.add("Refused", module.py().get_type::<Refused>())?;
    module.add("Rejected", module.py().get_type::<Rejected>())
}
