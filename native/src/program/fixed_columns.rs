//! Which value every fixed cell of the circuit has.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Column, Fixed};

use super::checked::Program;
use super::salt::with_salt;
use crate::circuit::assignment::{lanes, ColumnAssignment};
use crate::circuit::columns::{Columns, FLAGS, HASH_FLAGS, OUTPUT_SELECTOR, RANK_FLAGS, SAME_BIAS};
use crate::circuit::rows::usable_rows;

/// Every fixed column, in order of index.
pub fn fixed_columns<'a>(
    columns: &Columns,
    program: &'a Program,
) -> Vec<ColumnAssignment<'a, Fixed>> {
    let rows = usable_rows(program.shape.k);
    let groups = [
        (&columns.tag[..], &program.tag),
        (&columns.table, &program.table),
    ];
    let mut all: Vec<_> = groups
        .into_iter()
        .flat_map(|(columns, values)| lanes(columns, values))
        .collect();
    let salt = &program.salt;
    all.push(salted(columns.bias, &program.bias, &salt.bias));
    for (lane, column) in columns.weight.iter().enumerate() {
        let salt = salt.weights.get(lane).map_or(&[][..], |salt| salt);
        all.push(salted(*column, &program.weight[lane], salt));
    }
    if let Some(hidden) = &columns.hidden {
        for (column, name) in [
            (hidden.output_selector, OUTPUT_SELECTOR),
            (hidden.same_bias, SAME_BIAS),
        ] {
            all.push(ColumnAssignment::small(column, &program.flags[name][..]));
        }
        all.extend(lanes(&hidden.no_weight, &program.no_weight));
    }
    for (column, name) in columns.flags.iter().zip(FLAGS) {
        all.push(ColumnAssignment::small(*column, &program.flags[name][..]));
    }
    if let Some(ranks) = &columns.ranks {
        for (column, name) in ranks.flags().into_iter().zip(RANK_FLAGS) {
            all.push(ColumnAssignment::small(column, &program.flags[name][..]));
        }
        all.push(ColumnAssignment::small(ranks.class, &program.class[..]));
    }
    if let Some(hash) = &columns.hash {
        for (column, name) in hash.flags().into_iter().zip(HASH_FLAGS) {
            all.push(ColumnAssignment::small(column, &program.flags[name][..]));
        }
        for (lane, column) in hash.hash_constant.into_iter().enumerate() {
            all.push(ColumnAssignment::field(column, program.constants(lane)));
        }
    }
    all.push(ColumnAssignment::small(
        columns.steps_segment,
        steps(program),
    ));
    all.push(ColumnAssignment::small(columns.active, vec![1; rows]));
    let mut boundary = vec![0; rows + 1];
    (boundary[0], boundary[rows]) = (1, 1);
    all.push(ColumnAssignment::small(columns.boundary, boundary).from(0));
    all.sort_by_key(|assigned| assigned.column.index());
    all
}

/// A column that may have salt below it.
fn salted<'a>(
    column: Column<Fixed>,
    values: &'a [i64],
    salt: &[Fr],
) -> ColumnAssignment<'a, Fixed> {
    match salt {
        [] => ColumnAssignment::small(column, values),
        _ => ColumnAssignment::field(column, with_salt(values, salt)),
    }
}

/// 1 where an image row ends and its segment has rows before it: the outer accumulator steps.
fn steps(program: &Program) -> Vec<i64> {
    let (c, re) = (
        &program.flags["continues_segment"],
        &program.flags["ends_row"],
    );
    c.iter().zip(re).map(|(c, re)| c * re).collect()
}
