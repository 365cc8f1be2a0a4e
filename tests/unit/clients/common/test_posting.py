"""Which job a posting command goes on with: one that was signed, never one that came to nothing."""

import sqlite3
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ChainError, Postponed, StatementInvalid, UsageError
from prover.base.settings import get_settings
from prover.chain.sending.intents import Intents
from prover.chain.sending.wallet import Handed
from prover.clients.common import posting as module
from prover.clients.common.jobs.recent import last_used
from prover.clients.common.posting import (
    AGAIN,
    RESUMED,
    RETURNED,
    Drawn,
    Posting,
    posting,
    was_resumed,
)
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.prediction.terms import PredictionTerms

pytestmark = pytest.mark.usefixtures("home")
ME, CONTRACT = "0x" + "11" * 20, "0x" + "33" * 20
OPEN_UNTIL = 1000
TERMS = PredictionTerms(b"\1" * 32, b"\2" * 32, ETH, 100, 40, ETH, OPEN_UNTIL, 60)


@dataclass
class World:
    """A sender and a contract; what was signed of which action, and which jobs the chain has."""

    signs: bool = True
    now: int = 100
    signed: set[str] = field(default_factory=set)  # ever
    live: set[str] = field(default_factory=set)  # was or can be mined
    gone: set[str] = field(default_factory=set)  # a reorganisation took it away
    given_up: set[str] = field(default_factory=set)  # a node may have it all the same
    sending: set[str] = field(default_factory=set)  # by another process
    jobs: set[bytes] = field(default_factory=set)
    drawn: int = 0
    address: str = ME

    @property
    def client(self) -> Any:
        return SimpleNamespace(now=lambda: self.now, scope="x")

    def unsent(self, action: str) -> bool:
        return action not in self.live

    def ever_signed(self, action: str) -> bool:
        return action in self.signed

    def lost(self, action: str) -> bool:
        return action in self.gone

    def may_come(self, action: str) -> bool:
        return action in self.given_up

    def is_sending(self, action: str) -> bool:
        return action in self.sending

    def draw(self) -> Drawn[PredictionTerms]:
        """A job with a file of its own; the times begin now."""
        self.drawn += 1
        data_hash = bytes([self.drawn]) * 32
        path = module.file_at(data_hash)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"salts")
        return Drawn(self.drawn, TERMS, data_hash, "https://example.org/x", (path,))

    def posting(self, **asked: object) -> Any:
        contract = SimpleNamespace(
            address=CONTRACT,
            job_id=lambda job: bytes([job.nonce]) * 32,
            exists=lambda job_id: job_id in self.jobs,
        )
        return posting(self, contract, PredictionTerms, asked, self.draw)  # type: ignore[arg-type]

    def sign(self, found: Posting[Any], *, mined: bool = False) -> None:
        action = module.action_of(found.job_id)
        self.signed.add(action)
        self.live.add(action)
        if mined:
            self.jobs.add(found.job_id)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(module, "deeds_of", lambda _client: [])
    monkeypatch.setattr(module, "unreported", lambda _client, _account: [])
    monkeypatch.setattr(module, "mark_reported", lambda _client, _deeds: None)
    return World()


def begun(world: World, **asked: object) -> Posting[Any]:
    """A command that was killed right after it had drawn its job: nothing is cleaned up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Intents, "forget", lambda *_: None)
        patch.setattr(module, "_remove", lambda _paths: None)
        with pytest.raises(KeyboardInterrupt), world.posting(**asked) as found:
            raise KeyboardInterrupt
    return found  # type: ignore[no-any-return]


def first_of(world: World, *, mined: bool = False, **asked: object) -> Posting[Any]:
    """The same, when it had signed."""
    found = begun(world, **asked)
    world.sign(found, mined=mined)
    return found


def posted(world: World, **asked: object) -> Posting[Any]:
    with world.posting(**asked) as found:
        return found  # type: ignore[no-any-return]


# ---------------------------------------------------------------- with a key


@pytest.mark.parametrize("mined", [False, True])
def test_a_job_that_was_signed_is_gone_on_with(world: World, mined: bool) -> None:
    """Also when its time is over: the chain decides what became of it."""
    before = first_of(world, mined=mined)
    world.now = OPEN_UNTIL + 1
    found = posted(world)
    assert (found.job, found.job_id, found.data_hash, found.uri) == (
        before.job,
        before.job_id,
        before.data_hash,
        before.uri,
    )
    assert (found.resumed, found.returned, found.notes) == (True, False, (RESUMED, AGAIN))
    assert was_resumed(found.notes)
    assert world.drawn == 1


def test_a_job_that_was_given_up_and_may_come_is_gone_on_with(world: World) -> None:
    """Another one beside it would be paid too: a node may have the first."""
    first = first_of(world)
    world.live.clear()
    world.given_up |= world.signed
    again = posted(world)
    assert (again.job_id, again.resumed) == (first.job_id, True)
    world.now = OPEN_UNTIL
    assert posted(world).job_id != first.job_id


def test_jobs_of_interrupted_commands_that_are_paid_too_are_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = first_of(world, mined=True)
    deeds = [SimpleNamespace(job_id=first.job_id)]
    known: list[Any] = []
    monkeypatch.setattr(
        module, "unreported", lambda _client, account: deeds if account == ME else []
    )
    monkeypatch.setattr(module, "mark_reported", lambda _client, some: known.extend(some))
    note = f"job 0x{first.job_id.hex()}, whose command was interrupted, is posted too"
    with pytest.raises(UsageError), world.posting(other=1):
        raise UsageError("refused")
    assert known == []
    assert any(note in one for one in posted(world, other=2).notes)
    assert known == deeds
    assert not any(note in one for one in posted(world).notes)

    def away(*_: object) -> None:
        raise ChainError("the node is away")

    monkeypatch.setattr(module, "mark_reported", away)
    assert posted(world, other=4).notes  # it is posted: no error, and they are told once more
    world.sending |= world.signed
    assert not any(note in one for one in posted(world, other=3).notes)
    assert known == deeds


def test_a_job_that_was_never_signed_is_drawn_anew(world: World) -> None:
    """The time to join it begins with the command that posts it."""
    begun(world)
    found = posted(world)
    assert (found.resumed, world.drawn, found.notes) == (False, 2, (AGAIN,))
    assert not was_resumed(found.notes)


def test_a_finished_command_posts_another_job(world: World) -> None:
    with world.posting() as first:
        world.sign(first, mined=True)
    assert posted(world).job_id != first.job_id


def test_each_set_of_options_has_a_job_of_its_own(world: World) -> None:
    first_of(world, reward=1, key=b"\1")
    assert not posted(world, reward=2, key=b"\1").resumed
    assert not posted(world, reward=1, key=b"\2").resumed
    assert posted(world, key=b"\1", reward=1).resumed


def test_a_job_that_the_chain_has_and_the_journal_does_not_is_told(world: World) -> None:
    """It is paid: no other may take its place before it can be joined no more."""
    before = begun(world)
    world.jobs.add(before.job_id)
    world.now = OPEN_UNTIL - 1
    with pytest.raises(Postponed, match=f"job 0x{before.job_id.hex()} of an earlier run is on"):
        posted(world)
    world.now = OPEN_UNTIL
    assert not posted(world).resumed


def test_a_job_that_was_told_and_taken_away_is_posted_again(world: World) -> None:
    with world.posting() as first:
        world.sign(first, mined=True)
    world.gone.add(module.action_of(first.job_id))
    found = posted(world)
    assert (found.job_id, found.resumed, found.returned) == (first.job_id, True, True)
    assert found.notes == (RETURNED, AGAIN)
    assert was_resumed(found.notes)


def test_other_jobs_that_a_reorganisation_took_away_are_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Postings of this account alone, and not the job that is posted now."""
    fields = [("post", ME, 1), ("post", ME, 8), ("post", CONTRACT, 7), ("cancel", ME, 6)]
    deeds = [
        SimpleNamespace(kind=kind, account=account, job_id=bytes([nonce]) * 32)
        for kind, account, nonce in fields
    ]
    monkeypatch.setattr(module, "deeds_of", lambda _client: deeds)
    monkeypatch.setattr(module, "gone", lambda _client, mine: mine)
    found = posted(world)
    assert found.job_id == bytes([1]) * 32
    assert found.others == (bytes([8]) * 32,)
    assert f"job 0x{'08' * 32}, which you posted before" in found.notes[0]


# ---------------------------------------------------------------- with a wallet


def handed(world: World) -> tuple[Posting[Any], Handed]:
    with pytest.raises(Handed) as caught, world.posting() as found:
        raise Handed(1, ME, ())
    return found, caught.value


def test_a_wallet_is_given_the_same_job_until_it_cannot_be_posted(world: World) -> None:
    world.signs = False
    found, told = handed(world)
    assert told.about["job"] == "0x" + found.job_id.hex()
    assert told.about["uri"] == found.uri
    assert last_used(world.client, CONTRACT) == found.job_id
    world.now = OPEN_UNTIL - 1
    assert handed(world)[0].job_id == found.job_id
    world.now = OPEN_UNTIL
    assert handed(world)[0].job_id != found.job_id


def test_a_wallet_that_has_posted_its_job_is_given_another(world: World) -> None:
    world.signs = False
    found, _ = handed(world)
    world.jobs.add(found.job_id)
    assert handed(world)[0].job_id != found.job_id


def test_a_wallet_is_given_the_job_that_a_key_has_signed(world: World) -> None:
    before = first_of(world)
    world.signs = False
    assert handed(world)[0].job_id == before.job_id
    world.now = OPEN_UNTIL
    assert handed(world)[0].job_id != before.job_id


def test_a_wallet_is_not_given_a_job_that_nobody_has_signed(world: World) -> None:
    before = begun(world)
    world.signs = False
    assert handed(world)[0].job_id != before.job_id


def test_a_wallet_is_not_given_a_job_that_came_to_its_end(world: World) -> None:
    """What a reorganisation took away of a key's transactions, that key sends again."""
    with world.posting() as first:
        world.sign(first, mined=True)
    world.gone.add(module.action_of(first.job_id))
    world.signs = False
    assert handed(world)[0].job_id != first.job_id


# ---------------------------------------------------------------- files


def refuse(world: World, seen: list[Posting[Any]], *, signed: bool) -> None:
    with world.posting() as found:
        seen.append(found)
        if signed:
            world.sign(found)
        raise UsageError("no")


def refused(world: World, *, signed: bool) -> Posting[Any]:
    seen = list[Posting[Any]]()
    with pytest.raises(UsageError, match="no"):
        refuse(world, seen, signed=signed)
    return seen[0]


def test_a_refused_job_leaves_no_file_and_is_not_gone_on_with(world: World) -> None:
    found = refused(world, signed=False)
    with pytest.raises(StatementInvalid, match="is gone: put it back"):
        _ = found.file
    journal = sqlite3.connect(get_settings().home / "intents.sqlite")
    assert journal.execute("SELECT name FROM intents").fetchall() == []
    journal.close()


def test_a_refusal_is_told_where_the_file_is_gone_already(world: World) -> None:
    with pytest.raises(UsageError, match="no"), world.posting() as found:
        raise UsageError(f"no {found.file.unlink()}")


def test_a_job_that_fails_after_it_was_signed_keeps_its_file(world: World) -> None:
    found = refused(world, signed=True)
    assert found.file.read_bytes() == b"salts"
    again = posted(world)
    assert (again.job_id, again.resumed) == (found.job_id, True)


def test_a_job_of_an_earlier_command_that_fails_again_keeps_its_file(world: World) -> None:
    """Even if the journal has lost it: the command before was told the file, this one drew none."""
    world.signs = False
    before, _ = handed(world)
    with pytest.raises(UsageError), world.posting():
        raise UsageError("no")
    assert before.file.is_file()
    assert handed(world)[0].job_id == before.job_id


def test_a_job_without_a_file_of_its_own_tells_none(world: World) -> None:
    found = posted(world)
    assert found.about == {
        "job": "0x" + found.job_id.hex(),
        "given": str(get_settings().home / "inputs" / f"{'01' * 32}.json"),
        "uri": "https://example.org/x",
    }
    bare = Posting(found.job, found.job_id, b"", "", False)
    assert bare.about == {"job": "0x" + found.job_id.hex()}


# ---------------------------------------------------------------- sending


@pytest.mark.parametrize("live", [False, True])
def test_money_is_allowed_once_before_the_job_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, live: bool
) -> None:
    found, done = posted(world), list[object]()
    if live:
        world.sign(found)

    def send(*told: object) -> Any:
        done.append(told)
        return {"gasUsed": 7}

    monkeypatch.setattr(module, "allow", lambda *told: done.append(told[1:]))
    sender: Any = SimpleNamespace(client=world.client, unsent=world.unsent, send=send)
    contract: Any = SimpleNamespace(address=CONTRACT)
    call: Any = object()
    assert module.send(sender, contract, found, call, 100)["gasUsed"] == 7
    allowed, sent = (ETH, CONTRACT, 100), (f"post:{found.job_id.hex()}", call)
    assert done == ([sent] if live else [allowed, sent])
    assert last_used(world.client, CONTRACT) == found.job_id


def test_only_bytes_have_a_place_in_an_intent_beside_plain_values() -> None:
    with pytest.raises(TypeError, match="Path has no place"):
        module._plain(Path("x"))
    assert module._bytes(module._plain(b"\1\2")) == b"\1\2"


def test_terms_that_no_contract_takes_leave_nothing_that_would_refuse_the_next_command() -> None:
    """As after a node that told an impossible time: nobody goes on with what was drawn then."""
    world = World()

    class Contract:
        address = CONTRACT

        def job_id(self, job: Any) -> bytes:
            return bytes(job.id_on(31337, CONTRACT))

        def exists(self, job_id: bytes) -> bool:
            return False

    def too_late() -> Drawn[PredictionTerms]:
        drawn = world.draw()
        return replace(drawn, terms=replace(TERMS, open_until=2**160))

    def post(draw: Any) -> bytes:
        with posting(world, Contract(), PredictionTerms, {"a": 1}, draw) as found:  # type: ignore[arg-type]
            return found.job_id

    with pytest.raises(StatementInvalid, match=r"no room for .*40 bits"):
        post(too_late)
    assert not list((get_settings().home / "inputs").iterdir())
    assert post(world.draw)
