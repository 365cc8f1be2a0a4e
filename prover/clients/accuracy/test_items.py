"""The test set of an accuracy bounty: labelled rows, sealed with what one seed gives."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from prover.base.errors import StatementInvalid, UsageError
from prover.clients.accuracy.posted_sets import row_hash
from prover.statement.documents.inputs_file import Item, Shape, check_values
from prover.statement.documents.seeds import Seed
from prover.statement.documents.testset import SealedTestSet, Test, seal_tests
from prover.statement.field import WORD_BYTES
from prover.statement.sealing import SealedForm, check_sealable
from prover.systems.circuits import chunks, quantised, read_data
from prover.systems.interface import Artifacts


@dataclass(frozen=True)
class Tests:
    """Quantised rows of a data file with their labels, and hashes of the rows as they stood."""

    __test__ = False  # no test case

    values: tuple[tuple[int, ...], ...]
    labels: tuple[int, ...]
    hashes: tuple[str, ...]


def check_circuit(artifacts: Artifacts) -> None:
    """Raise UsageError or StatementInvalid unless a bounty can be posted on the circuit."""
    if not artifacts.facts.exact:
        raise UsageError(
            "the circuit is not exact: its prover could choose between results; only exact "
            "circuits decide bounties, see `zkescrow model show`"
        )
    sealed_form(artifacts)
    classes = artifacts.facts.layout.classes
    if classes < 2:
        raise UsageError(
            f"the circuit has {classes} classes: expected 2 or more, of which one is the label"
        )


def sealed_form(artifacts: Artifacts) -> SealedForm:
    """What sealed items of the circuit are. Raises StatementInvalid if none can be."""
    return check_sealable(artifacts.facts.sealed)


def read_tests(artifacts: Artifacts, data: Path, rows: range | None, count: int | None) -> Tests:
    """Rows of an NPZ archive with labels: all, a part, or `count` drawn from it at random.

    Raises UsageError, ModelRefused or StatementInvalid, naming the row.
    """
    samples = read_data(artifacts, data)
    if samples.labels is None:
        raise UsageError(
            f"{data} has no array `labels`: expected the right label of each row; add it to the "
            "archive"
        )
    part = range(len(samples)) if rows is None else rows
    if not 0 <= part.start < part.stop <= len(samples):
        raise UsageError(
            f"--rows {part.start}:{part.stop}: expected a part of 0:{len(samples)} by {data}"
        )
    chosen = _drawn(part, count)
    flat, labels = [samples.inputs[row].reshape(-1) for row in chosen], samples.labels
    values = tuple(item.values for item in quantised(artifacts, flat))
    _check_domain(values, chosen, artifacts.facts.shape)
    return Tests(
        values, tuple(int(labels[row]) for row in chosen), tuple(row_hash(each) for each in flat)
    )


def sealed_tests(
    circuit_id: bytes, artifacts: Artifacts, tests: Tests, seed: Seed, nonce: int
) -> SealedTestSet:
    """The tests as the bounty with this nonce seals them: key and salts are its own."""
    name, shape = _name(nonce), artifacts.facts.shape
    opened = [
        Test(
            chunks(artifacts, Item(values, seed.salt(name, index, shape))),
            label,
            seed.label_salt(name, index),
        )
        for index, (values, label) in enumerate(zip(tests.values, tests.labels, strict=True))
    ]
    return seal_tests(circuit_id, opened, key_of(seed, nonce), sealed_form(artifacts))


def key_of(seed: Seed, nonce: int) -> bytes:
    """The key of the bounty with this nonce: fresh for each, as no two have the same nonce."""
    return seed.test_set_key(_name(nonce))


def _name(nonce: int) -> bytes:
    return nonce.to_bytes(WORD_BYTES, "big")


def _drawn(part: range, count: int | None) -> list[int]:
    if count is None:
        return list(part)
    if not 1 <= count <= len(part):
        raise UsageError(
            f"{count} test items: expected 1 to {len(part)}, the rows that are there; use more "
            "data, or a larger --eps"
        )
    return sorted(secrets.SystemRandom().sample(part, count))


def _check_domain(values: tuple[tuple[int, ...], ...], rows: list[int], shape: Shape) -> None:
    for row, each in zip(rows, values, strict=True):
        try:
            check_values(each, shape)
        except StatementInvalid as error:
            raise StatementInvalid(
                f"row {row}: {error}; an item that no proof can be about would cost you the bond: "
                "leave it out or scale the data as the model expects"
            ) from None
