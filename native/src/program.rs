//! A network's fixed columns and copies: all that tells its circuit from another's.

use std::collections::HashMap;

use crate::circuit::{Shape, FLAGS, RANK_FLAGS};
use crate::copies::{parse_copies, Place};
use crate::error::{Error, Result};
use crate::given::Given;

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
    pub copies: Vec<(Place, Place)>,
    pub instances: usize,
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
        instances: usize,
    ) -> Result<Self> {
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
        given.nothing_left()?;
        let program = Program {
            shape,
            tag,
            bias,
            table,
            weights,
            flags,
            class,
            copies: parse_copies(copies, rows, instances)?,
            instances,
        };
        program.every_factor_is_copied()?;
        program.every_rank_is_copied()?;
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

/// The value on a row, 0 below the column's end.
pub fn value(column: &[i64], row: usize) -> i64 {
    column.get(row).copied().unwrap_or(0)
}
