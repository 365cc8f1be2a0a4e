//! The smallest network with every kind of row: a 2x2 image, one 2x2 kernel, one output.
//!
//! Two lanes. Rows 0-1 store the image, rows 2-7 the product grid of 3x3 cells (with a tail lane)
//! whose middle cell is the output, rows 8-10 fold the kernel.

use std::collections::HashMap;

use halo2_axiom::halo2curves::bn256::Fr;
use zkescrow_native::circuit::columns::FLAGS;
use zkescrow_native::circuit::rows::usable_rows;
use zkescrow_native::circuit::Shape;
use zkescrow_native::program::{Program, Sections};
use zkescrow_native::witness::Witness;

pub const K: u32 = 7;
pub const PACKING: usize = 4;
const SHIFT: u32 = 2;
const Q_OFFSET: i64 = 16;
const Q_COUNT: i64 = 32;
const Y_OFFSET: i64 = 8;
const Y_HIGH: i64 = 7;
const BIAS: i64 = 3;
const INPUT_BITS: u32 = 2;

pub const PIXELS: [[i64; 2]; 2] = [[1, 3], [2, 0]];
pub const KERNEL: [[i64; 2]; 2] = [[5, 3], [1, -2]];

/// The row that folds the last of the kernel, and the row whose output is public.
pub const CLOSE: usize = 10;
pub const OUTPUT: usize = 7;

pub fn shape() -> Shape {
    Shape {
        k: K,
        packing: PACKING,
        lanes: 2,
        weight_lanes: 2,
        shift: SHIFT,
        y_offset: Y_OFFSET,
        input_bits: INPUT_BITS,
        input_low: 0,
        ..Shape::default()
    }
}

/// The entries (tag, q, y): padding cells, remainders, pixels, the clamp to 0..=7.
pub fn table() -> Vec<[i64; 3]> {
    let padding = (0..Q_COUNT).map(|q| [0, q, Y_OFFSET]);
    let range = (0..1 << SHIFT).map(|r| [1, r, 0]);
    let pixels = (0..1 << INPUT_BITS).map(|value| [2, 0, Y_OFFSET + value]);
    let clamp = (0..Q_COUNT).map(|q| [3, q, (q - Q_OFFSET).clamp(0, Y_HIGH) + Y_OFFSET]);
    padding.chain(range).chain(pixels).chain(clamp).collect()
}

/// Every flag column with ones on the given rows.
fn flags() -> HashMap<String, Vec<usize>> {
    let rows: [(&str, Vec<usize>); 9] = [
        ("continues_row", vec![3, 5, 7]),
        ("ends_row", vec![0, 1, 3, 5, 7]),
        ("continues_segment", vec![1, 3, 4, 5, 6, 7]),
        ("summed", (2..8).collect()),
        ("is_input", vec![0, 1]),
        ("weights_are_taps", vec![9, 10]),
        ("enters_kernel", vec![8, 9, 10]),
        ("keeps_accumulator", vec![9, 10]),
        ("takes_product", vec![8, 10]),
    ];
    let mut flags: HashMap<_, _> = rows.map(|(name, rows)| (name.to_string(), rows)).into();
    flags.insert("shifts_rows".into(), vec![10]);
    flags.insert("closes_layer".into(), vec![CLOSE]);
    flags
}

pub fn columns() -> HashMap<String, Vec<Vec<i64>>> {
    let rows = usable_rows(K);
    let mut columns = HashMap::new();
    let set = flags();
    for name in FLAGS {
        let ones = set.get(name).cloned().unwrap_or_default();
        let column = (0..=CLOSE).map(|row| i64::from(ones.contains(&row)));
        columns.insert(name.to_string(), vec![column.collect()]);
    }
    let entries = table();
    for (part, name) in ["table_tag", "table_quotient", "table_activation"]
        .into_iter()
        .enumerate()
    {
        let entry = |row: usize| entries[row.min(entries.len() - 1)][part];
        columns.insert(name.to_string(), vec![(0..rows).map(entry).collect()]);
    }
    let mut tag = vec![vec![0; 8]; 2];
    tag.iter_mut().for_each(|lane| lane[..2].fill(2));
    tag[1][5] = 3;
    columns.insert("tag".into(), tag);
    let mut bias = vec![(Q_OFFSET << SHIFT) + (1 << (SHIFT - 1)) + BIAS; 8];
    bias[..2].fill(0);
    columns.insert("bias".into(), vec![bias]);
    let [[w00, w01], [w10, w11]] = KERNEL;
    let mut weights = vec![vec![0; 11]; 2];
    weights[0][8..].copy_from_slice(&[-1, w01, w11]);
    weights[1][8..].copy_from_slice(&[0, w00, w10]);
    columns.insert("weight".into(), weights);
    columns
}

/// Columns: 0 pre_outer, 1 post_outer, 2 factor, 3 instance.
pub const COPIES: [[i64; 4]; 3] = [[2, 8, 0, 7], [2, 10, 1, 1], [1, OUTPUT as i64, 3, 0]];

/// One score.
pub const INSTANCES: Sections = Sections {
    context: 0,
    digests: 0,
    outputs: 1,
};

pub fn program() -> Program {
    Program::new(shape(), columns(), &COPIES, INSTANCES).expect("the tiny program is one")
}

/// The product of image and turned kernel at cell (i, j).
fn product(i: usize, j: usize) -> i64 {
    let mut sum = 0;
    for (u, row) in PIXELS.iter().enumerate() {
        for (v, pixel) in row.iter().enumerate() {
            let (p, q) = (i.wrapping_sub(u), j.wrapping_sub(v));
            if p < 2 && q < 2 {
                sum += pixel * KERNEL[1 - p][1 - q];
            }
        }
    }
    sum
}

/// Fill the multiplicity in by counting what the cells look up.
pub fn count(program: &Program, cells: &mut Witness) {
    let rows = usable_rows(K);
    let entries = table();
    let mut counts = vec![0; rows];
    for row in 0..rows {
        for lane in 0..2 {
            let tag = program.tag[lane].get(row).copied().unwrap_or(0);
            let (q, r, y) = (
                cells.quotient[lane][row],
                cells.remainder[lane][row],
                cells.activation[lane][row],
            );
            for wanted in [[1, r, 0], [tag, q, y]] {
                if let Some(found) = entries.iter().position(|entry| *entry == wanted) {
                    counts[found] += 1;
                }
            }
        }
    }
    cells.multiplicity = counts;
}

pub fn cells(program: &Program) -> Witness {
    let rows = usable_rows(K);
    let mut cells = Witness {
        quotient: vec![vec![0; rows]; 2],
        remainder: vec![vec![0; rows]; 2],
        activation: vec![vec![Y_OFFSET; rows]; 2],
        ..Witness::default()
    };
    for (row, pixels) in [PIXELS[1], PIXELS[0]].iter().enumerate() {
        for (lane, pixel) in pixels.iter().enumerate() {
            cells.activation[lane][row] = Y_OFFSET + pixel;
        }
        let packed = pixels[0] + (pixels[1] << INPUT_BITS);
        cells.input.push(Fr::from(packed as u64));
    }
    let mut output = 0;
    for row in 2..8 {
        let (i, block) = (2 - (row - 2) / 2, 1 - row % 2);
        for lane in 0..2 {
            let sum = product(i, 2 * block + lane) + program.bias[row];
            let (q, r) = (sum >> SHIFT, sum & ((1 << SHIFT) - 1));
            (cells.quotient[lane][row], cells.remainder[lane][row]) = (q, r);
            if (row, lane) == (5, 1) {
                output = (q - Q_OFFSET).clamp(0, Y_HIGH);
                cells.activation[lane][row] = Y_OFFSET + output;
            }
        }
    }
    cells.input.push(Fr::from(0x5a17u64)); // salt, on a row that is no input row
    cells.instances = vec![Fr::from(output as u64)];
    count(program, &mut cells);
    cells
}
