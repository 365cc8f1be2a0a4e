//! Fold rows: kernels at (a, b, g) times their factors, and layer accumulators that close at zero.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Expression;

use super::row::{mix, power, weighted, Row};

/// v1 = v1c * before * g^Lw + sum_l w_l g^l, with b for g where `wb` is set.
pub fn kernel_inner(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let taps = at.flag("weights_are_taps");
    let step = |l| {
        mix(
            &taps,
            power(&at.challenges.g, l),
            power(&at.challenges.b, l),
        )
    };
    let weights: Vec<_> = at.columns.weight.iter().map(|w| at.fixed(*w)).collect();
    let carried = at.flag("continues_kernel_inner")
        * at.before(at.columns.kernel_inner)
        * step(weights.len());
    at.now(at.columns.kernel_inner) - carried - weighted(&weights, step)
}

/// v2 = before * (u1 + ub b + ua a) + ve * v1 - ow
///
/// `ow` is of circuits with hidden weights: there the coefficient -1 of an output must not be a
/// weight, or an owner that hides 0 in its place could prove any value of that output.
pub fn kernel(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let step = at.flag("keeps_kernel")
        + at.flag("shifts_columns") * at.challenges.b.clone()
        + at.flag("shifts_rows") * at.challenges.a.clone();
    let entered = at.flag("enters_kernel") * at.now(at.columns.kernel_inner);
    let found = at.now(at.columns.kernel) - at.before(at.columns.kernel) * step - entered;
    match &at.columns.hidden {
        Some(hidden) => found + at.fixed(hidden.output_selector),
        None => found,
    }
}

/// mac = before * (h1 + hg g) + me * v2 * x
pub fn layer_accumulator(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let step = at.flag("keeps_accumulator") + at.flag("next_output") * at.challenges.g.clone();
    let term = at.flag("takes_product") * at.now(at.columns.kernel) * at.now(at.columns.factor);
    at.now(at.columns.layer_accumulator) - at.before(at.columns.layer_accumulator) * step - term
}

/// le * mac = 0: at its last row, what a layer's outputs claim is what its inputs give.
pub fn closed_layer(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    at.flag("closes_layer") * at.now(at.columns.layer_accumulator)
}
