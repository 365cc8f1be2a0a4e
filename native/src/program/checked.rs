//! A network's fixed columns and copies: all that tells its circuit from another's.

use std::collections::HashMap;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::PrimeField;

use super::copies::{parse_copies, Endpoint};
use super::input_columns::InputColumns;
use super::public_words::Sections;
use super::salt::Salt;
use crate::circuit::columns::{
    FLAGS, HASH_FLAGS, NO_WEIGHT, OUTPUT_SELECTOR, RANK_FLAGS, SAME_BIAS,
};
use crate::circuit::poseidon::CONSTANTS;
use crate::circuit::rows::{usable_rows, value, Lanes};
use crate::circuit::Shape;
use crate::error::{Error, Result};

/// Fixed columns by row as the caller counts them; below a column's end it is 0.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pub shape: Shape,
    pub tag: Lanes,
    pub bias: Vec<i64>,
    pub table: Lanes,
    pub weight: Lanes,
    pub flags: HashMap<String, Vec<i64>>,
    /// The class of each class row; empty where scores are public.
    pub class: Vec<i64>,
    /// 1 + the round of each hash row that is one; empty where inputs are not hashed.
    pub hash_round: Vec<i64>,
    /// Where no weight stands; no lanes where weights are public.
    pub no_weight: Lanes,
    /// Random cells below the columns of hidden weights; none where weights are public.
    pub salt: Salt,
    pub copies: Vec<(Endpoint, Endpoint)>,
    pub instances: Sections,
}

impl Program {
    /// Refuse columns that could not be a network's, or that would leave a prover a choice.
    pub fn new(
        shape: Shape,
        columns: HashMap<String, Lanes>,
        copies: &[[i64; 4]],
        instances: Sections,
    ) -> Result<Self> {
        packs(&shape)?;
        let rows = usable_rows(shape.k);
        let mut input = InputColumns { columns, rows };
        let table = vec![
            input.full("table_tag")?,
            input.full("table_quotient")?,
            input.full("table_activation")?,
        ];
        let tag = input.lanes("tag", shape.lanes)?;
        let bias = input.one("bias")?;
        let weight = input.lanes("weight", shape.weight_lanes)?;
        let mut flags = HashMap::new();
        for name in FLAGS {
            flags.insert(name.to_string(), input.flag(name)?);
        }
        let mut class = Vec::new();
        if shape.labels > 0 {
            for name in RANK_FLAGS {
                flags.insert(name.to_string(), input.flag(name)?);
            }
            class = input.one("class")?;
        }
        let mut hash_round = Vec::new();
        if shape.hash_group > 0 {
            for name in HASH_FLAGS {
                flags.insert(name.to_string(), input.flag(name)?);
            }
            hash_round = input.one("hash_round")?;
            known_rounds(&hash_round)?;
        }
        let mut no_weight = Lanes::new();
        if shape.hidden {
            for name in [OUTPUT_SELECTOR, SAME_BIAS] {
                flags.insert(name.to_string(), input.flag(name)?);
            }
            no_weight = input.flags(NO_WEIGHT, shape.weight_lanes)?;
        }
        input.nothing_left()?;
        let program = Program {
            shape,
            tag,
            bias,
            table,
            weight,
            flags,
            class,
            hash_round,
            no_weight,
            salt: Salt::default(),
            copies: parse_copies(copies, rows, instances.count())?,
            instances,
        };
        program.every_factor_is_copied()?;
        program.every_rank_is_copied()?;
        program.every_hash_column_is_there()?;
        instances.check(&shape, &program.copies)?;
        Ok(program)
    }

    /// A factor without a copy constraint would be the prover's to choose.
    fn every_factor_is_copied(&self) -> Result<()> {
        self.copied("takes_product", |source| {
            !matches!(source, Endpoint::Instance(_))
        })
    }

    /// Labels are instances, scores of classes are accumulators at the ends of segments.
    fn every_rank_is_copied(&self) -> Result<()> {
        if self.shape.labels == 0 {
            return Ok(());
        }
        self.copied("is_label", |source| matches!(source, Endpoint::Instance(_)))?;
        self.copied("is_class", |source| {
            matches!(source, Endpoint::PostOuter(_))
        })
    }

    fn every_hash_column_is_there(&self) -> Result<()> {
        let hashed = |endpoint: &Endpoint| {
            matches!(endpoint, Endpoint::PackedWord(_) | Endpoint::HashWord(_))
        };
        let endpoints = self.copies.iter().flat_map(|(one, other)| [one, other]);
        match endpoints.into_iter().find(|endpoint| hashed(endpoint)) {
            Some(endpoint) if self.shape.hash_group == 0 => Err(Error::Program(format!(
                "{endpoint:?} of a copy in a circuit without hashed inputs"
            ))),
            _ => Ok(()),
        }
    }

    /// On rows of a flag, the factor has one copy constraint, of a kind.
    fn copied(&self, flag: &str, allowed: impl Fn(&Endpoint) -> bool) -> Result<()> {
        let set = self.flag(flag);
        let mut sources = vec![0; self.flags[flag].len()];
        for (endpoint, source) in &self.copies {
            if let Endpoint::Factor(row) = endpoint {
                if set(*row) {
                    sources[*row] += if allowed(source) { 1 } else { 2 };
                }
            }
        }
        match (0..sources.len()).find(|row| set(*row) && sources[*row] != 1) {
            Some(row) => Err(Error::Program(format!(
                "row {row} takes a factor by {flag}: expected one copy constraint that says of what, found \
                 {}: add or remove copies",
                sources[row]
            ))),
            None => Ok(()),
        }
    }

    /// Whether a flag is set on a row; it is not below its column's end.
    pub fn flag(&self, name: &str) -> impl Fn(usize) -> bool + Sync + '_ {
        let column = &self.flags[name];
        move |row| value(column, row) != 0
    }
}

/// A packed row must stay below the field's order, or two rows of digits could be one word.
fn packs(shape: &Shape) -> Result<()> {
    let bits = u64::from(shape.input_bits) * shape.lanes as u64;
    match bits <= u64::from(Fr::CAPACITY) {
        true => Ok(()),
        false => Err(Error::Program(format!(
            "{} inputs of {} bits to a row make {bits} bits: expected at most {}; use fewer lanes",
            shape.lanes,
            shape.input_bits,
            Fr::CAPACITY
        ))),
    }
}

fn known_rounds(rounds: &[i64]) -> Result<()> {
    let known = 0..=CONSTANTS.len() as i64;
    match rounds.iter().find(|round| !known.contains(*round)) {
        Some(round) => Err(Error::Program(format!(
            "round {round} of a hash row: expected 0 (none) to {}",
            CONSTANTS.len()
        ))),
        None => Ok(()),
    }
}
