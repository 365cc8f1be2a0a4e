//! Rank rows: the labels of the greatest scores, where labels are public instead of scores.
//!
//! The order key of class j with score y is 2^class_bits (y - score_low) + 2^class_bits - 1 - j: no
//! two are equal, and of equal scores the smaller class has the greater key. *Label rows* hold the
//! public labels, best first: `factor` is the label, `membership` its score, `threshold` its key.
//! *Class rows* follow, one to a class: `factor` is its score by copy, `membership` 1 if it is a
//! label and else 0, `threshold` the last label's key. Differences of keys stand in the first lane,
//! 2^shift q + r, which is not negative.
//!
//! That each label with its score is a class with its score is a lookup: logUp's sum also holds 1 /
//! (beta + label) for each label row and -membership / (beta + class) for each class row. As
//! classes differ, `membership` is how often a class is a label: no gate has to say that it is 0
//! or 1.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Expression;

use super::row::{constant, one, Row};
use crate::algebra::field::{power_of_two, signed};
use crate::circuit::columns::{Ranks, MEMBERSHIP_TAG};

type Gate = fn(&Row<'_, '_, '_>, &Ranks) -> Expression<Fr>;

/// By name; each is multiplied by a flag of its rows, and so holds on all others.
pub const GATES: [(&str, Gate); 5] = [
    ("label_key", label),
    ("label_order", order),
    ("threshold", threshold),
    ("other_classes", others),
    ("membership_partial", membership),
];

/// lb (bar - 2^class_bits pick - last + label) = 0, last being the key of score 0 and class 0.
fn label(at: &Row<'_, '_, '_>, ranks: &Ranks) -> Expression<Fr> {
    let key = at.now(ranks.membership) * classes(at) + constant(signed(last(at)))
        - at.now(at.columns.factor);
    at.fixed(ranks.is_label) * (at.now(ranks.threshold) - key)
}

/// lo (bar_- - bar - 1 - difference) = 0: labels are ordered, so no two are the same.
fn order(at: &Row<'_, '_, '_>, ranks: &Ranks) -> Expression<Fr> {
    let gap = at.before(ranks.threshold) - at.now(ranks.threshold) - one();
    at.fixed(ranks.is_lower_label) * (gap - difference(at))
}

/// cl (bar - before) = 0
fn threshold(at: &Row<'_, '_, '_>, ranks: &Ranks) -> Expression<Fr> {
    at.fixed(ranks.is_class) * (at.now(ranks.threshold) - at.before(ranks.threshold))
}

/// cl ((1 - pick) (bar - key - 1) - difference) = 0: a class that is no label has a lower key than all labels.
fn others(at: &Row<'_, '_, '_>, ranks: &Ranks) -> Expression<Fr> {
    let key =
        at.now(at.columns.factor) * classes(at) + constant(signed(last(at))) - class(at, ranks);
    let gap = at.now(ranks.threshold) - key - one();
    at.fixed(ranks.is_class) * ((one() - at.now(ranks.membership)) * gap - difference(at))
}

/// lb (h d - 1) + cl (h d + pick) = 0, d being the denominator of the row's (number, score).
fn membership(at: &Row<'_, '_, '_>, ranks: &Ranks) -> Expression<Fr> {
    let h = || at.now(ranks.membership_partial);
    let of_label = denominator(at, at.now(at.columns.factor), at.now(ranks.membership));
    let of_class = denominator(at, class(at, ranks), at.now(at.columns.factor));
    at.fixed(ranks.is_label) * (h() * of_label - one())
        + at.fixed(ranks.is_class) * (h() * of_class + at.now(ranks.membership))
}

/// What rank rows add to logUp's sum.
pub fn term(at: &Row<'_, '_, '_>, ranks: &Ranks) -> Expression<Fr> {
    (at.fixed(ranks.is_label) + at.fixed(ranks.is_class)) * at.now(ranks.membership_partial)
}

fn class(at: &Row<'_, '_, '_>, ranks: &Ranks) -> Expression<Fr> {
    at.fixed(ranks.class)
}

/// 2^class_bits, more than there are classes.
fn classes(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    constant(power_of_two(at.shape().class_bits))
}

/// The key of score 0 and class 0.
fn last(at: &Row<'_, '_, '_>) -> i64 {
    ((1 - at.shape().score_low) << at.shape().class_bits) - 1
}

fn difference(at: &Row<'_, '_, '_>) -> Expression<Fr> {
    let (q, r) = (at.columns.quotient[0], at.columns.remainder[0]);
    at.now(q) * constant(power_of_two(at.shape().shift)) + at.now(r)
}

/// beta + tag + theta (number + theta score)
fn denominator(
    at: &Row<'_, '_, '_>,
    number: Expression<Fr>,
    score: Expression<Fr>,
) -> Expression<Fr> {
    let theta = || at.challenges.theta.clone();
    let packed = theta() * (number + theta() * score);
    at.challenges.beta.clone() + constant(signed(MEMBERSHIP_TAG)) + packed
}
