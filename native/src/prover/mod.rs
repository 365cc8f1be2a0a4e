//! The prover: what halo2's verifier accepts, made in less time and memory than by halo2's prover.
