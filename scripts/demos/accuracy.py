"""An accuracy bounty: hidden models, sealed test digits, paid only for reaching the target."""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demos.shared import (
    CONSUMER,
    DEPLOYER,
    EXAMPLES,
    PROVIDER,
    STATE,
    WEI,
    Chain,
    DemoFailed,
    audit,
    console,
    step,
)

NOVICE = "3"
EXPERT_MODEL, NOVICE_MODEL, CALIBRATION, TEST = (
    EXAMPLES / name
    for name in (
        "digits-small.onnx", "digits-novice.onnx", "digits-calibration.npz", "digits-test.npz"
    )
)  # fmt: skip
TARGET, ITEMS = "90%", 64
REWARD, BOND, STAKE, PENALTY = "0.05", "0.05", "0.02", "0.01"
PROVE_SECONDS = 1800


def options(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


@dataclass(frozen=True)
class Party:
    """Somebody with files of their own and an account."""

    name: str
    chain: Chain
    account: str

    def run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> dict[str, Any]:
        """A command that this party signs."""
        return self.chain.run(*arguments, "--account", self.account, allowed=allowed)


def play(chain: Chain, _chosen: argparse.Namespace) -> dict[str, Any]:
    """The whole story; what it came to."""
    expert, novice, consumer = (
        Party(name, chain.of(name), account)
        for name, account in (("expert", PROVIDER), ("novice", NOVICE), ("consumer", CONSUMER))
    )
    step(1, "Anybody", "deploys the contracts, which nobody owns.")
    chain.run("deploy", "--account", DEPLOYER)

    step(2, "Two providers", "register models of one circuit; all see its files, none the weights.")
    models = register(expert, novice, consumer.chain, chain)

    step(3, "The consumer", f"seals {ITEMS} digits no model has seen, posts a bounty on {TARGET}.")
    first = post(consumer, f"0:{ITEMS}")

    step(4, "The expert", "enters its model, gets the key, proves what is right, and is paid.")
    paid = prove(expert, consumer, first)
    if paid["state"] != "paid":
        raise DemoFailed(f"the bounty is {paid['state']}, not paid")
    console.print(
        f"   [green]paid[/green]: {paid['expected_correct']} of {ITEMS} right, "
        f"{paid['needed']} needed; {paid['proofs_made']} proofs in "
        f"{paid['proof_seconds']:.0f} s, {paid['gas']:,} gas"
    )

    step(5, "The consumer", "cannot use opened digits again, and seals others for a second bounty.")
    again = (*posting(f"0:{ITEMS}"), "--account", CONSUMER)
    console.print(f"   refused: {consumer.chain.refused(*again)}")
    second = post(consumer, f"{ITEMS}:{2 * ITEMS}")

    step(6, "The novice", "enters its model, and misses the target.")
    missed = prove(novice, consumer, second)
    if missed["state"] != "proving" or missed["reaches"]:
        raise DemoFailed(f"the second bounty is {missed['state']}: a miss was expected")
    console.print(
        f"   {missed['expected_correct']} of {ITEMS} right, {missed['needed']} needed: "
        "nothing to prove"
    )
    chain.pass_time(PROVE_SECONDS + 1)
    ended = chain.run("accuracy", "settle", second, "--account", DEPLOYER)

    step(7, "Each side", "withdraws what is due.")
    withdrawn = {party.name: withdraw_credit(party) for party in (expert, novice, consumer)}
    summary = audit(chain, 8)
    if summary["proofs_reverified"] != paid["proofs_made"]:
        raise DemoFailed("not every proof was verified again")
    shown = ("job", "state", "expected_correct", "needed", "proofs_made", "proof_seconds", "gas")
    return {
        "models": models,
        "items": ITEMS,
        "target": TARGET,
        "paid": {key: paid[key] for key in shown},
        "missed": {key: missed[key] for key in shown} | {"state": ended["state"]},
        "withdrawn_wei": withdrawn,
        "audit": summary,
    }


def register(expert: Party, novice: Party, *others: Chain) -> dict[str, str]:
    """Both models; their ids by name. All get the circuit's public files from the expert."""
    made = expert.run(
        "model", "add", str(EXPERT_MODEL), "--data", str(CALIBRATION), "--name", "expert",
        "--inputs", "hashed", "--weights", "hidden", "--items", "16",
    )  # fmt: skip
    with tempfile.TemporaryDirectory(dir=STATE) as directory:
        public = str(Path(directory) / "expert")
        expert.chain.run("model", "export", "expert", "--out", public)
        for other in (novice.chain, *others):
            other.run("model", "import", public)
    second = novice.run("model", "add", str(NOVICE_MODEL), "--like", "expert", "--name", "novice")
    if made["circuit_id"] != second["circuit_id"]:
        raise DemoFailed("the two models are not of one circuit")
    console.print(f"   one circuit {made['circuit_id']}, one verifier, two digests of weights")
    return {"expert": made["model_id"], "novice": second["model_id"]}


def posting(rows: str) -> list[str]:
    """The command that posts a bounty on rows of the held-out digits."""
    return [
        "accuracy", "post", "--model", "expert", "--data", str(TEST), "--rows", rows,
        "--target", TARGET, "--reward", REWARD, "--bond", BOND, "--stake", STAKE,
        "--miss-penalty", PENALTY, "--prove-within", f"{PROVE_SECONDS}s",
    ]  # fmt: skip


def post(consumer: Party, rows: str) -> str:
    """Post a bounty, say what its test set supports; its id."""
    posted = consumer.run(*posting(rows))
    for message in posted["supports"]:
        console.print(f"   {message}")
    return str(posted["job"])


def prove(provider: Party, consumer: Party, job: str) -> dict[str, Any]:
    """Accept with the provider's model, reveal the key, prove: what `accuracy prove` says."""
    provider.run("accuracy", "accept", job, "--model", provider.name)
    consumer.run("accuracy", "reveal-key", job)
    return provider.run("accuracy", "prove", job, allowed=(0, 1))


def withdraw_credit(party: Party) -> int:
    """Withdraw; the amount in wei."""
    amount = sum(party.run("withdraw")["withdrawn"].values())
    console.print(f"   the {party.name} withdraws {amount / WEI:g} ETH")
    return int(amount)


def conclusion(result: dict[str, Any]) -> str:
    """What was shown, in a few words."""
    paid, missed = result["paid"], result["missed"]
    return (
        f"a hidden model with {paid['expected_correct']} of {result['items']} right is paid, "
        f"one with {missed['expected_correct']} loses its penalty"
    )
