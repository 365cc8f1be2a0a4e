"""Every way in which a token may misbehave, against every way in which money moves."""

import pytest

from prover.protocol.prediction.state import State
from tests.contracts.reverting import reverts
from tests.contracts.scenario import REWARD, STAKE

WAYS = (
    "Plain",
    "ReturnsNothing",
    "ReturnsFalse",
    "ReturnsTwo",
    "TakesFee",
    "GivesMore",
    "MovesNothing",
    "ShrinksHolder",
    "Reverts",
)
GOOD = ("Plain", "ReturnsNothing")
RECEIVED = {
    "TakesFee": lambda amount: amount - amount // 100,
    "GivesMore": lambda amount: amount + amount // 100,
    "MovesNothing": lambda _: 0,
    "ShrinksHolder": lambda _: 0,
}


@pytest.fixture
def behave(token, deployer):
    """Makes the token behave in one of the ways."""

    def choose(way: str) -> None:
        token.set(WAYS.index(way), sender=deployer)

    return choose


@pytest.fixture
def rich_predictions(world, token, consumer, deployer):
    """The contract holds money of others, which a bad token might count."""
    token.mint(world.predictions, 10 * REWARD, sender=deployer)
    return world.predictions


def refusal(predictions, token, way, amount):
    """The error that a deposit of `amount` meets."""
    if way in RECEIVED:
        received = RECEIVED[way](amount)
        return reverts(predictions.Escrow_WrongReceipt, actual=received, allowed=amount)
    if way == "Reverts":
        return reverts(token.OddToken_Refused)
    return reverts(predictions.SafeERC20FailedOperation, token=token)


@pytest.mark.parametrize("way", WAYS)
def test_reward(world, token, behave, rich_predictions, way):
    behave(way)
    job = world.job(currency=token.address)
    if way in GOOD:
        world.post(job)
        assert token.balanceOf(rich_predictions) == 11 * REWARD
        assert world.state(job) == State.OPEN
    else:
        with refusal(rich_predictions, token, way, REWARD):
            world.post(job)
        assert world.state(job) == State.NONE


@pytest.mark.parametrize("way", WAYS)
def test_stake(world, token, behave, rich_predictions, way):
    job = world.posted(currency=token.address)
    behave(way)
    if way in GOOD:
        world.lock(job)
        assert token.balanceOf(rich_predictions) == 11 * REWARD + STAKE
        assert world.state(job) == State.LOCKED
    else:
        with refusal(rich_predictions, token, way, STAKE):
            world.lock(job)
        assert world.state(job) == State.OPEN


@pytest.mark.parametrize("way", ["ReturnsFalse", "ReturnsTwo", "Reverts"])
def test_a_refused_withdrawal_leaves_the_credit(world, token, behave, payee, way):
    world.deliver(world.locked(currency=token.address))
    behave(way)
    with refusal(world.predictions, token, way, REWARD):
        world.predictions.withdraw(token, payee, sender=payee)
    assert world.credit(payee, token) == REWARD + STAKE

    behave("Plain")
    world.predictions.withdraw(token, payee, sender=payee)
    assert token.balanceOf(payee) == REWARD + STAKE


@pytest.mark.parametrize("way", GOOD)
def test_a_withdrawal(world, token, behave, payee, way):
    world.deliver(world.locked(currency=token.address))
    behave(way)
    world.predictions.withdraw(token, payee, sender=payee)
    assert token.balanceOf(payee) == REWARD + STAKE
    assert world.credit(payee, token) == 0


def test_a_fee_on_withdrawal_is_the_payee_s(world, token, behave, payee):
    world.deliver(world.locked(currency=token.address))
    behave("TakesFee")
    world.predictions.withdraw(token, payee, sender=payee)
    paid = REWARD + STAKE
    assert token.balanceOf(payee) == paid - paid // 100
    assert token.balanceOf(world.predictions) == 0


def test_a_blocked_payee_withdraws_to_another_account(world, token, payee, auditor, deployer):
    world.deliver(world.locked(currency=token.address))
    token.setBlocked(payee, sender=deployer)
    with reverts(token.OddToken_Refused):
        world.predictions.withdraw(token, payee, sender=payee)
    world.predictions.withdraw(token, auditor, sender=payee)
    assert token.balanceOf(auditor) == REWARD + STAKE


def test_a_token_that_blocks_one_side_does_not_stop_the_other(
    world, token, payee, consumer, deployer
):
    """Money is pulled: a payee who cannot be paid does not keep a job from ending."""
    token.setBlocked(payee, sender=deployer)
    job = world.locked(currency=token.address)
    world.deliver(job)
    late = world.posted(nonce=1, currency=token.address)
    world.cancel(late)
    before = token.balanceOf(consumer)
    world.predictions.withdraw(token, consumer, sender=consumer)
    assert token.balanceOf(consumer) == before + REWARD


def test_a_shrinking_token_harms_only_its_own_holders(world, token, payee, deployer):
    world.deliver(world.locked(currency=token.address))
    world.deliver(world.locked(nonce=1))
    token.rebase(world.predictions, 0, sender=deployer)
    before = payee.balance
    receipt = world.predictions.withdraw("0x" + "00" * 20, payee, sender=payee)
    assert payee.balance == before + REWARD + STAKE - receipt.total_fees_paid


def test_a_donation_belongs_to_nobody(world, token, payee, deployer):
    token.mint(world.predictions, 5, sender=deployer)
    world.deliver(world.locked(currency=token.address))
    assert world.credit(payee, token) == REWARD + STAKE


@pytest.mark.parametrize("address", ["0x" + "00" * 19 + "01", "0x" + "ee" * 20])
def test_RevertWhen_the_token_has_no_code(world, address):
    with reverts(world.predictions.Escrow_TokenWithoutCode, token=address):
        world.post(world.job(currency=address))
