//! Weight rows: kernels at the point (a, b), times the tensors they meet, folded by g to zero.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Expression;

use super::row::{mix, power, weighted, Row};

/// v1 = v1c * before * g^Lw + sum_l w_l g^l, with b for g where `wb` is set.
pub fn lanes(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let taps = at.flag("wb");
    let step = |l| mix(&taps, power(&at.drawn.g, l), power(&at.drawn.b, l));
    let weights: Vec<_> = at.columns.w.iter().map(|w| at.fixed(*w)).collect();
    let carried = at.flag("v1c") * at.before(at.columns.v1) * step(weights.len());
    at.now(at.columns.v1) - carried - weighted(&weights, step)
}

/// v2 = before * (u1 + ub b + ua a) + ve * v1 - ow
///
/// `ow` is of circuits with hidden weights: there an output's own factor must not be one of them,
/// or an owner who hides 0 there could prove any value of that output.
pub fn kernel(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let step =
        at.flag("u1") + at.flag("ub") * at.drawn.b.clone() + at.flag("ua") * at.drawn.a.clone();
    let entered = at.flag("ve") * at.now(at.columns.v1);
    let found = at.now(at.columns.v2) - at.before(at.columns.v2) * step - entered;
    match &at.columns.secret {
        Some(secret) => found + at.fixed(secret.ow),
        None => found,
    }
}

/// mac = before * (h1 + hg g) + me * v2 * x
pub fn fold(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let step = at.flag("h1") + at.flag("hg") * at.drawn.g.clone();
    let term = at.flag("me") * at.now(at.columns.v2) * at.now(at.columns.x);
    at.now(at.columns.mac) - at.before(at.columns.mac) * step - term
}

/// le * mac = 0: at its last row, what a layer's outputs claim is what its inputs give.
pub fn close(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    at.flag("le") * at.now(at.columns.mac)
}
