//! Columns, challenges and the parameters of their number.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{
    Advice, Challenge, Column, ConstraintSystem, FirstPhase, Fixed, Instance, SecondPhase,
};

use super::shape::Shape;

/// The tag of the remainders' range in the table.
pub const RANGE_TAG: u64 = 1;

/// The tag of labels and classes in logUp's sum; no entry of the table has it.
pub const PICK_TAG: i64 = -1;

/// Fixed flags of rank rows: a label, a label after the first, a class.
pub const RANK_FLAGS: [&str; 3] = ["lb", "lo", "cl"];

/// Fixed flags of hash rows: an image row that continues a word; the start of a chunk, a further
/// word, a full and a partial round, a digest.
pub const HASH_FLAGS: [&str; 6] = ["ip", "hs", "ha", "hf", "hp", "hd"];

/// Fixed flags of tensor rows, then of fold rows.
pub const FLAGS: [&str; 16] = [
    "nrs", "re", "c", "dbl", "sm", "im", "v1c", "wb", "u1", "ub", "ua", "ve", "h1", "hg", "me",
    "le",
];

/// The flag of rows on which V2 takes an output's own factor, -1.
pub const OWN: &str = "ow";

/// The flag of rows whose bias is that of the row before.
pub const SAME_BIAS: &str = "sb";

/// The flags, one per weight lane, of places where no weight stands.
pub const NO_WEIGHT: &str = "nw";

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
    /// 1 where both `c` and `re` are: a run's carried value takes a step.
    pub cre: Column<Fixed>,
    pub ranks: Option<Ranks>,
    pub hash: Option<Hash>,
    pub secret: Option<Secret>,
    pub instance: Column<Instance>,
    pub challenges: Challenges<Challenge>,
    pub shape: Shape,
}

/// Columns that only circuits with public labels have (`gates/rank.rs`).
#[derive(Clone, Copy, Debug)]
pub struct Ranks {
    pub pick: Column<Advice>,
    pub bar: Column<Advice>,
    pub h: Column<Advice>,
    pub lb: Column<Fixed>,
    pub lo: Column<Fixed>,
    pub cl: Column<Fixed>,
    /// The class of a class row.
    pub class: Column<Fixed>,
}

impl Ranks {
    fn new(meta: &mut ConstraintSystem<Fr>) -> Self {
        let [pick, bar] = [(); 2].map(|()| meta.advice_column_in(FirstPhase));
        let h = meta.advice_column_in(SecondPhase);
        let [lb, lo, cl, class] = [(); 4].map(|()| meta.fixed_column());
        Ranks {
            pick,
            bar,
            h,
            lb,
            lo,
            cl,
            class,
        }
    }
}

/// Columns that only circuits with hashed inputs have (`gates/hash.rs`).
#[derive(Clone, Copy, Debug)]
pub struct Hash {
    pub pack: Column<Advice>,
    pub word: Column<Advice>,
    pub state: [Column<Advice>; 2],
    pub square: [Column<Advice>; 2],
    pub ip: Column<Fixed>,
    pub hs: Column<Fixed>,
    pub ha: Column<Fixed>,
    pub hf: Column<Fixed>,
    pub hp: Column<Fixed>,
    pub hd: Column<Fixed>,
    /// Poseidon's, on rows of rounds.
    pub constants: [Column<Fixed>; 2],
}

impl Hash {
    fn new(meta: &mut ConstraintSystem<Fr>) -> Self {
        let [pack, word, s0, s1, square0, square1] =
            [(); 6].map(|()| meta.advice_column_in(FirstPhase));
        meta.enable_equality(pack);
        meta.enable_equality(word);
        let [ip, hs, ha, hf, hp, hd] = [(); 6].map(|()| meta.fixed_column());
        Hash {
            pack,
            word,
            state: [s0, s1],
            square: [square0, square1],
            ip,
            hs,
            ha,
            hf,
            hp,
            hd,
            constants: [(); 2].map(|()| meta.fixed_column()),
        }
    }

    /// In the order of `HASH_FLAGS`.
    pub fn flags(&self) -> [Column<Fixed>; 6] {
        [self.ip, self.hs, self.ha, self.hf, self.hp, self.hd]
    }
}

/// Public columns that only circuits with hidden weights have (`gates/hidden.rs`).
#[derive(Clone, Debug)]
pub struct Secret {
    /// 1 where V2 takes an output's own factor.
    pub ow: Column<Fixed>,
    /// 1 where the bias is that of the row before.
    pub sb: Column<Fixed>,
    /// Per weight lane, 1 where no weight stands.
    pub nw: Vec<Column<Fixed>>,
}

impl Secret {
    fn new(meta: &mut ConstraintSystem<Fr>, shape: &Shape) -> Self {
        let lanes = 0..shape.weight_lanes;
        Secret {
            ow: meta.fixed_column(),
            sb: meta.fixed_column(),
            nw: lanes.map(|_| meta.fixed_column()).collect(),
        }
    }
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
    /// Allocate the columns; `img` is the first advice column (see `prover/blinding.rs`).
    ///
    /// Cells are of the first phase, so that they are committed before the challenges are drawn;
    /// whatever depends on a challenge is of the second.
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
        let ranks = (shape.labels > 0).then(|| Ranks::new(meta));
        let mut columns = Columns {
            ranks,
            hash: None,
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
            cre: meta.fixed_column(),
            secret: shape.hidden.then(|| Secret::new(meta, shape)),
            instance: meta.instance_column(),
            challenges,
            shape: *shape,
        };
        for column in [columns.run_a, columns.run_b, columns.x] {
            meta.enable_equality(column);
        }
        meta.enable_equality(columns.instance);
        columns.hash = (shape.hash_group > 0).then(|| Hash::new(meta));
        columns
    }

    /// The fixed column of a flag.
    pub fn flag(&self, name: &str) -> Column<Fixed> {
        let index = FLAGS.iter().position(|flag| *flag == name);
        self.flags[index.expect("a flag of FLAGS")]
    }
}
