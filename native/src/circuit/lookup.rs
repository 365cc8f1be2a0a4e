//! logUp: every lane's remainder is in its range, and every (tag, q, y) is in the table.
//!
//! The sum over all lookups of 1 / (beta + value) equals the sum over the table's entries of
//! multiplicity / (beta + entry). A value is tag + theta q + theta^2 y; a remainder's tag is 1.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Expression;

use super::columns::RANGE_TAG;
use super::row::{constant, one, zero, Row};

/// helper d1 d2 d3 = d2 d3 + d1 d3 + d1 d2: it is the sum of three lookups' inverses.
pub fn helper(at: &Row<'_, '_, '_>, number: usize) -> Expression<Fr> {
    let mut three = denominators(at).into_iter().skip(3 * number);
    let [d1, d2, d3] = [(); 3].map(|()| three.next().expect("three lookups to a helper"));
    let pairs = d2.clone() * d3.clone() + d1.clone() * d3.clone() + d1.clone() * d2.clone();
    at.now(at.columns.helpers[number]) * d1 * d2 * d3 - pairs
}

/// sum = before + all helpers + 1 / (each lookup without one) - m / table, multiplied out.
pub fn sum(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let table = table_denominator(at);
    let mut growth = at.now(at.columns.sum) - at.before(at.columns.sum);
    for helper in &at.columns.helpers {
        growth = growth - at.now(*helper);
    }
    let rest = denominators(at).split_off(3 * at.columns.helpers.len());
    let (product, inverses) = match rest.as_slice() {
        [] => (one(), zero()),
        [d] => (d.clone(), one()),
        [d1, d2] => (d1.clone() * d2.clone(), d1.clone() + d2.clone()),
        _ => unreachable!("at most two lookups have no helper"),
    };
    let counted = at.now(at.columns.m) * product.clone();
    growth * table.clone() * product - table * inverses + counted
}

/// On row 0 and on the last usable row the sum is zero.
pub fn ends(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    at.fixed(at.columns.ends) * at.now(at.columns.sum)
}

/// Per lane: beta + (1, r, 0) and beta + (tag, q, y).
fn denominators(at: &Row<'_, '_, '_>) -> Vec<Expression<Fr>> {
    let columns = at.columns;
    let lane = |l: usize| {
        let range = constant(Fr::from(RANGE_TAG));
        let tag = at.fixed(columns.tag[l]);
        let (q, r, y) = (columns.q[l], columns.r[l], columns.y[l]);
        [
            packed(at, range, at.now(r), zero()),
            packed(at, tag, at.now(q), at.now(y)),
        ]
    };
    (0..columns.q.len()).flat_map(lane).collect()
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
