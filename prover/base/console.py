"""How this process prints, and the stages of long work."""

import sys
from dataclasses import dataclass


@dataclass
class Output:
    """How this process prints; set by the options that every command has."""

    json: bool = False
    debug: bool = False


OUTPUT = Output()


def progress(stage: str) -> None:
    """Tell the user which stage of long work begins, on stderr; quiet with --json."""
    if not OUTPUT.json:
        sys.stderr.write(f"  {stage} ...\n")
        sys.stderr.flush()
