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
use crate::witness::phase_1::Witness;

/// Partial sums [lane][row], and the running sum with its first value 0 in front.
pub fn lookups(
    program: &Program,
    witness: &Witness,
    rank: &[Fr],
    at: &Challenges<Fr>,
) -> (Vec<Vec<Fr>>, Vec<Fr>) {
    let rows = usable_rows(program.shape.k);
    let lookup_partials = program.shape.lookup_partials();
    let mut columns = vec![vec![Fr::ZERO; rows]; lookup_partials];
    let mut growth = vec![Fr::ZERO; rows];
    for start in (0..rows).step_by(CHUNK * 16) {
        let stop = rows.min(start + CHUNK * 16);
        let parts: Vec<(usize, Vec<Fr>)> = (start..stop)
            .into_par_iter()
            .step_by(CHUNK)
            .map(|i| (i, chunk(program, witness, at, i, stop.min(i + CHUNK))))
            .collect();
        for (first, part) in parts {
            for (i, row) in part.chunks_exact(lookup_partials + 1).enumerate() {
                for (column, value) in columns.iter_mut().zip(row) {
                    column[first + i] = *value;
                }
                growth[first + i] = row[lookup_partials];
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

/// For each row its partial sums and the growth of the sum.
fn chunk(
    program: &Program,
    witness: &Witness,
    at: &Challenges<Fr>,
    start: usize,
    stop: usize,
) -> Vec<Fr> {
    let lookups = 2 * program.shape.lanes;
    let mut inverse = Vec::with_capacity((stop - start) * (lookups + 1));
    for i in start..stop {
        for l in 0..program.shape.lanes {
            inverse.push(packed(at, RANGE_TAG as i64, witness.remainder[l][i], 0));
            let tag = value(&program.tag[l], i);
            inverse.push(packed(
                at,
                tag,
                witness.quotient[l][i],
                witness.activation[l][i],
            ));
        }
        let [t, q, y] = [0, 1, 2].map(|c| program.table[c][i]);
        inverse.push(packed(at, t, q, y));
    }
    inverse.iter_mut().batch_invert();
    let lookup_partials = program.shape.lookup_partials();
    let mut out = Vec::with_capacity((stop - start) * (lookup_partials + 1));
    for (i, row) in inverse.chunks_exact(lookups + 1).enumerate() {
        out.extend(row[..lookups].chunks_exact(2).map(|pair| pair[0] + pair[1]));
        let all: Fr = row[..lookups].iter().sum();
        out.push(all - signed(witness.multiplicity[start + i]) * row[lookups]);
    }
    out
}

fn packed(at: &Challenges<Fr>, tag: i64, q: i64, y: i64) -> Fr {
    at.beta + signed(tag) + at.theta * (signed(q) + at.theta * signed(y))
}
