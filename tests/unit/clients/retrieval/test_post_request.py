"""What posting a retrieval request pays in, and what is told of it."""

from types import SimpleNamespace
from typing import Any

import pytest

from prover.clients.common.posting import Posting
from prover.clients.retrieval import requester as retrieval
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.retrieval.state import Job, Predicate, PredicateKind, Terms

ME = "0x" + "11" * 20
TERMS = Terms(
    bytes(32), bytes(32), Predicate(PredicateKind.LABEL, 1), ETH, 7, 5, 1000, 500, 300
)  # fmt: skip


def test_a_request_pays_in_the_price_of_every_record(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[Any, ...]] = []

    def send(*arguments: Any) -> dict[str, int]:
        sent.append(arguments)
        return {"gasUsed": 111_000}

    monkeypatch.setattr(retrieval.postings, "send", send)
    monkeypatch.setattr(retrieval, "gas_price", lambda _client: 3)
    monkeypatch.setattr(retrieval, "verification_gas", lambda *_: 40_000)
    monkeypatch.setattr(retrieval.RetrievalGas, "of", lambda *about: about)
    contract = SimpleNamespace(post=lambda job, count: ("post", job, count))
    monkeypatch.setattr(retrieval, "RetrievalBounty", lambda _client, _address: contract)
    drawn = Posting(Job(ME, 1, TERMS), b"\5" * 32, b"", "", resumed=False)
    artifacts = SimpleNamespace(facts=SimpleNamespace(layout="layout"))
    offer: Any = SimpleNamespace(
        dataset=SimpleNamespace(count=4), artifacts=artifacts, circuit_id=b""
    )
    sender: Any = SimpleNamespace(client=None)
    deployment: Any = SimpleNamespace(retrieval=ME, registry=ME)
    posted = retrieval.post(sender, deployment, offer, drawn, print)
    ((*_, call, amount),) = sent
    assert amount == posted.escrow == 4 * 7
    assert call == ("post", drawn.job, 4)
    assert (posted.job_id, posted.terms, posted.notes) == (drawn.job_id, TERMS, drawn.notes)
    assert posted.estimate == (4, "layout", 40_000)
    assert (posted.gas, posted.wei_per_gas) == (111_000, 3)
