//! Copies: which cells of the permutation are equal.

use crate::error::{Error, Result};

/// One side of a copy: a column of the permutation and a row as the caller counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    PreOuter(usize),
    PostOuter(usize),
    Factor(usize),
    Instance(usize),
    PackedWord(usize),
    HashWord(usize),
}

impl Endpoint {
    fn new(column: i64, row: i64) -> Result<Self> {
        let row =
            usize::try_from(row).map_err(|_| Error::Program(format!("row {row} of a copy")))?;
        match column {
            0 => Ok(Endpoint::PreOuter(row)),
            1 => Ok(Endpoint::PostOuter(row)),
            2 => Ok(Endpoint::Factor(row)),
            3 => Ok(Endpoint::Instance(row)),
            4 => Ok(Endpoint::PackedWord(row)),
            5 => Ok(Endpoint::HashWord(row)),
            _ => Err(Error::Program(format!(
                "column {column} of a copy: expected 0 pre_outer, 1 post_outer, 2 factor, 3 instance, \
                 4 packed_word or 5 hash_word"
            ))),
        }
    }

    fn is_outer_accumulator(self) -> bool {
        matches!(self, Endpoint::PreOuter(_) | Endpoint::PostOuter(_))
    }

    fn row(self) -> usize {
        match self {
            Endpoint::PreOuter(row)
            | Endpoint::PostOuter(row)
            | Endpoint::Factor(row)
            | Endpoint::Instance(row)
            | Endpoint::PackedWord(row)
            | Endpoint::HashWord(row) => row,
        }
    }
}

/// Which copy constraints there may be: the left side takes its value from the right.
fn may_copy(left: Endpoint, right: Endpoint) -> bool {
    match (left, right) {
        (Endpoint::Factor(_) | Endpoint::Instance(_), source) if source.is_outer_accumulator() => {
            true
        }
        (Endpoint::Factor(_), Endpoint::Instance(_)) => true,
        (Endpoint::HashWord(_), Endpoint::PackedWord(_))
        | (Endpoint::Instance(_), Endpoint::HashWord(_)) => true,
        _ => false,
    }
}

/// A copy constraint makes a factor or an instance the accumulator at the end of a segment, a
/// factor an instance, a hashed word the packed input's, or an instance a digest.
pub fn parse_copies(
    copies: &[[i64; 4]],
    rows: usize,
    instances: usize,
) -> Result<Vec<(Endpoint, Endpoint)>> {
    let check = |endpoint: Endpoint| -> Result<Endpoint> {
        let most = match endpoint {
            Endpoint::Instance(_) => instances,
            _ => rows,
        };
        if endpoint.row() < most {
            Ok(endpoint)
        } else {
            Err(Error::Program(format!(
                "{endpoint:?} of a copy; there are {most} rows"
            )))
        }
    };
    let parse = |[c, i, d, j]: &[i64; 4]| {
        let (one, other) = (
            check(Endpoint::new(*c, *i)?)?,
            check(Endpoint::new(*d, *j)?)?,
        );
        match (one, other) {
            _ if may_copy(one, other) => Ok((one, other)),
            _ if may_copy(other, one) => Ok((other, one)),
            _ => Err(Error::Program(format!(
                "a copy of {one:?} and {other:?}: expected a factor or an instance of an outer \
                 accumulator, a factor of an instance, or a hash word of a packed word or an instance"
            ))),
        }
    };
    copies.iter().map(parse).collect()
}
