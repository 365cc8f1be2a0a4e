"""`--unsigned`: nothing is signed here; what is printed, a wallet can send."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prover.base.settings import get_settings
from prover.chain.deployments import path_of
from prover.chain.sending.journal import Journal
from prover.protocol.events import ZERO_ADDRESS as ETH
from tests.conftest import Proven
from tests.killing import command, killed
from tests.localchain import CONSUMER, DEPLOYER, PROVIDER, Chain, address_of, with_models
from tests.unit.cli.common.test_postings import REWARD, Consumer

node_with_contracts = with_models("salted")

WALLET = address_of(CONSUMER)


@pytest.fixture
def consumer(chain: Chain, proven: Callable[[str], Proven], tmp_path: Path) -> Consumer:
    return Consumer(chain, proven("salted"), tmp_path / "data.npz")


def unsigned(*arguments: object, sender: str = WALLET) -> dict[str, Any]:
    """The same without --account, by another's wallet."""
    words = [str(word) for word in arguments]
    while "--account" in words:
        at = words.index("--account")
        del words[at : at + 2]
    return command(*words, "--unsigned", "--from", sender)


def sign(chain: Chain, told: dict[str, Any]) -> None:
    """What a wallet does with it."""
    for parameters in told["transactions"]:
        sent = chain.rpc("eth_sendTransaction", parameters)
        assert chain.client.web3.eth.wait_for_transaction_receipt(sent)["status"] == 1


def test_a_wallet_posts_the_job_that_was_printed(consumer: Consumer) -> None:
    """Nothing is sent, the same command prints the same; then the job is there, and its file."""
    count = consumer.chain.client.web3.eth.get_transaction_count(WALLET)  # type: ignore[arg-type]
    told = unsigned(*consumer.prediction())
    assert unsigned(*consumer.prediction()) == told
    assert consumer.chain.client.web3.eth.get_transaction_count(WALLET) == count  # type: ignore[arg-type]
    assert (
        not (get_settings().home / "journal.sqlite").exists()
        or not consumer.world().prediction.jobs
    )
    (transaction,) = told["transactions"]
    assert (transaction["from"], int(transaction["value"], 16)) == (WALLET, REWARD)
    assert transaction["chainId"] == hex(31337)
    assert int(transaction["gas"], 16) > 21_000
    assert told["safe"]["transactions"] == [
        {"to": transaction["to"], "value": str(REWARD), "data": transaction["data"]}
    ]
    sign(consumer.chain, told)
    ((job_id, record),) = consumer.world().prediction.jobs.items()
    assert told["job"] == "0x" + job_id.hex()
    assert told["given"].endswith(f"{record.data_hash.hex()}.json")
    assert command("prediction", "status")["job"] == told["job"]
    another = unsigned(*consumer.prediction())
    assert another["job"] != told["job"]
    assert "notes" not in told
    (note,) = another["notes"]
    assert note.startswith(f"job {told['job']}, which the same command gave to a wallet before")


def test_a_job_that_was_handed_to_a_wallet_is_drawn_anew_once_it_cannot_be_posted(
    consumer: Consumer,
) -> None:
    told = unsigned(*consumer.prediction("--open-for", "10m"))
    consumer.chain.pass_time(601)
    assert unsigned(*consumer.prediction("--open-for", "10m"))["job"] != told["job"]


def test_a_wallet_gets_the_job_that_a_key_has_signed(consumer: Consumer) -> None:
    """The command with a key was killed, and both are mined in the end: one job is paid."""
    killed("signed", 1, *consumer.prediction())
    told = unsigned(*consumer.prediction())
    assert unsigned(*consumer.prediction())["job"] == told["job"]
    (transaction,) = told["transactions"]
    (posting,) = Journal(get_settings().home / "journal.sqlite").unmined(
        consumer.chain.client.scope
    )
    consumer.chain.rpc("eth_sendRawTransaction", "0x" + posting.raw.hex())
    sent = consumer.chain.rpc("eth_sendTransaction", transaction)
    consumer.chain.client.web3.eth.wait_for_transaction_receipt(sent)
    (job_id,) = consumer.world().prediction.jobs
    assert told["job"] == "0x" + job_id.hex()
    assert consumer.paid() == REWARD


def test_a_wallet_gets_no_second_job_where_that_of_a_key_is_mined(consumer: Consumer) -> None:
    """It is told; the command with the key finds its end."""
    killed("sent", 1, *consumer.prediction())
    (job_id,) = consumer.world().prediction.jobs
    words = [word for word in consumer.prediction() if word not in ("--account", CONSUMER)]
    told = command(*words, "--unsigned", "--from", WALLET, status=1)
    assert f"job 0x{job_id.hex()} of an earlier run is on the chain" in told["error"]
    posted = command(*consumer.prediction())
    assert (posted["job"], posted["resumed"]) == ("0x" + job_id.hex(), True)
    assert consumer.paid() == REWARD


def test_a_wallet_gets_no_job_that_a_key_has_signed_and_nobody_can_post_any_more(
    consumer: Consumer,
) -> None:
    killed("signed", 1, *consumer.prediction("--open-for", "10m"))
    consumer.chain.pass_time(601)
    sign(consumer.chain, unsigned(*consumer.prediction("--open-for", "10m")))
    assert consumer.paid() == REWARD


def test_a_wallet_withdraws(consumer: Consumer) -> None:
    posted = command(*consumer.prediction())
    sign(consumer.chain, unsigned("prediction", "cancel", posted["job"]))
    assert consumer.chain.prediction.credit(ETH, WALLET) == REWARD
    sign(consumer.chain, unsigned("withdraw"))
    assert consumer.chain.prediction.credit(ETH, WALLET) == 0
    assert unsigned("withdraw")["withdrawn"] == {}


def test_rounds_and_bounties_are_handed_over_too(
    chain: Chain, proven: Callable[[str], Proven], tmp_path: Path
) -> None:
    consumer = Consumer(chain, proven("batch"), tmp_path / "data.npz")
    for arguments in (consumer.serving(), consumer.accuracy()):
        told = unsigned(*arguments)
        sign(chain, told)
    world = consumer.world()
    assert len(world.serving.jobs) == len(world.accuracy.jobs) == 1


def test_a_refusal_is_told_before_a_wallet_is_asked(consumer: Consumer) -> None:
    words = command(
        *("prediction", "cancel", "0x" + "11" * 32, "--unsigned", "--from", WALLET), status=2
    )
    assert "0x" in words["error"]
    consumer.chain.rpc("anvil_setBalance", WALLET, "0x0")
    told = command(
        *[word for word in consumer.prediction() if word not in ("--account", CONSUMER)],
        *("--unsigned", "--from", WALLET),
        status=1,
    )
    assert "are needed for posting the job" in told["error"]


def test_from_is_for_wallets(consumer: Consumer) -> None:
    assert "--unsigned" in command(*consumer.prediction("--from", WALLET), status=2)["error"]
    assert "--from" in command("withdraw", "--unsigned", status=2)["error"]


def test_a_wallet_deploys_everything(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Addresses are known before anything is signed, so that later transactions can name them."""
    monkeypatch.setenv("ZKESCROW_DEPLOYMENTS", str(tmp_path / "deployments"))
    get_settings.cache_clear()
    wallet = address_of(DEPLOYER)
    told = unsigned("deploy", sender=wallet)
    assert not path_of(31337).exists()
    assert len(told["transactions"]) == 6
    sign(chain, told)
    deployed = unsigned("deploy", sender=wallet)
    assert deployed["new"]
    assert path_of(31337).exists()
    for contract in deployed["contracts"].values():
        assert chain.client.code(contract["address"], contract["block"])
        assert not chain.client.code(contract["address"], contract["block"] - 1)
    assert not unsigned("deploy", sender=wallet)["new"]


def test_a_wallet_registers_a_model(chain: Chain, proven: Callable[[str], Proven]) -> None:
    """Verifier, circuit, model: all three are printed, and work in this order."""
    from prover.chain.sending.drafter import Drafter
    from prover.chain.sending.wallet import Handed
    from prover.clients.register import register

    artifacts, wallet = proven("plain").artifacts, address_of(PROVIDER)
    with pytest.raises(Handed) as handed:
        register(Drafter(chain.client, wallet), chain.deployment, artifacts)
    told = handed.value.to_dict()
    assert len(told["transactions"]) == 3
    assert ["gas" in one for one in told["transactions"]] == [True, False, False]
    assert len(handed.value.lines()) == 11
    sign(chain, told)
    again = register(Drafter(chain.client, wallet), chain.deployment, artifacts)
    assert again.gas == {}
