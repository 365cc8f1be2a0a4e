//! What `circuit/gates/fold.rs` constrains.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;

use super::parallel::per_row;
use crate::algebra::field::first_powers;
use crate::circuit::columns::OWN;
use crate::circuit::rows::usable_rows;
use crate::circuit::Challenges;
use crate::program::{Place, Program};
use crate::witness::phase_1::Cells;

/// x: the ends of runs and the public labels, where copies put them.
pub fn copied(program: &Program, cells: &Cells, run_a: &[Fr], run_b: &[Fr]) -> Vec<Fr> {
    let mut x = vec![Fr::ZERO; run_a.len()];
    for copy in &program.copies {
        match *copy {
            (Place::X(row), Place::RunA(end)) => x[row] = run_a[end],
            (Place::X(row), Place::RunB(end)) => x[row] = run_b[end],
            (Place::X(row), Place::Instance(word)) => x[row] = cells.instances[word],
            _ => {}
        }
    }
    x
}

/// v1 and v2.
pub fn kernels(program: &Program, at: &Challenges<Fr>) -> (Vec<Fr>, Vec<Fr>) {
    let lanes = program.shape.weight_lanes;
    let (fold, taps) = (first_powers(at.g, lanes + 1), first_powers(at.b, lanes + 1));
    let along = program.flag("wb");
    let weights = |row| if along(row) { &taps } else { &fold };
    let rows = usable_rows(program.shape.k);
    let mut v1 = per_row(rows, |i| {
        let lane = |l: usize| program.weight(l, i) * weights(i)[l];
        (0..lanes).map(lane).sum()
    });
    let (continues, enters) = (program.flag("v1c"), program.flag("ve"));
    let step = chosen(program, [("u1", Fr::ONE), ("ub", at.b), ("ua", at.a)]);
    let own = program.shape.hidden.then(|| program.flag(OWN));
    let (mut before, mut moved) = (Fr::ZERO, Fr::ZERO);
    let mut v2 = Vec::with_capacity(rows);
    for (i, now) in v1.iter_mut().enumerate() {
        if continues(i) {
            *now += before * weights(i)[lanes];
        }
        before = *now;
        moved *= step(i);
        if enters(i) {
            moved += *now;
        }
        if own.as_ref().is_some_and(|own| own(i)) {
            moved -= Fr::ONE;
        }
        v2.push(moved);
    }
    (v1, v2)
}

/// mac.
pub fn folded(program: &Program, v2: &[Fr], x: &[Fr], at: &Challenges<Fr>) -> Vec<Fr> {
    let step = chosen(program, [("h1", Fr::ONE), ("hg", at.g)]);
    let enters = program.flag("me");
    let mut sum = Fr::ZERO;
    let mut sums = Vec::with_capacity(v2.len());
    for (i, (kernel, x)) in v2.iter().zip(x).enumerate() {
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
