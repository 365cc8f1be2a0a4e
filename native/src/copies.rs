//! Copies: which cells of the permutation are equal.

use crate::error::{Error, Result};

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

/// Copies tie a factor X or an instance, on the left, to the end of a run, or X to an instance.
pub fn parse_copies(
    copies: &[[i64; 4]],
    rows: usize,
    instances: usize,
) -> Result<Vec<(Place, Place)>> {
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
            _ if matches!((one, other), (Place::X(_), Place::Instance(_))) => Ok((one, other)),
            _ => Err(Error::Program(format!(
                "a copy of {one:?} and {other:?}; X or an instance and a run, or X and an instance are allowed"
            ))),
        }
    };
    copies.iter().map(parse).collect()
}
