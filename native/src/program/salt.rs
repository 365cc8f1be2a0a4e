//! Random cells below the columns of hidden weights.

use halo2_axiom::halo2curves::bn256::Fr;

use crate::algebra::field::signed;

/// What stands below the end of each weight column, and of `bias`; empty where weights are public.
#[derive(Clone, Debug, Default)]
pub struct Salt {
    pub weights: Vec<Vec<Fr>>,
    pub bias: Vec<Fr>,
}

/// A column of integers and the salt below it.
pub fn with_salt(values: &[i64], salt: &[Fr]) -> Vec<Fr> {
    let values = values.iter().map(|value| signed(*value));
    values.chain(salt.iter().copied()).collect()
}

/// A value of the column, or the salt below it.
pub fn cell(values: &[i64], salt: &[Fr], row: usize) -> Fr {
    match values.get(row) {
        Some(value) => signed(*value),
        None => salt.get(row - values.len()).copied().unwrap_or_default(),
    }
}
