"""Accuracy bounties, the consumer's side: seal a test set, post it, reveal its key."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prover.chain.accuracy import AccuracyBounty
from prover.chain.client import Client
from prover.chain.deployments import Deployment
from prover.chain.events import fetch_events
from prover.chain.finality import confirmations, wait_final
from prover.chain.replay import load_world
from prover.chain.transactions import Sender
from prover.consumer.jobs import remember
from prover.consumer.serving import pay_in
from prover.consumer.testsets import PostedSet, check_unknown, mark_revealed, posted_set, row_hash
from prover.errors import ChainError, StatementInvalid, UsageError
from prover.files import write_atomically
from prover.protocol.accuracy import Job, Record, State, Terms
from prover.protocol.events import BountyAccepted
from prover.proving.artifacts import Artifacts
from prover.proving.inputs import read_data, shape_of
from prover.proving.worker import Progress
from prover.settings import get_settings
from prover.statement.quantise import quantise
from prover.statement.request import Item, Shape, data_hash
from prover.statement.sealed import check_sealable, item_of, key_hash
from prover.statement.sealed import content_of as sealed_content
from prover.statement.seeds import Seed
from prover.statement.testset import SealedTestSet, seal_tests

BLOCK_SECONDS = 12
MAX_CLASSES = 1024


@dataclass(frozen=True)
class Offer:
    """What a consumer asks for; amounts in wei or token units, times in seconds.

    `artifacts` are the circuit's on this machine, which must have been compared with the chain.
    """

    circuit_id: bytes
    artifacts: Artifacts
    currency: str
    reward: int
    bond: int
    stake: int
    miss_penalty: int
    num: int
    den: int
    provider: str
    open_seconds: int
    reveal_seconds: int
    prove_seconds: int
    uri: str | None


@dataclass(frozen=True)
class Tests:
    """Quantised rows of a data file with their labels, and hashes of the rows as they stood."""

    __test__ = False  # no test case

    values: tuple[tuple[int, ...], ...]
    labels: tuple[int, ...]
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class Posted:
    """A bounty on the chain."""

    job_id: bytes
    terms: Terms
    file: Path
    uri: str
    gas: int
    wei_per_gas: int


def check_circuit(artifacts: Artifacts) -> None:
    """Raise UsageError or StatementInvalid unless a bounty can be posted on the circuit."""
    if not artifacts.manifest.plan.exact:
        raise UsageError(
            "the circuit is not exact: its prover could choose between results; only exact "
            "circuits decide bounties, see `zkescrow model show`"
        )
    check_sealable(shape_of(artifacts.manifest))
    classes = artifacts.manifest.layout.classes
    if classes > MAX_CLASSES:
        raise UsageError(f"the circuit has {classes} classes: at most {MAX_CLASSES} are allowed")


def read_tests(artifacts: Artifacts, data: Path, rows: range | None, count: int | None) -> Tests:
    """Rows of an NPZ archive with labels: all, a part, or `count` drawn from it at random.

    Raises UsageError, ModelRefused or StatementInvalid, naming the row.
    """
    samples = read_data(artifacts, data)
    if samples.labels is None:
        raise UsageError(f"{data} has no array `labels`: the right answer of each row is needed")
    part = range(len(samples)) if rows is None else rows
    if not 0 <= part.start < part.stop <= len(samples):
        raise UsageError(
            f"--rows {part.start}:{part.stop}: a part of 0:{len(samples)} is allowed by {data}"
        )
    chosen = _drawn(part, count)
    scale, labels = artifacts.manifest.scales.input, samples.labels
    flat = [samples.inputs[row].reshape(-1) for row in chosen]
    values = tuple(tuple(quantise(map(float, each), scale)) for each in flat)
    _check_domain(values, chosen, shape_of(artifacts.manifest))
    return Tests(
        values, tuple(int(labels[row]) for row in chosen), tuple(row_hash(each) for each in flat)
    )


def post_bounty(
    sender: Sender,
    deployment: Deployment,
    offer: Offer,
    tests: Tests,
    seed: Path,
    progress: Progress,
) -> Posted:
    """Seal the tests, write the file, read it again, compute the root from it, then post.

    Raises UsageError if a row's key was ever revealed or a window cannot hold; ContractRefused with
    the rule that the terms break; InsufficientFunds.
    """
    client, accuracy = sender.client, AccuracyBounty(sender.client, deployment.accuracy)
    _check_offer(client, offer)
    check_unknown(tests.hashes, revealed(client, deployment))
    nonce = secrets.randbits(256)
    key = key_of(read_seed(seed), nonce)
    progress(f"sealing {len(tests.labels)} test items")
    path, content = _written(sealed_tests(offer, tests, read_seed(seed), nonce))
    terms = _terms(offer, content, key, client.now(), len(tests.labels))
    job = Job(sender.address, nonce, terms)
    job_id = accuracy.job_id(job)
    uri = _uri(client, offer.uri, path)
    call = accuracy.post(job, uri)
    pay_in(sender, accuracy.address, job_id, terms.currency, terms.reward + terms.bond)
    cost = sender.estimate(call)
    PostedSet(job_id.hex(), str(seed.resolve()), tests.hashes).save()
    receipt = sender.send(f"post:{job_id.hex()}", call)
    remember(client, accuracy.address, job_id)
    return Posted(job_id, terms, path, uri, int(receipt["gasUsed"]), cost.wei // max(cost.gas, 1))


def sealed_tests(offer: Offer, tests: Tests, seed: Seed, nonce: int) -> SealedTestSet:
    """The tests as the bounty with this nonce seals them: key and salts are its own."""
    shape, name = shape_of(offer.artifacts.manifest), _name(nonce)
    items = [
        Item(values, seed.salt(name, index, shape)) for index, values in enumerate(tests.values)
    ]
    return seal_tests(offer.circuit_id, items, tests.labels, key_of(seed, nonce))


def key_of(seed: Seed, nonce: int) -> bytes:
    """The key of the bounty with this nonce: fresh for each, as no two have the same nonce."""
    return seed.test_set_key(_name(nonce))


def reveal(
    sender: Sender,
    deployment: Deployment,
    found: tuple[bytes, Record],
    seed: Path | None,
    progress: Progress,
) -> int:
    """Send the key once the acceptance is final; the gas it took.

    Raises UsageError in another state or with another seed, before anything is given away;
    ChainError if the acceptance changed meanwhile.
    """
    job_id, record = found
    client, accuracy = sender.client, AccuracyBounty(sender.client, deployment.accuracy)
    _require_accepted(record, client.now())
    key = _own_key(job_id, record, seed)
    wait_final(client, _accepted_in(client, deployment, job_id), progress=progress)
    after = load_world(client, deployment).accuracy.jobs.get(job_id)
    if after is None or (after.model_id, after.payee) != (record.model_id, record.payee):
        raise ChainError(
            "the chain was reorganised and the acceptance is another now: look at `zkescrow "
            "accuracy status` and run the command again"
        )
    call = accuracy.reveal_key(record.job, key)
    sender.estimate(call)
    mark_revealed(job_id)
    return int(sender.send(f"reveal:{job_id.hex()}", call)["gasUsed"])


def revealed(client: Client, deployment: Deployment) -> Iterator[bytes]:
    """The bounties of the chain whose key is known."""
    jobs = load_world(client, deployment).accuracy.jobs
    return (job_id for job_id, record in jobs.items() if record.key is not None)


def read_seed(path: Path) -> Seed:
    """The seed of a file. Raises UsageError if there is none, StatementInvalid if it is damaged."""
    if not path.is_file():
        raise UsageError(f"there is no seed file at {path}: give the one of your test sets")
    return Seed.from_bytes(path.read_bytes())


def make_seed(path: Path) -> bool:
    """Write a fresh seed, for this user's eyes only, unless one is there; whether it was made."""
    if path.exists():
        return False
    write_atomically(path, Seed.fresh().to_bytes(), private=True)
    return True


def _name(nonce: int) -> bytes:
    return nonce.to_bytes(32, "big")


def _drawn(part: range, count: int | None) -> list[int]:
    if count is None:
        return list(part)
    if not 1 <= count <= len(part):
        raise UsageError(
            f"{count} test items are wanted: 1 to {len(part)} rows are there; use more data, or a "
            "larger --eps"
        )
    return sorted(secrets.SystemRandom().sample(part, count))


def _check_domain(values: tuple[tuple[int, ...], ...], rows: list[int], shape: Shape) -> None:
    salt = (0,) * shape.salt_elements
    for row, each in zip(rows, values, strict=True):
        try:
            item_of(sealed_content(Item(each, salt)), shape)
        except StatementInvalid as error:
            raise StatementInvalid(
                f"row {row}: {error}; an item that no proof can be about would cost you the bond: "
                "leave it out or scale the data as the model expects"
            ) from None


def _check_offer(client: Client, offer: Offer) -> None:
    """What the contract cannot know."""
    needed = 2 * BLOCK_SECONDS * confirmations(client)
    if not client.local and offer.reveal_seconds < needed:
        raise UsageError(
            f"--reveal-within {offer.reveal_seconds} s: at least {needed} s are wanted, twice the "
            f"time of the {confirmations(client)} blocks that the client waits before it reveals"
        )


def _written(sealed: SealedTestSet) -> tuple[Path, bytes]:
    """The test set file, and its content as it was read back."""
    content = sealed.to_bytes()
    path = get_settings().home / "inputs" / f"{data_hash(content).hex()}.json"
    write_atomically(path, content)
    return path, path.read_bytes()


def _terms(offer: Offer, content: bytes, key: bytes, now: int, count: int) -> Terms:
    """Terms over the file as it stands on the disk."""
    written = SealedTestSet.from_bytes(content)
    written.check(offer.circuit_id, count, shape_of(offer.artifacts.manifest))
    return Terms(
        circuit_id=offer.circuit_id,
        provider=offer.provider,
        currency=offer.currency,
        reward=offer.reward,
        bond=offer.bond,
        stake=offer.stake,
        miss_penalty=offer.miss_penalty,
        test_root=written.tree.root,
        n=len(written.items),
        key_hash=key_hash(key),
        data_hash=data_hash(content),
        num=offer.num,
        den=offer.den,
        open_until=now + offer.open_seconds,
        reveal_seconds=offer.reveal_seconds,
        prove_seconds=offer.prove_seconds,
    )


def _uri(client: Client, given: str | None, path: Path) -> str:
    if given is not None:
        return given
    if not client.local:
        raise UsageError(
            f"--uri is missing: on chain {client.chain_id} providers need an https address of the "
            "test set file; choose it now and put the file there"
        )
    return path.resolve().as_uri()


def _require_accepted(record: Record, now: int) -> None:
    if record.state is not State.ACCEPTED:
        raise UsageError(
            f"the bounty is {record.state.name.lower()}: the key is revealed once, after a "
            "provider has accepted; see `zkescrow accuracy status`"
        )
    if now > record.state_deadline:
        raise UsageError(
            f"the key was due until {record.state_deadline}, and it is {now} now: keep it; the "
            "bond is the provider's when anyone settles"
        )


def _own_key(job_id: bytes, record: Record, seed: Path | None) -> bytes:
    known = posted_set(job_id)
    if seed is None and known is None:
        raise UsageError("the bounty was not posted from here: give its seed file with --seed")
    path = seed or Path(known.seed)  # type: ignore[union-attr]
    key = key_of(read_seed(path), record.job.nonce)
    if key_hash(key) != record.job.terms.key_hash:
        raise UsageError(f"{path} is not the seed of this bounty: give the one that it was made of")
    return key


def _accepted_in(client: Client, deployment: Deployment, job_id: bytes) -> int:
    return next(
        logged.block
        for logged in fetch_events(client, deployment)
        if isinstance(logged.event, BountyAccepted) and logged.event.job_id == job_id
    )
