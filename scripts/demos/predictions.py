"""Paid, proven predictions of a digits CNN: consumer, provider and auditor."""

import argparse
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
    draw,
    step,
)

MODEL, CALIBRATION, TEST = (
    EXAMPLES / name for name in ("digits-cnn.onnx", "digits-calibration.npz", "digits-test.npz")
)
REWARD, STAKE = "0.01", "0.005"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=3, help="predictions to pay for [3]")


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


def read(chain: Chain, job: str, outcome: dict[str, Any]) -> dict[str, Any]:
    """The proven answer to a job, and what it took."""
    report = chain.run("prediction", "status", job)
    if report["state"] != "paid":
        raise DemoFailed(f"job {job} is {report['state']}, not paid")
    label = report["predictions"][0]["label"]
    console.print(
        f"   [green]proven label {label}[/green]: proof in {outcome['proof_seconds']:.2f} s, "
        f"verified and paid on the chain for {outcome['gas']:,} gas"
    )
    return {
        "proven_label": label,
        "proof_seconds": outcome["proof_seconds"],
        "gas": outcome["gas"],
    }


def play(chain: Chain, chosen: argparse.Namespace) -> dict[str, Any]:
    """The whole story; what it came to."""
    count = chosen.count
    step(1, "Anybody", "deploys the contracts, which nobody owns.")
    chain.run("deploy", "--account", DEPLOYER)

    step(2, "The provider", "plans a trained digits CNN, makes keys and a verifier, registers it.")
    model = chain.run(
        "model", "add", str(MODEL), "--data", str(CALIBRATION), "--name", "digits",
        "--inputs", "public", "--account", PROVIDER,
    )  # fmt: skip
    console.print(f"   model {model['model_id']}")

    step(3, "The consumer", "checks the model's verifier and pays for predictions in advance.")
    data = np.load(TEST)
    labels = [int(label) for label in data["labels"][:count]]
    jobs = [post(chain, at, data["inputs"][at], label) for at, label in enumerate(labels)]

    step(4, "The provider", "locks, proves, delivers, and withdraws what it earned.")
    run = chain.run("provider", "run", "--once", "--account", PROVIDER)
    outcomes = {entry["job"]: entry for entry in run["jobs"]}
    withdrawn = sum(run["withdrawn"].values())
    paid = withdrawn - count * round(float(STAKE) * WEI)
    console.print(
        f"   {withdrawn / WEI:g} ETH withdrawn: {paid / WEI:g} earned, the rest its stakes"
    )

    step(5, "The consumer", "reads the proven answers.")
    answers = [read(chain, job, outcomes[job]) for job in jobs]

    summary = audit(chain, 6)
    predictions = [
        {"index": at, "true_label": label, **answer}
        for at, (label, answer) in enumerate(zip(labels, answers, strict=True))
    ]
    return {"predictions": predictions, "paid_wei": paid, "audit": summary}


def conclusion(result: dict[str, Any]) -> str:
    """What was shown, in a few words."""
    entries = result["predictions"]
    right = sum(entry["true_label"] == entry["proven_label"] for entry in entries)
    return f"{len(entries)} predictions proven and paid ({right} equal the true label)"
