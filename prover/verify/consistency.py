"""Whether the parts of a circuit description fit each other. Any fault is an UnsoundCircuit.

That the circuit says what its author claims is not seen here: a network's circuit is compared with
the network where it is made, and a description by its hash.
"""

from collections import Counter
from collections.abc import Iterable

from prover.base.errors import UnsoundCircuit
from prover.verify.algebra.field import R
from prover.verify.description import Description
from prover.verify.expressions import Challenge, Query, degree, leaves
from prover.verify.transcript import WORD_BYTES

PERMUTATION_DEGREE = 3
MIN_QUERIES, OPENING_ROWS = 3, 2
PACKINGS = (1, 2, 4, 8)
# Symbols of columns that are made with challenges, without their numbers; all others hold cells.
DERIVED_COLUMNS = ("row_a", "run_a", "row_b", "run_b", "v", "x", "mac", "h", "rank", "sum")


def check(description: Description) -> None:
    """Raises UnsoundCircuit naming the first rule that does not hold."""
    _check_domain(description)
    _check_rows(description)
    _check_sections(description)
    _check_columns(description)
    _check_queries(description)
    _check_commitments(description)
    _check_degree(description)
    _check_phases(description)
    _check_layout(description)


def _require(holds: bool, what: str, found: object, allowed: object) -> None:
    if not holds:
        raise UnsoundCircuit(
            f"circuit description: {what} is {found}: expected {allowed}; export it again"
        )


def _check_domain(description: Description) -> None:
    """omega has order n exactly; the cosets delta^j <omega> of the permutation do not meet."""
    rows = description.domain.rows
    half = pow(description.omega, rows // 2, R)
    _require(half == R - 1, "omega", hex(description.omega), f"a root of unity of order {rows}")
    shift = pow(description.delta, rows, R)
    cosets = {pow(shift, column, R) for column in range(len(description.permutation.columns))}
    disjoint = shift != 0 and len(cosets) == len(description.permutation.columns)
    _require(disjoint, "delta", hex(description.delta), "a value whose cosets are disjoint")


def _check_rows(description: Description) -> None:
    """Enough random rows hide what is opened; instances are on usable rows."""
    opened = Counter(column for column, _ in description.queries.advice)
    least = max(MIN_QUERIES, *opened.values(), 0) + OPENING_ROWS
    blinding = description.blinding_rows
    _require(blinding >= least, "blinding_rows", blinding, f"at least {least}")
    usable = description.domain.rows - blinding - 1
    _require(description.usable_rows == usable, "usable_rows", description.usable_rows, usable)
    apart = usable > blinding + 1  # else rotations forwards and backwards could meet
    _require(apart, "usable_rows", usable, f"more than {blinding + 1}")
    few = description.instances.count <= usable
    _require(few, "instances", description.instances.count, f"at most {usable}")


def _check_sections(description: Description) -> None:
    """The instances' layout is that of the shape: what is public is said once."""
    shape, instances = description.shape, description.instances
    _require(shape.k == description.k, "shape.k", shape.k, description.k)
    if shape.labels:
        _require(instances.outputs == shape.labels, "outputs", instances.outputs, shape.labels)
    hashed = (instances.digests > 0) == (shape.hash_group > 0)
    allowed = "some where inputs are hashed, else none"
    _require(hashed, "instances.digests", instances.digests, allowed)


def _check_columns(description: Description) -> None:
    """One instance column; no column twice."""
    columns, permutation = description.columns, description.permutation
    _require(len(columns.instance) == 1, "number of instance columns", len(columns.instance), 1)
    _check_distinct("names of advice columns", [column.name for column in columns.advice])
    _check_distinct("symbols of advice columns", [column.symbol for column in columns.advice])
    _check_distinct("permutation.columns", permutation.columns)


def _check_commitments(description: Description) -> None:
    """Each fixed column has its commitment: a hidden one its own, in proofs, the others packed.

    What is packed is opened at x alone.
    """
    shape, secret = description.shape, description.secret_columns
    _require(shape.packing in PACKINGS, "shape.packing", shape.packing, f"one of {PACKINGS}")
    wanted = shape.weight_lanes + 1 if shape.hidden else 0
    _require(len(secret) == wanted, "number of secret_columns", len(secret), wanted)
    order = list(dict.fromkeys(query.column for query in description.secret_queries))
    _require(list(secret) == order, "secret_columns", secret, f"{order}, in order of the queries")
    packed = description.packed_queries
    for query in packed:
        _require(query.rotation == 0, f"rotation of {query}", query.rotation, "0, as it is packed")
    _require(
        len(packed) + len(secret) == len(description.columns.fixed),
        "number of packed fixed columns",
        len(packed),
        len(description.columns.fixed) - len(secret),
    )
    found, wanted = (
        len(description.packed_commitments),
        -(-description.packed_columns // shape.packing),
    )
    _require(found == wanted, "number of packed_commitments", found, wanted)


def _check_queries(description: Description) -> None:
    """What is queried is exactly what gates and permutation read, of columns that exist."""
    used = {
        leaf
        for polynomial in description.polynomials
        for leaf in leaves(polynomial)
        if isinstance(leaf, Query)
    }
    used |= {Query(kind, column, 0) for kind, column in description.permutation.columns}
    declared = [
        *description.queried("advice"),
        *description.queried("fixed"),
        *description.queried("instance"),
    ]
    _check_distinct("queries", declared)
    for query in declared:
        _check_query(description, query)
    for query in sorted(used ^ set(declared)):
        where = "not used" if query in declared else "not declared"
        _require(False, f"query {query}", where, "a query that is declared and used")


def _check_query(description: Description, query: Query) -> None:
    count = len(getattr(description.columns, query.kind))
    _require(query.column < count, f"query of {query.kind} column", query.column, f"< {count}")
    near = abs(query.rotation) <= description.blinding_rows
    _require(near, f"rotation of {query}", query.rotation, f"+-{description.blinding_rows}")


def _check_degree(description: Description) -> None:
    """The quotient has exactly the pieces that the greatest degree needs."""
    gates = [degree(polynomial) for polynomial in description.polynomials]
    most = max(PERMUTATION_DEGREE, *gates, 0)
    _require(description.degree == most, "degree", description.degree, most)
    pieces = description.proof.quotient_pieces
    _require(pieces == most - 1, "quotient_pieces", pieces, most - 1)
    width = description.permutation.columns_per_grand_product
    _require(width == most - 2, "permutation.columns_per_grand_product", width, most - 2)


def _check_phases(description: Description) -> None:
    """Cells are committed before any challenge is drawn; every challenge exists and is late enough.

    A column of cells in a later phase could be chosen knowing the challenges, and no gate would
    notice. Only running sums follow the challenges that they are made with.
    """
    phases = {column.phase for column in description.columns.advice}
    _require(phases == set(description.phases), "phases", sorted(phases), "0, 1, .. without gaps")
    count = len(description.challenge_phases)
    _require(len(description.challenges) == count, "number of challenges", count, "one name each")
    for phase in description.challenge_phases:
        _require(phase in phases, "challenge_phases", phase, f"one of {sorted(phases)}")
    for column in description.columns.advice:
        if column.symbol.rstrip("0123456789") not in DERIVED_COLUMNS:
            first = min(description.challenge_phases, default=column.phase)
            _require(column.phase <= first, f"phase of {column.name}", column.phase, first)
    _check_challenges(description)


def _check_challenges(description: Description) -> None:
    used = {
        leaf.index
        for polynomial in description.polynomials
        for leaf in leaves(polynomial)
        if isinstance(leaf, Challenge)
    }
    wanted = set(range(len(description.challenge_phases)))
    _require(used == wanted, "challenges of the gates", sorted(used), f"{sorted(wanted)}")


def _check_layout(description: Description) -> None:
    """The proof's length follows from its parts."""
    layout, secret = description.proof, len(description.secret_columns)
    _require(layout.secret_points == secret, "proof.secret_points", layout.secret_points, secret)
    for phase, found in enumerate(layout.advice_points):
        wanted = len(description.advice_of(phase))
        _require(found == wanted, f"proof.advice_points of phase {phase}", found, wanted)
    products = len(description.chunks())
    found = layout.grand_products
    _require(found == products, "proof.grand_products", found, products)
    cells = len(description.queries.advice) + len(description.queries.fixed)
    scalars = cells + 1 + len(description.permutation.columns) + max(3 * products - 1, 0)
    _require(layout.evaluations == scalars, "proof.evaluations", layout.evaluations, scalars)
    points = secret + sum(layout.advice_points) + products + 1 + layout.quotient_pieces + 2
    length = WORD_BYTES * ((1 if secret else 0) + 2 * points + scalars)
    _require(layout.bytes == length, "proof.bytes", layout.bytes, length)


def _check_distinct(name: str, found: Iterable[object]) -> None:
    twice = [one for one, count in Counter(found).items() if count > 1]
    _require(not twice, name, f"twice {twice[:1]}", "each once")
