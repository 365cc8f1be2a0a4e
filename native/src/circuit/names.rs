//! The names of a circuit's columns, and the symbols by which the digest knows the advice.
//!
//! `prover/systems/native/circuit/columns.json` declares both; tests compare the lists.

use halo2_axiom::plonk::{Advice, Column, ConstraintSystem};

use super::columns::{
    Columns, FLAGS, HASH_FLAGS, NO_WEIGHT, OUTPUT_SELECTOR, RANK_FLAGS, SAME_BIAS,
};
use super::shape::Shape;

/// An advice column: spelled out, and as formulas have it. The digest of a circuit hashes the
/// symbol, so that names may improve while keys and proofs stay what they are.
pub struct AdviceName {
    pub name: String,
    pub symbol: String,
}

/// The advice columns in order of index.
pub fn advice_names(shape: &Shape) -> Vec<AdviceName> {
    let columns = Columns::new(&mut ConstraintSystem::default(), shape);
    let single = [
        ("input", "img", columns.input),
        ("multiplicity", "m", columns.multiplicity),
        ("pre_inner", "row_a", columns.pre_inner),
        ("pre_outer", "run_a", columns.pre_outer),
        ("post_inner", "row_b", columns.post_inner),
        ("post_outer", "run_b", columns.post_outer),
        ("kernel_inner", "v1", columns.kernel_inner),
        ("kernel", "v2", columns.kernel),
        ("factor", "x", columns.factor),
        ("layer_accumulator", "mac", columns.layer_accumulator),
        ("lookup_sum", "sum", columns.lookup_sum),
    ];
    let lanes = [
        ("quotient", "q", &columns.quotient[..]),
        ("remainder", "r", &columns.remainder),
        ("activation", "y", &columns.activation),
        ("lookup_partial", "h", &columns.lookup_partial),
    ];
    let mut named: Vec<_> = single.into_iter().map(one).collect();
    named.extend(lanes.into_iter().flat_map(numbered));
    if let Some(ranks) = &columns.ranks {
        let single = [
            ("membership", "pick", ranks.membership),
            ("threshold", "bar", ranks.threshold),
            ("membership_partial", "rank", ranks.membership_partial),
        ];
        named.extend(single.map(one));
    }
    if let Some(hash) = &columns.hash {
        let single = [
            ("packed_word", "pack", hash.packed_word),
            ("hash_word", "word", hash.hash_word),
        ];
        named.extend(single.map(one));
        named.extend(numbered(("hash_state", "state", &hash.hash_state)));
        named.extend(numbered(("hash_square", "square", &hash.hash_square)));
    }
    ordered(named)
}

fn one((name, symbol, column): (&str, &str, Column<Advice>)) -> (usize, AdviceName) {
    let (name, symbol) = (name.to_string(), symbol.to_string());
    (column.index(), AdviceName { name, symbol })
}

fn numbered<'a>(
    (name, symbol, columns): (&'a str, &'a str, &'a [Column<Advice>]),
) -> impl Iterator<Item = (usize, AdviceName)> + 'a {
    columns
        .iter()
        .enumerate()
        .map(move |(i, column)| one((&format!("{name}_{i}"), &format!("{symbol}{i}"), *column)))
}

/// Names of the fixed columns in order of index.
pub fn fixed_names(shape: &Shape) -> Vec<String> {
    let columns = Columns::new(&mut ConstraintSystem::default(), shape);
    let table = ["table_tag", "table_quotient", "table_activation"];
    let mut named = vec![
        ("bias", columns.bias),
        ("active", columns.active),
        ("boundary", columns.boundary),
        ("steps_segment", columns.steps_segment),
    ];
    named.extend(table.into_iter().zip(columns.table));
    named.extend(FLAGS.into_iter().zip(columns.flags.iter().copied()));
    let mut lanes = vec![("tag", &columns.tag[..]), ("weight", &columns.weight)];
    if let Some(ranks) = &columns.ranks {
        named.extend(RANK_FLAGS.into_iter().zip(ranks.flags()));
        named.push(("class", ranks.class));
    }
    if let Some(hash) = &columns.hash {
        named.extend(HASH_FLAGS.into_iter().zip(hash.flags()));
        lanes.push(("hash_constant", &hash.hash_constant));
    }
    if let Some(hidden) = &columns.hidden {
        named.push((OUTPUT_SELECTOR, hidden.output_selector));
        named.push((SAME_BIAS, hidden.same_bias));
        lanes.push((NO_WEIGHT, &hidden.no_weight));
    }
    let mut all: Vec<_> = named
        .into_iter()
        .map(|(name, column)| (column.index(), name.to_string()))
        .collect();
    for (name, columns) in lanes {
        let numbered = columns.iter().enumerate();
        all.extend(numbered.map(|(i, column)| (column.index(), format!("{name}_{i}"))));
    }
    ordered(all)
}

/// In order of index.
fn ordered<T>(mut named: Vec<(usize, T)>) -> Vec<T> {
    named.sort_by_key(|(index, _)| *index);
    named.into_iter().map(|(_, name)| name).collect()
}
