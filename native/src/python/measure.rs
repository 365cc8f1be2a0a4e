//! Measurements for the cost model.

use pyo3::prelude::*;

use super::keys::Srs;
use crate::bench;

/// Seconds of each of some commitments to 2^k scalars of so many bits (64 and more: any).
#[pyfunction]
pub fn msm_seconds(py: Python<'_>, srs: &Srs, bits: u32, repeats: usize) -> Vec<f64> {
    py.allow_threads(|| bench::msm_seconds(&srs.0, bits, repeats))
}

/// Seconds of each of some inverse transforms of 2^k values.
#[pyfunction]
pub fn fft_seconds(py: Python<'_>, k: u32, repeats: usize) -> Vec<f64> {
    py.allow_threads(|| bench::fft_seconds(k, repeats))
}
