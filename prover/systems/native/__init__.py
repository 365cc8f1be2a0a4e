"""Native halo2 circuits for integer networks: placement, witness and checks (docs/NATIVE.md)."""
