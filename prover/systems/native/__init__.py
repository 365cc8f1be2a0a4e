"""Native halo2 circuits for integer networks: layout, witness and checks (docs/NATIVE.md)."""
