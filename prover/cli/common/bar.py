"""A progress bar with the time left on a terminal, plain lines elsewhere, nothing with --json."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from prover.base.console import OUTPUT, progress
from prover.systems.progress import Estimate, as_text
from prover.systems.worker import Progress


@contextmanager
def bar(shares: Mapping[str, float]) -> Iterator[Progress]:
    """What to call with each stage as it begins."""
    estimate = Estimate(shares)
    if OUTPUT.json or not sys.stderr.isatty():
        yield _lines(estimate)
        return
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, Task, TaskProgressColumn, TextColumn
    from rich.progress import Progress as RichProgress
    from rich.text import Text

    class Left(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(as_text(estimate.left()))

    columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), Left())
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("starting", total=1.0)

        def begins(stage: str) -> None:
            estimate.begins(stage)
            shown.update(task, description=stage, completed=estimate.done)

        yield begins


def _lines(estimate: Estimate) -> Progress:
    def begins(stage: str) -> None:
        estimate.begins(stage)
        done = f" ({estimate.done:.0%}, {as_text(estimate.left())})" if estimate.done else ""
        progress(stage + done)

    return begins
