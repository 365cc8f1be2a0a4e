"""Gas of verifying EfficientNet-Lite0's proof of a bundled photograph in a contract: five labels.

Usage: python -m benchmarks.native_gas [--photograph chelsea.png]

Writes benchmarks/results/native_gas.json. A transaction calls the verifier on Anvil, with the gas
limit of one transaction enforced, and does nothing else: `gas` is that of its receipt, calldata
included. `verifier_gas` and `key_gas` are those of creating the two contracts; `key_bytes` and
`proof_bytes` are lengths.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from benchmarks.machine import machine
from benchmarks.networks import ROOT, development_set_up
from prover.base.settings import get_settings
from prover.chain.node.anvil import running
from prover.solidity.native import key_creation, verifier_creation
from prover.systems.native import engine
from prover.systems.native.artifacts import CONTEXT_LIMBS
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import choose_layout
from prover.systems.native.circuit.program import compile_network
from prover.systems.native.network.importer import load
from prover.systems.native.network.sources import efficientnet
from prover.systems.native.network.sources.images import read_photo
from prover.systems.native.witness import execute
from prover.verify import parse_description
from prover.verify.digest import circuit_key

RESULT = ROOT / "benchmarks" / "results" / "native_gas.json"
FORM = Form(context=CONTEXT_LIMBS, labels=5)
VERIFY = keccak(text="verifyProof(address,bytes,uint256[])")[:4]
GAS = 16_777_216


def main() -> None:
    """Prove, verify in the contract, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photograph", default="chelsea.png", help="of scikit-image's data")
    photograph = parser.parse_args().photograph
    path = Path(skimage.data.__file__).parent / photograph
    image = read_photo(path, efficientnet.SIZE, efficientnet.MEAN)[0].astype(np.int64)
    figures = {"machine": machine(), "photograph": photograph, **measured(image)}
    RESULT.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


def measured(image: Any) -> dict[str, Any]:
    """Proves the labels of an image's integers, and has the contract verify them."""
    native = engine.engine()
    network = efficientnet.quantised(load(efficientnet.cached(get_settings().cache)))
    layout = choose_layout(network, FORM)
    program = compile_network(network, layout.lanes, layout.weight_lanes, FORM)
    reference_string = development_set_up(layout)
    loaded = engine.load_program(program, layout)
    keys = native.keygen(loaded, reference_string)
    started = time.perf_counter()
    found, hidden = execute(program, image, layout.usable_rows), engine.Secrets.random()
    instances = engine.instances_of(program, found, [1] * CONTEXT_LIMBS)
    cells = engine.load_witness(program, found, hidden, instances)
    proof = engine.prove(loaded, keys, reference_string, cells, hidden)
    seconds = time.perf_counter() - started
    description = keys.verifying_key().description().encode()
    return {
        "prove_seconds": round(seconds, 1),
        "layout": {"k": layout.k, "lanes": layout.lanes, "weight_lanes": layout.weight_lanes},
        "labels": instances[CONTEXT_LIMBS:],
        **on_chain(circuit_key(parse_description(description)), proof, instances),
    }


def on_chain(key: bytes, proof: bytes, instances: Sequence[int]) -> dict[str, int]:
    """Gas of the two creations and of a verification. Raises SystemExit if it is refused."""
    with running() as client:
        eth = client.web3.eth

        def send(data: bytes, to: Any = None) -> Any:
            transaction: Any = {"from": eth.accounts[0], "data": data, "gas": GAS}
            sent = eth.send_transaction(transaction | ({"to": to} if to else {}))
            receipt = eth.wait_for_transaction_receipt(sent)
            if receipt["status"] != 1:
                raise SystemExit(f"a transaction of {len(data)} bytes reverted")
            return receipt

        verifier = send(verifier_creation(key))
        holder = send(key_creation(key))
        arguments = [holder["contractAddress"], proof, list(instances)]
        call = VERIFY + encode(["address", "bytes", "uint256[]"], arguments)
        to = verifier["contractAddress"]
        if int.from_bytes(eth.call({"to": to, "data": call}), "big") != 1:
            raise SystemExit("the contract refuses the proof")
        return {
            "gas": send(call, to)["gasUsed"],
            "proof_bytes": len(proof),
            "key_bytes": len(key),
            "verifier_gas": verifier["gasUsed"],
            "key_gas": holder["gasUsed"],
        }


if __name__ == "__main__":
    main()
