//! Which value every cell of the circuit has: one list, for keys, proofs and checks alike.

use std::borrow::Cow;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Column, Fixed};

use crate::accumulate::Accumulated;
use crate::cells::Cells;
use crate::circuit::{signed, Columns, FLAGS, HASH_FLAGS, RANK_FLAGS};
use crate::hashing::Hashed;
use crate::hidden::{with_salt, OWN, SAME_BIAS};
use crate::program::{placed, usable_rows, Program};

/// Values down a column; integers are committed to several times faster than field elements.
#[derive(Clone, Debug)]
pub enum Values<'a> {
    Small(Cow<'a, [i64]>),
    Field(Cow<'a, [Fr]>),
}

/// A column's values from circuit row `first` on; the others are 0 (or blinding, in a proof).
#[derive(Clone, Debug)]
pub struct Filled<'a, C: halo2_axiom::plonk::ColumnType> {
    pub column: Column<C>,
    pub first: usize,
    pub values: Values<'a>,
}

impl<'a, C: halo2_axiom::plonk::ColumnType> Filled<'a, C> {
    fn small(column: Column<C>, values: impl Into<Cow<'a, [i64]>>) -> Self {
        Filled {
            column,
            first: placed(0),
            values: Values::Small(values.into()),
        }
    }

    fn field(column: Column<C>, values: impl Into<Cow<'a, [Fr]>>) -> Self {
        Filled {
            column,
            first: placed(0),
            values: Values::Field(values.into()),
        }
    }

    fn from(self, first: usize) -> Self {
        Filled { first, ..self }
    }

    /// Each value with its circuit row.
    pub fn rows(&self) -> Box<dyn Iterator<Item = (usize, Fr)> + '_> {
        let first = self.first;
        match &self.values {
            Values::Small(values) => Box::new((first..).zip(values.iter().map(|v| signed(*v)))),
            Values::Field(values) => Box::new((first..).zip(values.iter().copied())),
        }
    }
}

/// Every fixed column, in order of index.
pub fn fixed<'a>(columns: &Columns, program: &'a Program) -> Vec<Filled<'a, Fixed>> {
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

fn lanes<'a, C: halo2_axiom::plonk::ColumnType>(
    columns: &[Column<C>],
    values: &'a [Vec<i64>],
) -> Vec<Filled<'a, C>> {
    let pairs = columns.iter().zip(values);
    pairs
        .map(|(column, values)| Filled::small(*column, &values[..]))
        .collect()
}
