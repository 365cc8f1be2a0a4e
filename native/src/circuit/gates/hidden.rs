//! What an owner of hidden weights may not choose: the columns of weights and biases are theirs.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Expression;

use super::row::Row;
use crate::circuit::columns::Hidden;

/// sb (bias - before) = 0: a channel has one bias, on all of its plane.
pub fn same_bias(at: &Row<'_, '_, '_>, hidden: &Hidden) -> Expression<Fr> {
    let bias = at.columns.bias;
    at.fixed(hidden.same_bias) * (at.fixed(bias) - at.fixed_before(bias))
}

/// nw w = 0: a lane that holds no weight of the network adds nothing to another output or tap.
pub fn no_weight(at: &Row<'_, '_, '_>, hidden: &Hidden, lane: usize) -> Expression<Fr> {
    at.fixed(hidden.no_weight[lane]) * at.fixed(at.columns.weight[lane])
}
