"""The demo: consumer, provider and auditor on a local Anvil node, each using the zkescrow command.

Keys, SRS and compiled contracts stay in .zkescrow/ of the checkout, so that a second run is quick.
"""

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".zkescrow"
ZKESCROW = Path(sys.executable).with_name("zkescrow")
MODEL, CALIBRATION, TEST = (
    ROOT / "examples" / name
    for name in ("digits-cnn.onnx", "digits-calibration.npz", "digits-test.npz")
)
DEPLOYER, PROVIDER, CONSUMER = "0", "1", "2"
REWARD, STAKE = "0.01", "0.005"
SHADES = " .:-=+*#%@"
WEI = 10**18

console = Console(highlight=False, soft_wrap=True)


class DemoFailed(Exception):
    """A command failed; its own words are on stderr already."""


class Chain:
    """The zkescrow command against one node."""

    def __init__(self, rpc: str, deployments: Path) -> None:
        self._environment = os.environ | {
            "ZKESCROW_HOME": str(STATE / "home"),
            "ZKESCROW_CACHE": str(STATE / "cache"),
            "ZKESCROW_DEPLOYMENTS": str(deployments),
            "ZKESCROW_RPC_URL": rpc,
        }

    def run(self, *arguments: str) -> dict[str, Any]:
        """The JSON that a command prints."""
        console.print(f"  [dim]$ zkescrow {' '.join(_short(word) for word in arguments)}[/dim]")
        done = subprocess.run(
            [ZKESCROW, *arguments, "--json"],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise DemoFailed(f"zkescrow {arguments[0]} ended with status {done.returncode}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


def _short(word: str) -> str:
    return str(Path(word).relative_to(ROOT)) if word.startswith(str(ROOT)) else word


@contextlib.contextmanager
def running_node() -> Iterator[str]:
    """A fresh node on a free port; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    node = subprocess.Popen(
        [ZKESCROW, "node", "--port", str(port), "--json"], stdout=subprocess.PIPE, text=True
    )
    try:
        if node.stdout is None or not node.stdout.readline():
            raise DemoFailed("the local node did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        node.terminate()
        node.wait(timeout=10)


def step(number: int, who: str, what: str) -> None:
    console.print(f"\n[bold]{number}. {who}[/bold] {what}")


def draw(image: np.ndarray) -> None:
    """An 8x8 image with values from 0 to 1, as text."""
    for row in image.reshape(8, 8):
        console.print(
            "     " + "".join(SHADES[round(float(v) * (len(SHADES) - 1))] * 2 for v in row)
        )


def post(chain: Chain, index: int, image: np.ndarray, true_label: int) -> str:
    """Ask and pay for one prediction; the job's id."""
    console.print(f"\n   test digit {index}, true label {true_label}:")
    draw(image)
    return str(
        chain.run(
            "prediction", "post", "--model", "digits", "--inputs", str(TEST),
            "--index", str(index), "--reward", REWARD, "--stake", STAKE, "--account", CONSUMER,
        )["job"]
    )  # fmt: skip


def read(chain: Chain, job: str, served: dict[str, Any]) -> dict[str, Any]:
    """The proven answer to a job, and what it took."""
    report = chain.run("prediction", "status", job)
    if report["state"] != "paid":
        raise DemoFailed(f"job {job} is {report['state']}, not paid")
    label = report["predictions"][0]["label"]
    console.print(
        f"   [green]proven label {label}[/green]: proof in {served['prove_seconds']:.2f} s, "
        f"verified and paid on the chain for {served['gas']:,} gas"
    )
    return {
        "proven_label": label,
        "prove_seconds": served["prove_seconds"],
        "gas": served["gas"],
    }


def play(chain: Chain, count: int) -> dict[str, Any]:
    """The whole story; what it came to."""
    step(1, "Anybody", "deploys the contracts, which nobody owns.")
    chain.run("deploy", "--account", DEPLOYER)

    step(2, "The provider", "plans a trained digits CNN, makes keys and a verifier, registers it.")
    model = chain.run(
        "model", "add", str(MODEL), "--data", str(CALIBRATION), "--name", "digits",
        "--account", PROVIDER,
    )  # fmt: skip
    console.print(f"   model {model['modelId']}")

    step(3, "The consumer", "checks the model's verifier and pays for predictions in advance.")
    data = np.load(TEST)
    labels = [int(label) for label in data["labels"][:count]]
    jobs = [post(chain, at, data["inputs"][at], label) for at, label in enumerate(labels)]

    step(4, "The provider", "locks, proves, delivers, and withdraws what it earned.")
    run = chain.run("provider", "run", "--once", "--account", PROVIDER)
    served = {entry["job"]: entry for entry in run["jobs"]}
    withdrawn = sum(run["withdrawn"].values())
    paid = withdrawn - count * round(float(STAKE) * WEI)
    console.print(
        f"   {withdrawn / WEI:g} ETH withdrawn: {paid / WEI:g} earned, the rest its stakes"
    )

    step(5, "The consumer", "reads the proven answers.")
    answers = [read(chain, job, served[job]) for job in jobs]

    step(6, "The auditor", "replays every event and verifies every proof again.")
    audit = chain.run("audit", "replay")
    summary = {key: audit[key] for key in ("events", "proofs_reverified", "mismatches")}
    console.print(
        f"   {summary['events']} events, {summary['proofs_reverified']} proofs verified again, "
        f"{summary['mismatches']} mismatches"
    )
    predictions = [
        {"index": at, "true_label": label, **answer}
        for at, (label, answer) in enumerate(zip(labels, answers, strict=True))
    ]
    return {"predictions": predictions, "paid_wei": paid, "audit": summary}


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__.split("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what happened")
    parser.add_argument("--count", type=int, default=3, help="predictions to pay for [3]")
    options = parser.parse_args()
    started = time.monotonic()
    STATE.mkdir(exist_ok=True)
    try:
        with running_node() as rpc, tempfile.TemporaryDirectory(dir=STATE) as deployments:
            result = play(Chain(rpc, Path(deployments)), options.count)
    except DemoFailed as error:
        sys.exit(f"demo: failed: {error}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    right = sum(entry["true_label"] == entry["proven_label"] for entry in result["predictions"])
    if result["audit"]["mismatches"]:
        sys.exit("demo: failed: the audit found mismatches")
    console.print(
        f"\ndemo: ok, {len(result['predictions'])} predictions proven and paid "
        f"({right} equal the true label), {time.monotonic() - started:.0f} s"
    )


if __name__ == "__main__":
    main()
