"""256 digits served unproven, 59 contested: an honest provider is paid, a lazy one is caught."""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from demos.shared import (
    CONSUMER,
    DEPLOYER,
    EXAMPLES,
    PROVIDER,
    WEI,
    Chain,
    DemoFailed,
    audit,
    console,
    step,
)

MODEL, CALIBRATION, TEST = (
    EXAMPLES / name for name in ("digits-cnn.onnx", "digits-calibration.npz", "digits-test.npz")
)
LAZY = "3"
# Public inputs prove twice as fast as hashed ones, and these digits are no secret; 16 items share
# a proof, so that 59 contested ones take four.
SLOTS = "16"
WINDOW_SECONDS = 3600


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--items", type=int, default=256, help="digits to serve [256]")


def open_round(chain: Chain, items: int) -> dict[str, Any]:
    """Ask for answers to all digits; all of it is paid in."""
    opened = chain.run(
        "serving", "open", "--model", "digits-batch", "--inputs", str(TEST),
        "--rows", f"0:{items}", "--account", CONSUMER,
    )  # fmt: skip
    console.print(
        f"   {opened['items']} digits, {opened['escrow'] / WEI:g} ETH paid in, a stake of "
        f"{opened['stake'] / WEI:g} ETH wanted; {opened['max_contests']} answers may be contested"
    )
    return opened


def honest(chain: Chain, items: int) -> dict[str, Any]:
    """A round whose provider evaluates everything, and proves what is contested."""
    step(3, "The consumer", f"pays for {items} digits, and commits to them.")
    opened = open_round(chain, items)

    step(4, "The provider", "checks and evaluates everything before it stakes, posts all answers.")
    joined = chain.run("serving", "join", "--account", PROVIDER)
    console.print(f"   one proof of {SLOTS} digits took {joined['expected_proof_seconds']:.1f} s")
    served = chain.run("serving", "serve", "--account", PROVIDER)
    console.print(f"   {items} answers posted for {served['gas']:,} gas")

    step(5, "The consumer", "contests random answers, now that none can be changed.")
    contested = chain.run("serving", "contest", "--account", CONSUMER)
    console.print(f"   digits {_listed(contested['contested_items'])}")

    step(6, "The provider", "proves them, and is paid.")
    answered = chain.run("serving", "answer", "--account", PROVIDER)
    each = answered["gas"] / answered["contested"]
    console.print(
        f"   [green]{answered['proven']} of {answered['contested']} proven[/green] in "
        f"{answered['proofs_made']} proofs, {answered['proof_seconds']:.0f} s, {each:,.0f} gas each"
    )
    paid = chain.run("withdraw", "--account", PROVIDER)["withdrawn"]
    earned = sum(paid.values()) - opened["stake"]
    console.print(f"   {earned / WEI:g} ETH earned, and the stake is back")
    return {
        "state": answered["state"],
        "contested": answered["contested"],
        "proven": answered["proven"],
        "proof_seconds": answered["proof_seconds"],
        "gas_per_contested_item": round(each),
        "right_labels": right_labels(chain, items),
        "earned_wei": earned,
    }


def right_labels(chain: Chain, items: int) -> int:
    """How many of the served answers are the true digit."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "results.json"
        chain.run("serving", "results", "--out", str(out))
        outputs = json.loads(out.read_text())["outputs"]
    truth = np.load(TEST)["labels"][:items].tolist()
    right = sum(one["label"] == label for one, label in zip(outputs, truth, strict=True))
    console.print(f"   {right} of {items} answers are the true digit")
    return right


def lazy(chain: Chain, items: int) -> dict[str, Any]:
    """A round whose provider evaluates every second digit, and copies the answers in between."""
    step(7, "Another provider", "joins a second round, and does half the work.")
    opened = open_round(chain, items)
    chain.run("serving", "join", "--account", LAZY, "--proof-time", "10s")
    wrong = post_lazily(chain, opened["job"])
    console.print(f"   (past the command) {items} answers posted, {wrong} of them made up")

    step(8, "The consumer", "contests random answers; no proof of a wrong one exists.")
    contested = chain.run("serving", "contest", "--account", CONSUMER)
    console.print(f"   digits {_listed(contested['contested_items'])}")
    try:
        chain.run("serving", "answer", "--account", LAZY)
    except DemoFailed:
        console.print("   [red]the provider cannot answer[/red], and its hour passes")
    else:
        raise DemoFailed("a wrong answer was proven")
    pass_time(chain, WINDOW_SECONDS + 1)
    settled = chain.run("serving", "settle", "--account", CONSUMER)
    console.print(f"   the round is {settled['state']}")
    paid = sum(chain.run("withdraw", "--account", CONSUMER)["withdrawn"].values())
    slashed = paid - opened["escrow"]
    console.print(f"   the consumer has its money back, and {slashed / WEI:g} ETH of stake")
    return {
        "state": settled["state"],
        "made_up": wrong,
        "contested": len(contested["contested_items"]),
        "slashed_wei": slashed,
    }


def post_lazily(chain: Chain, job: str) -> int:
    """Post copied answers for every second digit, by the project's own modules.

    The command `serving serve` has no way to do so. Returns how many answers are wrong.
    """
    chain.use_here()
    from prover.chain import deployments
    from prover.chain.accounts import anvil_account
    from prover.chain.contracts.serving import ServingRound
    from prover.chain.node.client import connect
    from prover.chain.sending.transactions import Sender
    from prover.chain.state.replay import load_world
    from prover.clients.common.models import find
    from prover.clients.serving.contest import own_inputs
    from prover.statement.runs import encode_outputs
    from prover.systems.ezkl.evaluate import evaluate

    client = connect(chain.environment["ZKESCROW_RPC_URL"])
    deployment = deployments.load(client)
    record = load_world(client, deployment).serving.jobs[bytes.fromhex(job[2:])]
    model = find(client, deployment, "0x" + record.job.terms.model_id.hex())
    right = evaluate(model.artifacts, own_inputs(record).items)
    posted = [right[index - index % 2] for index in range(len(right))]
    outputs = encode_outputs(posted, record.job.terms.word_bytes)
    call = ServingRound(client, deployment.serving).commit_outputs(record.job, outputs)
    Sender(client, anvil_account(int(LAZY))).send(f"lazy:{job}", call)
    return sum(one != other for one, other in zip(posted, right, strict=True))


def pass_time(chain: Chain, seconds: int) -> None:
    """Move the local node's clock."""
    from prover.chain.node.client import connect

    provider = connect(chain.environment["ZKESCROW_RPC_URL"]).web3.provider
    provider.make_request("evm_increaseTime", [seconds])
    provider.make_request("evm_mine", [])


def _listed(indices: list[int]) -> str:
    return " ".join(map(str, indices))


def play(chain: Chain, chosen: argparse.Namespace) -> dict[str, Any]:
    """The whole story; what it came to."""
    step(1, "Anybody", "deploys the contracts, which nobody owns.")
    chain.run("deploy", "--account", DEPLOYER)

    step(2, "The provider", f"sets the digits CNN up with {SLOTS} items a proof, registers it.")
    chain.run(
        "model", "add", str(MODEL), "--data", str(CALIBRATION), "--name", "digits-batch",
        "--items", SLOTS, "--inputs", "public", "--account", PROVIDER,
    )  # fmt: skip

    result = {"honest": honest(chain, chosen.items), "lazy": lazy(chain, chosen.items)}
    return result | {"items": chosen.items, "audit": audit(chain, 9)}


def conclusion(result: dict[str, Any]) -> str:
    """What was shown, in a few words."""
    good, bad = result["honest"], result["lazy"]
    return (
        f"{result['items']} digits served twice: {good['proven']} contested ones proven and paid "
        f"for, {bad['slashed_wei'] / WEI:g} ETH of a lazy provider's stake lost"
    )
