"""The demos: the parties on a local Anvil node, each using the zkescrow command.

    scripts/demo [NAME] [--json FILE] [options of the demo]

NAME is one of DEMOS, by default the first, or `all`.
"""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from demos.shared import DemoFailed, console, fresh_chain

DEMOS = {
    "predictions": "predictions of a digits CNN, proven and paid",
    "accuracy": "a bounty for hidden weights that reach 90 % on sealed digits",
    "retrieval": "569 sealed records judged by a model, exactly the flagged ones readable",
    "imagenet": "a photograph's label by EfficientNet-Lite0 at 224x224: 11 minutes, 10 GiB",
    "serving": "256 digits served, 59 contested: an honest provider paid, a lazy one caught",
}


def main() -> None:
    arguments = sys.argv[1:]
    name = arguments.pop(0) if arguments and not arguments[0].startswith("-") else next(iter(DEMOS))
    names = list(DEMOS) if name == "all" else [name]
    chosen = parse(names, arguments)
    results = {each: show(each, chosen) for each in names}
    if chosen.json:
        printed: Any = results if name == "all" else results[name]
        chosen.json.write_text(json.dumps(printed, indent=2) + "\n")


def parse(names: list[str], arguments: list[str]) -> argparse.Namespace:
    """The options of the chosen demos. Exits with 2 on a wrong name or option."""
    listing = "".join(f"\n  {name:12} {summary}" for name, summary in DEMOS.items())
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        usage="scripts/demo [NAME | all] [options]",
        description=f"NAME is, by default the first:{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what happened")
    for name in names:
        if name not in DEMOS:
            parser.error(f"no demo {name!r}: expected {', '.join(DEMOS)} or all")
        importlib.import_module(f"demos.{name}").options(parser)
    return parser.parse_args(arguments)


def show(name: str, chosen: argparse.Namespace) -> dict[str, Any]:
    """Play one demo on a node of its own; what happened."""
    demo, started = importlib.import_module(f"demos.{name}"), time.monotonic()
    try:
        with fresh_chain() as chain:
            result: dict[str, Any] = demo.play(chain, chosen)
    except DemoFailed as error:
        sys.exit(f"demo: failed: {error}")
    console.print(f"\ndemo: ok, {demo.conclusion(result)}, {time.monotonic() - started:.0f} s")
    return result


if __name__ == "__main__":
    main()
