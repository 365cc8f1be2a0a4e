//! Elements of the circuits' field.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;

/// A signed integer as a field element.
pub fn signed(value: i64) -> Fr {
    let magnitude = Fr::from(value.unsigned_abs());
    if value < 0 {
        -magnitude
    } else {
        magnitude
    }
}

pub fn power_of_two(exponent: u32) -> Fr {
    Fr::from(1 << exponent)
}

/// 1, base, base^2, ...
pub fn powers(base: Fr) -> impl Iterator<Item = Fr> {
    std::iter::successors(Some(Fr::ONE), move |power| Some(power * base))
}

/// 1, base, ..., base^(count - 1)
pub fn first_powers(base: Fr, count: usize) -> Vec<Fr> {
    powers(base).take(count).collect()
}
