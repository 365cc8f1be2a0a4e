//! What keys, set-ups and proofs compute with: field elements, transforms, multiples of points.

pub mod domain;
pub mod field;
pub mod msm;
pub mod transform;
