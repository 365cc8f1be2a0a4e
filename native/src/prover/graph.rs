//! Polynomials over columns as a graph without repeats, and its evaluation block by block.
//!
//! Equal subexpressions are one node, constants are folded, and a node is computed once for a
//! block of rows while everything it needs is in the processor's cache.

use std::collections::HashMap;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::{Field, PrimeField};

/// Rows of a block.
const BLOCK: usize = 64;

/// A node of the graph, or a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    Constant([u8; 32]),
    /// A column's value, so many rows ahead.
    Cell {
        column: usize,
        rotation: i32,
    },
    Computed(usize),
}

impl Node {
    fn step(&self) -> Option<usize> {
        match self {
            Node::Computed(index) => Some(*index),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operation {
    Add,
    Subtract,
    Multiply,
}

type Step = (Operation, Node, Node);

/// The steps so far; a step only uses nodes before it.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    steps: Vec<Step>,
    known: HashMap<Step, usize>,
}

pub fn constant(value: Fr) -> Node {
    Node::Constant(value.to_repr())
}

fn value_of(node: Node) -> Option<Fr> {
    match node {
        Node::Constant(repr) => Some(Fr::from_repr(repr).expect("a canonical element")),
        _ => None,
    }
}

impl Graph {
    pub fn add(&mut self, left: Node, right: Node) -> Node {
        match (value_of(left), value_of(right)) {
            (Some(a), Some(b)) => constant(a + b),
            (Some(a), _) if a == Fr::ZERO => right,
            (_, Some(b)) if b == Fr::ZERO => left,
            _ => self.step(Operation::Add, left, right),
        }
    }

    pub fn subtract(&mut self, left: Node, right: Node) -> Node {
        match (value_of(left), value_of(right)) {
            (Some(a), Some(b)) => constant(a - b),
            (_, Some(b)) if b == Fr::ZERO => left,
            _ => self.step(Operation::Subtract, left, right),
        }
    }

    pub fn multiply(&mut self, left: Node, right: Node) -> Node {
        let (zero, one) = (Some(Fr::ZERO), Some(Fr::ONE));
        match (value_of(left), value_of(right)) {
            (Some(a), Some(b)) => constant(a * b),
            (a, b) if a == zero || b == zero => constant(Fr::ZERO),
            (a, _) if a == one => right,
            (_, b) if b == one => left,
            _ => self.step(Operation::Multiply, left, right),
        }
    }

    fn step(&mut self, operation: Operation, left: Node, right: Node) -> Node {
        let step = (operation, left, right);
        let next = self.steps.len();
        let index = *self.known.entry(step).or_insert(next);
        if index == next {
            self.steps.push(step);
        }
        Node::Computed(index)
    }

    /// Ready to compute one node.
    pub fn compile(&self, result: Node) -> Compiled {
        let last_use = self.last_uses(result);
        let mut registers = Registers::default();
        let mut place = vec![usize::MAX; self.steps.len()];
        let mut compiled = Vec::new();
        for (index, (operation, left, right)) in self.steps.iter().enumerate() {
            if last_use[index].is_none() {
                continue;
            }
            let operands = [*left, *right].map(|node| operand(node, &place));
            place[index] = registers.take();
            compiled.push((*operation, operands, place[index]));
            let mut used: Vec<usize> = [left, right].into_iter().filter_map(Node::step).collect();
            used.dedup();
            used.retain(|step| last_use[*step] == Some(index));
            registers.free.extend(used.iter().map(|step| place[*step]));
        }
        Compiled {
            steps: compiled,
            registers: registers.count,
            result: operand(result, &place),
        }
    }

    /// For each step that the result needs, the last step that uses it.
    fn last_uses(&self, result: Node) -> Vec<Option<usize>> {
        let mut last = vec![None; self.steps.len()];
        if let Some(index) = result.step() {
            last[index] = Some(usize::MAX);
        }
        for (index, (_, left, right)) in self.steps.iter().enumerate().rev() {
            if last[index].is_none() {
                continue;
            }
            for used in [left, right].into_iter().filter_map(Node::step) {
                last[used].get_or_insert(index);
            }
        }
        last
    }
}

/// Blocks of memory for nodes in use.
#[derive(Default)]
struct Registers {
    free: Vec<usize>,
    count: usize,
}

impl Registers {
    /// A block that no node in use has; not that of an operand, which is freed afterwards.
    fn take(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        })
    }
}

#[derive(Clone, Copy, Debug)]
enum Operand {
    Constant(Fr),
    Cell { column: usize, rotation: i32 },
    Register(usize),
}

fn operand(node: Node, place: &[usize]) -> Operand {
    match node {
        Node::Constant(_) => Operand::Constant(value_of(node).expect("a constant")),
        Node::Cell { column, rotation } => Operand::Cell { column, rotation },
        Node::Computed(index) => Operand::Register(place[index]),
    }
}

/// Steps whose operands and results have their places in memory.
#[derive(Clone, Debug)]
pub struct Compiled {
    steps: Vec<(Operation, [Operand; 2], usize)>,
    registers: usize,
    result: Operand,
}

impl Compiled {
    /// The result on rows `first..first + out.len()`; columns have one length, a power of two, and
    /// rows are counted around its end.
    pub fn evaluate(&self, columns: &[Vec<Fr>], first: usize, out: &mut [Fr]) {
        let mut registers = vec![vec![Fr::ZERO; BLOCK]; self.registers];
        for (i, out) in out.chunks_mut(BLOCK).enumerate() {
            let block = Block {
                columns,
                first: first + i * BLOCK,
                rows: out.len(),
            };
            for (operation, operands, place) in &self.steps {
                let mut result = std::mem::take(&mut registers[*place]);
                block.compute(*operation, operands, &registers, &mut result[..out.len()]);
                registers[*place] = result;
            }
            for (row, out) in out.iter_mut().enumerate() {
                *out = block.value(&self.result, &registers, row);
            }
        }
    }
}

/// Rows computed together.
struct Block<'a> {
    columns: &'a [Vec<Fr>],
    first: usize,
    rows: usize,
}

impl Block<'_> {
    fn compute(
        &self,
        operation: Operation,
        operands: &[Operand; 2],
        registers: &[Vec<Fr>],
        out: &mut [Fr],
    ) {
        let [left, right] = operands.map(|operand| self.slice(&operand, registers));
        match operation {
            Operation::Add => apply(left, right, out, |a, b| a + b),
            Operation::Subtract => apply(left, right, out, |a, b| a - b),
            Operation::Multiply => apply(left, right, out, |a, b| a * b),
        }
    }

    fn slice<'s>(&'s self, operand: &Operand, registers: &'s [Vec<Fr>]) -> Values<'s> {
        match operand {
            Operand::Constant(value) => Values::Same(*value),
            Operand::Register(register) => Values::Each(std::borrow::Cow::Borrowed(
                &registers[*register][..self.rows],
            )),
            Operand::Cell { column, rotation } => self.cells(*column, *rotation),
        }
    }

    /// A column's cells; rows around its end are copied.
    fn cells(&self, column: usize, rotation: i32) -> Values<'_> {
        let column = &self.columns[column];
        let start = self.row(0, rotation);
        match column.get(start..start + self.rows) {
            Some(cells) => Values::Each(cells.into()),
            None => {
                let rows = (0..self.rows).map(|row| column[self.row(row, rotation)]);
                Values::Each(rows.collect())
            }
        }
    }

    fn row(&self, row: usize, rotation: i32) -> usize {
        let length = self.columns[0].len();
        (self.first + row).wrapping_add_signed(rotation as isize) & (length - 1)
    }

    fn value(&self, operand: &Operand, registers: &[Vec<Fr>], row: usize) -> Fr {
        match operand {
            Operand::Constant(value) => *value,
            Operand::Register(register) => registers[*register][row],
            Operand::Cell { column, rotation } => self.columns[*column][self.row(row, *rotation)],
        }
    }
}

enum Values<'a> {
    Same(Fr),
    Each(std::borrow::Cow<'a, [Fr]>),
}

fn apply(left: Values<'_>, right: Values<'_>, out: &mut [Fr], f: impl Fn(Fr, Fr) -> Fr) {
    match (&left, &right) {
        (Values::Each(a), Values::Each(b)) => {
            for ((out, a), b) in out.iter_mut().zip(a.iter()).zip(b.iter()) {
                *out = f(*a, *b);
            }
        }
        (Values::Each(a), Values::Same(b)) => {
            for (out, a) in out.iter_mut().zip(a.iter()) {
                *out = f(*a, *b);
            }
        }
        (Values::Same(a), Values::Each(b)) => {
            for (out, b) in out.iter_mut().zip(b.iter()) {
                *out = f(*a, *b);
            }
        }
        (Values::Same(a), Values::Same(b)) => out.fill(f(*a, *b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMN: Node = Node::Cell {
        column: 0,
        rotation: 0,
    };
    const BEFORE: Node = Node::Cell {
        column: 0,
        rotation: -1,
    };
    const OTHER: Node = Node::Cell {
        column: 1,
        rotation: 2,
    };

    fn columns(rows: u64) -> Vec<Vec<Fr>> {
        let column = |first: u64| (first..first + rows).map(Fr::from).collect();
        vec![column(3), column(1000)]
    }

    fn evaluated(graph: &Graph, node: Node, columns: &[Vec<Fr>]) -> Vec<Fr> {
        let mut out = vec![Fr::ZERO; columns[0].len()];
        graph.compile(node).evaluate(columns, 0, &mut out);
        out
    }

    #[test]
    fn rows_are_counted_around_the_end() {
        for rows in [2, 64, 256] {
            let columns = columns(rows);
            let mut graph = Graph::default();
            let product = graph.multiply(BEFORE, OTHER);
            let node = graph.subtract(product, COLUMN);
            let found = evaluated(&graph, node, &columns);
            let rows = rows as usize;
            for (row, value) in found.into_iter().enumerate() {
                let (before, ahead) = ((row + rows - 1) % rows, (row + 2) % rows);
                let expected = columns[0][before] * columns[1][ahead] - columns[0][row];
                assert_eq!(value, expected, "row {row} of {rows}");
            }
        }
    }

    #[test]
    fn equal_parts_are_computed_once_and_unused_ones_never() {
        let mut graph = Graph::default();
        let square = graph.multiply(COLUMN, COLUMN);
        graph.multiply(OTHER, OTHER);
        let again = graph.multiply(COLUMN, COLUMN);
        assert_eq!(square, again);
        let node = graph.add(square, again);
        assert_eq!(graph.compile(node).steps.len(), 2);
    }

    #[test]
    fn constants_are_folded() {
        let mut graph = Graph::default();
        let [zero, one, two] = [0, 1, 2].map(|value| constant(Fr::from(value)));
        assert_eq!(graph.multiply(COLUMN, one), COLUMN);
        assert_eq!(graph.multiply(zero, COLUMN), zero);
        assert_eq!(graph.add(zero, COLUMN), COLUMN);
        assert_eq!(graph.subtract(COLUMN, zero), COLUMN);
        assert_eq!(graph.add(one, one), two);
        assert_eq!(graph.subtract(two, one), one);
        assert!(graph.steps.is_empty());
        assert_eq!(evaluated(&graph, two, &columns(4)), vec![Fr::from(2); 4]);
        assert_eq!(evaluated(&graph, COLUMN, &columns(4)), columns(4)[0]);
    }

    #[test]
    fn memory_is_used_again() {
        let mut graph = Graph::default();
        let sum = (0..100).fold(COLUMN, |sum, i| {
            let shifted = graph.add(OTHER, constant(Fr::from(i)));
            let product = graph.multiply(shifted, BEFORE);
            graph.add(sum, product)
        });
        assert!(graph.compile(sum).registers <= 4);
        let columns = columns(128);
        let at = |column: usize, row: usize| columns[column][row % 128];
        let expected = |row: usize| {
            let terms = (0..100).map(|i| at(1, row + 2) + Fr::from(i));
            at(0, row) + terms.map(|term| term * at(0, row + 127)).sum::<Fr>()
        };
        let found = evaluated(&graph, sum, &columns);
        assert!((0..128).all(|row| found[row] == expected(row)));
    }
}
