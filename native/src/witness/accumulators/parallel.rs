//! Rows computed by several threads.

use halo2_axiom::halo2curves::bn256::Fr;
use rayon::prelude::*;

/// Rows worked on by one thread at a time.
pub const CHUNK: usize = 1 << 12;

/// A value for each row, none of which depends on another's.
pub fn per_row(rows: usize, row: impl Fn(usize) -> Fr + Sync + Send) -> Vec<Fr> {
    (0..rows)
        .into_par_iter()
        .with_min_len(CHUNK)
        .map(row)
        .collect()
}
