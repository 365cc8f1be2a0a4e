//! The caller's columns, checked one by one.

use std::collections::HashMap;

use crate::circuit::rows::{value, Lanes};
use crate::error::{Error, Result};

/// Flags by which a gate reads the row before: those that columns.json declares so.
const LOOKING_BACK: [&str; 16] = [
    "continues_row",
    "continues_segment",
    "continues_kernel_inner",
    "keeps_kernel",
    "shifts_columns",
    "shifts_rows",
    "keeps_accumulator",
    "next_output",
    "is_lower_label",
    "is_class",
    "continues_word",
    "hash_absorb",
    "hash_full_round",
    "hash_partial_round",
    "hash_digest",
    "same_bias",
];

/// The caller's columns, taken one by one.
pub struct InputColumns {
    pub columns: HashMap<String, Lanes>,
    pub rows: usize,
}

impl InputColumns {
    pub fn lanes(&mut self, name: &str, lanes: usize) -> Result<Lanes> {
        let missing = || Error::Program(format!("column {name} is missing"));
        let column = self.columns.remove(name).ok_or_else(missing)?;
        let longest = column.iter().map(Vec::len).max().unwrap_or(0);
        if column.len() != lanes || longest > self.rows {
            return Err(Error::Program(format!(
                "column {name} has {} lanes of up to {longest} rows: expected {lanes} lanes of at \
                 most {} rows",
                column.len(),
                self.rows
            )));
        }
        Ok(column)
    }

    pub fn one(&mut self, name: &str) -> Result<Vec<i64>> {
        Ok(self.lanes(name, 1)?.remove(0))
    }

    /// The table: a row of zeros below its end would be an entry that nobody meant.
    pub fn full(&mut self, name: &str) -> Result<Vec<i64>> {
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

    /// A flag of each lane.
    pub fn flags(&mut self, name: &str, lanes: usize) -> Result<Lanes> {
        let columns = self.lanes(name, lanes)?;
        columns.iter().try_for_each(|lane| is_flag(name, lane))?;
        Ok(columns)
    }

    pub fn flag(&mut self, name: &str) -> Result<Vec<i64>> {
        let column = self.one(name)?;
        is_flag(name, &column)?;
        if LOOKING_BACK.contains(&name) && value(&column, 0) != 0 {
            return Err(Error::Program(format!(
                "flag {name} is set on row 0, which would look back at cells that no gate checks"
            )));
        }
        Ok(column)
    }

    pub fn nothing_left(&self) -> Result<()> {
        match self.columns.keys().next() {
            Some(name) => Err(Error::Program(format!("column {name} is unknown"))),
            None => Ok(()),
        }
    }
}

fn is_flag(name: &str, column: &[i64]) -> Result<()> {
    match column.iter().position(|value| ![0, 1].contains(value)) {
        Some(row) => Err(Error::Program(format!(
            "flag {name} is {} on row {row}: expected 0 or 1",
            column[row]
        ))),
        None => Ok(()),
    }
}
