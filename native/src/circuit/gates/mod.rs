//! The gates: the same for every network. docs/NATIVE.md argues what they prove together.
//!
//! Each gate is a polynomial that is zero on every row that `active` marks: rows 1 to the last
//! usable one. Row 0 is reserved, and no gate but `boundary` holds there: so no gate looks back, by
//! rotation -1, at a blinding row. `Program` refuses flags that would look back from row 1 to row
//! 0.

mod fold;
pub mod hash;
mod hidden;
mod input;
mod lookup;
mod rank;
mod row;
mod tensor;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{ConstraintSystem, Expression};

use super::columns::Columns;
use row::Row;

type Polynomial = fn(&Row<'_, '_, '_>) -> Expression<Fr>;

const GATES: [(&str, Polynomial); 10] = [
    ("pre_inner", tensor::pre_inner),
    ("pre_outer", tensor::pre_outer),
    ("post_inner", tensor::post_inner),
    ("post_outer", tensor::post_outer),
    ("kernel_inner", fold::kernel_inner),
    ("kernel", fold::kernel),
    ("layer_accumulator", fold::layer_accumulator),
    ("closed_layer", fold::closed_layer),
    ("input", input::input),
    ("lookup_sum", lookup::lookup_sum),
];

/// Declare every gate.
pub fn constrain(columns: &Columns, meta: &mut ConstraintSystem<Fr>) {
    for (name, polynomial) in GATES {
        meta.create_gate(name, |meta| {
            let at = Row::new(columns, meta);
            vec![at.act() * polynomial(&at)]
        });
    }
    for number in 0..columns.lookup_partial.len() {
        meta.create_gate("lookup_partial", |meta| {
            let at = Row::new(columns, meta);
            vec![at.act() * lookup::partial(&at, number)]
        });
    }
    for (name, polynomial) in rank::GATES {
        if let Some(ranks) = &columns.ranks {
            meta.create_gate(name, |meta| {
                let at = Row::new(columns, meta);
                vec![at.act() * polynomial(&at, ranks)]
            });
        }
    }
    if let Some(found) = &columns.hidden {
        meta.create_gate("same_bias", |meta| {
            let at = Row::new(columns, meta);
            vec![at.act() * hidden::same_bias(&at, found)]
        });
        for lane in 0..found.no_weight.len() {
            meta.create_gate("no_weight", |meta| {
                let at = Row::new(columns, meta);
                vec![at.act() * hidden::no_weight(&at, found, lane)]
            });
        }
    }
    for (name, polynomials) in hash::GATES {
        if let Some(hash) = &columns.hash {
            meta.create_gate(name, |meta| polynomials(&Row::new(columns, meta), hash));
        }
    }
    meta.create_gate("boundary", |meta| {
        vec![lookup::boundary(&Row::new(columns, meta))]
    });
}
