//! Columns, flags and challenges are those that `prover/systems/native/circuit/columns.json`
//! declares, of every form.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Any, ConstraintSystem};
use serde_json::Value;
use zkescrow_native::circuit::columns::{CHALLENGES, FLAGS, HASH_FLAGS, RANK_FLAGS};
use zkescrow_native::circuit::names::{advice_names, fixed_names};
use zkescrow_native::circuit::{Columns, Shape};

use crate::tiny;

/// A declared column; `name` has its number if there are several.
#[derive(Clone, Debug)]
pub struct Declared {
    pub name: String,
    symbol: String,
    column: Value,
}

impl Declared {
    fn is(&self, key: &str, value: &str) -> bool {
        self.column[key] == value
    }

    fn phase(&self) -> u8 {
        self.column["phase"].as_u64().expect("a phase") as u8
    }

    pub fn looks_back(&self) -> bool {
        self.column["looks_back"] == true
    }

    fn is_flag(&self) -> bool {
        self.column["flag"] == true && self.is("set_by", "program")
    }
}

/// The columns of a kind that circuits of a shape have, in order of index.
pub fn declared(shape: &Shape, kind: &str) -> Vec<Declared> {
    let path = "/../prover/systems/native/circuit/columns.json";
    let path = format!("{}{path}", env!("CARGO_MANIFEST_DIR"));
    let content = std::fs::read(&path).expect("the declaration");
    let all: Vec<Value> = serde_json::from_slice(&content).expect("JSON");
    let there = |column: &Value| match column["form"].as_str() {
        Some("labels") => shape.labels > 0,
        Some("hashed") => shape.hash_group > 0,
        Some("hidden") => shape.hidden,
        form => form == Some("all"),
    };
    let found = all.into_iter().filter(|column| column["kind"] == kind);
    found
        .filter(there)
        .flat_map(|c| numbered(shape, c))
        .collect()
}

fn numbered(shape: &Shape, column: Value) -> Vec<Declared> {
    let (name, symbol) = (text(&column, "name"), text(&column, "symbol"));
    let made = |name, symbol| Declared {
        name,
        symbol,
        column: column.clone(),
    };
    let count = match column["count"].as_str() {
        Some("one") => return vec![made(name, symbol)],
        Some("two") => 2,
        Some("lanes") => shape.lanes,
        Some("weight_lanes") => shape.weight_lanes,
        other => panic!("{other:?}"),
    };
    let one = |i| made(format!("{name}_{i}"), format!("{symbol}{i}"));
    (0..count).map(one).collect()
}

fn text(column: &Value, key: &str) -> String {
    column[key].as_str().expect("a text").to_string()
}

/// Shapes of every form, with other numbers of lanes.
fn shapes() -> Vec<Shape> {
    let plain = Shape {
        lanes: 3,
        ..tiny::shape()
    };
    let labels = Shape { labels: 2, ..plain };
    let hashed = Shape {
        hash_group: 2,
        ..plain
    };
    let hidden = Shape {
        hidden: true,
        ..plain
    };
    let everything = Shape {
        labels: 2,
        hash_group: 2,
        ..hidden
    };
    vec![plain, labels, hashed, hidden, everything]
}

fn names(declared: &[Declared]) -> Vec<&str> {
    declared.iter().map(|one| &one.name[..]).collect()
}

#[test]
fn columns_have_the_declared_order_names_and_phases() {
    for shape in shapes() {
        let mut meta = ConstraintSystem::<Fr>::default();
        Columns::new(&mut meta, &shape);
        let advice = declared(&shape, "advice");
        let wanted: Vec<_> = advice.iter().map(|one| (&one.name, &one.symbol)).collect();
        let found = advice_names(&shape);
        let found: Vec<_> = found.iter().map(|one| (&one.name, &one.symbol)).collect();
        assert_eq!(found, wanted);
        let phases: Vec<u8> = advice.iter().map(Declared::phase).collect();
        assert_eq!(meta.advice_column_phase(), phases);
        assert_eq!(fixed_names(&shape), names(&declared(&shape, "fixed")));
        assert_eq!(meta.num_fixed_columns(), fixed_names(&shape).len());
    }
}

#[test]
fn challenges_have_the_declared_order_and_follow_the_first_phase() {
    let mut meta = ConstraintSystem::<Fr>::default();
    Columns::new(&mut meta, &tiny::shape());
    let wanted = declared(&tiny::shape(), "challenge");
    assert_eq!(CHALLENGES.to_vec(), names(&wanted));
    let phases: Vec<u8> = wanted.iter().map(Declared::phase).collect();
    assert_eq!(meta.challenge_phase(), phases);
}

#[test]
fn the_permutation_has_the_declared_columns_in_order() {
    for shape in shapes() {
        let mut meta = ConstraintSystem::<Fr>::default();
        Columns::new(&mut meta, &shape);
        let kinds = ["advice", "instance"].map(|kind| declared(&shape, kind));
        let mut wanted: Vec<(u64, &str)> = kinds
            .iter()
            .flatten()
            .filter_map(|one| Some((one.column["permutation_index"].as_u64()?, &one.name[..])))
            .collect();
        wanted.sort_unstable();
        let columns = meta.permutation().get_columns();
        let found = columns.iter().map(|column| match column.column_type() {
            Any::Instance => &kinds[1][column.index()].name[..],
            _ => &kinds[0][column.index()].name[..],
        });
        let wanted = wanted.into_iter().map(|(_, name)| name);
        assert_eq!(found.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
    }
}

#[test]
fn flags_are_the_declared_ones() {
    let everything = shapes().pop().expect("a shape");
    let flags = declared(&everything, "fixed");
    let flags: Vec<Declared> = flags.into_iter().filter(Declared::is_flag).collect();
    let of = |form: &str| -> Vec<Declared> {
        let found = flags.iter().filter(|one| one.is("form", form));
        found.cloned().collect()
    };
    assert_eq!(names(&of("all")), FLAGS);
    assert_eq!(names(&of("labels")), RANK_FLAGS);
    assert_eq!(names(&of("hashed")), HASH_FLAGS);
}
