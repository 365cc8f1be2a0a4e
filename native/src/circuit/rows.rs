//! Which rows of the circuit a caller may fill, and columns of integers on them.

/// Rows that halo2 fills with random values at the end of every column, and the row before them.
pub const UNUSABLE_ROWS: usize = 6;

/// Integer columns [lane][row].
pub type Lanes = Vec<Vec<i64>>;

/// Rows that a caller may use: all but the first, which no gate touches, and the unusable ones.
pub fn usable_rows(k: u32) -> usize {
    (1 << k) - UNUSABLE_ROWS - 1
}

/// The circuit's row of a caller's row: row 0 is reserved.
pub fn placed(row: usize) -> usize {
    row + 1
}

/// The value on a row, 0 below the column's end.
pub fn value(column: &[i64], row: usize) -> i64 {
    column.get(row).copied().unwrap_or(0)
}
