//! What `circuit/gates/fold.rs` constrains.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;

use super::parallel::per_row;
use crate::algebra::field::first_powers;
use crate::circuit::columns::OUTPUT_SELECTOR;
use crate::circuit::rows::usable_rows;
use crate::circuit::Challenges;
use crate::program::{Endpoint, Program};
use crate::witness::phase_1::Witness;

/// The factors: accumulators at the ends of segments and public labels, where copies put them.
pub fn copied(
    program: &Program,
    witness: &Witness,
    pre_outer: &[Fr],
    post_outer: &[Fr],
) -> Vec<Fr> {
    let mut x = vec![Fr::ZERO; pre_outer.len()];
    for copy in &program.copies {
        match *copy {
            (Endpoint::Factor(row), Endpoint::PreOuter(end)) => x[row] = pre_outer[end],
            (Endpoint::Factor(row), Endpoint::PostOuter(end)) => x[row] = post_outer[end],
            (Endpoint::Factor(row), Endpoint::Instance(word)) => x[row] = witness.instances[word],
            _ => {}
        }
    }
    x
}

/// A row's weights folded, and the kernel that they are entered into.
pub fn kernels(program: &Program, at: &Challenges<Fr>) -> (Vec<Fr>, Vec<Fr>) {
    let lanes = program.shape.weight_lanes;
    let (fold, taps) = (first_powers(at.g, lanes + 1), first_powers(at.b, lanes + 1));
    let along = program.flag("weights_are_taps");
    let weights = |row| if along(row) { &taps } else { &fold };
    let rows = usable_rows(program.shape.k);
    let mut kernel_inner = per_row(rows, |i| {
        let lane = |l: usize| program.weight(l, i) * weights(i)[l];
        (0..lanes).map(lane).sum()
    });
    let (continues, enters) = (
        program.flag("continues_kernel_inner"),
        program.flag("enters_kernel"),
    );
    let step = chosen(
        program,
        [
            ("keeps_kernel", Fr::ONE),
            ("shifts_columns", at.b),
            ("shifts_rows", at.a),
        ],
    );
    let selects_output = program.shape.hidden.then(|| program.flag(OUTPUT_SELECTOR));
    let (mut before, mut moved) = (Fr::ZERO, Fr::ZERO);
    let mut kernel = Vec::with_capacity(rows);
    for (i, now) in kernel_inner.iter_mut().enumerate() {
        if continues(i) {
            *now += before * weights(i)[lanes];
        }
        before = *now;
        moved *= step(i);
        if enters(i) {
            moved += *now;
        }
        if selects_output.as_ref().is_some_and(|selects| selects(i)) {
            moved -= Fr::ONE;
        }
        kernel.push(moved);
    }
    (kernel_inner, kernel)
}

/// The layers' Horner accumulators.
pub fn folded(program: &Program, kernel: &[Fr], x: &[Fr], at: &Challenges<Fr>) -> Vec<Fr> {
    let step = chosen(
        program,
        [("keeps_accumulator", Fr::ONE), ("next_output", at.g)],
    );
    let enters = program.flag("takes_product");
    let mut sum = Fr::ZERO;
    let mut sums = Vec::with_capacity(kernel.len());
    for (i, (kernel, x)) in kernel.iter().zip(x).enumerate() {
        sum *= step(i);
        if enters(i) {
            sum += kernel * x;
        }
        sums.push(sum);
    }
    sums
}

/// On a row: the sum of the values whose flags are set.
fn chosen<'a, const N: usize>(
    program: &'a Program,
    choices: [(&str, Fr); N],
) -> impl Fn(usize) -> Fr + 'a {
    let choices = choices.map(|(name, value)| (program.flag(name), value));
    move |row| {
        let set = choices.iter().filter(|(flag, _)| flag(row));
        set.map(|(_, value)| value).sum()
    }
}
