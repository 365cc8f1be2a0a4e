//! A network's fixed columns and copies: all that tells its circuit from another's.

use std::collections::{HashMap, HashSet};

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::PrimeField;

use crate::circuit::poseidon::{element, CONSTANTS};
use crate::circuit::{Shape, FLAGS, HASH_FLAGS, RANK_FLAGS};
use crate::copies::{parse_copies, Place};
use crate::error::{Error, Result};
use crate::given::Given;
use crate::hashing::Step;
use crate::hidden::{Salt, NO_WEIGHT, OWN, SAME_BIAS};
use crate::sections::Sections;

/// Rows that halo2 fills with random values at the end of every column, and the row before them.
pub const UNUSABLE_ROWS: usize = 6;

/// Integer columns [lane][row].
pub type Lanes = Vec<Vec<i64>>;

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

/// Rows that a caller may use: all but the first, which no gate touches, and the unusable ones.
pub fn usable_rows(k: u32) -> usize {
    (1 << k) - UNUSABLE_ROWS - 1
}

/// The circuit's row of a caller's row: row 0 is reserved.
pub fn placed(row: usize) -> usize {
    row + 1
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

    /// Rows of the hash part.
    pub fn hash_rows(&self) -> usize {
        let flags = HASH_FLAGS.iter().filter_map(|name| self.flags.get(*name));
        flags.map(Vec::len).max().unwrap_or(0)
    }

    /// What a hash row does.
    pub fn hash_step(&self, row: usize) -> Step {
        let on = |name: &str| value(&self.flags[name], row) != 0;
        let constants = || [0, 1].map(|lane| self.constant(row, lane));
        match ["hs", "ha", "hf", "hp", "hd"].map(on) {
            [true, ..] => Step::Start,
            [_, true, ..] => Step::Absorb,
            [_, _, full, partial, _] if full || partial => Step::Round {
                constants: constants(),
                full,
            },
            [.., true] => Step::Digest,
            _ => Step::None,
        }
    }

    /// Rows that absorb a word which no copy ties to the image.
    pub fn salted_rows(&self) -> Vec<usize> {
        let tied: HashSet<usize> = self
            .copies
            .iter()
            .filter_map(|copy| match copy {
                (Place::Word(row), Place::Pack(_)) => Some(*row),
                _ => None,
            })
            .collect();
        let absorbs = |row: &usize| matches!(self.hash_step(*row), Step::Start | Step::Absorb);
        let rows = (0..self.hash_rows()).filter(absorbs);
        rows.filter(|row| !tied.contains(row)).collect()
    }

    /// A column of Poseidon's constants.
    pub fn constants(&self, lane: usize) -> Vec<Fr> {
        let rows = 0..self.rounds.len();
        rows.map(|row| self.constant(row, lane)).collect()
    }

    fn constant(&self, row: usize, lane: usize) -> Fr {
        match value(&self.rounds, row) {
            0 => Fr::zero(),
            round => element(CONSTANTS[round as usize - 1][lane]),
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

/// The value on a row, 0 below the column's end.
pub fn value(column: &[i64], row: usize) -> i64 {
    column.get(row).copied().unwrap_or(0)
}
