"""Whether a file is a set-up, and whose.

A set-up is consecutive powers of one secret and their Lagrange form: asked by a pairing over a
random linear combination of all powers, and by committing to one random polynomial in both forms.
"""

import secrets
from pathlib import Path
from typing import Any

from prover.base.errors import ArtifactMismatch
from prover.base.files import sha256_file
from prover.systems import worker
from prover.systems.srs import raw
from prover.systems.srs.curve import GENERATOR, combine, inverse_transform
from prover.systems.srs.known import DEVELOPMENT, known, named
from prover.systems.srs.record import SetUp
from prover.verify.algebra.group import INFINITY, Affine, bn128, negate, pairings_cancel

WEIGHT_BITS = 128


def check_srs(path: Path, logrows: int) -> None:
    """Raise ArtifactMismatch, naming the failed condition, unless a file is some secret's set-up.

    In a child process, with the Rust engine if it is there: else some 50 microseconds a point.
    """
    raw.check_size(path, logrows)
    arguments = {"path": str(path), "logrows": logrows}
    worker.run("prover.systems.srs.check:require_consistent", arguments)


def require_consistent(path: str, logrows: int) -> dict[str, Any]:
    """The child's part of `check_srs`."""
    try:
        import zkescrow_native
    except ImportError:
        require_consistent_points(raw.read(Path(path), logrows))
        return {}
    try:
        zkescrow_native.Srs.read(path).check(secrets.token_bytes(32))
    except zkescrow_native.Refused as error:
        raise ArtifactMismatch(str(error)) from None
    return {}


def require_consistent_points(points: raw.Points) -> None:
    """Raise ArtifactMismatch unless the points are one secret's; in plain Python."""
    if points.powers[0] != GENERATOR or not bn128.eq(_lifted(points.g2), bn128.G2):
        raise _refusal("it does not begin with the groups' generators")
    weights = [secrets.randbits(WEIGHT_BITS) for _ in points.powers]
    lower = combine(points.powers[:-1], weights[:-1]) or INFINITY
    upper = combine(points.powers[1:], weights[:-1]) or INFINITY
    if not pairings_cancel((upper, points.g2), (_negated(lower), points.s_g2)):
        raise _refusal("its powers are not consecutive ones of one secret")
    by_values = combine(points.lagrange, weights)
    if by_values != combine(points.powers, inverse_transform(weights)):
        raise _refusal("its Lagrange form is not that of its powers")


def check_named(path: Path, claimed: SetUp, logrows: int) -> None:
    """Check that a file is the set-up that a manifest names. Raises ArtifactMismatch.

    A published hash settles it; without one, [s]G2 does, and the consistency of all points.
    """
    require_published(claimed, logrows)
    facts, found = named(claimed.name), sha256_file(path)
    if found != claimed.sha256:
        raise ArtifactMismatch(
            f"the set-up differs: {path.name} has SHA-256 {found}: expected {claimed.sha256} by "
            "the manifest; get the files again"
        )
    if logrows in facts.sha256:
        return
    raw.check_size(path, logrows)
    if facts.s_g2 != second_point(path, logrows):
        raise ArtifactMismatch(
            f"the set-up differs: {path.name} has another secret: expected that of {claimed.name}; "
            "whoever made it could forge proofs, do not use it"
        )
    check_srs(path, logrows)


def check_verifying(path: Path, claimed: SetUp, logrows: int) -> None:
    """Check the set-up that a native circuit's proofs are verified with: its [s]G2.

    Whoever chose it could forge proofs. Where a ceremony is recognised by hashes alone, only making
    the keys again shows it. Raises ArtifactMismatch.
    """
    require_published(claimed, logrows)
    raw.check_size(path, 0)
    expected = named(claimed.name).s_g2
    if expected is not None and second_point(path, 0) != expected:
        raise ArtifactMismatch(
            f"the set-up differs: {path.name} has another secret: expected that of {claimed.name}; "
            "whoever made it could forge proofs, do not use it"
        )


def require_published(claimed: SetUp, logrows: int) -> None:
    """Raise ArtifactMismatch if a manifest's hash is not the published one, where there is one."""
    published = named(claimed.name).sha256.get(logrows)
    if published is None or published == claimed.sha256:
        return
    reason = (
        "it was made by an older version, or by somebody who knows its secret alone"
        if claimed.name == DEVELOPMENT
        else "the file is not the ceremony's"
    )
    raise ArtifactMismatch(
        f"the set-up differs: the circuit uses a {claimed.name} set-up with SHA-256 "
        f"{claimed.sha256}: expected {published} for 2^{logrows} rows; {reason}; have the circuit "
        "made again"
    )


def second_point(path: Path, logrows: int) -> Any:
    """[s]G2 of a file in halo2's raw format. Raises ArtifactMismatch as `raw.read_second`."""
    with path.open("rb") as file:
        file.seek(raw.twists_at(logrows) + raw.G2_BYTES)
        return raw.read_second(file, "s G2")


def recognise(path: Path, logrows: int) -> SetUp:
    """The known set-up that a file in halo2's raw format is. Raises ArtifactMismatch.

    Its points are checked, unless its hash is a published one.
    """
    sha256 = sha256_file(path)
    for facts in known().values():
        if facts.sha256.get(logrows) == sha256:
            return SetUp(name=facts.name, sha256=sha256)
    raw.check_size(path, logrows)
    point = second_point(path, logrows)
    for facts in known().values():
        if facts.s_g2 == point:
            check_srs(path, logrows)
            return SetUp(name=facts.name, sha256=sha256)
    raise ArtifactMismatch(
        f"{path.name} is of no set-up that is known here: expected {', '.join(known())}, "
        "recognised by [s]G2 or by the file's published SHA-256; whoever made another could forge "
        "proofs"
    )


def _lifted(point: Any) -> Any:
    return (bn128.FQ2(point[0]), bn128.FQ2(point[1]), bn128.FQ2.one())


def _negated(point: Affine) -> Affine:
    return INFINITY if point == INFINITY else negate(point)


def _refusal(reason: str) -> ArtifactMismatch:
    return ArtifactMismatch(f"the set-up is not one: {reason}; get the file again")
