//! What a circuit's public words are, in order: the instances' layout.

use serde::{Deserialize, Serialize};

use super::copies::Endpoint;
use crate::circuit::Shape;
use crate::error::{Error, Result};

/// Numbers of words: limbs of the context, which no copy constrains; digests of the input; then
/// labels, or the scores of all classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sections {
    pub context: usize,
    pub digests: usize,
    pub outputs: usize,
}

impl Sections {
    /// How many public words there are.
    pub fn count(&self) -> usize {
        let sections = [self.context, self.digests, self.outputs];
        sections
            .iter()
            .fold(0, |sum, part| sum.saturating_add(*part))
    }

    /// Refuse a copy of what a word's section does not say, or a word without a copy constraint.
    pub fn check(&self, shape: &Shape, copies: &[(Endpoint, Endpoint)]) -> Result<()> {
        if shape.labels > 0 && self.outputs != shape.labels {
            return Err(Error::Program(format!(
                "{} outputs; the circuit has {} labels",
                self.outputs, shape.labels
            )));
        }
        let mut constrained = vec![false; self.count()];
        for copy in copies {
            if let Some(word) = self.word(shape, copy)? {
                constrained[word] = true;
            }
        }
        match (self.context..self.count()).find(|word| !constrained[*word]) {
            Some(word) => Err(Error::Program(format!(
                "the public word {word} has no copy constraint: a prover could choose it"
            ))),
            None => Ok(()),
        }
    }

    /// The public word that a copy constrains, if it does.
    fn word(&self, shape: &Shape, copy: &(Endpoint, Endpoint)) -> Result<Option<usize>> {
        let (word, kind) = match copy {
            (Endpoint::Factor(_), Endpoint::Instance(word)) if shape.labels > 0 => (*word, "label"),
            (Endpoint::Instance(word), Endpoint::PostOuter(_)) => (*word, "score"),
            (Endpoint::Instance(word), Endpoint::HashWord(_)) => (*word, "digest"),
            (Endpoint::Instance(word), _) => (*word, "product"),
            _ => return Ok(None),
        };
        let wanted = self.kind(shape, word);
        match wanted == kind {
            true => Ok(Some(word)),
            false => Err(Error::Program(format!(
                "the public word {word} is copied from a {kind}: expected a {wanted}"
            ))),
        }
    }

    fn kind(&self, shape: &Shape, word: usize) -> &'static str {
        match word {
            _ if word < self.context => "limb of the context",
            _ if word < self.context + self.digests => "digest",
            _ if shape.labels > 0 => "label",
            _ => "score",
        }
    }
}
