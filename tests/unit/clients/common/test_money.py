"""What a job must earn and may put at risk: each rule alone, in ETH and in tokens."""

import fcntl
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import UsageError
from prover.clients.common import money
from prover.clients.common.money import (
    Account,
    Bounds,
    Deal,
    Purse,
    at_risk,
    check_money,
    refusal,
    staking,
    worth,
)
from prover.clients.prediction.examine import Examiner
from prover.clients.prediction.policy import Policy
from prover.protocol.events import ZERO_ADDRESS as ETH

TOKEN, OTHER = "0x" + "aa" * 20, "0x" + "bb" * 20
ETHER = 10**18
GAS = ETHER // 1000
GOOD = Deal(ETH, ETHER // 100, ETHER // 50, GAS)
RICH = Account(balance=100 * ETHER, at_risk=0, ether=100 * ETHER)
PLAIN = Purse()


def limits(currency: str = ETH, **bounds: int) -> Purse:
    return Purse({currency: Bounds(**bounds)})


def why_not(deal: Deal, purse: Purse = PLAIN, account: Account = RICH) -> str:
    refused = refusal(deal, purse, account)
    assert refused is not None
    return refused


def test_a_job_that_pays_is_taken() -> None:
    assert refusal(GOOD, PLAIN, RICH) is None


def test_one_wei_for_fifty_ether_is_refused() -> None:
    told = why_not(Deal(ETH, 1, 50 * ETHER, GAS))
    assert "it earns 0.000000000000000001 ETH: expected at least 0.00125 ETH" in told
    assert "25 % more than its gas costs at present fees (0.001 ETH;" in told


def test_a_reward_must_exceed_the_gas_by_a_quarter() -> None:
    assert refusal(replace(GOOD, earns=GAS * 5 // 4, stake=0), PLAIN, RICH) is None
    assert "at least 0.00125 ETH" in why_not(replace(GOOD, earns=GAS * 5 // 4 - 1, stake=0))


def test_a_loss_is_taken_if_that_is_said() -> None:
    assert refusal(replace(GOOD, earns=1, stake=10), Purse(at_a_loss=True), RICH) is None


def test_a_reward_may_have_a_least_amount_besides() -> None:
    least = limits(min_reward=GOOD.earns)
    assert refusal(GOOD, least, RICH) is None
    assert "--min-reward" in why_not(replace(GOOD, earns=GOOD.earns - 1), least)
    assert "--min-reward" in why_not(replace(GOOD, earns=1), Purse(least.bounds, at_a_loss=True))


def test_a_stake_is_at_most_ten_times_what_is_earned() -> None:
    assert refusal(replace(GOOD, stake=10 * GOOD.earns), PLAIN, RICH) is None
    told = why_not(replace(GOOD, stake=10 * GOOD.earns + 1))
    assert "expected at most 0.1 ETH (10 times what it earns" in told


def test_a_stake_limit_in_numbers_takes_its_place() -> None:
    most = limits(max_stake=GOOD.stake)
    assert refusal(GOOD, most, RICH) is None
    assert "(--max-stake)" in why_not(replace(GOOD, stake=GOOD.stake + 1), most)
    assert refusal(replace(GOOD, stake=ETHER), limits(max_stake=ETHER), RICH) is None


def test_all_stakes_together_are_at_most_half_of_what_is_there() -> None:
    busy = Account(balance=ETHER // 10, at_risk=ETHER // 20, ether=ETHER // 10)
    allowed = ETHER // 40  # half of 0.15 less 0.05
    assert refusal(replace(GOOD, stake=allowed), PLAIN, busy) is None
    told = why_not(replace(GOOD, stake=allowed + 1), PLAIN, busy)
    assert "and 0.05 ETH is at stake: expected at most 0.075 ETH in all (half of what" in told


def test_all_stakes_together_may_have_a_limit() -> None:
    busy = replace(RICH, at_risk=ETHER)
    assert refusal(GOOD, limits(max_stakes=ETHER + GOOD.stake), busy) is None
    told = why_not(GOOD, limits(max_stakes=ETHER + GOOD.stake - 1), busy)
    assert "(--max-stakes)" in told


def test_the_gas_of_a_delivery_must_be_left_after_the_stake() -> None:
    least = GOOD.stake + 2 * GAS
    purse = limits(max_stakes=ETHER)
    assert refusal(GOOD, purse, Account(least, 0, least)) is None
    assert "it leaves the account" in why_not(GOOD, purse, Account(least - 1, 0, least - 1))


def test_a_token_without_both_limits_is_not_accepted() -> None:
    deal = replace(GOOD, currency=TOKEN, earns=1, stake=900)
    for purse in (
        PLAIN,
        limits(max_stake=10**30),  # of ETH
        limits(OTHER, max_stake=10**30, min_reward=0),
        limits(TOKEN, max_stake=10**30),
        limits(TOKEN, min_reward=0),
    ):
        assert "for which limits are missing" in why_not(deal, purse)
    assert refusal(deal, limits(TOKEN, max_stake=900, min_reward=1), RICH) is None


def test_limits_of_a_token_are_in_its_own_units() -> None:
    deal = replace(GOOD, currency=TOKEN, earns=10, stake=901)
    assert "(--max-stake)" in why_not(deal, limits(TOKEN, max_stake=900, min_reward=1))
    assert "(--min-reward)" in why_not(deal, limits(TOKEN, max_stake=901, min_reward=11))


def test_a_token_job_needs_ether_for_its_gas() -> None:
    deal, purse = replace(GOOD, currency=TOKEN, stake=9), limits(TOKEN, max_stake=9, min_reward=1)
    assert refusal(deal, purse, Account(100, 0, 2 * GAS)) is None
    assert "its gas" in why_not(deal, purse, Account(100, 0, 2 * GAS - 1))


# ---------------------------------------------------------------- what the account has

ME, YOU = "0x" + "11" * 20, "0x" + "22" * 20


def job(stake: int, **changes: object) -> object:
    """A job that this account has joined, and that has not ended."""
    fields = {"joined": True, "ended": False, "provider": ME, "currency": ETH} | changes
    terms = SimpleNamespace(stake=stake, currency=fields.pop("currency"))
    return SimpleNamespace(job=SimpleNamespace(terms=terms), **fields)


def world_of(*protocols: list[object]) -> Any:
    return SimpleNamespace(
        protocols=[SimpleNamespace(jobs=dict(enumerate(jobs))) for jobs in protocols]
    )


def test_at_risk_are_the_stakes_of_all_protocols_that_may_still_be_lost() -> None:
    others = [
        job(1, joined=False),
        job(2, ended=True),
        job(4, provider=YOU),
        job(8, currency=TOKEN),
    ]
    world = world_of([job(16), *others], [], [job(32), job(64)], [job(128)])
    assert at_risk(world, ME, ETH) == 240
    assert at_risk(world, ME, TOKEN) == 8
    assert at_risk(world, YOU, ETH) == 4
    assert at_risk(world, YOU, TOKEN) == 0


def test_an_account_is_looked_at_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stakes of an hour ago may have come back; a token's balance is asked of the token."""
    worlds = [world_of([job(16)]), world_of([job(16), job(8, currency=TOKEN)])]
    monkeypatch.setattr(money, "load_world", lambda *_: worlds.pop(0))
    asked = lambda _client, token, address: {(TOKEN, ME): 7}[token, address]  # noqa: E731
    monkeypatch.setattr(money, "balance_of", asked)
    client: Any = SimpleNamespace(balance=lambda address: {ME: 1000}[address])
    tell = money.teller(client, None, ME)  # type: ignore[arg-type]
    assert tell(ETH) == Account(balance=1000, at_risk=16, ether=1000)
    assert tell(TOKEN) == Account(balance=7, at_risk=8, ether=1000)


def test_stakes_of_this_run_are_added() -> None:
    assert RICH.with_staked(5) == replace(RICH, at_risk=5)
    assert RICH.with_staked(5).with_staked(-2).at_risk == 3


def test_a_command_about_one_job_says_its_name() -> None:
    check_money("the round", GOOD, PLAIN, RICH)
    with pytest.raises(UsageError, match="the round is not taken: it earns"):
        check_money("the round", replace(GOOD, earns=1), PLAIN, RICH)


def test_what_is_staked_in_a_run_adds_up_by_currency() -> None:
    """And what came back is taken off."""
    tools: Any = SimpleNamespace(store=None)
    examiner, token = Examiner(tools, Policy()), "0x" + "dd" * 20
    assert examiner.staked == {}
    for currency, amount in ((ETH, 5), (token, 3), (ETH, 4), (ETH, -2)):
        examiner.stake(currency, amount)
    assert examiner.staked == {ETH: 7, token: 3}


def test_one_process_of_a_home_stakes_for_an_account_at_a_time(home: Path) -> None:
    """Another account does not wait for it."""
    path, settled = home / "locks" / f"stake-{TOKEN}.lock", list[str]()

    def sender(address: str) -> Any:
        def settle_stakes(but: str) -> None:
            settled.append(but)

        return SimpleNamespace(address=address, settle_stakes=settle_stakes)

    with staking(sender(TOKEN), "lock:0a"), path.open("w") as file:
        assert settled == ["lock:0a"]
        with pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with staking(sender(OTHER), "lock:0b"):
            assert (home / "locks" / f"stake-{OTHER}.lock").exists()
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_is_won_or_lost_by_a_move_is_known_in_ether_alone() -> None:
    assert worth(ETH, 3, 4) == 7
    assert worth(TOKEN, 3, 4) is None
