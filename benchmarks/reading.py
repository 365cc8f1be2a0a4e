"""Time and requests of `zkescrow status` on a chain of 3,000 events, and on an empty one.

Usage: python -m benchmarks.reading; writes benchmarks/results/reading.json. The command runs as a
process of its own, in turns on both chains; the first time reads the events, later times find them
in the home. Requests are counted by a proxy before each node.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak
from hexbytes import HexBytes

from benchmarks.circuits import ROOT
from benchmarks.machine import machine
from benchmarks.scene import CONSUMER, DAY, PROVIDER, REWARD, STAKE, Scene, running
from prover.base.settings import get_settings
from prover.chain.abi.contract import REGISTRY, Call, encode_call
from prover.chain.events.reading import fetch_events
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.prediction.state import Job, Terms
from prover.protocol.registry.state import circuit_id_of, model_id_of
from prover.solidity.compile import compile_contracts
from prover.statement.layout import Layout, OutputKind
from tests.proxy import Proxy, proxied

RESULTS = ROOT / "benchmarks" / "results" / "reading.json"
COMMAND = ("status", "--all", "--json")
POSTED, CANCELLED = 760, 739  # two events each, and the model's two: 3,000
TIMES = 5
MAX_REQUESTS, MAX_SECONDS = 10, 2.0  # more than on an empty chain, after the first time
_LAYOUT = Layout(12, 1, 4, 8, 17, 1, 1, 0, 1, 2, 1, 0, 3, 1, OutputKind.LABEL, 10)
_SAMPLE = (1, 2, 3, 4, *range(8))


@dataclass(frozen=True)
class Reading:
    """One run of the command: seconds on the clock and of the processor, HTTP requests, ranges of
    logs, jobs told.
    """

    seconds: float
    cpu_seconds: float
    requests: int
    ranges: int
    jobs: int


def main() -> None:
    """Measure and write."""
    content = measured()
    RESULTS.write_text(json.dumps(content, indent=2) + "\n")
    sys.stdout.write(json.dumps({name: content[name] for name in ("more_seconds", "bar")}) + "\n")


def measured() -> dict[str, Any]:
    """Both chains in turns, the first reading of each apart."""
    with ExitStack() as stack:
        chains = {name: stack.enter_context(chain(name)) for name in ("empty", "busy")}
        first = {name: one() for name, one in chains.items()}
        later: dict[str, list[Reading]] = {name: [] for name in chains}
        for _ in range(TIMES):
            for name, one in chains.items():
                later[name].append(one())
        events = chains["busy"].events
    return {
        "machine": machine(),
        "command": "zkescrow " + " ".join(COMMAND),
        "events": events,
        "first": {name: asdict(one) for name, one in first.items()},
        "later": {name: [asdict(one) for one in found] for name, found in later.items()},
        "more_seconds": more(later, "seconds"),
        "more_cpu_seconds": more(later, "cpu_seconds"),
        "bar": {"more_seconds": MAX_SECONDS, "requests": MAX_REQUESTS},
    }


def more(later: dict[str, list[Reading]], what: str) -> float:
    """By how much the median of the busy chain is above that of the empty one."""
    medians = {
        name: statistics.median(getattr(one, what) for one in found)
        for name, found in later.items()
    }
    return float(round(medians["busy"] - medians["empty"], 3))


@dataclass(frozen=True)
class Watched:
    """A chain behind a proxy, and a home in which the command keeps what it read."""

    proxy: Proxy
    environment: dict[str, str]
    events: int

    def __call__(self) -> Reading:
        """Run the command once."""
        requests, ranges = self.proxy.requests, self.proxy.asked["eth_getLogs"]
        zkescrow = str(Path(sys.executable).with_name("zkescrow"))
        started, worked = time.perf_counter(), _worked()
        done = subprocess.run(
            [zkescrow, *COMMAND, "--rpc", self.proxy.url],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        seconds = time.perf_counter() - started
        return Reading(
            round(seconds, 3),
            round(_worked() - worked, 3),
            self.proxy.requests - requests,
            self.proxy.asked["eth_getLogs"] - ranges,
            len(json.loads(done.stdout)["jobs"]),
        )


def _worked() -> float:
    """Processor seconds of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def chain(name: str) -> Iterator[Watched]:
    """A node with the contracts; the busy one with its history."""
    with running() as scene, tempfile.TemporaryDirectory() as home:
        if name == "busy":
            play(scene)
        deployments = {"ZKESCROW_DEPLOYMENTS": str(get_settings().deployments)}
        environment = os.environ | deployments | {"ZKESCROW_HOME": home}
        events = sum(1 for _ in fetch_events(scene.client, scene.deployment))
        url = str(scene.client.web3.provider.endpoint_uri)  # type: ignore[attr-defined]
        with proxied(url) as proxy:
            yield Watched(proxy, environment, events)


def play(scene: Scene) -> None:
    """Jobs that are posted, most of them taken back: a transaction and a block for each move."""
    job, last = _job(scene), HexBytes(b"")
    for nonce in range(POSTED):
        again = replace(job, nonce=nonce)
        last = _send(scene, scene.prediction.post(again, bytes(32), "https://inputs.example/"))
        if nonce < CANCELLED:
            last = _send(scene, scene.prediction.cancel(again))
    scene.client.web3.eth.wait_for_transaction_receipt(last)


def _job(scene: Scene) -> Job:
    """An open job on a model whose verifier takes the hash of the instances for a proof."""
    code = compile_contracts(["MockVerifier"])["MockVerifier"].bytecode
    sender = scene.sender(PROVIDER)
    verifier = str(sender.send("verifier", Call("deploying", None, code))["contractAddress"])
    digest = keccak(scene.client.code(verifier))
    circuit = (verifier, digest, bytes(32), _LAYOUT.to_abi(), -8, 7, 6, 3, 45, True, 0)
    proof = keccak(b"".join(word.to_bytes(32, "big") for word in _SAMPLE))
    circuit_id = circuit_id_of(circuit)
    for name, arguments in (
        ("registerCircuit", (circuit, proof, list(_SAMPLE))),
        ("registerModel", (circuit_id, 5)),
    ):
        data = encode_call(REGISTRY, name, *arguments)
        scene.send(PROVIDER, Call(name, scene.deployment.registry, data))
    until, nobody = scene.client.now() + DAY, ZERO_ADDRESS
    terms = Terms(model_id_of(circuit_id, 5), bytes(32), nobody, REWARD, STAKE, nobody, until, DAY)
    return Job(scene.sender(CONSUMER).address, 0, terms)


def _send(scene: Scene, call: Call) -> HexBytes:
    """By the node's own key: thousands of transactions need no journal."""
    provider: Any = scene.client.web3.provider
    fields = {
        "from": scene.sender(CONSUMER).address,
        "to": call.to,
        "data": "0x" + call.data.hex(),
        "value": hex(call.value),
        "gas": hex(1_000_000),
    }
    answer = provider.make_request("eth_sendTransaction", [fields])
    return HexBytes(answer["result"])


if __name__ == "__main__":
    main()
