"""569 sealed hospital records, a requester's model: every one judged, the flagged ones readable."""

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

MODEL, CALIBRATION, RECORDS = (
    EXAMPLES / f"breast-cancer-{name}"
    for name in ("mlp.onnx", "calibration.npz", "records.npz")
)  # fmt: skip
HOSPITAL, REQUESTER = PROVIDER, CONSUMER
MALIGNANT = 0
# A record takes 35 hashed elements of 41 rows each: 22 of them fill a circuit of 2^15 rows.
SLOTS = "22"
DISPUTE_SECONDS = 3600
MEASURED = "mean radius", "mean texture", "mean perimeter", "mean area"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--records", type=int, default=569, help="records to commit to [569]")


def play(chain: Chain, chosen: argparse.Namespace) -> dict[str, Any]:
    """The whole story; what it came to."""
    with tempfile.TemporaryDirectory() as directory:
        return _play(chain, chosen.records, Path(directory))


def _play(chain: Chain, count: int, directory: Path) -> dict[str, Any]:
    step(1, "Anybody", "deploys the contracts, which nobody owns.")
    chain.run("deploy", "--account", DEPLOYER)

    step(
        2, "The requester", f"sets its public model up with {SLOTS} records a proof, registers it."
    )
    chain.run(
        "model", "add", str(MODEL), "--data", str(CALIBRATION), "--name", "breast-cancer",
        "--items", SLOTS, "--inputs", "hashed", "--account", REQUESTER,
    )  # fmt: skip

    step(3, "The hospital", f"seals {count} records, each under its own key, and commits to them.")
    dataset = commit(chain, count, directory)

    step(4, "The requester", "checks file, root and model, and pays for every record to be judged.")
    posted = chain.run(
        "retrieval", "post", dataset["dataset"], "--model", "breast-cancer",
        "--label", str(MALIGNANT), "--dispute-within", f"{DISPUTE_SECONDS}s",
        "--account", REQUESTER,
    )  # fmt: skip
    console.print(
        f"   {count} records, {posted['escrow'] / WEI:g} ETH paid in, a stake of "
        f"{posted['stake'] / WEI:g} ETH wanted; a record matches if {posted['wanted']} (malignant)"
    )

    step(5, "The hospital", "runs every record before it stakes, then proves all of them.")
    proved = prove(chain, count)

    step(6, "The requester", "reads what matched, and nothing else.")
    shown = read(chain, Path(dataset["given"]), count, directory)

    step(7, "Everybody", "waits for disputes; there is nothing to dispute. The hospital is paid.")
    chain.pass_time(DISPUTE_SECONDS + 1)
    settled = chain.run("retrieval", "settle", "--account", DEPLOYER)
    withdrawn = sum(chain.run("withdraw", "--account", HOSPITAL)["withdrawn"].values())
    earned = withdrawn - posted["stake"]
    console.print(f"   {earned / WEI:g} ETH earned, and the stake is back")
    return {
        "records": count,
        "state": settled["state"],
        **shown,
        **proved,
        "earned_wei": earned,
        "audit": audit(chain, 8),
    }


def commit(chain: Chain, count: int, directory: Path) -> dict[str, Any]:
    """Seal and commit the first records; what `retrieval commit` says."""
    rows = directory / "records.npz"
    np.savez(rows, inputs=np.load(RECORDS)["inputs"][:count])
    made = chain.run(
        "retrieval", "commit", str(rows), "--model", "breast-cancer",
        "--seed", str(directory / "seed.json"), "--account", HOSPITAL,
    )  # fmt: skip
    console.print(f"   dataset {made['dataset']}: {made['gas']:,} gas; the seed stays here")
    return made


def prove(chain: Chain, count: int) -> dict[str, Any]:
    """Accept, prove, and say what it took."""
    accepted = chain.run("retrieval", "accept", "--max-matches", str(count), "--account", HOSPITAL)
    minutes = accepted["expected_proofs"] * accepted["expected_proof_seconds"] / 60
    console.print(
        f"   {accepted['expected_matches']} records match; one proof took "
        f"{accepted['expected_proof_seconds']:.1f} s, {accepted['expected_proofs']} are needed: "
        f"about {minutes:.0f} minutes"
    )
    proved = chain.run("retrieval", "prove", "--account", HOSPITAL)
    each = proved["gas"] / proved["proven"]
    console.print(
        f"   [green]{proved['proven']} of {proved['records']} records proven[/green] in "
        f"{proved['proof_seconds']:.0f} s, {proved['transactions_sent']} transactions, "
        f"{each:,.0f} gas a record"
    )
    return {
        "proven": proved["proven"],
        "proofs": accepted["expected_proofs"],
        "proof_seconds": round(proved["proof_seconds"], 1),
        "transactions": proved["transactions_sent"],
        "gas_per_record": round(each),
    }


def read(chain: Chain, file: Path, count: int, directory: Path) -> dict[str, Any]:
    """Decrypt the matches, compare them with the data and with the model run in floating point."""
    out = directory / "matches.npz"
    found = chain.run("retrieval", "read", "--out", str(out))
    matches, data = np.load(out), np.load(RECORDS)
    flagged = [int(index) for index in np.flatnonzero(labels(data["inputs"][:count]) == MALIGNANT)]
    readable = matches["indices"].tolist()
    if not np.array_equal(matches["inputs"], data["inputs"][readable]):
        raise DemoFailed("the records that were read are not the hospital's")
    differing = sorted(set(readable) ^ set(flagged))
    sick = int((data["labels"][readable] == MALIGNANT).sum())
    console.print(
        f"   {len(readable)} of {count} records are readable, {count - len(readable)} stay hidden; "
        f"{len(differing)} differ from the model in floating point"
    )
    console.print(f"   {sick} of those readable are malignant by the hospital's own diagnosis")
    if len(differing) > count // 100:
        raise DemoFailed(f"records {differing} differ from the float model")
    hidden = show_hidden(found["job"], chain, file, readable, count)
    return {
        "matches": len(readable),
        "differ_from_float": len(differing),
        "hidden": hidden,
        "malformed": found["why_malformed"],
    }


def labels(rows: np.ndarray) -> np.ndarray:
    """The model's labels in floating point, row by row."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(MODEL))
    return np.array([session.run(None, {"measurements": row[None]})[0].argmax() for row in rows])


def show_hidden(job: str, chain: Chain, file: Path, readable: list[int], count: int) -> int:
    """Try every revealed key on every hidden record; how many records no key opens."""
    keys = revealed(chain, job)
    records = json.loads(file.read_text())["records"]
    hidden = [index for index in range(count) if index not in set(readable)]
    closed = [index for index in hidden if not keys & {records[index]["keyHash"]}]
    if len(closed) != len(hidden) or len(keys) != len(readable):
        raise DemoFailed("a revealed key opens a record that did not match")
    full = np.load(RECORDS)["full_scale"]
    values = np.load(RECORDS)["inputs"][readable[0]][: len(MEASURED)] * full[: len(MEASURED)]
    figures = ", ".join(f"{name} {value:.1f}" for name, value in zip(MEASURED, values, strict=True))
    console.print(f"   record {readable[0]}: {figures}, ...")
    console.print(
        f"   record {hidden[0]}: {records[hidden[0]]['ciphertext'][:50]}... and none of the "
        f"{len(keys)} revealed keys is its own"
    )
    return len(hidden)


def revealed(chain: Chain, job: str) -> set[str]:
    """The hashes of all keys in the chain's events."""
    chain.use_here()
    from prover.chain import deployments
    from prover.chain.node.client import connect
    from prover.chain.state.replay import load_world
    from prover.statement.documents.sealed import key_hash

    client = connect(chain.rpc)
    world = load_world(client, deployments.load(client))
    keys = world.retrieval.jobs[bytes.fromhex(job[2:])].matches.values()
    return {"0x" + key_hash(key).hex() for key in keys}


def conclusion(result: dict[str, Any]) -> str:
    """What was shown, in a few words."""
    return (
        f"{result['proven']} sealed records judged by proof in {result['proof_seconds']:.0f} s, "
        f"{result['matches']} readable, {result['hidden']} hidden"
    )
