//! What a circuit's public words are, in order: the instances' layout.

use serde::{Deserialize, Serialize};

use super::copies::Place;
use crate::circuit::Shape;
use crate::error::{Error, Result};

/// Numbers of words: limbs of the context, which no copy ties; digests of the input; then labels,
/// or the scores of all classes.
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

    /// Refuse copies that tie a word to what its section does not say, or a word that none ties.
    pub fn check(&self, shape: &Shape, copies: &[(Place, Place)]) -> Result<()> {
        if shape.labels > 0 && self.outputs != shape.labels {
            return Err(Error::Program(format!(
                "{} outputs; the circuit has {} labels",
                self.outputs, shape.labels
            )));
        }
        let mut tied = vec![false; self.count()];
        for copy in copies {
            if let Some(word) = self.word(shape, copy)? {
                tied[word] = true;
            }
        }
        match (self.context..self.count()).find(|word| !tied[*word]) {
            Some(word) => Err(Error::Program(format!(
                "no copy ties the public word {word}: a prover could choose it"
            ))),
            None => Ok(()),
        }
    }

    /// The public word that a copy ties, if it does.
    fn word(&self, shape: &Shape, copy: &(Place, Place)) -> Result<Option<usize>> {
        let (word, kind) = match copy {
            (Place::X(_), Place::Instance(word)) if shape.labels > 0 => (*word, "label"),
            (Place::Instance(word), Place::RunB(_)) => (*word, "score"),
            (Place::Instance(word), Place::Word(_)) => (*word, "digest"),
            (Place::Instance(word), _) => (*word, "product"),
            _ => return Ok(None),
        };
        let wanted = self.kind(shape, word);
        match wanted == kind {
            true => Ok(Some(word)),
            false => Err(Error::Program(format!(
                "a copy ties the public word {word} to a {kind}; it is a {wanted}"
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
