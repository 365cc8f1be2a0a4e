"""`zkescrow deploy`, killed on the way: each contract is created once."""

from pathlib import Path

import pytest

from prover.base.settings import get_settings
from tests.killing import command, killed
from tests.localchain import Chain, address_of

OWNER = 9  # has sent nothing before


@pytest.mark.parametrize(("step", "count"), [("signed", 1), ("sent", 3), ("told", 1)])
def test_a_killed_deployment_goes_on(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, count: int
) -> None:
    monkeypatch.setenv("ZKESCROW_DEPLOYMENTS", str(tmp_path / "deployments"))
    get_settings.cache_clear()
    killed(step, count, "deploy", "--account", OWNER)
    told = command("deploy", "--account", OWNER)
    sent = chain.client.web3.eth.get_transaction_count(address_of(OWNER))  # type: ignore[arg-type]
    assert sent == len(told["contracts"])
    addresses = [contract["address"] for contract in told["contracts"].values()]
    assert len(set(addresses)) == len(addresses)
    assert all(chain.client.code(address) for address in addresses)
    assert command("deploy", "--account", OWNER)["contracts"] == told["contracts"]
