"""`zkescrow node`: a local chain."""

import contextlib
import signal
import subprocess
from types import FrameType
from typing import Annotated

import typer

from prover.base.settings import DEFAULT_PORT
from prover.cli.common.output import command, new_app, show

app = new_app()
APPS = {"node": app}


@command(app)
def node(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = DEFAULT_PORT,
) -> None:
    """Run a local Anvil node with the project's settings, until Ctrl-C."""
    from prover.base.redaction import child_environment
    from prover.chain.node import anvil
    from prover.chain.node.client import LOCAL_CHAIN

    anvil.check_port(port)
    signal.signal(signal.SIGTERM, _interrupt)
    process = subprocess.Popen(
        anvil.command(port), stdout=subprocess.DEVNULL, env=child_environment()
    )
    try:
        anvil.wait_for(process, port)
        url = f"http://127.0.0.1:{port}"
        show(
            {"rpc": url, "chain_id": LOCAL_CHAIN, "pid": process.pid},
            f"chain {LOCAL_CHAIN} at {url}; accounts 0 to 9 are Anvil's published ones; next: "
            f"zkescrow deploy --account 0{'' if port == DEFAULT_PORT else f' --rpc {url}'}",
        )
        with contextlib.suppress(KeyboardInterrupt):
            process.wait()
    finally:
        process.terminate()
        process.wait()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """End as on Ctrl-C, so that Anvil is not left behind."""
    raise KeyboardInterrupt
