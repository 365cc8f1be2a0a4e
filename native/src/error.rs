//! What can go wrong, in one sentence each.

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the program cannot be a circuit: {0}")]
    Program(String),
    #[error("the witness does not fit the circuit: {0}")]
    Witness(String),
    #[error("the proof was rejected: {0}")]
    Rejected(String),
    #[error("the keys or the set-up cannot be used: {0}")]
    Keys(String),
    #[error("a file cannot be used: {0}")]
    File(#[from] std::io::Error),
}

/// A result of the engine.
pub type Result<T> = std::result::Result<T, Error>;
