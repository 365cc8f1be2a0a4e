"""What posting a bounty pays in, and what is told of it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.clients.accuracy import consumer as accuracy
from prover.clients.common.posting import Posting, file_at
from prover.protocol.accuracy.state import Job, Terms
from prover.protocol.events import ZERO_ADDRESS as ETH

ME, PREDICTION = "0x" + "11" * 20, "0x" + "22" * 20
TERMS = Terms(
    bytes(32), ETH, ETH, 5, 3, 2, 1, bytes(32), 8, bytes(32), bytes(32), 3, 4, 0, 60, 60
)  # fmt: skip


def test_a_bounty_pays_in_its_reward_and_its_bond(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Any, ...]] = []

    def send(*arguments: Any) -> dict[str, int]:
        sent.append(arguments)
        return {"gasUsed": 111_000}

    monkeypatch.setattr(accuracy.postings, "send", send)
    monkeypatch.setattr(accuracy, "gas_price", lambda _client: 7)
    monkeypatch.setattr(accuracy, "_shared", lambda *_: ["a note"])
    contract = SimpleNamespace(post=lambda job, uri: ("post", job, uri))
    monkeypatch.setattr(accuracy, "AccuracyBounty", lambda _client, _address: contract)
    drawn = Posting(Job(ME, 1, TERMS), b"\5" * 32, b"\6" * 32, "file:tests.json", resumed=True)
    kept = file_at(drawn.data_hash)
    kept.parent.mkdir(parents=True)
    kept.touch()
    sender: Any = SimpleNamespace(client=None)
    deployment: Any = SimpleNamespace(accuracy=PREDICTION)
    posted = accuracy.post_bounty(sender, deployment, drawn)
    ((*_, call, amount),) = sent
    assert amount == TERMS.reward + TERMS.bond == 5 + 3
    assert call == ("post", drawn.job, drawn.uri)
    assert (posted.job_id, posted.terms, posted.file) == (drawn.job_id, TERMS, kept)
    assert (posted.uri, posted.gas, posted.wei_per_gas) == (drawn.uri, 111_000, 7)
    assert posted.notes == ("a note", *drawn.notes)
    assert posted.notes
