//! A network's fixed columns and copies: all that tells its circuit from another's.

use std::collections::HashMap;

use crate::circuit::{Shape, FLAGS};
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
        given.nothing_left()?;
        let program = Program {
            shape,
            tag,
            bias,
            table,
            weights,
            flags,
            copies: parse_copies(copies, rows, instances)?,
            instances,
        };
        program.every_factor_is_copied()?;
        Ok(program)
    }

    /// A factor X that no copy ties to a run would be the prover's to choose.
    fn every_factor_is_copied(&self) -> Result<()> {
        let enters = self.flag("me");
        let mut copied = vec![false; self.flags["me"].len()];
        for (place, _) in &self.copies {
            match place {
                Place::X(row) if *row < copied.len() => copied[*row] = true,
                _ => {}
            }
        }
        match (0..copied.len()).find(|row| enters(*row) && !copied[*row]) {
            Some(row) => Err(Error::Program(format!(
                "row {row} multiplies by X, which no copy ties to a run: copy one there"
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
