//! Which value every advice cell of the circuit has, phase by phase.

use halo2_axiom::plonk::Advice;

use super::accumulators::Accumulated;
use super::hash_states::Hashed;
use super::phase_1::Cells;
use crate::circuit::assignment::{lanes, Filled};
use crate::circuit::Columns;

/// Every advice column of the first phase, in order of index.
pub fn cells<'a>(
    columns: &Columns,
    cells: &'a Cells,
    hashed: &'a Hashed,
) -> Vec<Filled<'a, Advice>> {
    let groups = [
        (&columns.q, &cells.q),
        (&columns.r, &cells.r),
        (&columns.y, &cells.y),
    ];
    let mut all: Vec<_> = groups
        .into_iter()
        .flat_map(|(columns, values)| lanes(columns, values))
        .collect();
    if let Some(ranks) = &columns.ranks {
        all.push(Filled::small(ranks.pick, &cells.pick[..]));
        all.push(Filled::small(ranks.bar, &cells.bar[..]));
    }
    if let Some(hash) = &columns.hash {
        all.push(Filled::field(hash.pack, &hashed.pack[..]));
        all.push(Filled::field(hash.word, &hashed.word[..]));
        for lane in 0..2 {
            all.push(Filled::field(hash.state[lane], &hashed.state[lane][..]));
            all.push(Filled::field(hash.square[lane], &hashed.square[lane][..]));
        }
    }
    all.push(Filled::small(columns.m, &cells.multiplicities[..]));
    all.push(Filled::field(columns.img, &cells.image[..]));
    all.sort_by_key(|filled| filled.column.index());
    all
}

/// Every advice column of the second phase, in order of index.
pub fn sums<'a>(columns: &Columns, sums: &'a Accumulated) -> Vec<Filled<'a, Advice>> {
    let plain = [
        (columns.row_a, &sums.row_a),
        (columns.run_a, &sums.run_a),
        (columns.row_b, &sums.row_b),
        (columns.run_b, &sums.run_b),
        (columns.v1, &sums.v1),
        (columns.v2, &sums.v2),
        (columns.x, &sums.x),
        (columns.mac, &sums.mac),
    ];
    let helpers = columns.helpers.iter().copied().zip(&sums.helpers);
    let mut all: Vec<_> = plain
        .into_iter()
        .chain(helpers)
        .map(|(column, values)| Filled::field(column, &values[..]))
        .collect();
    if let Some(ranks) = &columns.ranks {
        all.push(Filled::field(ranks.h, &sums.rank[..]));
    }
    all.push(Filled::field(columns.sum, &sums.sum[..]).from(0));
    all.sort_by_key(|filled| filled.column.index());
    all
}
