//! Packed polynomials: t polynomials f_j of degree below n as P(X) = sum_j X^j f_j(X^t).
//!
//! One point commits to all of them (Gabizon, Williamson: fflonk, eprint 2021/1167). The values
//! f_j(x) are P's at the t-th roots of x: where U^t = x, P is sum_j U^j f_j(x).

use std::borrow::Borrow;

use halo2_axiom::halo2curves::bn256::{Fr, G1};
use halo2_axiom::halo2curves::ff::Field;
use rayon::prelude::*;

use crate::algebra::transform::reorder;
use crate::srs::Srs;

/// Coefficients of P made by one thread at a time.
const CHUNK: usize = 1 << 12;

/// P's coefficients from those of up to `packing` polynomials, all in natural order.
pub fn interleave<P: Borrow<[Fr]> + Sync>(polynomials: &[P], packing: usize) -> Vec<Fr> {
    let length = polynomials.first().map_or(0, |first| first.borrow().len());
    let mut packed = vec![Fr::ZERO; packing * length];
    let chunks = packed.par_chunks_mut(packing * CHUNK).enumerate();
    chunks.for_each(|(number, chunk)| {
        for (i, coefficients) in chunk.chunks_mut(packing).enumerate() {
            for (coefficient, polynomial) in coefficients.iter_mut().zip(polynomials) {
                *coefficient = polynomial.borrow()[number * CHUNK + i];
            }
        }
    });
    packed
}

/// The commitment to bit-reversed polynomials, packed.
pub fn commit(srs: &Srs, polynomials: &[&[Fr]], packing: usize) -> G1 {
    let natural: Vec<Vec<Fr>> = polynomials.iter().map(|one| reorder(one)).collect();
    srs.commit(&interleave(&natural, packing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algebra::field::powers;

    fn at(coefficients: &[Fr], x: Fr) -> Fr {
        let terms = coefficients.iter().zip(powers(x));
        terms.map(|(coefficient, power)| *coefficient * power).sum()
    }

    #[test]
    fn a_packed_polynomial_is_made_of_its_parts() {
        let (count, x) = (3 * CHUNK as u64 + 5, Fr::from(7));
        let parts: Vec<Vec<Fr>> = (0..3)
            .map(|part| (0..count).map(|i| Fr::from(part * count + i + 1)).collect())
            .collect();
        for packing in [4, 8] {
            let packed = interleave(&parts, packing);
            let inner = x.pow_vartime([packing as u64]);
            let terms = parts.iter().zip(powers(x));
            let expected: Fr = terms.map(|(part, power)| power * at(part, inner)).sum();
            assert_eq!(packed.len(), packing * count as usize);
            assert_eq!(at(&packed, x), expected);
        }
    }
}
