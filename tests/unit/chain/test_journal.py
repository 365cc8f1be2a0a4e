"""What is written down of a transaction, on one chain and on another."""

from dataclasses import replace
from pathlib import Path

from prover.chain.journal import Attempt, Fate, Journal

ATTEMPT = Attempt("31337:aa", "0x1", "deploy", 0, b"\x01" * 32, b"raw", 21_000, 2**70)


def test_a_chain_made_anew_takes_the_same_transaction_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    again = replace(ATTEMPT, scope="31337:bb")
    journal.record(ATTEMPT)
    journal.record(again)
    journal.set_fate([again], Fate.MINED)
    assert journal.pending(ATTEMPT.scope, ATTEMPT.sender) == [ATTEMPT]
    assert journal.pending(again.scope, again.sender) == []


def test_an_attempt_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    Journal(tmp_path / "journal.sqlite").record(ATTEMPT)
    reopened = Journal(tmp_path / "journal.sqlite")
    assert reopened.attempts(ATTEMPT.scope, ATTEMPT.sender, ATTEMPT.action) == [ATTEMPT]
