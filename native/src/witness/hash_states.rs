//! What `circuit/gates/hash.rs` constrains: words, states and squares of the hash rows.

use std::collections::HashMap;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;

use super::phase_1::Witness;
use crate::circuit::gates::hash::CAPACITY;
use crate::circuit::poseidon::{element, MATRIX};
use crate::program::{Endpoint, Program, Step};

/// Columns of the first phase, [row], by caller's rows; empty where inputs are not hashed.
#[derive(Clone, Debug, Default)]
pub struct HashStates {
    pub packed_word: Vec<Fr>,
    pub hash_word: Vec<Fr>,
    pub hash_state: [Vec<Fr>; 2],
    pub hash_square: [Vec<Fr>; 2],
}

impl HashStates {
    /// A cell by its column's name; states and squares have two lanes.
    pub fn cell(&mut self, name: &str, lane: usize, row: usize) -> Option<&mut Fr> {
        let column = match (name, lane) {
            ("packed_word", 0) => &mut self.packed_word,
            ("hash_word", 0) => &mut self.hash_word,
            ("hash_state", lane) => self.hash_state.get_mut(lane)?,
            ("hash_square", lane) => self.hash_square.get_mut(lane)?,
            _ => return None,
        };
        column.get_mut(row)
    }
}

/// Compute them by the gates' own recurrences.
pub fn hashed(program: &Program, witness: &Witness) -> HashStates {
    if program.shape.hash_group == 0 {
        return HashStates::default();
    }
    let packed_word = packed(program, &witness.input);
    let words = absorbed(program, &packed_word, &witness.salts);
    let mut found = HashStates {
        packed_word,
        ..HashStates::default()
    };
    let mut state = [Fr::ZERO; 2];
    for row in 0..program.hash_rows() {
        let mut word = words.get(&row).copied().unwrap_or(Fr::ZERO);
        let mut squares = [Fr::ZERO; 2];
        match program.hash_step(row) {
            Step::None => {}
            Step::Start => state = [word, Fr::from(2).pow_vartime([u64::from(CAPACITY)])],
            Step::Absorb => state[0] += word,
            Step::Digest => word = state[0],
            Step::Round { constants, full } => (state, squares) = round(state, constants, full),
        }
        found.hash_word.push(word);
        for lane in 0..2 {
            found.hash_state[lane].push(state[lane]);
            found.hash_square[lane].push(squares[lane]);
        }
    }
    found
}

fn packed(program: &Program, image: &[Fr]) -> Vec<Fr> {
    let bits = u64::from(program.shape.input_bits) * program.shape.lanes as u64;
    let radix = Fr::from(2).pow_vartime([bits]);
    let (input, continues) = (program.flag("is_input"), program.flag("continues_word"));
    let mut word = Fr::ZERO;
    let rows = image.iter().enumerate().take_while(|(row, _)| input(*row));
    rows.map(|(row, image)| {
        word = match continues(row) {
            true => word * radix + image,
            false => *image,
        };
        word
    })
    .collect()
}

/// Words by row: those that copies take from `packed_word`, and salts, in order of the other rows.
fn absorbed(program: &Program, packed_word: &[Fr], salts: &[Fr]) -> HashMap<usize, Fr> {
    let mut words: HashMap<usize, Fr> = HashMap::new();
    for copy in &program.copies {
        if let (Endpoint::HashWord(row), Endpoint::PackedWord(from)) = *copy {
            words.insert(row, packed_word.get(from).copied().unwrap_or(Fr::ZERO));
        }
    }
    let salted = program.salted_rows();
    words.extend(salted.into_iter().zip(salts.iter().copied()));
    words
}

fn round(state: [Fr; 2], constants: [Fr; 2], full: bool) -> ([Fr; 2], [Fr; 2]) {
    let entered = [state[0] + constants[0], state[1] + constants[1]];
    let squares = entered.map(|x| x.square());
    let fifths = [0, 1].map(|i| squares[i].square() * entered[i]);
    let second = if full { fifths[1] } else { entered[1] };
    let matrix = MATRIX.map(|row| row.map(element));
    let mixed = matrix.map(|row| row[0] * fifths[0] + row[1] * second);
    (
        mixed,
        [squares[0], if full { squares[1] } else { Fr::ZERO }],
    )
}
