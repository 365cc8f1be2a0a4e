"""Gas of verifying one proof, by circuit: a transaction that calls the verifier, and nothing else.

Usage: python -m benchmarks.verification [NAME...]; writes snapshots/verification.json, keeping what
is not named.
"""

import argparse
import json
from collections.abc import Iterable

from benchmarks.circuits import BREAST_CANCER, DIGITS, ROOT, Wanted, artifacts_of, use_own_home
from benchmarks.scene import PROVIDER, running
from prover.chain.abi.contract import VERIFIER, Call, encode_call

SNAPSHOT = ROOT / "snapshots" / "verification.json"
CIRCUITS = {
    "digits, 1 public": Wanted(DIGITS, 1, "public"),
    "digits, 1 hashed": Wanted(DIGITS, 1, "hashed"),
    "digits, 16 hashed": Wanted(DIGITS, 16, "hashed"),
    "digits, 64 hashed": Wanted(DIGITS, 64, "hashed"),
    "breast cancer, 1 public": Wanted(BREAST_CANCER, 1, "public"),
    "breast cancer, 16 hashed": Wanted(BREAST_CANCER, 16, "hashed"),
}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CIRCUITS)} [all]")
    names = parser.parse_args().names or list(CIRCUITS)
    use_own_home()
    known = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.exists() else {}
    known |= measured(names)
    ordered = {name: known[name] for name in CIRCUITS if name in known}
    SNAPSHOT.write_text(json.dumps(ordered, indent=2) + "\n")


def measured(names: Iterable[str]) -> dict[str, int]:
    """Gas by circuit, with the sample proof that was made at set-up."""
    gas = {}
    with running() as scene:
        for name in names:
            artifacts = artifacts_of(CIRCUITS[name])
            verifier, sample = scene.register(artifacts).verifier, artifacts.sample
            data = encode_call(VERIFIER, "verifyProof", sample.proof, list(sample.instances))
            gas[name] = scene.send(PROVIDER, Call("verifying", verifier, data))
    return gas


if __name__ == "__main__":
    main()
