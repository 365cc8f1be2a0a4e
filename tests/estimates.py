"""What a node estimated for a call of the same code, it is not asked again in one run of the tests.

It finds an estimate by a dozen trials, each as long as one verification of a proof, or as seven:
this was a third of what tests of commands took. The gas of `verifyProof` depends on the verifier's
code and the call alone, that of `registerCircuit` on the registry, too, where the circuit is new.
Whether they succeed is asked each time, and every other call is estimated each time.
"""

import atexit
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from eth_utils import function_abi_to_4byte_selector
from hexbytes import HexBytes
from web3.eth import Eth

from prover.chain.abi.contract import REGISTRY, VERIFIER, abi

FOLDER = "ZKESCROW_TEST_ESTIMATES"  # one for all processes of a run
KEPT = ((VERIFIER, "verifyProof"), (REGISTRY, "registerCircuit"))


def keep() -> None:
    """From now on, in this process and those that it starts."""
    if FOLDER not in os.environ:
        made, owner = tempfile.mkdtemp(prefix="zkescrow-estimates-"), os.getpid()
        os.environ[FOLDER] = made
        atexit.register(lambda: os.getpid() == owner and shutil.rmtree(made))
    folder, selectors = Path(os.environ[FOLDER]), {_selector(*named) for named in KEPT}
    ask = Eth.estimate_gas

    def estimate_gas(self: Eth, transaction: Any, *rest: Any) -> int:
        if HexBytes(transaction.get("data", b""))[:4] not in selectors:
            return ask(self, transaction, *rest)
        kept = folder / _key(self, transaction)
        if not kept.exists():
            partial = kept.with_suffix(f".{os.getpid()}")
            partial.write_text(str(ask(self, transaction, *rest)))
            partial.replace(kept)
        return int(kept.read_text())

    Eth.estimate_gas = estimate_gas  # type: ignore[method-assign, assignment]


def _selector(contract: str, function: str) -> bytes:
    (found,) = (one for one in abi(contract) if one.get("name") == function)
    return function_abi_to_4byte_selector(found)  # type: ignore[arg-type]


def _key(eth: Eth, transaction: Any) -> str:
    """By the node, too: what one of a test's own says is no answer of another."""
    node = getattr(eth.w3.provider, "endpoint_uri", id(eth.w3.provider))
    code = HexBytes(eth.get_code(transaction["to"]))
    said = [node, code, HexBytes(transaction["data"])]
    said += [transaction.get(name) for name in ("from", "to", "value")]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]
