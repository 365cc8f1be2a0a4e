"""Moves of rounds, bounties and requests that a reorganisation takes away: said, and made again."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prover.chain.contracts.accuracy import AccuracyBounty
from prover.chain.contracts.retrieval import RetrievalBounty
from prover.chain.contracts.serving import ServingRound
from prover.chain.events import finality
from prover.chain.state.replay import load_world
from prover.clients.common import packing as grouping
from prover.clients.common.models import remember
from prover.clients.register import register
from prover.protocol.accuracy import state as accuracy
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving
from prover.statement.label import proven_label
from prover.systems.ezkl.evaluate import evaluate
from prover.systems.ezkl.inputs import quantised
from prover.systems.ezkl.system import Ezkl
from tests.conftest import ELEMENTS, Proven
from tests.killing import command
from tests.latenode import late_node
from tests.localchain import (
    CONSUMER,
    PROVIDER,
    Chain,
    address_of,
    install_used,
    settings_of,
    with_models,
)
from tests.proxy import proxied

node_with_contracts = with_models("batch")

ROWS = 5
PRICE, FEE, STAKE = 10**15, 2 * 10**15, 5 * 10**16


class Play:
    """Consumer and provider of a registered model, by their commands."""

    def __init__(self, chain: Chain, proven: Proven, directory: Path) -> None:
        self.chain, self.url = chain, chain.url
        install_used(proven.artifacts, rebuilt=True)
        model = register(chain.sender(PROVIDER), chain.deployment, proven.artifacts)
        remember(chain.client, "tiny", model.model_id)
        draw, manifest = np.random.default_rng(3), proven.artifacts.manifest
        inputs = draw.uniform(-8, 8, (ROWS, ELEMENTS)).astype(np.float32)
        outputs = evaluate(proven.artifacts, quantised(manifest, inputs))
        labels = [proven_label(row, manifest.layout.output_kind) or 0 for row in outputs]
        self.data = directory / "rows.npz"
        np.savez(self.data, inputs=inputs, labels=np.array(labels))

    def run(self, account: int, *words: object, status: int = 0) -> dict[str, Any]:
        return command(*words, "--account", account, "--rpc", self.url, status=status)

    def take_away(self, blocks: int = 1) -> None:
        """Other blocks in the place of the last ones."""
        self.chain.rpc("anvil_reorg", blocks, [])

    def lost(self, account: int, *status: object) -> list[Any]:
        """What the overview and the protocol's own status say that the chain has lost."""
        mine = self.run(account, "status")["provisional"]
        assert mine == command(*status, "--rpc", self.url)["provisional"]
        return [(one["move"], one["again"]) for one in mine if one["lost"]]

    def refused(self, account: int, *words: object) -> str:
        return str(self.run(account, *words, status=2)["error"])

    def nonce(self, account: int) -> int:
        return int(self.chain.client.web3.eth.get_transaction_count(address_of(account)))  # type: ignore[arg-type]

    def world(self) -> Any:
        return load_world(self.chain.client, self.chain.deployment)

    # -------------------------------------------------------------- rounds

    def open(self) -> str:
        words = ("--inputs", self.data, "--price", "0.001", "--proof-fee", "0.002")
        times = ("--serve-within", "1h", "--contest-within", "1h", "--answer-within", "1h")
        some = ("--bad-share", "50%", "--stake", "0.05", "--in-clear")
        told = self.run(CONSUMER, "serving", "open", "--model", "tiny", *words, *times, *some)
        return str(told["job"])

    def join(self) -> dict[str, Any]:
        return self.run(PROVIDER, "serving", "join", "--proof-time", "1s")

    def round(self, job: str) -> serving.Record:
        found: serving.Record = self.world().serving.jobs[bytes.fromhex(job[2:])]
        return found


@pytest.fixture
def play(chain: Chain, proven: Callable[[str], Proven], tmp_path: Path) -> Play:
    return Play(chain, proven("batch"), tmp_path)


@pytest.fixture
def no_proofs(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Called when all proofs are made: making one again fails."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the proof was made before")

    return lambda: monkeypatch.setattr(Ezkl, "prove", forbidden)


# ---------------------------------------------------------------- rounds


def test_each_move_of_a_round_is_made_again(
    play: Play, no_proofs: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = play.open()
    play.join()
    joined = play.nonce(PROVIDER)
    play.take_away()
    again = f"zkescrow serving join {job[:12]}"
    assert play.lost(PROVIDER, "serving", "status", job) == [("join", again)]
    told = play.refused(PROVIDER, "serving", "serve")
    assert "a reorganisation of the chain took away your join of block" in told
    assert f"run `{again}` again" in told
    play.join()
    assert play.nonce(PROVIDER) == joined
    assert play.lost(PROVIDER, "serving", "status", job) == []

    play.run(PROVIDER, "serving", "serve")
    outputs = play.round(job).outputs
    play.take_away()
    again = f"zkescrow serving serve {job[:12]}"
    assert play.lost(PROVIDER, "serving", "status", job) == [("serve", again)]
    play.run(PROVIDER, "serving", "serve")
    assert play.round(job).outputs == outputs

    contested = play.run(CONSUMER, "serving", "contest")["contested_items"]
    play.take_away()
    assert "took away your contest" in play.refused(PROVIDER, "serving", "answer")
    assert play.run(CONSUMER, "serving", "contest")["contested_items"] == contested

    with monkeypatch.context() as patch:
        patch.setattr(grouping, "GAS_CAP", 1)  # each proof in a transaction of its own
        answered = play.run(PROVIDER, "serving", "answer")
    proofs = -(-len(contested) // 2)  # two items a proof
    assert (answered["proofs_made"], answered["transactions_sent"]) == (proofs, proofs)
    ended = play.nonce(PROVIDER)
    play.take_away(proofs)
    assert play.round(job).state is serving.State.CONTESTED
    no_proofs()
    answered = play.run(PROVIDER, "serving", "answer")
    assert (answered["state"], answered["proofs_made"]) == ("settled", 0)
    assert (answered["transactions_sent"], play.nonce(PROVIDER)) == (proofs, ended)
    paid = ServingRound(play.chain.client, play.chain.deployment.serving)
    assert paid.credit(ETH, address_of(PROVIDER)) == ROWS * PRICE + len(contested) * FEE + STAKE


def test_a_round_that_is_gone_is_said_to_its_provider(play: Play) -> None:
    """With its posting; the provider's command takes no other round in its place."""
    job = play.open()
    play.join()
    play.take_away(2)
    told = play.refused(PROVIDER, "serving", "serve")
    assert f"round {job[:12]}: a reorganisation of the chain took away" in told
    rows = play.run(PROVIDER, "status")["provisional"]
    assert [(one["move"], one["again"], one["lost"]) for one in rows] == [("join", None, True)]
    (posted,) = play.run(CONSUMER, "status")["provisional"]
    assert (posted["move"], posted["again"]) == ("post", "zkescrow serving open")
    assert play.open() == job
    assert play.lost(PROVIDER, "serving", "status", job) == [
        ("join", f"zkescrow serving join {job[:12]}")
    ]


def test_what_is_not_final_is_said(play: Play) -> None:
    job = play.open()
    with settings_of(confirmations="3"):
        play.join()
        for missing in (3, 2, 1):
            (row,) = play.run(PROVIDER, "status")["provisional"]
            assert (row["move"], row["lost"], row["blocks_to_go"]) == ("join", False, missing)
            play.chain.rpc("evm_mine")
        assert play.run(PROVIDER, "status")["provisional"] == []
    assert play.round(job).state is serving.State.JOINED


# ---------------------------------------------------------------- bounties


def test_each_move_of_a_bounty_is_made_again(play: Play, no_proofs: Callable[[], None]) -> None:
    words = ("--data", play.data, "--target", f"4/{ROWS}", "--reward", "0.05", "--bond", "0.03")
    times = ("--reveal-within", "1h", "--prove-within", "1h")
    some = ("--stake", "0.02", "--miss-penalty", "0.01")
    post = ("accuracy", "post", "--model", "tiny", *words, *times, *some)
    job = play.run(CONSUMER, *post)["job"]
    play.take_away()
    assert play.run(CONSUMER, "status")["provisional"][0]["again"] == "zkescrow accuracy post"
    posted = play.run(CONSUMER, *post)
    assert (posted["job"], posted["resumed"]) == (job, True)

    accept = ("accuracy", "accept", "--model", "tiny", "--proof-time", "1s")
    play.run(PROVIDER, *accept)
    play.take_away()
    again = f"zkescrow accuracy accept {job[:12]}"
    assert play.lost(PROVIDER, "accuracy", "status", job) == [("accept", again)]
    assert f"run `{again}` again" in play.refused(CONSUMER, "accuracy", "reveal-key")
    accepted = play.nonce(PROVIDER)
    play.run(PROVIDER, *accept)

    play.run(CONSUMER, "accuracy", "reveal-key")
    play.take_away()
    again = f"zkescrow accuracy reveal-key {job[:12]}"
    assert play.lost(CONSUMER, "accuracy", "status", job) == [("reveal", again)]
    play.run(CONSUMER, "accuracy", "reveal-key")

    assert play.run(PROVIDER, "accuracy", "prove")["state"] == "paid"
    play.take_away()
    again = f"zkescrow accuracy prove {job[:12]}"
    assert play.lost(PROVIDER, "accuracy", "status", job) == [("submit", again)]
    no_proofs()
    proven = play.run(PROVIDER, "accuracy", "prove")
    assert (proven["state"], proven["proofs_made"], proven["transactions_sent"]) == ("paid", 0, 1)
    assert play.nonce(PROVIDER) == accepted + 2
    paid = AccuracyBounty(play.chain.client, play.chain.deployment.accuracy)
    assert paid.credit(ETH, address_of(PROVIDER)) == 7 * 10**16
    (record,) = play.world().accuracy.jobs.values()
    assert record.state is accuracy.State.PAID


# ---------------------------------------------------------------- requests


def test_each_move_of_a_request_is_made_again(play: Play, no_proofs: Callable[[], None]) -> None:
    play.run(PROVIDER, "retrieval", "commit", play.data, "--model", "tiny")
    words = ("--label", 0, "--price", "0.002", "--stake", "0.05", "--prove-within", "1h")
    post = ("retrieval", "post", "--model", "tiny", *words)
    job = play.run(CONSUMER, *post)["job"]
    play.take_away()
    posted = play.run(CONSUMER, *post)
    assert (posted["job"], posted["resumed"]) == (job, True)

    accept = ("retrieval", "accept", "--proof-time", "1s", "--max-matches", ROWS)
    play.run(PROVIDER, *accept)
    play.take_away()
    again = f"zkescrow retrieval accept {job[:12]}"
    assert play.lost(PROVIDER, "retrieval", "status", job) == [("accept", again)]
    assert f"run `{again}` again" in play.refused(PROVIDER, "retrieval", "prove")
    play.run(PROVIDER, *accept)

    done = play.run(PROVIDER, "retrieval", "prove")
    assert done["state"] == "closing"
    keys, ended = play.world().retrieval.jobs[bytes.fromhex(job[2:])].matches, play.nonce(PROVIDER)
    play.take_away()
    again = f"zkescrow retrieval prove {job[:12]}"
    assert play.lost(PROVIDER, "retrieval", "status", job) == [("submit", again)]
    no_proofs()
    proven = play.run(PROVIDER, "retrieval", "prove")
    assert (proven["state"], proven["proofs_made"], proven["transactions_sent"]) == (
        "closing",
        0,
        1,
    )
    record = play.world().retrieval.jobs[bytes.fromhex(job[2:])]
    assert (record.matches, record.state) == (keys, retrieval.State.CLOSING)
    assert play.nonce(PROVIDER) == ended
    held = RetrievalBounty(play.chain.client, play.chain.deployment.retrieval).holdings(ETH)
    assert held == ROWS * 2 * PRICE + STAKE


# ---------------------------------------------------------------- a node that is behind


def test_a_first_view_one_block_old_is_waited_for(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two nodes behind one address, of which one has not got the block of the join."""
    job = play.open()
    monkeypatch.setattr(finality, "LOCAL_BEHIND_SECONDS", 600.0)  # a busy machine takes its time
    with late_node(play.chain.url) as (node, client):
        play.url = str(client.web3.provider.endpoint_uri)  # type: ignore[attr-defined]
        play.join()
        node.late, node.hides = 1, True

        def caught_up(_seconds: float) -> None:
            node.late = 0

        monkeypatch.setattr(time, "sleep", caught_up)
        assert play.run(PROVIDER, "serving", "serve")["state"] == "served"
        assert node.told
    assert play.round(job).state is serving.State.SERVED


def test_a_block_without_its_events_is_waited_for(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node that has the block of the join is not the one that is asked for its events."""
    job = play.open()
    lying = [False]

    def lie(method: str, _parameters: list[Any], result: Any) -> Any:
        if method != "eth_getLogs" or not lying[0]:
            return result
        newest = max((int(log["blockNumber"], 16) for log in result), default=0)
        return [log for log in result if int(log["blockNumber"], 16) < newest]

    with proxied(play.chain.url, lie) as proxy:
        play.url = proxy.url
        play.join()
        lying[0] = True
        monkeypatch.setattr(finality, "LOCAL_BEHIND_SECONDS", 0.0)
        told = play.run(PROVIDER, "serving", "serve", status=1)["error"]
        assert "the node shows no sign of your join of block" in told
        monkeypatch.setattr(finality, "LOCAL_BEHIND_SECONDS", 600.0)
        monkeypatch.setattr(time, "sleep", lambda _: lying.__setitem__(0, False))
        assert play.run(PROVIDER, "serving", "serve")["state"] == "served"
    assert play.round(job).state is serving.State.SERVED
