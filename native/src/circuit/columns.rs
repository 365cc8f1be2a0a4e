//! Columns and challenges; `Shape` says how many there are.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{
    Advice, Challenge, Column, ConstraintSystem, FirstPhase, Fixed, Instance, SecondPhase,
};

use super::shape::Shape;

/// The tag of the remainders' range in the table.
pub const RANGE_TAG: u64 = 1;

/// The tag of labels and classes in logUp's sum; no entry of the table has it.
pub const MEMBERSHIP_TAG: i64 = -1;

/// Fixed flags of rank rows: a label, a label after the first, a class.
pub const RANK_FLAGS: [&str; 3] = ["is_label", "is_lower_label", "is_class"];

/// Fixed flags of hash rows: an image row that continues a word; the start of a chunk, a further
/// word, a full and a partial round, a digest.
pub const HASH_FLAGS: [&str; 6] = [
    "continues_word",
    "hash_start",
    "hash_absorb",
    "hash_full_round",
    "hash_partial_round",
    "hash_digest",
];

/// Fixed flags of tensor rows, then of fold rows.
pub const FLAGS: [&str; 16] = [
    "continues_row",
    "ends_row",
    "continues_segment",
    "doubled",
    "summed",
    "is_input",
    "continues_kernel_inner",
    "weights_are_taps",
    "keeps_kernel",
    "shifts_columns",
    "shifts_rows",
    "enters_kernel",
    "keeps_accumulator",
    "next_output",
    "takes_product",
    "closes_layer",
];

/// The flag of rows on which the kernel takes -1, the coefficient of an output's accumulator.
pub const OUTPUT_SELECTOR: &str = "output_selector";

/// The flag of rows whose bias is that of the row before.
pub const SAME_BIAS: &str = "same_bias";

/// The flags, one per weight lane, of places where no weight stands.
pub const NO_WEIGHT: &str = "no_weight";

/// The challenges, in the order in which they are drawn.
pub const CHALLENGES: [&str; 5] = ["b", "a", "g", "theta", "beta"];

/// Every column and challenge; `prover/systems/native/circuit/columns.json` says what each is for,
/// and docs/NATIVE.md by which symbol it stands in formulas.
#[derive(Clone, Debug)]
pub struct Columns {
    pub input: Column<Advice>,
    pub multiplicity: Column<Advice>,
    pub quotient: Vec<Column<Advice>>,
    pub remainder: Vec<Column<Advice>>,
    pub activation: Vec<Column<Advice>>,
    pub pre_inner: Column<Advice>,
    pub pre_outer: Column<Advice>,
    pub post_inner: Column<Advice>,
    pub post_outer: Column<Advice>,
    pub kernel_inner: Column<Advice>,
    pub kernel: Column<Advice>,
    pub factor: Column<Advice>,
    pub layer_accumulator: Column<Advice>,
    pub lookup_partial: Vec<Column<Advice>>,
    pub lookup_sum: Column<Advice>,
    pub tag: Vec<Column<Fixed>>,
    pub bias: Column<Fixed>,
    pub table: [Column<Fixed>; 3],
    pub weight: Vec<Column<Fixed>>,
    pub active: Column<Fixed>,
    pub boundary: Column<Fixed>,
    /// In the order of `FLAGS`.
    pub flags: Vec<Column<Fixed>>,
    pub steps_segment: Column<Fixed>,
    pub ranks: Option<Ranks>,
    pub hash: Option<Hash>,
    pub hidden: Option<Hidden>,
    pub instance: Column<Instance>,
    pub challenges: Challenges<Challenge>,
    pub shape: Shape,
}

/// Columns that only circuits with public labels have (`gates/rank.rs`).
#[derive(Clone, Copy, Debug)]
pub struct Ranks {
    pub membership: Column<Advice>,
    pub threshold: Column<Advice>,
    pub membership_partial: Column<Advice>,
    pub is_label: Column<Fixed>,
    pub is_lower_label: Column<Fixed>,
    pub is_class: Column<Fixed>,
    pub class: Column<Fixed>,
}

impl Ranks {
    fn new(meta: &mut ConstraintSystem<Fr>) -> Self {
        let [membership, threshold] = [(); 2].map(|()| meta.advice_column_in(FirstPhase));
        let membership_partial = meta.advice_column_in(SecondPhase);
        let [is_label, is_lower_label, is_class, class] = [(); 4].map(|()| meta.fixed_column());
        Ranks {
            membership,
            threshold,
            membership_partial,
            is_label,
            is_lower_label,
            is_class,
            class,
        }
    }

    /// In the order of `RANK_FLAGS`.
    pub fn flags(&self) -> [Column<Fixed>; RANK_FLAGS.len()] {
        [self.is_label, self.is_lower_label, self.is_class]
    }
}

/// Columns that only circuits with hashed inputs have (`gates/hash.rs`).
#[derive(Clone, Copy, Debug)]
pub struct Hash {
    pub packed_word: Column<Advice>,
    pub hash_word: Column<Advice>,
    pub hash_state: [Column<Advice>; 2],
    pub hash_square: [Column<Advice>; 2],
    pub continues_word: Column<Fixed>,
    pub hash_start: Column<Fixed>,
    pub hash_absorb: Column<Fixed>,
    pub hash_full_round: Column<Fixed>,
    pub hash_partial_round: Column<Fixed>,
    pub hash_digest: Column<Fixed>,
    /// Poseidon's, on rows of rounds.
    pub hash_constant: [Column<Fixed>; 2],
}

impl Hash {
    fn new(meta: &mut ConstraintSystem<Fr>) -> Self {
        let [packed_word, hash_word, state0, state1, square0, square1] =
            [(); 6].map(|()| meta.advice_column_in(FirstPhase));
        meta.enable_equality(packed_word);
        meta.enable_equality(hash_word);
        let flags = HASH_FLAGS.map(|_| meta.fixed_column());
        let [continues_word, hash_start, hash_absorb, hash_full_round, hash_partial_round, hash_digest] =
            flags;
        Hash {
            packed_word,
            hash_word,
            hash_state: [state0, state1],
            hash_square: [square0, square1],
            continues_word,
            hash_start,
            hash_absorb,
            hash_full_round,
            hash_partial_round,
            hash_digest,
            hash_constant: [(); 2].map(|()| meta.fixed_column()),
        }
    }

    /// In the order of `HASH_FLAGS`.
    pub fn flags(&self) -> [Column<Fixed>; HASH_FLAGS.len()] {
        [
            self.continues_word,
            self.hash_start,
            self.hash_absorb,
            self.hash_full_round,
            self.hash_partial_round,
            self.hash_digest,
        ]
    }
}

/// Public columns that only circuits with hidden weights have (`gates/hidden.rs`).
#[derive(Clone, Debug)]
pub struct Hidden {
    pub output_selector: Column<Fixed>,
    pub same_bias: Column<Fixed>,
    pub no_weight: Vec<Column<Fixed>>,
}

impl Hidden {
    fn new(meta: &mut ConstraintSystem<Fr>, shape: &Shape) -> Self {
        let lanes = 0..shape.weight_lanes;
        Hidden {
            output_selector: meta.fixed_column(),
            same_bias: meta.fixed_column(),
            no_weight: lanes.map(|_| meta.fixed_column()).collect(),
        }
    }
}

/// Drawn after the advice of the first phase is committed.
#[derive(Clone, Copy, Debug)]
pub struct Challenges<T> {
    pub b: T,
    pub a: T,
    pub g: T,
    pub theta: T,
    pub beta: T,
}

/// In the order of `CHALLENGES`.
impl<T> From<[T; CHALLENGES.len()]> for Challenges<T> {
    fn from([b, a, g, theta, beta]: [T; CHALLENGES.len()]) -> Self {
        Challenges {
            b,
            a,
            g,
            theta,
            beta,
        }
    }
}

impl<T> Challenges<T> {
    /// In the order of `CHALLENGES`.
    pub fn into_array(self) -> [T; CHALLENGES.len()] {
        [self.b, self.a, self.g, self.theta, self.beta]
    }
}

impl Columns {
    /// Allocate the columns; `input` is the first advice column (see `prover/blinding.rs`).
    ///
    /// The order of these calls is the order of the columns in keys and proofs. What does not
    /// depend on a challenge is of the first phase, so that it is committed before any is drawn;
    /// accumulators, which do, are of the second.
    pub fn new(meta: &mut ConstraintSystem<Fr>, shape: &Shape) -> Self {
        let lanes = shape.lanes;
        let input = meta.advice_column_in(FirstPhase);
        let multiplicity = meta.advice_column_in(FirstPhase);
        let mut per_lane = || -> Vec<_> {
            (0..lanes)
                .map(|_| meta.advice_column_in(FirstPhase))
                .collect()
        };
        let (quotient, remainder, activation) = (per_lane(), per_lane(), per_lane());
        let challenges = CHALLENGES.map(|_| meta.challenge_usable_after(FirstPhase));
        let mut later = || meta.advice_column_in(SecondPhase);
        let [pre_inner, pre_outer, post_inner, post_outer] = [later(), later(), later(), later()];
        let [kernel_inner, kernel, factor, layer_accumulator] =
            [later(), later(), later(), later()];
        let lookup_partial = (0..shape.lookup_partials()).map(|_| later()).collect();
        let lookup_sum = later();
        let ranks = (shape.labels > 0).then(|| Ranks::new(meta));
        let mut columns = Columns {
            ranks,
            hash: None,
            input,
            multiplicity,
            quotient,
            remainder,
            activation,
            pre_inner,
            pre_outer,
            post_inner,
            post_outer,
            kernel_inner,
            kernel,
            factor,
            layer_accumulator,
            lookup_partial,
            lookup_sum,
            tag: (0..lanes).map(|_| meta.fixed_column()).collect(),
            bias: meta.fixed_column(),
            table: [(); 3].map(|()| meta.fixed_column()),
            weight: (0..shape.weight_lanes)
                .map(|_| meta.fixed_column())
                .collect(),
            active: meta.fixed_column(),
            boundary: meta.fixed_column(),
            flags: FLAGS.iter().map(|_| meta.fixed_column()).collect(),
            steps_segment: meta.fixed_column(),
            hidden: shape.hidden.then(|| Hidden::new(meta, shape)),
            instance: meta.instance_column(),
            challenges: challenges.into(),
            shape: *shape,
        };
        for column in [columns.pre_outer, columns.post_outer, columns.factor] {
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
