//! Which value every fixed cell of the circuit has.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Column, Fixed};

use super::checked::Program;
use super::salt::with_salt;
use crate::circuit::assignment::{lanes, Filled};
use crate::circuit::columns::{Columns, FLAGS, HASH_FLAGS, OWN, RANK_FLAGS, SAME_BIAS};
use crate::circuit::rows::usable_rows;

/// Every fixed column, in order of index.
pub fn fixed_columns<'a>(columns: &Columns, program: &'a Program) -> Vec<Filled<'a, Fixed>> {
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
    for (lane, column) in columns.w.iter().enumerate() {
        let salt = salt.weights.get(lane).map_or(&[][..], |salt| salt);
        all.push(salted(*column, &program.weights[lane], salt));
    }
    if let Some(secret) = &columns.secret {
        for (column, name) in [(secret.ow, OWN), (secret.sb, SAME_BIAS)] {
            all.push(Filled::small(column, &program.flags[name][..]));
        }
        all.extend(lanes(&secret.nw, &program.no_weight));
    }
    for (column, name) in columns.flags.iter().zip(FLAGS) {
        all.push(Filled::small(*column, &program.flags[name][..]));
    }
    if let Some(ranks) = &columns.ranks {
        for (column, name) in [ranks.lb, ranks.lo, ranks.cl].into_iter().zip(RANK_FLAGS) {
            all.push(Filled::small(column, &program.flags[name][..]));
        }
        all.push(Filled::small(ranks.class, &program.class[..]));
    }
    if let Some(hash) = &columns.hash {
        for (column, name) in hash.flags().into_iter().zip(HASH_FLAGS) {
            all.push(Filled::small(column, &program.flags[name][..]));
        }
        for (lane, column) in hash.constants.into_iter().enumerate() {
            all.push(Filled::field(column, program.constants(lane)));
        }
    }
    all.push(Filled::small(columns.cre, steps(program)));
    all.push(Filled::small(columns.act, vec![1; rows]));
    let mut ends = vec![0; rows + 1];
    (ends[0], ends[rows]) = (1, 1);
    all.push(Filled::small(columns.ends, ends).from(0));
    all.sort_by_key(|filled| filled.column.index());
    all
}

/// A column that may have salt below it.
fn salted<'a>(column: Column<Fixed>, values: &'a [i64], salt: &[Fr]) -> Filled<'a, Fixed> {
    match salt {
        [] => Filled::small(column, values),
        _ => Filled::field(column, with_salt(values, salt)),
    }
}

/// cre: 1 where both c and re are.
fn steps(program: &Program) -> Vec<i64> {
    let (c, re) = (&program.flags["c"], &program.flags["re"]);
    c.iter().zip(re).map(|(c, re)| c * re).collect()
}
