"""Gas of the moves that all protocols have; what a protocol has besides is in `gas.py` of its own.

Gas of one transaction, the verifier's run and the calldata of its arguments left out: what
snapshots/gas.json has for ETH in the dearest protocol, rounded up (a test compares).
"""

POST, TAKE, PROVE, END, WITHDRAW = 102_000, 107_000, 176_000, 64_000, 33_000
ITEM = 41_000  # each further item of a proof
# A transaction that calls a generated verifier and nothing else (benchmarks/results).
VERIFY, VERIFY_INSTANCE = 660_000, 1_250


def verification_gas(instances: int) -> int:
    """Of verifying a proof of that many instances that nobody measured, calldata included."""
    return VERIFY + VERIFY_INSTANCE * instances


def proofs_gas(items: int, slots: int, verification: int) -> int:
    """Of proving that many items, `slots` to a proof; a proof takes `verification` to verify."""
    proofs = -(-items // slots)
    return proofs * (PROVE + verification) + (items - proofs) * ITEM
