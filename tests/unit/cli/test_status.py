"""What `zkescrow status` prints of the jobs and the credits of an account."""

from prover.base.text import credited
from prover.cli.status import credits_of, lines
from prover.clients.agenda import entries
from prover.protocol.world import apply_transaction
from tests.unit.protocol.plays import CONSUMER, ETH, PLAYS, PROVIDER, START, reach

TOKEN = "0x" + "70" * 20


def test_the_list_marks_your_move_and_names_your_credit() -> None:
    play = PLAYS[0]
    world, _ = reach(play, list(play.module.TABLE)[1])
    (found,) = entries(world, START + 1)
    told = lines([found], PROVIDER, {ETH: 10**18})
    assert "YOUR MOVE" in told[0]
    assert told[-1] == "credit of 1 ETH: withdraw it with `zkescrow withdraw`"
    assert "YOUR MOVE" not in lines([found], CONSUMER, {})[0]
    assert lines([], CONSUMER, {}) == [f"no job is under way in which {CONSUMER} has a part"]


def test_a_credit_in_a_token_names_the_token_to_withdraw() -> None:
    """Without --token the command takes out ETH alone."""
    (_, told) = lines([], CONSUMER, {TOKEN: 5})
    assert (
        told
        == f"credit of 5 of token {TOKEN}: withdraw it with `zkescrow withdraw --token {TOKEN}`"
    )
    ended = credited("over", {CONSUMER: 5}, TOKEN, {CONSUMER: 5})
    assert ended.endswith(f"(withdraw it with `zkescrow withdraw --token {TOKEN}`)")


def test_a_credit_is_its_accounts_alone() -> None:
    play = PLAYS[0]
    world, _ = reach(play, play.module.State.OPEN)
    record = play.record(world)
    assert credits_of(world, CONSUMER) == {}
    cancel = next(move for move in play.module.TABLE[record.state].moves if move.call == "cancel")
    world = apply_transaction(world, play.transaction(cancel.event, record, START + 1))
    assert credits_of(world, CONSUMER) == {record.job.terms.currency: record.escrow}
    assert credits_of(world, PROVIDER) == {}
