//! Input rows: the input column packs the network's input, so that its point in the proof binds it.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Expression;

use super::row::{constant, zero, Row};
use crate::algebra::field::signed;

/// im * (img - sum_l 2^(input_bits l) (z_l - input_low)) = 0
pub fn input(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let radix = constant(Fr::from(1 << at.shape().input_bits));
    let low = constant(signed(at.shape().input_low));
    let digits = at.outputs().into_iter().map(|value| value - low.clone());
    let packed = digits
        .rev()
        .fold(zero(), |word, digit| word * radix.clone() + digit);
    at.flag("is_input") * (at.now(at.columns.input) - packed)
}
