//! The names of a circuit's columns.

use halo2_axiom::plonk::ConstraintSystem;

use super::columns::{Columns, FLAGS, HASH_FLAGS, NO_WEIGHT, OWN, SAME_BIAS};
use super::shape::Shape;

/// The columns' names in order of index.
fn ordered(mut named: Vec<(usize, String)>) -> Vec<String> {
    named.sort();
    named.into_iter().map(|(_, name)| name).collect()
}

/// Names of the advice columns in order of index.
pub fn advice_names(shape: &Shape) -> Vec<String> {
    let columns = Columns::new(&mut ConstraintSystem::default(), shape);
    let single = [
        ("img", columns.img),
        ("m", columns.m),
        ("row_a", columns.row_a),
        ("run_a", columns.run_a),
        ("row_b", columns.row_b),
        ("run_b", columns.run_b),
        ("v1", columns.v1),
        ("v2", columns.v2),
        ("x", columns.x),
        ("mac", columns.mac),
        ("sum", columns.sum),
    ];
    let lanes = [
        ("q", &columns.q),
        ("r", &columns.r),
        ("y", &columns.y),
        ("h", &columns.helpers),
    ];
    let ranks = columns.ranks.iter();
    let ranks = ranks.flat_map(|r| [("pick", r.pick), ("bar", r.bar), ("rank", r.h)]);
    let hash = columns.hash.iter().flat_map(|h| {
        let [state0, state1] = h.state;
        let [square0, square1] = h.square;
        [
            ("pack", h.pack),
            ("word", h.word),
            ("state0", state0),
            ("state1", state1),
            ("square0", square0),
            ("square1", square1),
        ]
    });
    let mut named: Vec<_> = single
        .into_iter()
        .chain(ranks)
        .chain(hash)
        .map(|(name, column)| (column.index(), name.to_string()))
        .collect();
    for (name, group) in lanes {
        let numbered = group.iter().enumerate();
        named.extend(numbered.map(|(i, column)| (column.index(), format!("{name}{i}"))));
    }
    ordered(named)
}

/// Names of the fixed columns in order of index.
pub fn fixed_names(shape: &Shape) -> Vec<String> {
    let columns = Columns::new(&mut ConstraintSystem::default(), shape);
    let table = ["t_tag", "t_q", "t_y"].into_iter().zip(columns.table);
    let flags = FLAGS.into_iter().zip(columns.flags.iter().copied());
    let ranks = columns.ranks.iter();
    let ranks = ranks.flat_map(|r| [("lb", r.lb), ("lo", r.lo), ("cl", r.cl), ("class", r.class)]);
    let hash = columns.hash.iter().flat_map(|h| {
        let flags = HASH_FLAGS.into_iter().zip(h.flags());
        flags.chain(["hc0", "hc1"].into_iter().zip(h.constants))
    });
    let secret = columns.secret.as_ref();
    let secret = secret.map(|secret| [(OWN, secret.ow), (SAME_BIAS, secret.sb)]);
    let single = [
        ("bias", columns.bias),
        ("act", columns.act),
        ("cre", columns.cre),
        ("ends", columns.ends),
    ];
    let mut named: Vec<_> = table
        .chain(flags)
        .chain(single)
        .chain(ranks)
        .chain(hash)
        .chain(secret.into_iter().flatten())
        .map(|(name, column)| (column.index(), name.to_string()))
        .collect();
    let lanes = columns.secret.as_ref().map(|secret| &secret.nw);
    for (name, group) in [("tag", &columns.tag), ("w", &columns.w)]
        .into_iter()
        .chain(lanes.map(|lanes| (NO_WEIGHT, lanes)))
    {
        let numbered = group.iter().enumerate();
        named.extend(numbered.map(|(i, column)| (column.index(), format!("{name}{i}"))));
    }
    ordered(named)
}
