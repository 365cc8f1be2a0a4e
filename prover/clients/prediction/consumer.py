"""What the consumer's commands do: make the inputs file, post, end."""

import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from prover.base.errors import UsageError
from prover.base.parsing import units
from prover.base.text import ETHER_DECIMALS, in_ether, moment, span
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.contracts.tokens import decimals_of
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.sending.fees import gas_price
from prover.chain.sending.handing import hand_over, handed_path, how, secrecy, uri_of
from prover.chain.sending.transactions import Sender
from prover.clients.common import posting as postings
from prover.clients.common.gas import present_prices, verification_gas
from prover.clients.common.models import KnownModel
from prover.clients.common.money import least_earned
from prover.clients.common.posting import Drawn, Posting
from prover.clients.prediction.policy import deal_of
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.prediction.economics import prediction_stake
from prover.protocol.prediction.state import Terms
from prover.statement.commitment import inputs_hash
from prover.statement.documents.inputs_file import InputsFile, Item, data_hash
from prover.systems.circuits import commitments, photograph, quantised, read_data

LOCK_GAS = 100_000
DELIVER_GAS = 85_000  # our part of a delivery, see docs/SPEC.md section 10


@dataclass(frozen=True)
class PostOptions:
    """The options of `prediction post`; amounts as typed, times in seconds."""

    currency: str | None
    reward: str
    stake: str | None
    provider: str | None
    open_seconds: int
    prove_seconds: int
    uri: str | None
    reader: str | None = None  # X25519 key to which the inputs file is encrypted, in hexadecimal


@dataclass(frozen=True)
class Posted:
    """A posted job. `total_gas` is what post, lock and delivery take together."""

    job_id: bytes
    terms: Terms
    uri: str
    inputs_file: Path
    given: Path
    gas: int
    total_gas: int
    fee_wei: int
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "job": "0x" + self.job_id.hex(),
            "inputs_file": str(self.inputs_file),
            "given": str(self.given),
            "uri": self.uri,
            "reward": self.terms.reward,
            "stake": self.terms.stake,
            "currency": self.terms.currency,
            "open_until": self.terms.open_until,
            "prove_window_seconds": self.terms.prove_seconds,
            "gas": self.gas,
            "total_gas": self.total_gas,
            "total_fee_wei": self.fee_wei,
            "resumed": postings.was_resumed(self.notes),
            "notes": list(self.notes),
        }

    def lines(self) -> list[str]:
        """As text."""
        return [
            f"job 0x{self.job_id.hex()}",
            f"posting took {self.gas} gas; post, lock and delivery take about {self.total_gas} gas "
            f"together, {in_ether(self.fee_wei)} at the present fee, most of it the provider's",
            how(self.given, self.uri),
            secrecy(self.given),
            f"next: a provider locks it until {moment(self.terms.open_until)} and then has "
            f"{span(self.terms.prove_seconds)}; watch it with `zkescrow prediction status`",
            *self.notes,
        ]


@dataclass(frozen=True)
class Given:
    """What to predict: rows of an NPZ archive, or a photograph."""

    inputs: Path | None = None
    rows: Sequence[int] = ()
    image: Path | None = None


def make_inputs(known: KnownModel, given: Given) -> InputsFile:
    """Quantise what is given, check the domain, add salt.

    Raises UsageError or ModelRefused on a bad file, StatementInvalid outside the circuit's domain.
    """
    items = _photograph(known, given) if given.image else _rows(known, given)
    inputs_file = InputsFile(known.circuit_id, tuple(items))
    inputs_file.check(known.artifacts.facts.shape)
    return inputs_file


def _photograph(known: KnownModel, given: Given) -> list[Item]:
    if given.inputs is not None or given.rows or given.image is None:
        raise UsageError("give --image alone, or --inputs with --index")
    return [photograph(known.artifacts, given.image)]


def _rows(known: KnownModel, given: Given) -> list[Item]:
    path, rows = given.inputs, given.rows
    if path is None or not rows:
        raise UsageError("give --inputs with --index, the rows to predict, or --image PHOTO")
    data = read_data(known.artifacts, path)
    for row in rows:
        if not 0 <= row < len(data):
            raise UsageError(f"--index {row}: expected 0 to {len(data) - 1} by {path}")
    return quantised(known.artifacts, (data.inputs[row] for row in rows))


def posting(
    sender: Sender,
    deployment: Deployment,
    known: KnownModel,
    inputs_file: InputsFile,
    options: PostOptions,
) -> AbstractContextManager[Posting[Terms]]:
    """The job that these options ask for, perhaps begun by an earlier command; see `postings`."""
    predictions = PredictionMarket(sender.client, deployment.prediction)
    asked = vars(options) | {
        "model": known.model_id,
        "inputs": [item.values for item in inputs_file.items],
    }
    draw = partial(_drawn, sender.client, known, inputs_file, options)
    return postings.posting(sender, predictions, Terms, asked, draw)


def post(
    sender: Sender, deployment: Deployment, known: KnownModel, drawn: Posting[Terms]
) -> Posted:
    """Post the job. Raises ContractRefused, InsufficientFunds or Postponed."""
    predictions = PredictionMarket(sender.client, deployment.prediction)
    path, terms = drawn.file, drawn.job.terms
    call = predictions.post(drawn.job, drawn.data_hash, drawn.uri)
    receipt = postings.send(sender, predictions, drawn, call, terms.reward)
    gas = int(receipt["gasUsed"])
    proof = verification_gas(sender, deployment.registry, known.circuit_id, known.artifacts)
    total = gas + LOCK_GAS + DELIVER_GAS + proof
    price = gas_price(sender.client)
    notes = (*_poor(terms, proof, price), *drawn.notes)
    fee = total * price
    return Posted(drawn.job_id, terms, drawn.uri, path, drawn.given, gas, total, fee, notes)


def _poor(terms: Terms, verification_gas: int, gas_wei: int) -> tuple[str, ...]:
    """A note where no provider with the default limits takes the job."""
    deal = deal_of(terms, verification_gas, gas_wei)
    if terms.currency != ZERO_ADDRESS or terms.reward >= least_earned(deal.gas_wei):
        return ()
    return (
        f"a reward of {in_ether(terms.reward)} may find nobody: the provider's gas costs "
        f"{in_ether(deal.gas_wei)} at present fees, and by default it is content with "
        f"{in_ether(least_earned(deal.gas_wei))}; `zkescrow prediction cancel` takes the job back",
    )


def _drawn(
    client: Client, known: KnownModel, inputs_file: InputsFile, options: PostOptions
) -> Drawn[Terms]:
    """Write the inputs file, with the salts that it was made with."""
    content = inputs_file.to_bytes()
    digest = data_hash(content)
    path = postings.file_at(digest)
    given = handed_path(path, options.reader)
    uri = uri_of(client, options.uri, given)
    terms = _terms(client, known, inputs_file, options)
    hand_over(path, content, options.reader)
    made = (path, given) if inputs_file.salted else ()
    return Drawn(secrets.randbits(256), terms, digest, uri, made)


def _terms(
    client: Client, known: KnownModel, inputs_file: InputsFile, options: PostOptions
) -> Terms:
    currency = options.currency or ZERO_ADDRESS
    decimals = ETHER_DECIMALS if options.currency is None else decimals_of(client, options.currency)
    reward = units(options.reward, "--reward", decimals)
    return Terms(
        model_id=known.model_id,
        inputs_hash=inputs_hash(commitments(known.artifacts, inputs_file.items)),
        currency=currency,
        reward=reward,
        stake=_stake(client, options, reward, decimals),
        provider=options.provider or ZERO_ADDRESS,
        open_until=client.now() + options.open_seconds,
        prove_seconds=options.prove_seconds,
    )


def _stake(client: Client, options: PostOptions, reward: int, decimals: int) -> int:
    """As typed, else by docs/ECONOMICS.md; of a token, whose worth is not known, the reward."""
    if options.stake is None and options.currency is None:
        return prediction_stake(reward, present_prices(client, ["--stake"]))
    stake = reward if options.stake is None else units(options.stake, "--stake", decimals)
    if stake == 0 and options.provider is None:
        raise UsageError(
            "--stake is 0: a job that any provider may take needs a stake above 0, as nothing "
            "would hold who takes it; leave --stake out, or name one with --provider"
        )
    return stake
