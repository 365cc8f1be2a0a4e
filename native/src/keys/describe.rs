//! A circuit's description as JSON: all that a verifier of its proofs needs, in any language.
//!
//! docs/native/FORMAT.md states the format and how a proof is read by it. Numbers that may exceed 53 bits
//! are hexadecimal strings; a point is [x, y].

use halo2_axiom::halo2curves::bn256::{Fq, Fr, G1Affine, G2Affine};
use halo2_axiom::halo2curves::ff::PrimeField;
use halo2_axiom::plonk::{Any, Column, ConstraintSystem, Expression};
use halo2_axiom::poly::Rotation;
use serde_json::{json, Value};

use crate::circuit::{Columns, Shape, FLAGS, HASH_FLAGS};
use crate::digest::digest;
use crate::hidden::{NO_WEIGHT, OWN, SAME_BIAS};
use crate::layout::Layout;
use crate::transcript::word;
use crate::verifying::Verifying;

/// The format's name and version.
pub const FORMAT: &str = "zkescrow native circuit 2";

/// Describe the circuit of a verifying key.
pub fn describe(verifying: &Verifying) -> Value {
    let Verifying { vk, srs, about } = verifying;
    let (cs, shape) = (vk.cs(), &about.shape);
    let rows = 1usize << shape.k;
    json!({
        "format": FORMAT,
        "shape": shape,
        "k": shape.k,
        "omega": hex(vk.get_domain().get_omega()),
        "delta": hex(Fr::DELTA),
        "blinding_rows": cs.blinding_factors(),
        "usable_rows": rows - cs.blinding_factors() - 1,
        "degree": cs.degree(),
        "digest": words(&digest(verifying)),
        "instances": about.instances,
        "columns": columns(cs, shape),
        "challenges": ["b", "a", "g", "theta", "beta"],
        "challenge_phases": cs.challenge_phase(),
        "gates": gates(cs),
        "queries": {
            "advice": queries(cs.advice_queries()),
            "fixed": queries(cs.fixed_queries()),
            "instance": queries(cs.instance_queries()),
        },
        "permutation": {
            "columns": cs.permutation().get_columns().iter().map(any).collect::<Vec<_>>(),
            "columns_per_product": cs.degree() - 2,
            "commitments": points(vk.permutation().commitments()),
        },
        "fixed_commitments": points(vk.fixed_commitments()),
        "srs": { "g2": twist(&srs.g2), "s_g2": twist(&srs.s_g2) },
        "proof": Layout::of(vk).to_json(),
    })
}

/// Names of the columns and phases of the advice, in order of index.
fn columns(cs: &ConstraintSystem<Fr>, shape: &Shape) -> Value {
    let phases = cs.advice_column_phase();
    let advice: Vec<Value> = advice_names(shape)
        .into_iter()
        .zip(&phases)
        .map(|(name, phase)| json!({ "name": name, "phase": phase }))
        .collect();
    json!({ "advice": advice, "fixed": fixed_names(shape), "instance": ["public"] })
}

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

fn fixed_names(shape: &Shape) -> Vec<String> {
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

fn gates(cs: &ConstraintSystem<Fr>) -> Vec<Value> {
    let one = |gate: &halo2_axiom::plonk::Gate<Fr>| {
        let polynomials: Vec<Value> = gate.polynomials().iter().map(expression).collect();
        json!({ "name": gate.name(), "polynomials": polynomials })
    };
    cs.gates().iter().map(one).collect()
}

/// Prefix notation: ["+", a, b], ["*", a, b], ["-", a], ["constant", hex], ["challenge", index],
/// ["advice" or "fixed", column, rotation].
fn expression(found: &Expression<Fr>) -> Value {
    match found {
        Expression::Constant(value) => json!(["constant", hex(*value)]),
        Expression::Challenge(challenge) => json!(["challenge", challenge.index()]),
        Expression::Fixed(query) => json!(["fixed", query.column_index(), query.rotation().0]),
        Expression::Advice(query) => json!(["advice", query.column_index(), query.rotation().0]),
        Expression::Instance(query) => {
            json!(["instance", query.column_index(), query.rotation().0])
        }
        Expression::Negated(inner) => json!(["-", expression(inner)]),
        Expression::Sum(left, right) => json!(["+", expression(left), expression(right)]),
        Expression::Product(left, right) => json!(["*", expression(left), expression(right)]),
        Expression::Scaled(inner, factor) => {
            json!(["*", expression(inner), ["constant", hex(*factor)]])
        }
        Expression::Selector(_) => unreachable!("keygen turns selectors into fixed columns"),
    }
}

fn queries<C: halo2_axiom::plonk::ColumnType>(found: &[(Column<C>, Rotation)]) -> Vec<Value> {
    found
        .iter()
        .map(|(column, rotation)| json!([column.index(), rotation.0]))
        .collect()
}

fn any(column: &Column<Any>) -> Value {
    let kind = match column.column_type() {
        Any::Advice(_) => "advice",
        Any::Fixed => "fixed",
        Any::Instance => "instance",
    };
    json!([kind, column.index()])
}

fn hex<F: PrimeField<Repr = R>, R: AsRef<[u8]>>(value: F) -> String {
    words(&word(value))
}

fn words(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{digits}")
}

fn point(found: &G1Affine) -> Value {
    json!([hex::<Fq, _>(found.x), hex::<Fq, _>(found.y)])
}

fn points(found: &[G1Affine]) -> Vec<Value> {
    found.iter().map(point).collect()
}

/// A point over the quadratic extension: [[x0, x1], [y0, y1]], x = x0 + x1 i.
fn twist(found: &G2Affine) -> Value {
    json!([
        [hex(found.x.c0), hex(found.x.c1)],
        [hex(found.y.c0), hex(found.y.c1)]
    ])
}
