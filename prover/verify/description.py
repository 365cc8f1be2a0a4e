"""A circuit description: all that is known of a circuit to whoever verifies its proofs.

docs/native/FORMAT.md says what each field means; `consistency` checks that they fit each other.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from prover.verify import words
from prover.verify.algebra.domain import Domain
from prover.verify.algebra.group import Affine, Twist
from prover.verify.expressions import Expression, Kind, Query, parse

Count = Annotated[int, Field(ge=0)]
Scalar = Annotated[int, PlainValidator(words.scalar)]
Word = Annotated[int, PlainValidator(words.word)]
PointOrInfinity = Annotated[Affine, PlainValidator(words.point_or_infinity)]
TwistPoint = Annotated[Twist, PlainValidator(words.twist)]
Polynomial = Annotated[Expression, PlainValidator(parse)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AdviceColumn(_Strict):
    """A column that the prover fills. Phase 1 follows the challenges of phase 0, and so on.

    The digest has its `symbol`, by which formulas know it; `name` is the same spelled out.
    """

    name: str
    symbol: str
    phase: Count


class Columns(_Strict):
    """All columns; an index of a query or of the permutation counts within its kind."""

    advice: tuple[AdviceColumn, ...]
    fixed: tuple[str, ...]
    instance: tuple[str, ...]


class Gate(_Strict):
    """Polynomials that are zero on every row but the blinding ones."""

    name: str
    polynomials: tuple[Polynomial, ...]


class Queries(_Strict):
    """(column, rotation) of every cell whose value enters the gates or the permutation."""

    advice: tuple[tuple[Count, int], ...]
    fixed: tuple[tuple[Count, int], ...]
    instance: tuple[tuple[Count, int], ...]


class Permutation(_Strict):
    """Columns that copy constraints are about; of each, sigma_j says where its cells are copied."""

    columns: tuple[tuple[Kind, Count], ...]
    columns_per_grand_product: Annotated[int, Field(ge=1)]


class Srs(_Strict):
    """The set-up: a generator of the second group, and the secret times it.

    The first group's is (1, 2) always.
    """

    g2: TwistPoint
    s_g2: TwistPoint


class ProofLayout(_Strict):
    """How many points and scalars of each sort a proof has, and its length."""

    secret_points: Count
    advice_points: tuple[Count, ...]
    grand_products: Count
    quotient_pieces: Count
    evaluations: Count
    bytes: Count


class Shape(_Strict):
    """The parameters that docs/NATIVE.md tells of. The gates follow from all but the first two."""

    k: Count
    packing: Annotated[int, Field(ge=1)]
    lanes: Count
    weight_lanes: Count
    shift: Count
    y_offset: int
    input_bits: Count
    input_low: int
    labels: Count
    class_bits: Count
    score_low: int
    hash_group: Count
    hidden: bool

    def words(self) -> tuple[int, ...]:
        """All but k, in this order."""
        return tuple(int(value) for name, value in self if name != "k")


class Instances(_Strict):
    """How many public words are limbs of the context, digests of the input, and outputs.

    They stand in this order. Outputs are labels, best first, or the scores of all classes.
    """

    context: Count
    digests: Count
    outputs: Count

    @property
    def count(self) -> int:
        """All of them."""
        return self.context + self.digests + self.outputs


class Description(_Strict):
    """A circuit. Make it by `parse_description`, which also checks it."""

    format: Literal["zkescrow native circuit 3"]
    shape: Shape
    k: Annotated[int, Field(ge=1, le=28)]
    omega: Scalar
    delta: Scalar
    blinding_rows: Count
    usable_rows: Count
    degree: Count
    digest: Word
    instances: Instances
    columns: Columns
    challenges: tuple[str, ...]
    challenge_phases: tuple[Count, ...]
    gates: tuple[Gate, ...]
    queries: Queries
    permutation: Permutation
    secret_columns: tuple[Count, ...]
    packed_commitments: tuple[PointOrInfinity, ...]
    srs: Srs
    proof: ProofLayout

    @property
    def domain(self) -> Domain:
        """The rows."""
        return Domain(self.k, self.omega)

    @property
    def polynomials(self) -> tuple[Expression, ...]:
        """Those of all gates, in order."""
        return tuple(polynomial for gate in self.gates for polynomial in gate.polynomials)

    @property
    def chaining_rotation(self) -> int:
        """From row 0 of a grand product to where the one before it ended: the row of l_last."""
        return -(self.blinding_rows + 1)

    @property
    def phases(self) -> range:
        """The phases of the advice columns."""
        return range(len(self.proof.advice_points))

    def advice_of(self, phase: int) -> tuple[int, ...]:
        """Indices of a phase's advice columns."""
        columns = enumerate(self.columns.advice)
        return tuple(index for index, column in columns if column.phase == phase)

    def challenges_after(self, phase: int) -> tuple[int, ...]:
        """Indices of the challenges that are drawn after a phase's columns."""
        phases = enumerate(self.challenge_phases)
        return tuple(index for index, found in phases if found == phase)

    def queried(self, kind: Kind) -> tuple[Query, ...]:
        """The queries of one kind of column, in order."""
        pairs: tuple[tuple[int, int], ...] = getattr(self.queries, kind)
        return tuple(Query(kind, column, rotation) for column, rotation in pairs)

    @property
    def secret_queries(self) -> tuple[Query, ...]:
        """Of the fixed queries those of columns whose commitments stand in proofs, in order."""
        return tuple(one for one in self.queried("fixed") if one.column in self.secret_columns)

    @property
    def packed_queries(self) -> tuple[Query, ...]:
        """The other fixed queries, in order: of columns that are packed."""
        return tuple(one for one in self.queried("fixed") if one.column not in self.secret_columns)

    @property
    def packed_columns(self) -> int:
        """How many polynomials are packed: fixed columns, then sigma."""
        return len(self.packed_queries) + len(self.permutation.columns)

    def chunks(self) -> list[tuple[Query, ...]]:
        """The permutation's columns, cut into the chunks that share a grand product."""
        cells = [Query(kind, column, 0) for kind, column in self.permutation.columns]
        width = self.permutation.columns_per_grand_product
        return [tuple(cells[start : start + width]) for start in range(0, len(cells), width)]
