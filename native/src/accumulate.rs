//! Columns of the second phase: accumulators and logUp sums, from cells and challenges.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::{BatchInvert, Field};
use rayon::prelude::*;

use crate::circuit::{signed, Challenges, Shape, RANGE_TAG};
use crate::program::{usable_rows, value, Cells, Place, Program};

/// Rows worked on by one thread at a time.
const CHUNK: usize = 1 << 12;

/// Every column of the second phase, [row], by caller's rows (`sum` has one row more, in front).
#[derive(Clone, Debug, Default)]
pub struct Accumulated {
    pub row_a: Vec<Fr>,
    pub run_a: Vec<Fr>,
    pub row_b: Vec<Fr>,
    pub run_b: Vec<Fr>,
    pub v1: Vec<Fr>,
    pub v2: Vec<Fr>,
    pub x: Vec<Fr>,
    pub mac: Vec<Fr>,
    pub helpers: Vec<Vec<Fr>>,
    pub sum: Vec<Fr>,
}

/// Compute them by the gates' own recurrences.
pub fn accumulate(program: &Program, cells: &Cells, at: &Challenges<Fr>) -> Accumulated {
    let (row_a, run_a) = products(program, cells, at);
    let (row_b, run_b) = outputs(program, cells, at);
    let x = copied(program, &run_a, &run_b);
    let (v1, v2) = kernels(program, at);
    let mac = folded(program, &v2, &x, at);
    let (helpers, sum) = lookups(program, cells, at);
    Accumulated {
        row_a,
        run_a,
        row_b,
        run_b,
        v1,
        v2,
        x,
        mac,
        helpers,
        sum,
    }
}

fn powers(base: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |power| Some(power * base))
        .take(count)
        .collect()
}

fn per_row(rows: usize, row: impl Fn(usize) -> Fr + Sync + Send) -> Vec<Fr> {
    (0..rows)
        .into_par_iter()
        .with_min_len(CHUNK)
        .map(row)
        .collect()
}

fn products(program: &Program, cells: &Cells, at: &Challenges<Fr>) -> (Vec<Fr>, Vec<Fr>) {
    let Shape {
        k, lanes, shift, ..
    } = program.shape;
    let (once, twice) = (powers(at.b, lanes + 1), powers(at.b.square(), lanes + 1));
    let double = program.flag("dbl");
    let weights = |row| if double(row) { &twice } else { &once };
    let row = per_row(usable_rows(k), |i| {
        let bias = value(&program.bias, i);
        let cell = |l: usize| (cells.q[l][i] << shift) + cells.r[l][i] - bias;
        (0..lanes).map(|l| signed(cell(l)) * weights(i)[l]).sum()
    });
    let steps = (at.a, at.a.square());
    let step = |i| if double(i) { steps.1 } else { steps.0 };
    runs(program, row, |i| weights(i)[lanes], step)
}

fn outputs(program: &Program, cells: &Cells, at: &Challenges<Fr>) -> (Vec<Fr>, Vec<Fr>) {
    let Shape {
        k, lanes, y_offset, ..
    } = program.shape;
    let (powers, ones) = (powers(at.b, lanes + 1), vec![Fr::ONE; lanes + 1]);
    let plain = program.flag("sm");
    let weights = |row| if plain(row) { &ones } else { &powers };
    let row = per_row(usable_rows(k), |i| {
        let cell = |l: usize| signed(cells.y[l][i] - y_offset);
        (0..lanes).map(|l| cell(l) * weights(i)[l]).sum()
    });
    let step = |i| if plain(i) { Fr::ONE } else { at.a };
    runs(program, row, |i| weights(i)[lanes], step)
}

/// Turn sums of single rows into the row and run accumulators.
fn runs(
    program: &Program,
    mut row: Vec<Fr>,
    row_step: impl Fn(usize) -> Fr,
    run_step: impl Fn(usize) -> Fr,
) -> (Vec<Fr>, Vec<Fr>) {
    let (continues, carries, ends) = (program.flag("nrs"), program.flag("c"), program.flag("re"));
    let (mut before, mut run) = (Fr::ZERO, Fr::ZERO);
    let mut all = Vec::with_capacity(row.len());
    for (i, now) in row.iter_mut().enumerate() {
        if continues(i) {
            *now += before * row_step(i);
        }
        before = *now;
        let carried = if carries(i) { run } else { Fr::ZERO };
        run = if ends(i) {
            carried * run_step(i) + *now
        } else {
            carried
        };
        all.push(run);
    }
    (row, all)
}

fn copied(program: &Program, run_a: &[Fr], run_b: &[Fr]) -> Vec<Fr> {
    let mut x = vec![Fr::ZERO; run_a.len()];
    for copy in &program.copies {
        match *copy {
            (Place::X(row), Place::RunA(end)) => x[row] = run_a[end],
            (Place::X(row), Place::RunB(end)) => x[row] = run_b[end],
            _ => {}
        }
    }
    x
}

fn kernels(program: &Program, at: &Challenges<Fr>) -> (Vec<Fr>, Vec<Fr>) {
    let lanes = program.shape.weight_lanes;
    let (fold, taps) = (powers(at.g, lanes + 1), powers(at.b, lanes + 1));
    let along = program.flag("wb");
    let weights = |row| if along(row) { &taps } else { &fold };
    let rows = usable_rows(program.shape.k);
    let mut v1 = per_row(rows, |i| {
        let lane = |l: usize| signed(value(&program.weights[l], i)) * weights(i)[l];
        (0..lanes).map(lane).sum()
    });
    let (continues, enters) = (program.flag("v1c"), program.flag("ve"));
    let step = chosen(program, [("u1", Fr::ONE), ("ub", at.b), ("ua", at.a)]);
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
        v2.push(moved);
    }
    (v1, v2)
}

fn folded(program: &Program, v2: &[Fr], x: &[Fr], at: &Challenges<Fr>) -> Vec<Fr> {
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

/// Helpers [j][row], and the running sum with its first value 0 in front.
fn lookups(program: &Program, cells: &Cells, at: &Challenges<Fr>) -> (Vec<Vec<Fr>>, Vec<Fr>) {
    let rows = usable_rows(program.shape.k);
    let helpers = program.shape.helpers();
    let mut columns = vec![vec![Fr::ZERO; rows]; helpers];
    let mut growth = vec![Fr::ZERO; rows];
    for start in (0..rows).step_by(CHUNK * 16) {
        let stop = rows.min(start + CHUNK * 16);
        let parts: Vec<(usize, Vec<Fr>)> = (start..stop)
            .into_par_iter()
            .step_by(CHUNK)
            .map(|i| (i, chunk(program, cells, at, i, stop.min(i + CHUNK))))
            .collect();
        for (first, part) in parts {
            for (i, row) in part.chunks_exact(helpers + 1).enumerate() {
                for (column, value) in columns.iter_mut().zip(row) {
                    column[first + i] = *value;
                }
                growth[first + i] = row[helpers];
            }
        }
    }
    let mut sum = Vec::with_capacity(rows + 1);
    sum.push(Fr::ZERO);
    for step in growth {
        sum.push(sum[sum.len() - 1] + step);
    }
    (columns, sum)
}

/// For each row its helpers and the growth of the sum.
fn chunk(
    program: &Program,
    cells: &Cells,
    at: &Challenges<Fr>,
    start: usize,
    stop: usize,
) -> Vec<Fr> {
    let lookups = program.shape.lookups();
    let mut inverse = Vec::with_capacity((stop - start) * (lookups + 1));
    for i in start..stop {
        for l in 0..program.shape.lanes {
            inverse.push(packed(at, RANGE_TAG as i64, cells.r[l][i], 0));
            let tag = value(&program.tag[l], i);
            inverse.push(packed(at, tag, cells.q[l][i], cells.y[l][i]));
        }
        let [t, q, y] = [0, 1, 2].map(|c| program.table[c][i]);
        inverse.push(packed(at, t, q, y));
    }
    inverse.iter_mut().batch_invert();
    let helpers = program.shape.helpers();
    let mut out = Vec::with_capacity((stop - start) * (helpers + 1));
    for (i, row) in inverse.chunks_exact(lookups + 1).enumerate() {
        out.extend(
            row[..3 * helpers]
                .chunks_exact(3)
                .map(|h| h[0] + h[1] + h[2]),
        );
        let all: Fr = row[..lookups].iter().sum();
        out.push(all - signed(cells.multiplicities[start + i]) * row[lookups]);
    }
    out
}

fn packed(at: &Challenges<Fr>, tag: i64, q: i64, y: i64) -> Fr {
    at.beta + signed(tag) + at.theta * (signed(q) + at.theta * signed(y))
}
