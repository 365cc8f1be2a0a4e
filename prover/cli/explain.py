"""`zkescrow explain-revert`: revert data or a failed transaction as text."""

from typing import Annotated, Any

import typer

from prover.base.errors import UsageError
from prover.cli.common.options import Rpc, connected
from prover.cli.common.output import command, new_app, show

app = new_app()
APPS = {"explain-revert": app}
_HASH_BYTES, _SELECTOR_BYTES = 32, 4


@command(app, "explain-revert")
def explain_revert(
    what: Annotated[str, typer.Argument(help="Transaction hash, or revert data in hexadecimal.")],
    rpc: Rpc = None,
) -> None:
    """Say which rule refused, with its values, and what to do."""
    from prover.chain.abi.reverts import decode_revert

    try:
        data = bytes.fromhex(what.removeprefix("0x"))
    except ValueError:
        raise UsageError(f"{what!r}: expected a hash or revert data in hexadecimal") from None
    if len(data) == _HASH_BYTES:
        _explain_transaction(data, rpc)
        return
    if 0 < len(data) < _SELECTOR_BYTES:
        raise UsageError(
            f"{what!r} has {len(data)} bytes: expected a hash of {_HASH_BYTES}, or revert data, "
            f"which is empty or has {_SELECTOR_BYTES} or more; give all of it"
        )
    revert = decode_revert(data)
    arguments = {name: _json(value) for name, value in revert.arguments.items()}
    show({"error": revert.name, "arguments": arguments, "advice": revert.advice}, revert.message())


def _explain_transaction(transaction_hash: bytes, rpc: str | None) -> None:
    from prover.chain.sending.receipts import revert_of

    reason = revert_of(connected(rpc), transaction_hash)
    if reason is None:
        show({"status": 1}, "the transaction did not revert")
    else:
        show({"status": 0, "error": reason.error_name, "message": str(reason)}, str(reason))


def _json(value: Any) -> Any:
    return "0x" + value.hex() if isinstance(value, bytes) else value
