"""`zkescrow audit`: trusting nobody."""

from pathlib import Path
from typing import Annotated

import typer

from prover.base.console import progress
from prover.cli.common.options import Rpc, address, deployed
from prover.cli.common.output import command, new_app, show

app = new_app()
APPS = {"audit": app}


@app.callback()
def _group() -> None:
    """Replay a chain and check every payment again."""


@command(app)
def replay(
    rpc: Rpc = None,
    from_block: Annotated[
        int, typer.Option(help="Re-verify proofs delivered from this block on; events: all.")
    ] = 0,
    accept_surplus: Annotated[
        bool,
        typer.Option("--accept-surplus", help="Money that no event explains is no mismatch."),
    ] = False,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(help="Token that is not asked what the contracts hold; may be repeated."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="HTML file to write.")] = None,
) -> None:
    """Rebuild every state and balance from events, verify every proof again.

    Exit status 1 on any mismatch.
    """
    from prover.audit.replay import Auditor
    from prover.audit.report import lines, to_dict, write_html
    from prover.systems.circuits import AnySystem

    client, deployment = deployed(rpc)
    found = Auditor(client, deployment, AnySystem(), progress).run(
        from_block,
        accept_surplus=accept_surplus,
        leave_out={str(address(one, "--leave-out")) for one in leave_out or ()},
    )
    if report is not None:
        write_html(found, report)
    where = [f"report written to {report}"] if report else []
    show(to_dict(found), *lines(found), *where)
    if found.findings.mismatches:
        raise typer.Exit(1)
