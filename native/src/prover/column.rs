//! Columns of a proof or key: their values, their commitment, their polynomial.

use halo2_axiom::halo2curves::bn256::{Fr, G1};
use halo2_axiom::halo2curves::ff::Field;
use halo2_axiom::plonk::ColumnType;

use super::blinding::Rows;
use crate::algebra::field::signed;
use crate::algebra::msm;
use crate::circuit::assignment::{ColumnAssignment, Values};
use crate::srs::Srs;

/// All values down a column: those assigned, zeros, and the last rows.
pub fn values<C: ColumnType>(
    assigned: &ColumnAssignment<'_, C>,
    n: usize,
    last: Option<&Rows>,
) -> Vec<Fr> {
    let mut column = vec![Fr::ZERO; n];
    let assigned_rows = &mut column[assigned.first..];
    match &assigned.values {
        Values::Small(values) => {
            for (cell, value) in assigned_rows.iter_mut().zip(values.iter()) {
                *cell = signed(*value);
            }
        }
        Values::Field(values) => assigned_rows[..values.len()].copy_from_slice(values),
    }
    if let Some(rows) = last {
        column[n - rows.len()..].copy_from_slice(rows);
    }
    column
}

/// The commitment to the polynomial that has `values` on the roots of unity.
pub fn commit<C: ColumnType>(
    srs: &Srs,
    assigned: &ColumnAssignment<'_, C>,
    values: &[Fr],
    last: Option<&Rows>,
) -> G1 {
    let Values::Small(small) = &assigned.values else {
        return msm::full(values, &srs.lagrange);
    };
    let commitment = msm::small(small, &srs.lagrange[assigned.first..][..small.len()]);
    match last {
        Some(rows) => commitment + msm::full(rows, &srs.lagrange[values.len() - rows.len()..]),
        None => commitment,
    }
}
