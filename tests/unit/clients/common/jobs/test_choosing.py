"""Which job a command means: by digits, the last one used, or the sole one that it fits."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from prover.base.errors import StatementInvalid, UsageError
from prover.cli.retrieval.job import PROVEN
from prover.clients.common.jobs import choosing
from prover.clients.common.jobs.choosing import (
    LATE,
    UNENDED,
    Wanted,
    by_digits,
    cancellable,
    choose,
    in_state,
    open_to,
)
from prover.clients.common.jobs.kinds import DATASET, PREDICTION, short
from prover.clients.common.jobs.recent import last_used, remember
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.jobs import Jobs
from prover.protocol.prediction.state import Record, State
from tests.unit.clients.prediction.test_status import CONSUMER, LOCKED, OPEN, PROVIDER

CONTRACT, STRANGER = "0x" + "aa" * 20, "0x" + "99" * 20
ONE, TWO = b"\x12\x34\x56" + bytes(29), b"\x12\x34\x57" + bytes(29)


@dataclass(frozen=True)
class Node:
    """All that a choice asks of a client."""

    scope: str = "31337:0xab"
    at: int = 990

    def now(self) -> int:
        return self.at


NODE: Any = Node()
LATER: Any = Node(at=1001)


def jobs(**records: Record) -> Jobs[Record]:
    ids = {"one": ONE, "two": TWO}
    return Jobs(31337, CONTRACT, {ids[name]: record for name, record in records.items()})


@pytest.mark.parametrize("text", ["0x123456", "123456", "0x" + ONE.hex(), ONE.hex().upper()])
def test_the_first_digits_of_an_id_are_enough(text: str) -> None:
    assert by_digits({ONE: OPEN, TWO: OPEN}, PREDICTION, text) == ONE


def test_so_are_those_of_a_dataset() -> None:
    assert by_digits({ONE: 0, TWO: 0}, DATASET, "0x123456") == ONE
    with pytest.raises(UsageError, match="0x9999 is not on this chain: `zkescrow retrieval"):
        by_digits({ONE: 0}, DATASET, "0x9999")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0x1234", "2 jobs begin with 0x1234: give more digits"),
        ("0x9999", "job 0x9999 is not on this chain"),
        ("0x123", "its first 4 or more"),
        ("0x" + "1" * 65, "an id of 64 hex digits"),
        ("digits", "an id of 64 hex digits"),
        ("", "an id of 64 hex digits"),
    ],
)
def test_digits_that_name_no_job_or_several_are_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=r"status --all`|more digits") as found:
        by_digits({ONE: OPEN, TWO: OPEN}, PREDICTION, text)
    assert said in str(found.value)


def test_the_sole_job_that_fits_is_chosen(home: Path) -> None:
    wanted = open_to("open to you", State.OPEN, PROVIDER)
    assert choose(NODE, jobs(one=OPEN, two=LOCKED), PREDICTION, None, wanted)[0] == ONE


def test_a_job_that_names_another_provider_does_not_fit(home: Path) -> None:
    terms = replace(OPEN.job.terms, provider=STRANGER)
    named = replace(OPEN, job=replace(OPEN.job, terms=terms))
    wanted = open_to("open to you", State.OPEN, PROVIDER)
    assert choose(NODE, jobs(one=named, two=OPEN), PREDICTION, None, wanted)[0] == TWO
    with pytest.raises(UsageError, match="no job on this chain is open to you"):
        choose(NODE, jobs(one=named), PREDICTION, None, wanted)


def test_a_job_whose_time_to_join_is_over_does_not_fit(home: Path) -> None:
    with pytest.raises(UsageError, match="no job on this chain is open to you"):
        choose(
            LATER, jobs(one=OPEN), PREDICTION, None, open_to("open to you", State.OPEN, PROVIDER)
        )


@pytest.mark.parametrize("text", [None, "0x1234"])
def test_which_one_is_meant_is_said_if_nobody_named_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    told: list[str] = []
    monkeypatch.setattr(choosing, "progress", told.append)
    choose(NODE, jobs(one=OPEN), PREDICTION, text, UNENDED)
    only = f"job 0x{ONE.hex()}: the only one still open or under way"
    assert told == ([only] if text is None else [])


def test_of_several_that_fit_the_user_must_name_one(home: Path) -> None:
    with pytest.raises(UsageError, match="2 jobs are") as found:
        choose(NODE, jobs(one=OPEN, two=OPEN), PREDICTION, None, UNENDED)
    assert short(ONE) in str(found.value)
    assert short(TWO) in str(found.value)


def test_the_last_one_used_here_is_chosen_if_it_fits(home: Path) -> None:
    remember(NODE, CONTRACT, TWO)
    assert choose(NODE, jobs(one=OPEN, two=OPEN), PREDICTION, None, UNENDED)[0] == TWO


def test_a_last_one_that_does_not_fit_gives_way_to_the_sole_one_that_does(home: Path) -> None:
    remember(NODE, CONTRACT, ONE)
    wanted = in_state("yours", State.LOCKED, by="provider", who=PROVIDER)
    assert choose(NODE, jobs(one=OPEN, two=LOCKED), PREDICTION, None, wanted)[0] == TWO


def test_a_last_one_that_another_account_took_is_not_what_the_command_did(home: Path) -> None:
    remember(NODE, CONTRACT, ONE)
    wanted = open_to("open to you", State.OPEN, STRANGER)
    assert choose(NODE, jobs(one=LOCKED, two=OPEN), PREDICTION, None, wanted)[0] == TWO
    over = replace(LOCKED, state=State.SLASHED)
    mine = open_to("open to you", State.OPEN, PROVIDER)
    assert choose(NODE, jobs(one=over, two=OPEN), PREDICTION, None, mine)[0] == TWO
    with pytest.raises(UsageError, match="is locked by this command already"):
        choose(NODE, jobs(one=LOCKED, two=OPEN), PREDICTION, None, mine)


def test_a_last_one_that_ended_in_another_way_was_not_taken_back(home: Path) -> None:
    remember(NODE, CONTRACT, ONE)
    wanted = cancellable(CONSUMER, State.OPEN, State.CANCELLED)
    expired, cancelled = (replace(OPEN, state=end) for end in (State.EXPIRED, State.CANCELLED))
    assert choose(NODE, jobs(one=expired, two=OPEN), PREDICTION, None, wanted)[0] == TWO
    with pytest.raises(UsageError, match="is cancelled by this command already"):
        choose(NODE, jobs(one=cancelled, two=OPEN), PREDICTION, None, wanted)
    theirs = replace(cancelled, job=replace(OPEN.job, consumer=STRANGER))
    assert choose(NODE, jobs(one=theirs, two=OPEN), PREDICTION, None, wanted)[0] == TWO


def test_where_nothing_fits_the_last_one_is_named_so_that_its_refusal_is_seen(home: Path) -> None:
    remember(NODE, CONTRACT, ONE)
    wanted = in_state("yours", State.LOCKED, by="provider", who=PROVIDER)
    assert choose(NODE, jobs(one=OPEN), PREDICTION, None, wanted)[0] == ONE


def test_a_last_one_of_another_chain_is_not_chosen(home: Path) -> None:
    remember(NODE, CONTRACT, b"\x77" * 32)
    with pytest.raises(UsageError, match="no job on this chain"):
        choose(NODE, jobs(), PREDICTION, None, UNENDED)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (in_state("", State.LOCKED, by="provider", who=PROVIDER), True),
        (in_state("", State.LOCKED, by="provider", who=CONSUMER), False),
        (in_state("", State.LOCKED, by="consumer", who=CONSUMER), True),
        (in_state("", State.OPEN, by="consumer", who=CONSUMER), False),
        (LATE, False),
    ],
)
def test_a_state_and_a_part_are_asked_for(wanted: Wanted, fits: bool) -> None:
    assert wanted.fits(LOCKED, 1000) is fits


def test_past_its_deadline_a_job_fits_what_ends_it_and_no_move() -> None:
    assert LATE.fits(LOCKED, 1001)
    assert not in_state("", State.LOCKED, by="provider", who=PROVIDER).fits(LOCKED, 1001)
    assert not LATE.fits(replace(LOCKED, state=State.PAID), 1001)


@pytest.mark.parametrize("content", ["[]", f'{{"31337:0xab:{CONTRACT}": 5}}', "{"])
def test_a_damaged_list_of_ids_is_said(home: Path, content: str) -> None:
    home.mkdir(parents=True)
    (home / "jobs.json").write_text(content)
    with pytest.raises(StatementInvalid, match="remove the file"):
        last_used(NODE, CONTRACT)


def test_nobody_named_is_anybody() -> None:
    assert open_to("", State.OPEN, STRANGER).fits(OPEN, 1000)
    assert OPEN.job.terms.provider == ZERO_ADDRESS


def test_what_jobs_are_found_by_reads_as_english() -> None:
    with pytest.raises(UsageError, match="no job on this chain is partly or wholly proven: "):
        choose(NODE, jobs(), PREDICTION, None, PROVEN)
