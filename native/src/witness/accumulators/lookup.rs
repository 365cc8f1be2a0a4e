//! What `circuit/gates/lookup.rs` constrains.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::{BatchInvert, Field};
use rayon::prelude::*;

use super::parallel::CHUNK;
use crate::algebra::field::signed;
use crate::circuit::columns::RANGE_TAG;
use crate::circuit::rows::{usable_rows, value};
use crate::circuit::Challenges;
use crate::program::Program;
use crate::witness::phase_1::Cells;

/// Helpers [j][row], and the running sum with its first value 0 in front.
pub fn lookups(
    program: &Program,
    cells: &Cells,
    rank: &[Fr],
    at: &Challenges<Fr>,
) -> (Vec<Vec<Fr>>, Vec<Fr>) {
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
    for (growth, rank) in growth.iter_mut().zip(rank) {
        *growth += rank;
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
    let lookups = 2 * program.shape.lanes;
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
        out.extend(row[..lookups].chunks_exact(2).map(|pair| pair[0] + pair[1]));
        let all: Fr = row[..lookups].iter().sum();
        out.push(all - signed(cells.multiplicities[start + i]) * row[lookups]);
    }
    out
}

fn packed(at: &Challenges<Fr>, tag: i64, q: i64, y: i64) -> Fr {
    at.beta + signed(tag) + at.theta * (signed(q) + at.theta * signed(y))
}
