//! Tensor rows: a segment's pre-activations e and activations z at the point (a, b).
//!
//! The inner accumulator takes the blocks of an image row, last block first; the outer one the rows
//! of the segment, last row first. After the segment's last row the outer accumulator of
//! pre-activations is sum e[i,j] a^i b^j, and that of activations likewise of z.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Column, Expression};

use super::row::{mix, one, power, weighted, Row};

/// row_a = nrs * before * b^L + sum_l e_l b^l, with b^2 for b where `dbl` is set.
pub fn pre_inner(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let double = at.flag("doubled");
    let step = |l| {
        mix(
            &double,
            power(&at.challenges.b, l),
            power(&at.challenges.b, 2 * l),
        )
    };
    inner(at, at.columns.pre_inner, &at.convolutions(), step)
}

/// run_a moves on by a, or by a^2 where `dbl` is set.
pub fn pre_outer(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let step = mix(
        &at.flag("doubled"),
        at.challenges.a.clone(),
        power(&at.challenges.a, 2),
    );
    outer(at, at.columns.pre_inner, at.columns.pre_outer, step)
}

/// row_b = nrs * before * b^L + sum_l z_l b^l, with 1 for b where `sm` is set.
pub fn post_inner(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let plain = at.flag("summed");
    let step = |l| mix(&plain, power(&at.challenges.b, l), one());
    inner(at, at.columns.post_inner, &at.outputs(), step)
}

/// run_b moves on by a, or by 1 where `sm` is set.
pub fn post_outer(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let step = mix(&at.flag("summed"), at.challenges.a.clone(), one());
    outer(at, at.columns.post_inner, at.columns.post_outer, step)
}

/// inner = nrs * before * step(L) + sum_l cell_l * step(l)
fn inner(
    at: &Row<'_, '_, '_>,
    inner: Column<Advice>,
    cells: &[Expression<Fr>],
    step: impl Fn(usize) -> Expression<Fr>,
) -> Expression<Fr> {
    let carried = at.flag("continues_row") * at.before(inner) * step(cells.len());
    at.now(inner) - carried - weighted(cells, step)
}

/// outer = before * (c, times the step where an image row ends) + re * inner
fn outer(
    at: &Row<'_, '_, '_>,
    inner: Column<Advice>,
    outer: Column<Advice>,
    step: Expression<Fr>,
) -> Expression<Fr> {
    let moved = at.fixed(at.columns.steps_segment) * (step - one());
    let carried = at.before(outer) * (at.flag("continues_segment") + moved);
    at.now(outer) - carried - at.flag("ends_row") * at.now(inner)
}
