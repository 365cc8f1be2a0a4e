//! A network's fixed columns and copies: all that tells its circuit from another's.

pub mod checked;
pub mod copies;
pub mod endpoints;
mod fixed_columns;
mod hash_steps;
mod input_columns;
pub mod public_words;
pub mod salt;
mod salted;

pub use checked::Program;
pub use copies::Endpoint;
pub use endpoints::cell;
pub use fixed_columns::fixed_columns;
pub use hash_steps::Step;
pub use public_words::Sections;
