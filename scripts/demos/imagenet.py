"""A photograph, its label by EfficientNet-Lite0 at 224x224 proven, verified on the chain, paid."""

import argparse
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from demos.shared import (
    CONSUMER,
    DEPLOYER,
    PROVIDER,
    STATE,
    Chain,
    DemoFailed,
    audit,
    console,
    step,
)

GIB = 1 << 30
NEEDED_GIB, MINUTES, REPEATED_MINUTES = 10, 11, 7
LABELS, REWARD, STAKE = "5", "0.05", "0.02"
POLL_SECONDS = 0.5


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--photograph", type=Path, help="[a cat, of scikit-image's data]")


class Memory:
    """The most that one process below this one holds."""

    def __init__(self) -> None:
        self.peak = 0
        threading.Thread(target=self._poll, daemon=True).start()

    def _poll(self) -> None:
        while True:
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    self.peak = max(self.peak, process.memory_info().rss)
            time.sleep(POLL_SECONDS)


def require_room(repeated: bool) -> None:
    """Say what it takes, and refuse a machine that is too small. Raises DemoFailed."""
    memory, cores = psutil.virtual_memory(), os.cpu_count() or 1
    minutes = REPEATED_MINUTES if repeated else MINUTES
    console.print(
        f"This takes about {minutes} minutes on two cores (here are {cores}) and {NEEDED_GIB} GiB "
        f"of memory (here {memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB are free)."
    )
    if memory.available < NEEDED_GIB * GIB:
        raise DemoFailed(
            f"{memory.available / GIB:.1f} GiB of memory are free: expected {NEEDED_GIB} GiB, as "
            "a proof of 2^20 rows takes 8; close other programs, or use a larger machine"
        )


def play(chain: Chain, chosen: argparse.Namespace) -> dict[str, Any]:
    """The whole story; what it came to."""
    provider, consumer = chain.of("imagenet/provider"), chain.of("imagenet/consumer")
    example = STATE / "imagenet" / "example"
    require_room(example.exists())
    memory = Memory()
    step(1, "Anybody", "deploys the contracts, which nobody owns.")
    chain.run("deploy", "--account", DEPLOYER)

    step(2, "The provider", "makes a circuit of EfficientNet-Lite0, proves a sample, registers it.")
    if not example.exists():
        provider.run("native", "example", "--out", str(example))
    model = provider.run(
        "model", "add", str(example / "model.onnx"), "--data", str(example / "photographs.npz"),
        "--classes", str(example / "classes.txt"), "--labels", LABELS, "--system", "native",
        "--name", "efficientnet", "--account", PROVIDER,
    )  # fmt: skip

    step(3, "The consumer", "takes the model in, checks it, and pays for a photograph's label.")
    public = STATE / "imagenet" / f"public-{os.getpid()}"
    provider.run("model", "export", "efficientnet", "--out", str(public))
    consumer.run("model", "import", str(public), "--name", "efficientnet")
    photograph = chosen.photograph or example / "chelsea.png"
    job = consumer.run(
        "prediction", "post", "--model", "efficientnet", "--image", str(photograph), "--in-clear",
        "--reward", REWARD, "--stake", STAKE, "--account", CONSUMER,
    )["job"]  # fmt: skip

    step(4, "The provider", "locks, proves, delivers, and withdraws what it earned.")
    run = provider.run("provider", "run", "--once", "--account", PROVIDER)
    (outcome,) = run["jobs"]

    step(5, "The consumer", "reads the proven label.")
    report = consumer.run("prediction", "status", str(job))
    if report["state"] != "paid":
        raise DemoFailed(f"job {job} is {report['state']}, not paid")
    answer = report["predictions"][0]
    console.print(
        f"   [green]proven label {answer['label']}, {answer['class_name']}[/green]: proof in "
        f"{outcome['proof_seconds']:.1f} s, verified and paid on the chain for "
        f"{outcome['gas']:,} gas"
    )
    summary = audit(consumer, 6)
    return {
        "label": answer["label"],
        "class": answer["class_name"],
        "labels": answer["output_words"],
        "prove_seconds": round(outcome["proof_seconds"], 1),
        "peak_gib": round(memory.peak / GIB, 2),
        "proof_bytes": model["proof_bytes"],
        "deliver_gas": outcome["gas"],
        "audit": summary,
    }


def conclusion(result: dict[str, Any]) -> str:
    """What was shown, in a few words."""
    return (
        f"{result['class']}, proven in {result['prove_seconds']} s and {result['peak_gib']} GiB, "
        f"delivered for {result['deliver_gas']:,} gas"
    )
