//! What an owner of hidden weights may not choose: the columns of weights and biases are theirs.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Expression;

use super::row::Row;
use crate::circuit::columns::Secret;

/// sb (bias - before) = 0: a channel has one bias, on all of its plane.
pub fn bias(at: &Row<'_, '_, '_>, secret: &Secret) -> Expression<Fr> {
    let bias = at.columns.bias;
    at.fixed(secret.sb) * (at.fixed(bias) - at.fixed_before(bias))
}

/// nw w = 0: a lane that holds no weight of the network adds nothing to another output or tap.
pub fn no_weight(at: &Row<'_, '_, '_>, secret: &Secret, lane: usize) -> Expression<Fr> {
    at.fixed(secret.nw[lane]) * at.fixed(at.columns.w[lane])
}
