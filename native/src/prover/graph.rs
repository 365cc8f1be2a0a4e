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
        let mut slots = Slots::default();
        let mut place = vec![usize::MAX; self.steps.len()];
        let mut compiled = Vec::new();
        for (index, (operation, left, right)) in self.steps.iter().enumerate() {
            if last_use[index].is_none() {
                continue;
            }
            let operands = [*left, *right].map(|node| operand(node, &place));
            place[index] = slots.take();
            compiled.push((*operation, operands, place[index]));
            let ended = |node: &Node| matches!(node, Node::Computed(used) if last_use[*used] == Some(index));
            let both = [Some(left), (left != right).then_some(right)];
            for node in both.into_iter().flatten().filter(|node| ended(node)) {
                if let Node::Computed(used) = node {
                    slots.free.push(place[*used]);
                }
            }
        }
        Compiled {
            steps: compiled,
            slots: slots.count,
            result: operand(result, &place),
        }
    }

    /// For each step that the result needs, the last step that uses it.
    fn last_uses(&self, result: Node) -> Vec<Option<usize>> {
        let mut last = vec![None; self.steps.len()];
        if let Node::Computed(index) = result {
            last[index] = Some(usize::MAX);
        }
        for (index, (_, left, right)) in self.steps.iter().enumerate().rev() {
            if last[index].is_none() {
                continue;
            }
            for node in [left, right] {
                if let Node::Computed(used) = node {
                    last[*used].get_or_insert(index);
                }
            }
        }
        last
    }
}

/// Blocks of memory for nodes in use.
#[derive(Default)]
struct Slots {
    free: Vec<usize>,
    count: usize,
}

impl Slots {
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
    Slot(usize),
}

fn operand(node: Node, place: &[usize]) -> Operand {
    match node {
        Node::Constant(_) => Operand::Constant(value_of(node).expect("a constant")),
        Node::Cell { column, rotation } => Operand::Cell { column, rotation },
        Node::Computed(index) => Operand::Slot(place[index]),
    }
}

/// Steps whose operands and results have their places in memory.
#[derive(Clone, Debug)]
pub struct Compiled {
    steps: Vec<(Operation, [Operand; 2], usize)>,
    slots: usize,
    result: Operand,
}

impl Compiled {
    /// Multiplications a row.
    pub fn multiplications(&self) -> usize {
        let multiplies = |(operation, ..): &&(Operation, _, _)| *operation == Operation::Multiply;
        self.steps.iter().filter(multiplies).count()
    }

    /// The result on rows `first..first + out.len()`; columns have one length, a power of two, and
    /// rows are counted around its end.
    pub fn evaluate(&self, columns: &[Vec<Fr>], first: usize, out: &mut [Fr]) {
        let mut slots = vec![vec![Fr::ZERO; BLOCK]; self.slots];
        for (i, out) in out.chunks_mut(BLOCK).enumerate() {
            let block = Block {
                columns,
                first: first + i * BLOCK,
                rows: out.len(),
            };
            for (operation, operands, place) in &self.steps {
                let mut result = std::mem::take(&mut slots[*place]);
                block.compute(*operation, operands, &slots, &mut result[..out.len()]);
                slots[*place] = result;
            }
            for (row, out) in out.iter_mut().enumerate() {
                *out = block.value(&self.result, &slots, row);
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
        slots: &[Vec<Fr>],
        out: &mut [Fr],
    ) {
        let [left, right] = operands.map(|operand| self.slice(&operand, slots));
        match operation {
            Operation::Add => apply(left, right, out, |a, b| a + b),
            Operation::Subtract => apply(left, right, out, |a, b| a - b),
            Operation::Multiply => apply(left, right, out, |a, b| a * b),
        }
    }

    fn slice<'s>(&'s self, operand: &Operand, slots: &'s [Vec<Fr>]) -> Values<'s> {
        match operand {
            Operand::Constant(value) => Values::Same(*value),
            Operand::Slot(slot) => {
                Values::Each(std::borrow::Cow::Borrowed(&slots[*slot][..self.rows]))
            }
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

    fn value(&self, operand: &Operand, slots: &[Vec<Fr>], row: usize) -> Fr {
        match operand {
            Operand::Constant(value) => *value,
            Operand::Slot(slot) => slots[*slot][row],
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
