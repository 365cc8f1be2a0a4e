//! logUp: every lane's remainder is in its range, and every (tag, q, y) is in the table.
//!
//! The sum over all lookups of 1 / (beta + value) equals the sum over the table's entries of
//! multiplicity / (beta + entry). A value is tag + theta q + theta^2 y; a remainder's tag is 1.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Expression;

use super::rank;
use super::row::{constant, zero, Row};
use crate::circuit::columns::RANGE_TAG;

/// h d1 d2 = d1 + d2: the partial sum h is that of the inverses of a lane's two lookups.
pub fn partial(at: &Row<'_, '_, '_>, lane: usize) -> Expression<Fr> {
    let [range, pair] = denominators(at, lane);
    let inverses = range.clone() + pair.clone();
    at.now(at.columns.lookup_partial[lane]) * range * pair - inverses
}

/// sum = before + all partial sums (and what rank rows add) - m / table, multiplied out.
pub fn lookup_sum(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let partials = at.columns.lookup_partial.iter();
    let partials = partials.map(|partial| at.now(*partial));
    let growth = at.now(at.columns.lookup_sum) - at.before(at.columns.lookup_sum);
    let mut growth = partials.fold(growth, |growth, partial| growth - partial);
    if let Some(ranks) = &at.columns.ranks {
        growth = growth - rank::term(at, ranks);
    }
    growth * table_denominator(at) + at.now(at.columns.multiplicity)
}

/// On row 0 and on the last usable row the sum is zero.
pub fn boundary(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    at.fixed(at.columns.boundary) * at.now(at.columns.lookup_sum)
}

/// Of a lane: beta + (1, r, 0) and beta + (tag, q, y).
fn denominators(at: &Row<'_, '_, '_>, lane: usize) -> [Expression<Fr>; 2] {
    let columns = at.columns;
    let range = constant(Fr::from(RANGE_TAG));
    [
        packed(at, range, at.now(columns.remainder[lane]), zero()),
        packed(
            at,
            at.fixed(columns.tag[lane]),
            at.now(columns.quotient[lane]),
            at.now(columns.activation[lane]),
        ),
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
    let theta = || at.challenges.theta.clone();
    at.challenges.beta.clone() + tag + theta() * (q + theta() * y)
}
