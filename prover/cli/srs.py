"""`zkescrow srs`: the set-ups (structured reference strings) that circuits use."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prover.base.console import progress
from prover.base.parsing import duration
from prover.cli.common.options import describe_set_up
from prover.cli.common.output import command, new_app, show

if TYPE_CHECKING:
    from prover.systems.srs import StoredSetUp

app = new_app()
APPS = {"srs": app}
File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A set-up: halo2's raw format or a .ptau.")
]
Rows = Annotated[
    int | None,
    typer.Option("--logrows", help="log2 of the rows to take [default: all, up to 2^22]."),
]


@app.callback()
def _group() -> None:
    """Set-ups of public ceremonies: import, fetch, verify, list."""


@command(app, "import")
def import_file(file: File, logrows: Rows = None) -> None:
    """Check a ceremony's file, and keep its set-up for circuits."""
    from prover.systems.srs import import_file

    progress(f"checking {file.name}")
    _show(import_file(file, logrows))


@command(app)
def fetch(
    name: Annotated[
        str | None,
        typer.Argument(help="The ceremony [default: perpetual-powers-of-tau]."),
    ] = None,
    logrows: Annotated[int, typer.Option(help="log2 of the rows of the circuits.")] = 17,
    mirror: Annotated[
        list[str] | None,
        typer.Option(
            help="Address, {k} for log2 rows [default: ZKESCROW_SRS_MIRRORS]; repeatable."
        ),
    ] = None,
    deadline: Annotated[str, typer.Option(help="Longest time for a mirror.")] = "1h",
) -> None:
    """Download a ceremony's published file, check its hash, and keep it. Goes on after a break."""
    from prover.systems.srs import PERPETUAL
    from prover.systems.srs import fetch as download

    seconds = duration(deadline, "--deadline")
    kept = download(name or PERPETUAL, logrows, seconds, tuple(mirror or ()), progress)
    _show(kept)


@command(app)
def verify(file: File, logrows: Rows = None) -> None:
    """Check every point of a file, and say whose set-up it is; keeps nothing."""
    from prover.systems.srs import inspect, known_set_ups

    progress(f"checking every point of {file.name}")
    found = inspect(file, logrows)
    name, sha256 = found.named.name, found.named.sha256
    by = known_set_ups()[name].evidence(found.logrows, sha256)
    data = {"name": name, "sha256": sha256, "logrows": found.logrows, "known_by": by}
    show(
        data | {"format": found.format},
        f"{file}: consecutive powers of one secret, with their Lagrange form; that of "
        f"{name} for 2^{found.logrows} rows, SHA-256 {sha256}; known by {by}",
        *_warning(name),
    )


@command(app, "list")
def list_set_ups() -> None:
    """List the set-ups on this machine, and the ceremonies that are known."""
    from prover.systems.srs import known_set_ups, stored_set_ups

    kept, known = stored_set_ups(), known_set_ups()
    printed = {name: f"{facts.what}; {facts.recognised_by}" for name, facts in known.items()}
    show(
        {"set_ups": [_row(one) for one in kept], "known": printed},
        *[f"here: {one.name} for 2^{one.logrows} rows, SHA-256 {one.sha256}" for one in kept]
        or ["here: none of a ceremony"],
        *(f"known: {name}: {what}" for name, what in printed.items()),
    )


def _show(kept: "StoredSetUp") -> None:
    show(
        _row(kept) | {"file": str(kept.path)},
        f"the set-up of {kept.name} for 2^{kept.logrows} rows and fewer is kept, SHA-256 "
        f"{kept.sha256}; next: zkescrow model add --srs {kept.name}",
    )


def _row(kept: "StoredSetUp") -> dict[str, Any]:
    return {"name": kept.name, "logrows": kept.logrows, "sha256": kept.sha256}


def _warning(name: str) -> list[str]:
    return [describe_set_up(name)] if name == "development" else []
