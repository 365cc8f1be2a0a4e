//! Copies: which cells of the permutation are equal.

use crate::error::{Error, Result};

/// One side of a copy: a column of the permutation and a row as the caller counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    RunA(usize),
    RunB(usize),
    X(usize),
    Instance(usize),
    Pack(usize),
    Word(usize),
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
            4 => Ok(Place::Pack(row)),
            5 => Ok(Place::Word(row)),
            _ => Err(Error::Program(format!(
                "column {column} of a copy; 0 A2, 1 B2, 2 X, 3 instance, 4 pack, 5 word are allowed"
            ))),
        }
    }

    fn is_run(self) -> bool {
        matches!(self, Place::RunA(_) | Place::RunB(_))
    }

    fn row(self) -> usize {
        match self {
            Place::RunA(row)
            | Place::RunB(row)
            | Place::X(row)
            | Place::Instance(row)
            | Place::Pack(row)
            | Place::Word(row) => row,
        }
    }
}

/// What may be tied: the left side takes its value from the right.
fn joins(left: Place, right: Place) -> bool {
    match (left, right) {
        (Place::X(_) | Place::Instance(_), place) if place.is_run() => true,
        (Place::X(_), Place::Instance(_)) => true,
        (Place::Word(_), Place::Pack(_)) | (Place::Instance(_), Place::Word(_)) => true,
        _ => false,
    }
}

/// Copies tie a factor X or an instance to the end of a run, X to an instance, hashed words to the
/// packed image and digests to instances; the left side takes its value from the right.
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
        match (one, other) {
            _ if joins(one, other) => Ok((one, other)),
            _ if joins(other, one) => Ok((other, one)),
            _ => Err(Error::Program(format!(
                "a copy of {one:?} and {other:?}; X or an instance and a run, X and an instance, or a \
                 word and a pack or an instance are allowed"
            ))),
        }
    };
    copies.iter().map(parse).collect()
}
