"""What a provider works with, in every protocol."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from prover.base.console import progress
from prover.chain.contracts.jobs import JobContract
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.sending.transactions import Sender
from prover.clients.common.models import auditor
from prover.clients.common.money import Account, teller
from prover.clients.common.readiness import Readiness
from prover.systems.circuits import AnySystem
from prover.systems.interface import Artifacts, ItemProver
from prover.systems.worker import Progress

C = TypeVar("C", bound=JobContract)
CheckModel = Callable[[bytes, Artifacts], None]


@dataclass(frozen=True, kw_only=True)
class Tools(Generic[C]):
    """`contract` is that of the protocol, `system` makes the proofs.

    `check_model` raises if a model is not its artifacts; `account` tells what is there and at
    stake in a currency; `allow_files` lets inputs be read from files of this machine.
    """

    client: Client
    deployment: Deployment
    contract: C
    sender: Sender
    system: ItemProver[Any]
    readiness: Readiness
    check_model: CheckModel
    account: Callable[[str], Account]
    progress: Progress
    allow_files: bool = False


def tools_of(
    sender: Sender, deployment: Deployment, contract: C, *, allow_files: bool = False
) -> Tools[C]:
    """The usual ones; files of this machine may always be read on a local chain."""
    client, system = sender.client, AnySystem()
    checker = auditor(client, deployment)

    def check(model_id: bytes, artifacts: Artifacts) -> None:
        progress("checking that the verifier on the chain is the model's")
        checker.verify(model_id, artifacts)

    return Tools(
        client=client,
        deployment=deployment,
        contract=contract,
        sender=sender,
        system=system,
        readiness=Readiness(system, progress),
        check_model=check,
        account=teller(client, deployment, sender.address),
        progress=progress,
        allow_files=allow_files or client.local,
    )
