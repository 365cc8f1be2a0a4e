//! A network's fixed columns and copies, and the cells of one run, as given by the caller.

use std::collections::HashMap;

use halo2_axiom::halo2curves::bn256::Fr;

use crate::circuit::{Shape, FLAGS};
use crate::error::{Error, Result};

/// Rows that halo2 fills with random values at the end of every column, and the row before them.
pub const UNUSABLE_ROWS: usize = 6;

/// Flags that take the row before into account.
const LOOKING_BACK: [&str; 8] = ["nrs", "c", "v1c", "u1", "ub", "ua", "h1", "hg"];

/// Integer columns [lane][row].
pub type Lanes = Vec<Vec<i64>>;

/// One side of a copy: a column of the permutation and a row as the caller counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    RunA(usize),
    RunB(usize),
    X(usize),
    Instance(usize),
}

impl Place {
    fn new(column: i64, row: i64) -> Result<Self> {
        let row =
            usize::try_from(row).map_err(|_| Error::Program(format!("row {row} of a copy")))?;
        match column {
            0 => Ok(Place::RunA(row)),
            1 => Ok(Place::RunB(row)),
            2 => Ok(Place::X(row)),
            3 => Ok(Place::Instance(row)),
            _ => Err(Error::Program(format!(
                "column {column} of a copy; 0 A2, 1 B2, 2 X, 3 instance are allowed"
            ))),
        }
    }

    fn is_run(self) -> bool {
        matches!(self, Place::RunA(_) | Place::RunB(_))
    }

    fn row(self) -> usize {
        match self {
            Place::RunA(row) | Place::RunB(row) | Place::X(row) | Place::Instance(row) => row,
        }
    }
}

/// All that tells one network's circuit from another's.
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

/// The caller's columns, taken one by one.
struct Given {
    columns: HashMap<String, Lanes>,
    rows: usize,
}

impl Given {
    fn lanes(&mut self, name: &str, lanes: usize) -> Result<Lanes> {
        let missing = || Error::Program(format!("column {name} is missing"));
        let column = self.columns.remove(name).ok_or_else(missing)?;
        let longest = column.iter().map(Vec::len).max().unwrap_or(0);
        if column.len() != lanes || longest > self.rows {
            return Err(Error::Program(format!(
                "column {name} has {} lanes of up to {longest} rows; {lanes} lanes of at most {} \
                 rows are allowed",
                column.len(),
                self.rows
            )));
        }
        Ok(column)
    }

    fn one(&mut self, name: &str) -> Result<Vec<i64>> {
        Ok(self.lanes(name, 1)?.remove(0))
    }

    /// The table: a row of zeros below its end would be an entry that nobody meant.
    fn full(&mut self, name: &str) -> Result<Vec<i64>> {
        let column = self.one(name)?;
        if column.len() != self.rows {
            return Err(Error::Program(format!(
                "column {name} has {} rows; a table must fill all {}: repeat an entry",
                column.len(),
                self.rows
            )));
        }
        Ok(column)
    }

    fn flag(&mut self, name: &str) -> Result<Vec<i64>> {
        let column = self.one(name)?;
        if let Some(row) = column.iter().position(|value| ![0, 1].contains(value)) {
            return Err(Error::Program(format!(
                "flag {name} is {} on row {row}; 0 and 1 are allowed",
                column[row]
            )));
        }
        if LOOKING_BACK.contains(&name) && value(&column, 0) != 0 {
            return Err(Error::Program(format!(
                "flag {name} is set on row 0, which would look back at cells that no gate checks"
            )));
        }
        Ok(column)
    }

    fn nothing_left(&self) -> Result<()> {
        match self.columns.keys().next() {
            Some(name) => Err(Error::Program(format!("column {name} is unknown"))),
            None => Ok(()),
        }
    }
}

/// The value on a row, 0 below the column's end.
pub fn value(column: &[i64], row: usize) -> i64 {
    column.get(row).copied().unwrap_or(0)
}

/// Copies tie a factor X or an instance, on the left, to the end of a run.
fn parse_copies(copies: &[[i64; 4]], rows: usize, instances: usize) -> Result<Vec<(Place, Place)>> {
    let check = |place: Place| -> Result<Place> {
        let most = match place {
            Place::Instance(_) => instances,
            _ => rows,
        };
        if place.row() < most {
            Ok(place)
        } else {
            Err(Error::Program(format!(
                "{place:?} of a copy; there are {most} rows"
            )))
        }
    };
    let parse = |[c, i, d, j]: &[i64; 4]| {
        let (one, other) = (check(Place::new(*c, *i)?)?, check(Place::new(*d, *j)?)?);
        match (one.is_run(), other.is_run()) {
            (false, true) => Ok((one, other)),
            (true, false) => Ok((other, one)),
            _ => Err(Error::Program(format!(
                "a copy of {one:?} and {other:?}; X or an instance and a run are allowed"
            ))),
        }
    };
    copies.iter().map(parse).collect()
}

/// The cells of one run of a network.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    pub q: Lanes,
    pub r: Lanes,
    pub y: Lanes,
    pub multiplicities: Vec<i64>,
    pub image: Vec<Fr>,
    pub instances: Vec<Fr>,
}

impl Cells {
    /// Refuse cells that do not fill the circuit's usable rows.
    pub fn check(&self, program: &Program) -> Result<()> {
        let rows = usable_rows(program.shape.k);
        for (name, column) in [("q", &self.q), ("r", &self.r), ("y", &self.y)] {
            let filled = column.iter().all(|lane| lane.len() == rows);
            if column.len() != program.shape.lanes || !filled {
                return Err(Error::Witness(format!(
                    "{name} must have {} lanes of {rows} rows",
                    program.shape.lanes
                )));
            }
        }
        if self.multiplicities.len() != rows || self.image.len() > rows {
            return Err(Error::Witness(format!(
                "{} multiplicities and {} image words; exactly and at most {rows} are allowed",
                self.multiplicities.len(),
                self.image.len()
            )));
        }
        if self.instances.len() != program.instances {
            return Err(Error::Witness(format!(
                "{} instances; the circuit has {}",
                self.instances.len(),
                program.instances
            )));
        }
        Ok(())
    }
}
