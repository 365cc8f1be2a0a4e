//! The circuit of a shape: columns and gates, the same for every network of that shape.

pub mod assignment;
pub mod columns;
pub mod gates;
pub mod names;
pub mod poseidon;
pub mod rows;
pub mod shape;

pub use columns::{Challenges, Columns};
pub use gates::constrain;
pub use shape::Shape;
