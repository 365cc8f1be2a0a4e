"""A key is given away once, for an acceptance that stands in a final block, and for no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ChainError, Postponed, UsageError
from prover.chain.events import finality
from prover.chain.events.finality import SEND_SECONDS, Block
from prover.chain.sending.wallet import Handed
from prover.clients.accuracy import reveal as module
from prover.clients.accuracy.reveal import Assured
from prover.clients.accuracy.test_items import key_of
from prover.protocol.accuracy.state import Job, Record, State, Terms
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.events import BountyAccepted
from prover.statement.documents.sealed import key_hash
from prover.statement.documents.seeds import Seed

pytestmark = pytest.mark.usefixtures("home")
ME, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
JOB_ID, NONCE, ACCEPTED_IN, HEAD = b"\x05" * 32, 9, 17, 20
SEED = Seed(b"\x07" * 32)
TERMS = Terms(
    bytes(32), ETH, ETH, 5, 3, 2, 1, bytes(32), 8, key_hash(key_of(SEED, NONCE)), bytes(32), 3, 4,
    50, 60, 60,
)  # fmt: skip
RECORD = Record(
    job=Job(ME, NONCE, TERMS), posted_at=0, uri=b"", state=State.ACCEPTED, provider=OTHER,
    payee=OTHER, deadline=1000, model_id=b"\x03" * 32,
)  # fmt: skip


class Stage:
    """A chain that notes what is asked of it, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.accepted: list[int | None] = [ACCEPTED_IN]  # look by look; the last one stays
        self.after: Record | None = RECORD  # as of the final block
        client = SimpleNamespace(
            now=lambda: 100, chain_id=31337, local=False, block=lambda: {"number": HEAD}, scope="x"
        )
        self.ever_signed = False
        self.sender: Any = SimpleNamespace(
            client=client,
            estimate=lambda _call: self.done.append("dry run"),
            send=self._send,
            deciding=self._deciding,
            ever_signed=lambda action: self.ever_signed and action == f"reveal:{JOB_ID.hex()}",
        )
        contract = SimpleNamespace(address=OTHER, reveal_key=lambda _job, key: key)
        monkeypatch.setattr(module, "AccuracyBounty", lambda *_: contract)
        monkeypatch.setattr(module, "load_world", self._world)
        monkeypatch.setattr(module, "fetch_events", self._events)
        monkeypatch.setattr(module, "read_seed", lambda _path: SEED)
        self.others: dict[bytes, Record] = {}  # bounties beside this one, with its rows
        self.known: Any = SimpleNamespace(seed="/nowhere", revealed=False, rows=("0a",))
        self.signed: list[bytes] = []  # postings that are not on the chain
        self.handed_until = 0
        self.elsewhere = False  # whether all was posted from another home
        monkeypatch.setattr(module, "sharing", self._sharing)
        monkeypatch.setattr(module, "posted_sets", self._posted)
        monkeypatch.setattr(module, "on_the_way", lambda _client: frozenset(self.signed))
        monkeypatch.setattr(module, "posted_set", lambda _job_id: self.known)
        monkeypatch.setattr(module, "key_is_out", self._is_out)
        monkeypatch.setattr(module, "mark_revealed", self._mark)
        monkeypatch.setattr(finality, "wait_final", self._wait)
        monkeypatch.setattr(finality, "confirmations", lambda _client: 3)
        monkeypatch.setattr(finality, "_called_final", lambda _client: None)

    def reveal(self, record: Record = RECORD, **options: bool) -> int:
        deployment: Any = SimpleNamespace(accuracy=OTHER)
        found, say, seed = (JOB_ID, record), self.done.append, Path("/nowhere")
        return module.reveal(self.sender, deployment, found, seed, say, Assured(**options))

    @contextmanager
    def _deciding(self, action: str) -> Iterator[None]:
        assert action == f"reveal:{JOB_ID.hex()}"
        try:
            yield
        except UsageError:
            self.done.append("taken back")
            raise

    def _is_out(self, scope: str, job_id: bytes) -> bool:
        assert (scope, job_id) == ("x", JOB_ID)
        return self.ever_signed or (self.known is not None and self.known.revealed)

    def _mark(self, job_id: bytes) -> None:
        assert job_id == JOB_ID
        self.done.append("marked")

    def _sharing(self, rows: tuple[str, ...], scope: str) -> list[Any]:
        assert rows == ("0a",)
        return self._posted(scope)

    def _posted(self, scope: str) -> list[Any]:
        assert scope == "x"
        if self.elsewhere:
            return []
        named = [JOB_ID, *self.others, b"\x77" * 32]  # the last is not on the chain
        until = self.handed_until
        return [SimpleNamespace(job_id=one.hex(), handed_until=until) for one in named]

    def _send(self, action: str, key: bytes) -> dict[str, int]:
        assert key == key_of(SEED, NONCE)
        self.done.append(action.partition(":")[0])
        self.ever_signed = True
        return {"gasUsed": 7}

    def _world(self, _client: object, _deployment: object, last: int | None = None) -> object:
        if last is None:
            return SimpleNamespace(accuracy=SimpleNamespace(jobs=self.others))
        self.done.append(f"world after {last}")
        jobs = {} if self.after is None else {JOB_ID: self.after}
        return SimpleNamespace(accuracy=SimpleNamespace(jobs=jobs))

    def _events(self, *_: object) -> Any:
        block = self.accepted.pop(0) if len(self.accepted) > 1 else self.accepted[0]
        for job_id, where in ((bytes(32), 3), (JOB_ID, block)):
            event = BountyAccepted(
                at=1, contract=OTHER, job_id=job_id, provider=OTHER, payee=OTHER,
                model_id=b"\x03" * 32, deadline=1000,
            )  # fmt: skip
            if where is not None:
                yield SimpleNamespace(event=event, block=where)

    def _wait(self, _client: object, block: int, **_: object) -> None:
        self.done.append(f"block {block} is final")


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


def test_a_key_is_sent_when_the_acceptance_is_final(stage: Stage) -> None:
    assert stage.reveal() == 7
    assert stage.done == [
        f"block {ACCEPTED_IN} is final",
        f"world after {HEAD - 3}",
        "dry run",
        "reveal",
        "marked",
    ]


def test_an_acceptance_that_moved_is_waited_for_where_it_stands(stage: Stage) -> None:
    stage.accepted = [ACCEPTED_IN - 5, ACCEPTED_IN]
    stage.reveal()
    assert stage.done[:2] == [f"block {block} is final" for block in (ACCEPTED_IN - 5, ACCEPTED_IN)]


@pytest.mark.parametrize(
    "after",
    [
        None,
        replace(RECORD, payee=ME),
        replace(RECORD, provider=ME),
        replace(RECORD, model_id=b"\x04" * 32),
        replace(RECORD, state=State.PROVING),
    ],
)
def test_a_key_is_not_sent_for_another_acceptance(stage: Stage, after: Record | None) -> None:
    stage.after = after
    with pytest.raises(ChainError, match="reorganised"):
        stage.reveal()
    assert "reveal" not in stage.done
    assert "marked" not in stage.done


@pytest.mark.parametrize("blocks", [[None], [ACCEPTED_IN, None]])
def test_a_key_is_not_sent_for_an_acceptance_that_is_gone(
    stage: Stage, blocks: list[int | None]
) -> None:
    stage.accepted = blocks
    with pytest.raises(ChainError, match="reorganised"):
        stage.reveal()
    assert "reveal" not in stage.done


@pytest.mark.parametrize("state", [State.OPEN, State.PROVING, State.PAID])
def test_a_key_is_revealed_after_an_acceptance_only(stage: Stage, state: State) -> None:
    with pytest.raises(UsageError, match="revealed once"):
        stage.reveal(replace(RECORD, state=state))
    assert stage.done == ["taken back"]


@pytest.mark.parametrize(("local", "now"), [(True, 1001), (False, 1001 - SEND_SECONDS)])
def test_a_key_is_not_shown_in_a_transaction_that_may_be_late(
    stage: Stage, local: bool, now: int
) -> None:
    """Mined late it reverts: the bond is lost, and the test set is open to everybody."""
    stage.sender.client.local, stage.sender.client.now = local, lambda: now
    with pytest.raises(UsageError, match="keep it"):
        stage.reveal()
    assert stage.done == ["taken back"]
    stage.sender.client.now = lambda: now - 1
    assert stage.reveal() == 7


def test_a_key_is_kept_when_the_wait_took_too_long(stage: Stage) -> None:
    times = [100, 1001 - SEND_SECONDS]
    stage.sender.client.now = lambda: times.pop(0)
    with pytest.raises(UsageError, match="keep it"):
        stage.reveal()
    assert "marked" not in stage.done
    assert "reveal" not in stage.done


def beside(state: State, open_until: int) -> Record:
    terms = replace(TERMS, open_until=open_until)
    found = replace(RECORD, state=state, job=Job(ME, NONCE + 1, terms))
    return replace(found, provider=ETH, payee=ETH) if state is State.OPEN else found


def test_a_key_is_kept_while_another_bounty_on_its_rows_may_be_taken(stage: Stage) -> None:
    other = b"\x66" * 32
    stage.others = {other: beside(State.OPEN, 100)}
    with pytest.raises(UsageError, match=f"`zkescrow accuracy cancel 0x{other.hex()[:10]}` first"):
        stage.reveal()
    assert "marked" not in stage.done
    assert "reveal" not in stage.done


def test_a_key_is_kept_while_another_bounty_on_its_rows_is_on_its_way(stage: Stage) -> None:
    stage.signed = [b"\x77" * 32]
    with pytest.raises(UsageError, match="its posting is signed and not on the chain now"):
        stage.reveal()
    assert "marked" not in stage.done
    assert stage.done[-1] == "taken back"
    stage.signed = [b"\x78" * 32]  # on other rows
    assert stage.reveal() == 7


def test_a_key_is_kept_while_a_wallet_may_send_a_bounty_on_its_rows(stage: Stage) -> None:
    stage.handed_until = 100
    with pytest.raises(UsageError, match=r"was given to a wallet.*then give --never-signed"):
        stage.reveal()
    assert "marked" not in stage.done
    assert stage.reveal(never_signed=True) == 7
    stage.handed_until = 99
    assert stage.reveal() == 7


@pytest.mark.parametrize("signed", [True, False])
def test_a_key_is_marked_where_it_was_signed_and_only_there(stage: Stage, signed: bool) -> None:
    def late(*_: object) -> None:
        stage.ever_signed = signed
        raise Postponed("it is not mined yet")

    stage.sender.send = late
    with pytest.raises(Postponed):
        stage.reveal()
    assert ("marked" in stage.done) == signed


def test_a_key_is_marked_before_a_wallet_has_it(stage: Stage) -> None:
    def handed(*_: object) -> None:
        raise Handed(1, ME, ())

    stage.sender.send = handed
    with pytest.raises(Handed):
        stage.reveal()
    assert stage.done[-1] == "marked"


@pytest.mark.parametrize(
    "record", [beside(State.OPEN, 99), beside(State.ACCEPTED, 100), beside(State.CANCELLED, 100)]
)
def test_one_that_nobody_can_take_any_more_keeps_no_key(stage: Stage, record: Record) -> None:
    """What was accepted before is bound to a model that was made before."""
    stage.others = {b"\x66" * 32: record}
    assert stage.reveal() == 7


@pytest.mark.parametrize(
    ("record", "kept"),
    [
        (beside(State.OPEN, 100), True),
        (beside(State.OPEN, 99), False),
        (beside(State.ACCEPTED, 100), False),
        (replace(beside(State.OPEN, 100), job=Job(OTHER, 1, TERMS)), False),
    ],
)
def test_where_the_rows_are_not_known_any_open_bounty_of_the_account_keeps_the_key(
    stage: Stage, record: Record, kept: bool
) -> None:
    stage.known, other = None, b"\x66" * 32
    stage.others = {JOB_ID: RECORD, other: record}
    stage.elsewhere = True
    if not kept:
        assert stage.reveal() == 7
        return
    with pytest.raises(UsageError, match=f"0x{other.hex()} may have rows .*--never-shared if it"):
        stage.reveal()
    assert "reveal" not in stage.done
    assert stage.reveal(never_shared=True) == 7


def test_where_the_rows_are_not_known_what_is_on_its_way_keeps_the_key(stage: Stage) -> None:
    stage.known, stage.signed = None, [b"\x77" * 32]
    with pytest.raises(UsageError, match="may have rows of this test set, and its posting is sig"):
        stage.reveal()
    stage.signed, stage.handed_until = [], 100
    with pytest.raises(UsageError, match="may have rows of this test set, and was given to a wal"):
        stage.reveal()
    assert stage.reveal(never_shared=True) == 7


def test_rows_that_are_known_are_looked_at_whatever_is_said(stage: Stage) -> None:
    stage.others = {b"\x66" * 32: beside(State.OPEN, 100)}
    with pytest.raises(UsageError, match="has rows of this test set and is open"):
        stage.reveal(never_shared=True)


def test_a_key_that_is_known_already_is_sent_beside_others(stage: Stage) -> None:
    stage.others, stage.known.revealed = {b"\x66" * 32: beside(State.OPEN, 100)}, True
    assert stage.reveal() == 7


def test_a_key_that_is_known_already_is_sent_to_the_end(stage: Stage) -> None:
    stage.known.revealed = True
    stage.sender.client.now = lambda: 1000
    assert stage.reveal() == 7


def test_a_node_that_lags_does_not_make_it_earlier(stage: Stage) -> None:
    """This home has seen a later block than the one whose time the node tells."""
    finality._write(stage.sender.client, Block(HEAD + 1, bytes(32), 1001 - SEND_SECONDS))
    with pytest.raises(UsageError, match="keep it"):
        stage.reveal()
    assert stage.done == ["taken back"]


def test_a_key_that_is_late_is_kept(stage: Stage) -> None:
    with pytest.raises(UsageError, match="keep it"):
        stage.reveal(replace(RECORD, deadline=99))
    assert stage.done == ["taken back"]
