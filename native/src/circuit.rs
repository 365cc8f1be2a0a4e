//! Columns and gates: the same for every network. docs/NATIVE.md states what each gate says.
//!
//! Row 0 is reserved: no gate holds there, so that rotation -1 never reaches a blinding row. All
//! gates are multiplied by `act`, which is 1 on rows 1 to the last usable one.

use std::cell::RefCell;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;
use halo2_axiom::plonk::{
    Advice, Challenge, Column, ConstraintSystem, Expression, FirstPhase, Fixed, Instance,
    SecondPhase, VirtualCells,
};
use halo2_axiom::poly::Rotation;

/// What one network's gate set needs besides its fixed columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shape {
    /// log2 of the rows.
    pub k: u32,
    /// Cells of a tensor to a row.
    pub lanes: usize,
    /// Weights to a row.
    pub weight_lanes: usize,
    /// Bits that every layer rescales by.
    pub shift: u32,
    /// The stored y of 0.
    pub y_offset: i64,
    /// Bits of an input value in its packed word.
    pub input_bits: u32,
    /// The least input value.
    pub input_low: i64,
}

impl Shape {
    /// Two lookups to a lane: the remainder, and the pair (q, y).
    pub fn lookups(&self) -> usize {
        2 * self.lanes
    }

    /// Helpers cover three lookups each; at most two stand in the running sum.
    pub fn helpers(&self) -> usize {
        self.lookups().saturating_sub(2).div_ceil(3)
    }
}

/// The tag of the remainders' range in the table.
pub const RANGE_TAG: u64 = 1;

/// Fixed flags of tensor rows, then of fold rows.
pub const FLAGS: [&str; 16] = [
    "nrs", "re", "c", "dbl", "sm", "im", "v1c", "wb", "u1", "ub", "ua", "ve", "h1", "hg", "me",
    "le",
];

/// Every column and challenge, by the names of docs/NATIVE.md.
#[derive(Clone, Debug)]
pub struct Columns {
    pub img: Column<Advice>,
    pub m: Column<Advice>,
    pub q: Vec<Column<Advice>>,
    pub r: Vec<Column<Advice>>,
    pub y: Vec<Column<Advice>>,
    pub row_a: Column<Advice>,
    pub run_a: Column<Advice>,
    pub row_b: Column<Advice>,
    pub run_b: Column<Advice>,
    pub v1: Column<Advice>,
    pub v2: Column<Advice>,
    pub x: Column<Advice>,
    pub mac: Column<Advice>,
    pub helpers: Vec<Column<Advice>>,
    pub sum: Column<Advice>,
    pub tag: Vec<Column<Fixed>>,
    pub bias: Column<Fixed>,
    pub table: [Column<Fixed>; 3],
    pub w: Vec<Column<Fixed>>,
    pub act: Column<Fixed>,
    pub ends: Column<Fixed>,
    pub flags: Vec<Column<Fixed>>,
    pub instance: Column<Instance>,
    pub challenges: Challenges<Challenge>,
}

/// Drawn after the cells are committed.
#[derive(Clone, Copy, Debug)]
pub struct Challenges<T> {
    pub b: T,
    pub a: T,
    pub g: T,
    pub theta: T,
    pub beta: T,
}

impl Columns {
    /// Allocate the columns; `img` is the first advice column (see `blinding.rs`).
    pub fn new(meta: &mut ConstraintSystem<Fr>, shape: &Shape) -> Self {
        let lanes = shape.lanes;
        let img = meta.advice_column_in(FirstPhase);
        let m = meta.advice_column_in(FirstPhase);
        let mut cells = || -> Vec<_> {
            (0..lanes)
                .map(|_| meta.advice_column_in(FirstPhase))
                .collect()
        };
        let (q, r, y) = (cells(), cells(), cells());
        let challenges = Challenges {
            b: meta.challenge_usable_after(FirstPhase),
            a: meta.challenge_usable_after(FirstPhase),
            g: meta.challenge_usable_after(FirstPhase),
            theta: meta.challenge_usable_after(FirstPhase),
            beta: meta.challenge_usable_after(FirstPhase),
        };
        let mut later = || meta.advice_column_in(SecondPhase);
        let [row_a, run_a, row_b, run_b] = [later(), later(), later(), later()];
        let [v1, v2, x, mac] = [later(), later(), later(), later()];
        let helpers = (0..shape.helpers()).map(|_| later()).collect();
        let sum = later();
        let columns = Columns {
            img,
            m,
            q,
            r,
            y,
            row_a,
            run_a,
            row_b,
            run_b,
            v1,
            v2,
            x,
            mac,
            helpers,
            sum,
            tag: (0..lanes).map(|_| meta.fixed_column()).collect(),
            bias: meta.fixed_column(),
            table: [(); 3].map(|()| meta.fixed_column()),
            w: (0..shape.weight_lanes)
                .map(|_| meta.fixed_column())
                .collect(),
            act: meta.fixed_column(),
            ends: meta.fixed_column(),
            flags: FLAGS.iter().map(|_| meta.fixed_column()).collect(),
            instance: meta.instance_column(),
            challenges,
        };
        for column in [columns.run_a, columns.run_b, columns.x] {
            meta.enable_equality(column);
        }
        meta.enable_equality(columns.instance);
        columns
    }

    /// The fixed column of a flag.
    pub fn flag(&self, name: &str) -> Column<Fixed> {
        let index = FLAGS.iter().position(|flag| *flag == name);
        self.flags[index.expect("a flag of FLAGS")]
    }

    /// Declare every gate.
    pub fn constrain(&self, meta: &mut ConstraintSystem<Fr>, shape: &Shape) {
        self.tensor_gates(meta, shape);
        self.fold_gates(meta);
        self.image_gate(meta, shape);
        self.lookup_gates(meta, shape);
    }

    /// `row` and `run` accumulate an image row and a run: products at (a, b), outputs likewise.
    fn tensor_gates(&self, meta: &mut ConstraintSystem<Fr>, shape: &Shape) {
        meta.create_gate("row_a", |meta| {
            let at = Row::new(self, meta);
            let double = at.flag("dbl");
            let cells = self.products(&at, shape);
            let lanes = weighted(&cells, |l| {
                mix(&double, power(&at.b, l), power(&at.b, 2 * l))
            });
            let step = mix(
                &double,
                power(&at.b, shape.lanes),
                power(&at.b, 2 * shape.lanes),
            );
            let row = at.now(self.row_a);
            vec![at.act() * (row - at.flag("nrs") * at.before(self.row_a) * step - lanes)]
        });
        meta.create_gate("run_a", |meta| {
            let at = Row::new(self, meta);
            let step = mix(&at.flag("dbl"), at.a.clone(), at.a.clone() * at.a.clone());
            vec![at.run(self.row_a, self.run_a, step)]
        });
        meta.create_gate("row_b", |meta| {
            let at = Row::new(self, meta);
            let plain = at.flag("sm");
            let cells = self.outputs(&at, shape);
            let lanes = weighted(&cells, |l| mix(&plain, power(&at.b, l), one()));
            let step = mix(&plain, power(&at.b, shape.lanes), one());
            let row = at.now(self.row_b);
            vec![at.act() * (row - at.flag("nrs") * at.before(self.row_b) * step - lanes)]
        });
        meta.create_gate("run_b", |meta| {
            let at = Row::new(self, meta);
            let step = mix(&at.flag("sm"), at.a.clone(), one());
            vec![at.run(self.row_b, self.run_b, step)]
        });
    }

    /// V1 folds a row's weights, V2 moves a kernel on, MAC adds up V2 * X and ends at zero.
    fn fold_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        meta.create_gate("lanes", |meta| {
            let at = Row::new(self, meta);
            let taps = at.flag("wb");
            let weights: Vec<_> = self.w.iter().map(|w| at.fixed(*w)).collect();
            let row = weighted(&weights, |l| mix(&taps, power(&at.g, l), power(&at.b, l)));
            let step = mix(
                &taps,
                power(&at.g, weights.len()),
                power(&at.b, weights.len()),
            );
            let carried = at.flag("v1c") * at.before(self.v1) * step;
            vec![at.act() * (at.now(self.v1) - carried - row)]
        });
        meta.create_gate("kernel", |meta| {
            let at = Row::new(self, meta);
            let step = at.flag("u1") + at.flag("ub") * at.b.clone() + at.flag("ua") * at.a.clone();
            let moved = at.before(self.v2) * step + at.flag("ve") * at.now(self.v1);
            vec![at.act() * (at.now(self.v2) - moved)]
        });
        meta.create_gate("fold", |meta| {
            let at = Row::new(self, meta);
            let step = at.flag("h1") + at.flag("hg") * at.g.clone();
            let term = at.flag("me") * at.now(self.v2) * at.now(self.x);
            vec![at.act() * (at.now(self.mac) - at.before(self.mac) * step - term)]
        });
        meta.create_gate("close", |meta| {
            let at = Row::new(self, meta);
            vec![at.act() * at.flag("le") * at.now(self.mac)]
        });
    }

    /// On input rows the image column packs the row's values.
    fn image_gate(&self, meta: &mut ConstraintSystem<Fr>, shape: &Shape) {
        meta.create_gate("image", |meta| {
            let at = Row::new(self, meta);
            let radix = constant(Fr::from(1u64 << shape.input_bits));
            let low = constant(signed(shape.input_low));
            let digits: Vec<_> = self.outputs(&at, shape);
            let packed = digits.iter().rev().fold(zero(), |word, digit| {
                word * radix.clone() + digit.clone() - low.clone()
            });
            vec![at.act() * at.flag("im") * (at.now(self.img) - packed)]
        });
    }

    /// logUp: the sum over all lookups of 1/(beta + value) equals that over the table times m.
    fn lookup_gates(&self, meta: &mut ConstraintSystem<Fr>, shape: &Shape) {
        for (number, helper) in self.helpers.iter().enumerate() {
            meta.create_gate("helper", |meta| {
                let at = Row::new(self, meta);
                let d = self.denominators(&at)[3 * number..3 * number + 3].to_vec();
                let all = d[0].clone() * d[1].clone() * d[2].clone();
                let pairs = d[1].clone() * d[2].clone()
                    + d[0].clone() * d[2].clone()
                    + d[0].clone() * d[1].clone();
                vec![at.act() * (at.now(*helper) * all - pairs)]
            });
        }
        meta.create_gate("sum", |meta| {
            let at = Row::new(self, meta);
            let rest = self.denominators(&at)[3 * shape.helpers()..].to_vec();
            let table = self.table_denominator(&at);
            let mut growth = at.now(self.sum) - at.before(self.sum);
            for helper in &self.helpers {
                growth = growth - at.now(*helper);
            }
            let (product, others) = match rest.as_slice() {
                [] => (one(), zero()),
                [d] => (d.clone(), one()),
                [d, e] => (d.clone() * e.clone(), d.clone() + e.clone()),
                _ => unreachable!("at most two lookups stand in the sum"),
            };
            let left = growth * table.clone() * product.clone() - table * others;
            vec![at.act() * (left + at.now(self.m) * product)]
        });
        meta.create_gate("ends", |meta| {
            let at = Row::new(self, meta);
            vec![at.fixed(self.ends) * at.now(self.sum)]
        });
    }

    /// The product of each cell: 2^shift q + r - bias.
    fn products(&self, at: &Row, shape: &Shape) -> Vec<Expression<Fr>> {
        let scale = constant(Fr::from(1u64 << shape.shift));
        let cell =
            |l: usize| at.now(self.q[l]) * scale.clone() + at.now(self.r[l]) - at.fixed(self.bias);
        (0..shape.lanes).map(cell).collect()
    }

    /// The output of each cell: y - y_offset.
    fn outputs(&self, at: &Row, shape: &Shape) -> Vec<Expression<Fr>> {
        let offset = constant(signed(shape.y_offset));
        let cell = |y: &Column<Advice>| at.now(*y) - offset.clone();
        self.y.iter().map(cell).collect()
    }

    /// Per lane: beta + (1, r, 0) and beta + (tag, q, y), packed by theta.
    fn denominators(&self, at: &Row) -> Vec<Expression<Fr>> {
        let mut all = Vec::with_capacity(2 * self.q.len());
        for l in 0..self.q.len() {
            let range = constant(Fr::from(RANGE_TAG));
            all.push(at.denominator(range, at.now(self.r[l]), None));
            let (tag, q, y) = (at.fixed(self.tag[l]), at.now(self.q[l]), at.now(self.y[l]));
            all.push(at.denominator(tag, q, Some(y)));
        }
        all
    }

    fn table_denominator(&self, at: &Row) -> Expression<Fr> {
        let [tag, q, y] = self.table.map(|column| at.fixed(column));
        at.denominator(tag, q, Some(y))
    }
}

/// Queries of one row, with the challenges as expressions.
struct Row<'a, 'b, 'c> {
    columns: &'a Columns,
    meta: RefCell<&'b mut VirtualCells<'c, Fr>>,
    a: Expression<Fr>,
    b: Expression<Fr>,
    g: Expression<Fr>,
    theta: Expression<Fr>,
    beta: Expression<Fr>,
}

impl<'a, 'b, 'c> Row<'a, 'b, 'c> {
    fn new(columns: &'a Columns, meta: &'b mut VirtualCells<'c, Fr>) -> Self {
        let drawn = columns.challenges;
        Row {
            columns,
            a: meta.query_challenge(drawn.a),
            b: meta.query_challenge(drawn.b),
            g: meta.query_challenge(drawn.g),
            theta: meta.query_challenge(drawn.theta),
            beta: meta.query_challenge(drawn.beta),
            meta: RefCell::new(meta),
        }
    }

    fn now(&self, column: Column<Advice>) -> Expression<Fr> {
        self.meta.borrow_mut().query_advice(column, Rotation::cur())
    }

    fn before(&self, column: Column<Advice>) -> Expression<Fr> {
        self.meta
            .borrow_mut()
            .query_advice(column, Rotation::prev())
    }

    fn fixed(&self, column: Column<Fixed>) -> Expression<Fr> {
        self.meta.borrow_mut().query_fixed(column, Rotation::cur())
    }

    fn flag(&self, name: &str) -> Expression<Fr> {
        self.fixed(self.columns.flag(name))
    }

    fn act(&self) -> Expression<Fr> {
        self.fixed(self.columns.act)
    }

    /// run = c * run_before * (step at a row's end, else 1) + re * row
    fn run(
        &self,
        row: Column<Advice>,
        run: Column<Advice>,
        step: Expression<Fr>,
    ) -> Expression<Fr> {
        let ended = self.flag("re");
        let moved = one() + ended.clone() * (step - one());
        let carried = self.flag("c") * self.before(run) * moved;
        self.act() * (self.now(run) - carried - ended * self.now(row))
    }

    /// beta + tag + theta * q + theta^2 * y
    fn denominator(
        &self,
        tag: Expression<Fr>,
        q: Expression<Fr>,
        y: Option<Expression<Fr>>,
    ) -> Expression<Fr> {
        let theta = self.theta.clone();
        let packed = self.beta.clone() + tag + theta.clone() * q;
        match y {
            Some(y) => packed + theta.clone() * theta * y,
            None => packed,
        }
    }
}

fn constant(value: Fr) -> Expression<Fr> {
    Expression::Constant(value)
}

fn one() -> Expression<Fr> {
    constant(Fr::ONE)
}

fn zero() -> Expression<Fr> {
    constant(Fr::ZERO)
}

/// A signed integer as a field element.
pub fn signed(value: i64) -> Fr {
    let magnitude = Fr::from(value.unsigned_abs());
    if value < 0 {
        -magnitude
    } else {
        magnitude
    }
}

fn power(base: &Expression<Fr>, exponent: usize) -> Expression<Fr> {
    (0..exponent).fold(one(), |product, _| match product {
        Expression::Constant(value) if value == Fr::ONE => base.clone(),
        product => product * base.clone(),
    })
}

/// `off` where the flag is 0, `on` where it is 1.
fn mix(flag: &Expression<Fr>, off: Expression<Fr>, on: Expression<Fr>) -> Expression<Fr> {
    off.clone() + flag.clone() * (on - off)
}

fn weighted(cells: &[Expression<Fr>], weight: impl Fn(usize) -> Expression<Fr>) -> Expression<Fr> {
    let terms = cells.iter().enumerate();
    terms.fold(zero(), |sum, (l, cell)| sum + cell.clone() * weight(l))
}
