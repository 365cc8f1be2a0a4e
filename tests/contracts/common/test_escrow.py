"""Escrow.withdraw and what holds of all money; the cases are in test_escrow.tree."""

import pytest
from eth_utils.crypto import keccak

from tests.contracts.reverting import reverts
from tests.contracts.scenario import ETH, NOBODY, REWARD, STAKE, at, holdings, logged

GUARDED = keccak(text="ReentrancyGuardReentrantCall()")[:4]


def test_sends_the_whole_credit(world, payee, auditor, currency):
    world.deliver(world.locked(currency=currency))
    before = holdings(currency, auditor)

    receipt = world.predictions.withdraw(currency, auditor, sender=payee)

    assert receipt.return_value == REWARD + STAKE
    assert holdings(currency, auditor) == before + REWARD + STAKE
    assert holdings(currency, world.predictions) == 0
    assert world.credit(payee, currency) == 0
    assert logged(receipt) == [("Withdrawn", currency, payee, auditor, REWARD + STAKE)]


def test_sums_the_credits_of_many_jobs(world, consumer, auditor, currency):
    for nonce in range(3):
        world.cancel(world.posted(nonce=nonce, currency=currency))
    receipt = world.predictions.withdraw(currency, auditor, sender=consumer)
    assert receipt.return_value == 3 * REWARD


def test_leaves_the_money_of_others_alone(world, consumer, payee, currency):
    world.deliver(world.locked(nonce=0, currency=currency))
    world.cancel(world.posted(nonce=1, currency=currency))
    open_job = world.posted(nonce=2, currency=currency)

    world.predictions.withdraw(currency, consumer, sender=consumer)

    assert world.credit(payee, currency) == REWARD + STAKE
    assert holdings(currency, world.predictions) == REWARD + STAKE + open_job.terms.reward


def test_currencies_are_apart(world, token, payee):
    world.deliver(world.locked(currency=token.address))
    nothing = {"currency": ETH, "account": payee}
    with reverts(world.predictions.Escrow_NothingToWithdraw, **nothing):
        world.predictions.withdraw(ETH, payee, sender=payee)
    assert world.credit(payee, token.address) == REWARD + STAKE


def test_RevertWhen_there_is_no_credit(world, attacker, currency):
    nothing = {"currency": currency, "account": attacker}
    with reverts(world.predictions.Escrow_NothingToWithdraw, **nothing):
        world.predictions.withdraw(currency, attacker, sender=attacker)


def test_RevertWhen_it_is_withdrawn_already(world, consumer):
    world.cancel(world.posted())
    world.predictions.withdraw(ETH, consumer, sender=consumer)
    with reverts(world.predictions.Escrow_NothingToWithdraw, currency=ETH, account=consumer):
        world.predictions.withdraw(ETH, consumer, sender=consumer)


def test_RevertWhen_the_money_would_be_lost(world, consumer, currency):
    world.cancel(world.posted(currency=currency))
    for recipient in (NOBODY, world.predictions.address):
        with reverts(world.predictions.Escrow_BadRecipient, recipient=recipient):
            world.predictions.withdraw(currency, recipient, sender=consumer)
    assert world.credit(consumer, currency) == REWARD


@pytest.mark.parametrize("way", [1, 2], ids=["refuses", "refuses with a megabyte"])
def test_RevertWhen_the_recipient_refuses(world, project, deployer, consumer, way):
    account = deployer.deploy(project.CallingAccount)
    account.set(way, NOBODY, b"", sender=deployer)
    world.cancel(world.posted())
    with reverts(world.predictions.Escrow_TransferFailed, recipient=account, amount=REWARD):
        world.predictions.withdraw(ETH, account, sender=consumer)
    assert world.credit(consumer) == REWARD


@pytest.mark.parametrize("move", ["withdraw", "refund", "cancel", "deliver", "lock", "post"])
def test_nothing_can_be_entered_from_a_withdrawal(world, project, deployer, consumer, move):
    """The recipient calls back while it is paid: the guard refuses whatever it calls."""
    account = deployer.deploy(project.CallingAccount)
    job = world.posted(nonce=7)
    proof, instances = world.prove(job)
    calls = {
        "withdraw": (ETH, account),
        "refund": (job.to_abi(),),
        "cancel": (job.to_abi(),),
        "deliver": (job.to_abi(), 1, proof, instances),
        "lock": (job.to_abi(), account),
        "post": (job.terms.to_abi(), 1, b"", ""),
    }
    message = getattr(world.predictions, move).encode_input(*calls[move])
    account.set(3, world.predictions, message, sender=deployer)
    world.cancel(world.posted(nonce=8))

    world.predictions.withdraw(ETH, account, sender=consumer)

    assert account.entries() == 0
    assert bytes(account.refusal()) == GUARDED
    assert holdings(ETH, account) == REWARD


def test_owes_exactly_what_it_has(world, consumer, payee, auditor, currency):
    """Invariant 1, along one life of each kind."""
    ends = [world.locked(nonce=nonce, currency=currency) for nonce in range(2)]
    ends.append(world.posted(nonce=2, currency=currency))
    held = 2 * (REWARD + STAKE) + REWARD
    assert holdings(currency, world.predictions) == held
    world.deliver(ends[0])
    at(world.status(ends[1])[2] + 1)
    world.refund(ends[1])
    world.cancel(ends[2])
    assert world.credit(consumer, currency) + world.credit(payee, currency) == held
    for person in (consumer, payee):
        world.predictions.withdraw(currency, auditor, sender=person)
    assert holdings(currency, world.predictions) == 0
