//! logUp: every lane's remainder is in its range, and every (tag, q, y) is in the table.
//!
//! The sum over all lookups of 1 / (beta + value) equals the sum over the table's entries of
//! multiplicity / (beta + entry). A value is tag + theta q + theta^2 y; a remainder's tag is 1.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Expression;

use super::rank;
use super::row::{constant, zero, Row};
use crate::circuit::columns::{Columns, RANGE_TAG};

/// helper d1 d2 = d1 + d2: it is the sum of the inverses of a lane's two lookups.
pub fn helper(at: &Row<'_, '_, '_>, lane: usize) -> Expression<Fr> {
    let [range, pair] = denominators(at, lane);
    let inverses = range.clone() + pair.clone();
    at.now(at.columns.helpers[lane]) * range * pair - inverses
}

/// sum = before + all helpers (and what rank rows add) - m / table, multiplied out.
pub fn sum(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let helpers = at.columns.helpers.iter().map(|helper| at.now(*helper));
    let growth = at.now(at.columns.sum) - at.before(at.columns.sum);
    let mut growth = helpers.fold(growth, |growth, helper| growth - helper);
    if let Some(ranks) = &at.columns.ranks {
        growth = growth - rank::term(at, ranks);
    }
    growth * table_denominator(at) + at.now(at.columns.m)
}

/// On row 0 and on the last usable row the sum is zero.
pub fn ends(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    at.fixed(at.columns.ends) * at.now(at.columns.sum)
}

/// Of a lane: beta + (1, r, 0) and beta + (tag, q, y).
fn denominators(at: &Row<'_, '_, '_>, lane: usize) -> [Expression<Fr>; 2] {
    let Columns { tag, q, r, y, .. } = at.columns;
    let range = constant(Fr::from(RANGE_TAG));
    [
        packed(at, range, at.now(r[lane]), zero()),
        packed(at, at.fixed(tag[lane]), at.now(q[lane]), at.now(y[lane])),
    ]
}

fn table_denominator(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let [tag, q, y] = at.columns.table.map(|column| at.fixed(column));
    packed(at, tag, q, y)
}

/// beta + tag + theta (q + theta y)
fn packed(
    at: &Row<'_, '_, '_>,
    tag: Expression<Fr>,
    q: Expression<Fr>,
    y: Expression<Fr>,
) -> Expression<Fr> {
    let theta = || at.drawn.theta.clone();
    at.drawn.beta.clone() + tag + theta() * (q + theta() * y)
}
