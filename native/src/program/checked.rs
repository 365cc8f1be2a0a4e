//! A network's fixed columns and copies: all that tells its circuit from another's.

use std::collections::HashMap;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::PrimeField;

use super::copies::{parse_copies, Place};
use super::input_columns::Given;
use super::public_words::Sections;
use super::salt::Salt;
use crate::circuit::columns::{FLAGS, HASH_FLAGS, NO_WEIGHT, OWN, RANK_FLAGS, SAME_BIAS};
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
    pub weights: Lanes,
    pub flags: HashMap<String, Vec<i64>>,
    /// The class of each class row; empty where scores are public.
    pub class: Vec<i64>,
    /// 1 + the round of each hash row that is one; empty where inputs are not hashed.
    pub rounds: Vec<i64>,
    /// Where no weight stands; no lanes where weights are public.
    pub no_weight: Lanes,
    /// Random cells below the columns of hidden weights; none where weights are public.
    pub salt: Salt,
    pub copies: Vec<(Place, Place)>,
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
        let mut given = Given { columns, rows };
        let table = vec![given.full("t_tag")?, given.full("t_q")?, given.full("t_y")?];
        let tag = given.lanes("tag", shape.lanes)?;
        let bias = given.one("bias")?;
        let weights = given.lanes("w", shape.weight_lanes)?;
        let mut flags = HashMap::new();
        for name in FLAGS {
            flags.insert(name.to_string(), given.flag(name)?);
        }
        let mut class = Vec::new();
        if shape.labels > 0 {
            for name in RANK_FLAGS {
                flags.insert(name.to_string(), given.flag(name)?);
            }
            class = given.one("class")?;
        }
        let mut rounds = Vec::new();
        if shape.hash_group > 0 {
            for name in HASH_FLAGS {
                flags.insert(name.to_string(), given.flag(name)?);
            }
            rounds = given.one("hc")?;
            known_rounds(&rounds)?;
        }
        let mut no_weight = Lanes::new();
        if shape.hidden {
            for name in [OWN, SAME_BIAS] {
                flags.insert(name.to_string(), given.flag(name)?);
            }
            no_weight = given.flags(NO_WEIGHT, shape.weight_lanes)?;
        }
        given.nothing_left()?;
        let program = Program {
            shape,
            tag,
            bias,
            table,
            weights,
            flags,
            class,
            rounds,
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

    /// A factor X that no copy ties to a run would be the prover's to choose.
    fn every_factor_is_copied(&self) -> Result<()> {
        self.copied("me", |source| !matches!(source, Place::Instance(_)))
    }

    /// Labels are instances, scores of classes are ends of runs.
    fn every_rank_is_copied(&self) -> Result<()> {
        if self.shape.labels == 0 {
            return Ok(());
        }
        self.copied("lb", |source| matches!(source, Place::Instance(_)))?;
        self.copied("cl", |source| matches!(source, Place::RunB(_)))
    }

    fn every_hash_column_is_there(&self) -> Result<()> {
        let hashed = |place: &Place| matches!(place, Place::Pack(_) | Place::Word(_));
        let places = self.copies.iter().flat_map(|(one, other)| [one, other]);
        match places.into_iter().find(|place| hashed(place)) {
            Some(place) if self.shape.hash_group == 0 => Err(Error::Program(format!(
                "{place:?} of a copy in a circuit without hashed inputs"
            ))),
            _ => Ok(()),
        }
    }

    /// On rows of a flag, X is tied to one place, of a kind.
    fn copied(&self, flag: &str, allowed: impl Fn(&Place) -> bool) -> Result<()> {
        let set = self.flag(flag);
        let mut sources = vec![0; self.flags[flag].len()];
        for (place, source) in &self.copies {
            if let Place::X(row) = place {
                if set(*row) {
                    sources[*row] += if allowed(source) { 1 } else { 2 };
                }
            }
        }
        match (0..sources.len()).find(|row| set(*row) && sources[*row] != 1) {
            Some(row) => Err(Error::Program(format!(
                "row {row} takes X by {flag}, and not one copy ties it to what it stands for: copy \
                 one there"
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
            "{} inputs of {} bits to a row make {bits} bits; at most {} are allowed: use fewer lanes",
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
            "round {round} of a hash row; 0 (none) to {} are allowed",
            CONSTANTS.len()
        ))),
        None => Ok(()),
    }
}
