"""An accuracy bounty: hidden models, sealed test digits, paid only for reaching the target."""

import argparse
from typing import Any

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


def play(chain: Chain, _chosen: argparse.Namespace) -> dict[str, Any]:
    """The whole story; what it came to."""
    step(1, "Anybody", "deploys the contracts, which nobody owns.")
    chain.run("deploy", "--account", DEPLOYER)

    step(
        2, "Two providers", "register models of one circuit; only digests of the weights are shown."
    )
    models = register(chain)

    step(
        3,
        "The consumer",
        f"seals {ITEMS} digits no model has seen, and posts a bounty on {TARGET}.",
    )
    first = post(chain, f"0:{ITEMS}")

    step(4, "The expert", "enters its model, gets the key, proves its right answers, and is paid.")
    paid = prove(chain, first, "expert", PROVIDER)
    if paid["state"] != "paid":
        raise DemoFailed(f"the bounty is {paid['state']}, not paid")
    console.print(
        f"   [green]paid[/green]: {paid['right']} of {ITEMS} right, {paid['needed']} needed; "
        f"{paid['proofs']} proofs in {paid['prove_seconds']:.0f} s, {paid['gas']:,} gas"
    )

    step(5, "The consumer", "cannot use opened digits again, and seals others for a second bounty.")
    console.print(f"   refused: {chain.refused(*posting(f'0:{ITEMS}'))}")
    second = post(chain, f"{ITEMS}:{2 * ITEMS}")

    step(6, "The novice", "enters its model, and misses the target.")
    missed = prove(chain, second, "novice", NOVICE)
    console.print(
        f"   {missed['right']} of {ITEMS} right, {missed['needed']} needed: nothing to prove"
    )
    chain.pass_time(PROVE_SECONDS + 1)
    ended = chain.run("accuracy", "settle", second, "--account", DEPLOYER)

    step(7, "Each side", "withdraws what is due.")
    accounts = {"expert": PROVIDER, "novice": NOVICE, "consumer": CONSUMER}
    withdrawn = {who: take_out(chain, who, account) for who, account in accounts.items()}
    return {
        "models": models,
        "items": ITEMS,
        "target": TARGET,
        "paid": {key: paid[key] for key in ("job", "right", "needed", "proofs", "prove_seconds")}
        | {"gas": paid["gas"], "state": paid["state"]},
        "missed": {key: missed[key] for key in ("job", "right", "needed")}
        | {"state": ended["state"]},
        "withdrawn_wei": withdrawn,
        "audit": audit(chain, 8),
    }


def register(chain: Chain) -> dict[str, str]:
    """Both models; their ids by name."""
    made = chain.run(
        "model", "add", str(EXPERT_MODEL), "--data", str(CALIBRATION), "--name", "expert",
        "--inputs", "hashed", "--weights", "hidden", "--items", "16", "--account", PROVIDER,
    )  # fmt: skip
    other = chain.run(
        "model", "add", str(NOVICE_MODEL), "--like", "expert", "--name", "novice",
        "--account", NOVICE,
    )  # fmt: skip
    if made["circuitId"] != other["circuitId"]:
        raise DemoFailed("the two models are not of one circuit")
    console.print(f"   one circuit {made['circuitId']}, one verifier, two digests of weights")
    return {"expert": made["modelId"], "novice": other["modelId"]}


def posting(rows: str) -> list[str]:
    """The command that posts a bounty on rows of the held-out digits."""
    return [
        "accuracy", "post", "--model", "expert", "--data", str(TEST), "--rows", rows,
        "--target", TARGET, "--reward", REWARD, "--bond", BOND, "--stake", STAKE,
        "--miss-penalty", PENALTY, "--prove-within", f"{PROVE_SECONDS}s", "--account", CONSUMER,
    ]  # fmt: skip


def post(chain: Chain, rows: str) -> str:
    """Post a bounty, say what its test set supports; its id."""
    posted = chain.run(*posting(rows))
    for sentence in posted["supports"]:
        console.print(f"   {sentence}")
    return str(posted["job"])


def prove(chain: Chain, job: str, model: str, account: str) -> dict[str, Any]:
    """Accept with a model, reveal the key, prove: what `accuracy prove` says."""
    chain.run("accuracy", "accept", job, "--model", model, "--account", account)
    chain.run("accuracy", "reveal-key", job, "--account", CONSUMER)
    return chain.run("accuracy", "prove", job, "--account", account, allowed=(0, 1))


def take_out(chain: Chain, who: str, account: str) -> int:
    """Withdraw; the amount in wei."""
    amount = sum(chain.run("withdraw", "--account", account)["withdrawn"].values())
    console.print(f"   the {who} withdraws {amount / WEI:g} ETH")
    return int(amount)


def conclusion(result: dict[str, Any]) -> str:
    """What was shown, in a few words."""
    paid, missed = result["paid"], result["missed"]
    return (
        f"a hidden model with {paid['right']} of {result['items']} right is paid, one with "
        f"{missed['right']} loses its penalty"
    )
