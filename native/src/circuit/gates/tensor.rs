//! Tensor rows: a stored image's products (side a) and outputs (side b) at the point (a, b).
//!
//! `row_*` accumulates the blocks of an image row, last block first; `run_*` the rows of an image,
//! last row first. After a run's last row run_a = sum e[i,j] a^i b^j, and run_b likewise of z.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Column, Expression};

use super::row::{mix, one, power, weighted, Row};

/// row_a = nrs * before * b^L + sum_l e_l b^l, with b^2 for b where `dbl` is set.
pub fn row_a(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let double = at.flag("dbl");
    let step = |l| mix(&double, power(&at.drawn.b, l), power(&at.drawn.b, 2 * l));
    row(at, at.columns.row_a, &at.products(), step)
}

/// run_a moves on by a, or by a^2 where `dbl` is set.
pub fn run_a(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let step = mix(&at.flag("dbl"), at.drawn.a.clone(), power(&at.drawn.a, 2));
    run(at, at.columns.row_a, at.columns.run_a, step)
}

/// row_b = nrs * before * b^L + sum_l z_l b^l, with 1 for b where `sm` is set.
pub fn row_b(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let plain = at.flag("sm");
    let step = |l| mix(&plain, power(&at.drawn.b, l), one());
    row(at, at.columns.row_b, &at.outputs(), step)
}

/// run_b moves on by a, or by 1 where `sm` is set.
pub fn run_b(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let step = mix(&at.flag("sm"), at.drawn.a.clone(), one());
    run(at, at.columns.row_b, at.columns.run_b, step)
}

/// row = nrs * before * step(L) + sum_l cell_l * step(l)
fn row(
    at: &Row<'_, '_, '_>,
    row: Column<Advice>,
    cells: &[Expression<Fr>],
    step: impl Fn(usize) -> Expression<Fr>,
) -> Expression<Fr> {
    let carried = at.flag("nrs") * at.before(row) * step(cells.len());
    at.now(row) - carried - weighted(cells, step)
}

/// run = before * (c, times the step where an image row ends) + re * row
fn run(
    at: &Row<'_, '_, '_>,
    row: Column<Advice>,
    run: Column<Advice>,
    step: Expression<Fr>,
) -> Expression<Fr> {
    let moved = at.fixed(at.columns.cre) * (step - one());
    let carried = at.before(run) * (at.flag("c") + moved);
    at.now(run) - carried - at.flag("re") * at.now(row)
}
