//! Which value every advice cell of the circuit has, phase by phase.

use halo2_axiom::plonk::Advice;

use super::accumulators::Accumulators;
use super::hash_states::HashStates;
use super::phase_1::Witness;
use crate::circuit::assignment::{lanes, ColumnAssignment};
use crate::circuit::Columns;

/// Every advice column of the first phase, in order of index.
pub fn first_phase<'a>(
    columns: &Columns,
    witness: &'a Witness,
    hashed: &'a HashStates,
) -> Vec<ColumnAssignment<'a, Advice>> {
    let groups = [
        (&columns.quotient, &witness.quotient),
        (&columns.remainder, &witness.remainder),
        (&columns.activation, &witness.activation),
    ];
    let mut all: Vec<_> = groups
        .into_iter()
        .flat_map(|(columns, values)| lanes(columns, values))
        .collect();
    if let Some(ranks) = &columns.ranks {
        all.push(ColumnAssignment::small(
            ranks.membership,
            &witness.membership[..],
        ));
        all.push(ColumnAssignment::small(
            ranks.threshold,
            &witness.threshold[..],
        ));
    }
    if let Some(hash) = &columns.hash {
        all.push(ColumnAssignment::field(
            hash.packed_word,
            &hashed.packed_word[..],
        ));
        all.push(ColumnAssignment::field(
            hash.hash_word,
            &hashed.hash_word[..],
        ));
        for lane in 0..2 {
            all.push(ColumnAssignment::field(
                hash.hash_state[lane],
                &hashed.hash_state[lane][..],
            ));
            all.push(ColumnAssignment::field(
                hash.hash_square[lane],
                &hashed.hash_square[lane][..],
            ));
        }
    }
    all.push(ColumnAssignment::small(
        columns.multiplicity,
        &witness.multiplicity[..],
    ));
    all.push(ColumnAssignment::field(columns.input, &witness.input[..]));
    all.sort_by_key(|assigned| assigned.column.index());
    all
}

/// Every advice column of the second phase, in order of index.
pub fn second_phase<'a>(
    columns: &Columns,
    accumulators: &'a Accumulators,
) -> Vec<ColumnAssignment<'a, Advice>> {
    let plain = [
        (columns.pre_inner, &accumulators.pre_inner),
        (columns.pre_outer, &accumulators.pre_outer),
        (columns.post_inner, &accumulators.post_inner),
        (columns.post_outer, &accumulators.post_outer),
        (columns.kernel_inner, &accumulators.kernel_inner),
        (columns.kernel, &accumulators.kernel),
        (columns.factor, &accumulators.factor),
        (columns.layer_accumulator, &accumulators.layer_accumulator),
    ];
    let lookup_partial = columns
        .lookup_partial
        .iter()
        .copied()
        .zip(&accumulators.lookup_partial);
    let mut all: Vec<_> = plain
        .into_iter()
        .chain(lookup_partial)
        .map(|(column, values)| ColumnAssignment::field(column, &values[..]))
        .collect();
    if let Some(ranks) = &columns.ranks {
        all.push(ColumnAssignment::field(
            ranks.membership_partial,
            &accumulators.membership_partial[..],
        ));
    }
    all.push(ColumnAssignment::field(columns.lookup_sum, &accumulators.lookup_sum[..]).from(0));
    all.sort_by_key(|assigned| assigned.column.index());
    all
}
