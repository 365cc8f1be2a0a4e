//! A Fiat-Shamir transcript that an EVM contract can follow.
//!
//! The state is 32 bytes, at first zero; the circuit's digest is absorbed first. Absorbed words
//! wait in a buffer: a scalar is one big-endian word, a point its x and y words (infinity is
//! refused). A challenge is state = keccak256(state || buffer), read as a big-endian integer mod r;
//! the buffer is emptied. A proof is the words of the prover's messages in order.

use std::io::{self, Read, Write};

use halo2_axiom::halo2curves::bn256::{Fq, Fr, G1Affine};
use halo2_axiom::halo2curves::ff::{FromUniformBytes, PrimeField};
use halo2_axiom::halo2curves::group::prime::PrimeCurveAffine;
use halo2_axiom::halo2curves::CurveAffine;
use halo2_axiom::transcript::{EncodedChallenge, Transcript, TranscriptRead, TranscriptWrite};
use sha3::{Digest, Keccak256};

/// A challenge as the hash gave it.
#[derive(Clone, Copy, Debug)]
pub struct HashChallenge(Fr);

impl EncodedChallenge<G1Affine> for HashChallenge {
    type Input = [u8; 32];

    fn new(hash: &[u8; 32]) -> Self {
        let mut wide = [0; 64];
        wide[..32].copy_from_slice(hash);
        wide[..32].reverse();
        HashChallenge(Fr::from_uniform_bytes(&wide))
    }

    fn get_scalar(&self) -> Fr {
        self.0
    }
}

/// State and waiting words, over a reader or a writer of the proof.
#[derive(Clone, Debug)]
pub struct EvmTranscript<S> {
    state: [u8; 32],
    buffer: Vec<u8>,
    stream: S,
}

impl<S> EvmTranscript<S> {
    /// The transcript of a proof of the circuit with this digest, which is absorbed first.
    pub fn new(digest: [u8; 32], stream: S) -> Self {
        EvmTranscript {
            state: [0; 32],
            buffer: digest.to_vec(),
            stream,
        }
    }

    /// What is left of the stream.
    pub fn into_stream(self) -> S {
        self.stream
    }
}

/// A number as 32 big-endian bytes.
pub fn word<F: PrimeField<Repr = R>, R: AsRef<[u8]>>(value: F) -> [u8; 32] {
    let mut word: [u8; 32] = value.to_repr().as_ref().try_into().expect("32 bytes");
    word.reverse();
    word
}

fn element<F: PrimeField<Repr = R>, R: AsMut<[u8]> + Default>(word: &[u8; 32]) -> io::Result<F> {
    let mut repr = R::default();
    repr.as_mut().copy_from_slice(word);
    repr.as_mut().reverse();
    Option::from(F::from_repr(repr)).ok_or_else(|| invalid("a word is not below the modulus"))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_string())
}

/// halo2curves gives infinity the coordinates (0, 0), which no finite point has.
fn coordinates(point: G1Affine) -> io::Result<(Fq, Fq)> {
    match bool::from(point.is_identity()) {
        true => Err(invalid("a point is at infinity")),
        false => Ok((point.x, point.y)),
    }
}

/// A point as a proof holds it: x and y, big-endian; infinity is refused.
pub fn point_words(point: G1Affine) -> io::Result<[u8; 64]> {
    let (x, y) = coordinates(point)?;
    let mut words = [0; 64];
    words[..32].copy_from_slice(&word(x));
    words[32..].copy_from_slice(&word(y));
    Ok(words)
}

/// The point of these words, read as a proof is: coordinates below the modulus, on the curve.
pub fn point_of(words: &[u8; 64]) -> io::Result<G1Affine> {
    let (x, y) = words.split_at(32);
    let [x, y] = [x, y].map(|word| element(word.try_into().expect("32 bytes")));
    let point = Option::from(G1Affine::from_xy(x?, y?));
    point.ok_or_else(|| invalid("a point is not on the curve"))
}

impl<S> Transcript<G1Affine, HashChallenge> for EvmTranscript<S> {
    fn squeeze_challenge(&mut self) -> HashChallenge {
        let mut hasher = Keccak256::new();
        hasher.update(self.state);
        hasher.update(&self.buffer);
        self.state = hasher.finalize().into();
        self.buffer.clear();
        HashChallenge::new(&self.state)
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.buffer.extend(point_words(point)?);
        Ok(())
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.buffer.extend(word(scalar));
        Ok(())
    }
}

impl<R: Read> TranscriptRead<G1Affine, HashChallenge> for EvmTranscript<R> {
    fn read_point(&mut self) -> io::Result<G1Affine> {
        let mut words = [0; 64];
        self.stream.read_exact(&mut words)?;
        let point = point_of(&words)?;
        self.common_point(point)?;
        Ok(point)
    }

    fn read_scalar(&mut self) -> io::Result<Fr> {
        let mut word = [0; 32];
        self.stream.read_exact(&mut word)?;
        let scalar = element(&word)?;
        self.common_scalar(scalar)?;
        Ok(scalar)
    }
}

impl<W: Write> TranscriptWrite<G1Affine, HashChallenge> for EvmTranscript<W> {
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.common_point(point)?;
        self.stream.write_all(&point_words(point)?)
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.common_scalar(scalar)?;
        self.stream.write_all(&word(scalar))
    }
}
