//! A circuit's description as JSON: all that a verifier of its proofs needs, in any language.
//!
//! docs/native/FORMAT.md states the format and how a proof is read by it. Numbers that may exceed
//! 53 bits are hexadecimal strings; a point is [x, y].

use halo2_axiom::halo2curves::bn256::{Fq, Fr, G1Affine, G2Affine};
use halo2_axiom::halo2curves::ff::PrimeField;
use halo2_axiom::plonk::{Any, Column, ConstraintSystem, Expression};
use halo2_axiom::poly::Rotation;
use serde_json::{json, Value};

use super::digest::{digest, FORMAT};
use super::proof_layout::ProofLayout;
use super::verifying::Verifying;
use crate::algebra::domain::root_of_unity;
use crate::circuit::columns::CHALLENGES;
use crate::circuit::names::{advice_names, fixed_names};
use crate::circuit::Shape;
use crate::transcript::word;

/// Describe the circuit of a verifying key.
pub fn describe(verifying: &Verifying) -> Value {
    let Verifying {
        system,
        packed,
        srs,
        about,
    } = verifying;
    let (cs, shape) = (&system.cs, &about.shape);
    let rows = 1usize << shape.k;
    json!({
        "format": FORMAT,
        "shape": shape,
        "k": shape.k,
        "omega": hex(root_of_unity(shape.k)),
        "delta": hex(Fr::DELTA),
        "blinding_rows": cs.blinding_factors(),
        "usable_rows": rows - cs.blinding_factors() - 1,
        "degree": cs.degree(),
        "digest": words(&digest(verifying)),
        "instances": about.instances,
        "columns": columns(cs, shape),
        "challenges": CHALLENGES,
        "challenge_phases": cs.challenge_phase(),
        "gates": gates(cs),
        "queries": {
            "advice": queries(cs.advice_queries()),
            "fixed": queries(cs.fixed_queries()),
            "instance": queries(cs.instance_queries()),
        },
        "permutation": {
            "columns": cs.permutation().get_columns().iter().map(any).collect::<Vec<_>>(),
            "columns_per_grand_product": system.chunk(),
        },
        "secret_columns": system.secret,
        "packed_commitments": points(packed),
        "srs": { "g2": twist(&srs.g2), "s_g2": twist(&srs.s_g2) },
        "proof": ProofLayout::of(system).to_json(),
    })
}

/// The columns in order of index: the advice by name, symbol and phase, the others by name.
fn columns(cs: &ConstraintSystem<Fr>, shape: &Shape) -> Value {
    let phases = cs.advice_column_phase();
    let advice: Vec<Value> = advice_names(shape)
        .into_iter()
        .zip(&phases)
        .map(|(column, phase)| json!({ "name": column.name, "symbol": column.symbol, "phase": phase }))
        .collect();
    json!({ "advice": advice, "fixed": fixed_names(shape), "instance": ["public"] })
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
        Expression::Scaled(inner, scalar) => {
            json!(["*", expression(inner), ["constant", hex(*scalar)]])
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
