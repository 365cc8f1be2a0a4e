"""Proofs by somebody who knows the set-up's secret: of any claims, true or false.

With the secret s every opening can be made to hold. So a proof can have any values of the columns
that the quotient fits, and with a gate's value left out of the quotient it is what a prover sends
whose witness breaks that gate: only a verifier that computes the gate refuses it. Circuits, too,
need no network: their fixed columns are any points whose logarithms are known.

All points are small multiples of the generator, in turn: each is an addition away from the last.
"""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from py_ecc import optimized_bn128 as bn128

from prover.systems.native import engine
from prover.systems.srs import raw
from prover.verify import Description, opening, permutation
from prover.verify.algebra.field import R, fold, inverse
from prover.verify.algebra.group import GENERATOR, INFINITY, Affine
from prover.verify.description import ProofLayout
from prover.verify.digest import circuit_digest, circuit_key
from prover.verify.expressions import Query, evaluate
from prover.verify.proof import Proof, read_proof

SECRET = 0x5EC2E7
Values = Callable[[list[int]], list[int]]
FIRST_PROOF_POINT = 1_000  # the key's points are below
INFINITE = 3  # every so many packed polynomials are zero, and have infinity as their point


@cache
def multiple(log: int) -> Affine:
    """log times the generator, for small logs in turn."""
    x, y = bn128.normalize(_projective(log))
    return int(x), int(y)


@cache
def _projective(log: int) -> object:
    if log % 50 == 0 or log < 2:
        return bn128.multiply(bn128.G1, log)
    return bn128.add(_projective(log - 1), bn128.G1)


def any_multiple(log: int) -> Affine:
    """log times the generator, for any log."""
    x, y = bn128.normalize(bn128.multiply(bn128.G1, log % R))
    return int(x), int(y)


def points_before_evaluations(layout: ProofLayout) -> int:
    """How many points stand before a proof's scalars."""
    own = layout.secret_points + sum(layout.advice_points)
    return own + layout.grand_products + 1 + layout.quotient_pieces


def twist(scalar: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """scalar times the generator of the second group."""
    x, y = bn128.normalize(bn128.multiply(bn128.G2, scalar))
    return tuple(map(int, x.coeffs)), tuple(map(int, y.coeffs))  # type: ignore[return-value]


def with_known_points(description: Description, packing: int, zeros: bool = True) -> Description:
    """The circuit with commitments of known logarithms, over the set-up of `SECRET`.

    With `zeros`, some packed polynomials are zero.
    """
    count = -(-description.packed_columns // packing)
    packed = [multiple(2 + index) for index in range(count)]
    if zeros:
        packed[INFINITE::INFINITE] = [INFINITY] * len(packed[INFINITE::INFINITE])
    srs = description.srs.model_copy(update={"g2": twist(1), "s_g2": twist(SECRET)})
    changed = description.model_copy(
        update={
            "srs": srs,
            "shape": description.shape.model_copy(update={"packing": packing}),
            "packed_commitments": tuple(packed),
        }
    )
    return changed.model_copy(update={"digest": circuit_digest(changed)})


def engine_key(description: Description, folder: Path) -> Any:
    """The engine's verifying key of a circuit, by way of its files."""
    shape, instances = description.shape.model_dump(), description.instances.model_dump()
    (folder / "shape.json").write_text(json.dumps({"shape": shape, "instances": instances}))
    (folder / "verifying.key").write_bytes(circuit_key(description))
    srs = raw.Points([GENERATOR], [GENERATOR], description.srs.g2, description.srs.s_g2)
    raw.write(folder / "verifying.srs", srs)
    return engine.engine().VerifyingKey.read(str(folder))


@dataclass(frozen=True)
class Forgery:
    """A circuit, instances, and what the quotient is to leave out."""

    description: Description
    instances: tuple[int, ...]
    seed: int = 0

    def identities(self, proof: Proof) -> list[int]:
        """The values that are folded with y: every gate's polynomials, then the copies'."""
        x, domain = proof.challenges.x, self.description.domain
        public = {
            query: domain.column(self.instances, domain.rotate(x, query.rotation))
            for query in self.description.queried("instance")
        }
        cells: dict[Query, int] = proof.evaluations.cells | public
        gates = [
            evaluate(one, cells, proof.challenges.gates) for one in self.description.polynomials
        ]
        rows = permutation.row_selectors(self.description, x)
        return [*gates, *permutation.identities(self.description, proof, cells, rows)]

    def proof(self, without: Iterable[int] = (), opened: Values = list) -> bytes:
        """A proof that holds if the identities `without` are taken for 0.

        `opened` gives the values at which packed columns are opened, from those that are claimed.
        """
        layout, draw = self.description.proof, random.Random(self.seed)
        points = points_before_evaluations(layout)
        logs = [FIRST_PROOF_POINT + index for index in range(points + 1)]
        words = [self.description.digest] if layout.secret_points else []
        words += [word for log in logs[:-1] for word in multiple(log)]
        words += [draw.randrange(R) for _ in range(layout.evaluations)]
        w = logs[-1]
        # The opening is read last, so that W' can be filled in when all is known.
        read = self._read([*words, *multiple(w), *multiple(1)])
        values = self.identities(read)
        for index in without:
            assert values[index] != 0
            values[index] = 0
        divisor = self.description.domain.vanishing(read.challenges.x)
        quotient = fold(values, read.challenges.y) * inverse(divisor) % R
        w_prime = self._w_prime(self._opened(read, opened), quotient)
        return _bytes([*words, *multiple(w), *any_multiple(w_prime)])

    def _opened(self, read: Proof, opened: Values) -> Proof:
        """What was read, but for the values of packed columns."""
        queries, found = self.description.packed_queries, read.evaluations
        claimed = [*(found.cells[query] for query in queries), *found.sigma]
        values = opened(claimed)
        cells = found.cells | dict(zip(queries, values, strict=False))
        sigma = tuple(values[len(queries) :])
        return replace(read, evaluations=replace(found, cells=cells, sigma=sigma))

    def _w_prime(self, read: Proof, quotient: int) -> int:
        """Its logarithm w': w' s = F, and F has U w' as its last term."""
        description, u = self.description, read.opening.u
        (scalar, _), *others = reversed(opening.terms(description, read, quotient))
        assert scalar == u
        total = sum(scalar * log for scalar, log in self._logs(others))
        return total * inverse(SECRET - u) % R

    def _logs(self, terms: Iterable[tuple[int, Affine]]) -> Iterator[tuple[int, int]]:
        known = _known_logs()
        return ((scalar, known[point]) for scalar, point in terms)

    def _read(self, words: list[int]) -> Proof:
        return read_proof(self.description, _bytes(words), self.instances)

    def with_instances(self, instances: tuple[int, ...]) -> "Forgery":
        return replace(self, instances=instances)


@cache
def _known_logs() -> dict[Affine, int]:
    logs = [1, *range(2, 200), *range(FIRST_PROOF_POINT, FIRST_PROOF_POINT + 300)]
    return {INFINITY: 0} | {multiple(log): log for log in logs}


def _bytes(words: Iterable[int]) -> bytes:
    return b"".join(word.to_bytes(32, "big") for word in words)
