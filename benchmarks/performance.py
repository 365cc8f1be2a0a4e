"""Makes docs/PERFORMANCE.md and docs/batching.svg from benchmarks/results and snapshots."""

import json
import statistics
from collections.abc import Callable, Sequence
from io import StringIO
from textwrap import fill
from typing import Any

from benchmarks.circuits import ROOT

PAGE, PLOT = ROOT / "docs" / "PERFORMANCE.md", ROOT / "docs" / "batching.svg"
RESULTS, SNAPSHOTS = ROOT / "benchmarks" / "results", ROOT / "snapshots"
GAS_BAR = 60_000
BATCHES = (1, 2, 4, 8, 16, 32, 64)
GAS_LIMIT, BYTES_LIMIT = 16_777_216, 128 * 1024  # of a transaction
Run = dict[str, Any]


def write() -> None:
    """Page and plot from the files that are there."""
    runs = read("batching_runs")["runs"]
    PAGE.write_text(page())
    PLOT.write_text(plot(runs))


def read(name: str) -> dict[str, Any]:
    """A result file."""
    content: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return content


def page() -> str:
    """The whole page."""
    batching, comparison = read("batching_runs"), read("digits_vs_calibration")
    return (
        "\n\n".join(
            [
                "# Performance",
                prose(
                    "This page and its plot are made by `python -m benchmarks.batching --render` "
                    "from `benchmarks/results/` and `snapshots/`.",
                    "`tests/unit/test_benchmarks.py` compares them.",
                ),
                _batching(batching),
                _comparison(comparison),
                _verification(),
                _repricing(read("repricing")),
                "",
            ]
        ).rstrip("\n")
        + "\n"
    )


def plot(runs: Sequence[Run]) -> str:
    """Gas and seconds per digit by batch size, as SVG."""

    def draw() -> None:
        from matplotlib import pyplot

        figure, (gas, seconds) = pyplot.subplots(1, 2, figsize=(8, 3))
        for mode, marker in (("hashed", "o"), ("public", "s")):
            rows = [run for run in runs if run["input_mode"] == mode]
            batches = [run["batch"] for run in rows]
            label = f"{mode} inputs"
            gas.plot(batches, [_gas(run) / 1000 for run in rows], marker=marker, label=label)
            seconds.plot(batches, [_seconds(run) for run in rows], marker=marker)
        gas.axhline(GAS_BAR / 1000, color="grey", linestyle=":", label="60,000 gas")
        gas.legend(frameon=False)
        for axes in (gas, seconds):
            axes.set(xscale="log", xlabel="digits in one proof")
            axes.set_xticks(BATCHES, [str(batch) for batch in BATCHES])
            axes.minorticks_off()
        gas.set(yscale="log", ylabel="thousand gas a digit")
        seconds.set(ylim=(0, None), ylabel="proving seconds a digit")
        figure.tight_layout()

    return svg("batching", draw)


def svg(name: str, draw: Callable[[], None]) -> str:
    """The figure that `draw` makes, as SVG: the same bytes for the same figure."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    content = StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none", "font.size": 9}):
        draw()
        pyplot.savefig(content, format="svg", metadata={"Date": None})
    pyplot.close("all")
    return "\n".join(line.rstrip() for line in content.getvalue().splitlines()) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines: list[Sequence[object]] = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def prose(*messages: str, item: bool = False) -> str:
    """Sentences as a paragraph or an item of a list: each on lines of its own, of 118 columns."""
    starts = ["- " if item else "", *["  " if item else ""] * (len(messages) - 1)]
    return "\n".join(
        fill(
            message,
            118,
            initial_indent=start,
            subsequent_indent="  " if item else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for start, message in zip(starts, messages, strict=True)
    )


def cheapest(runs: Sequence[Run]) -> Run:
    """The row with the least gas a digit among those that fit a transaction."""
    fitting = [
        run
        for run in runs
        if run["deliver_gas"] <= GAS_LIMIT and run["deliver_bytes"] <= BYTES_LIMIT
    ]
    return min(fitting, key=_gas)


def _gas(run: Run) -> float:
    return float(run["deliver_gas"] / run["batch"])


def _seconds(run: Run) -> float:
    return float(statistics.median(run["prove_seconds"]) / run["batch"])


def _machine(content: dict[str, Any]) -> str:
    where = content["machine"]
    return (
        f"{where['processor']}, {where['threads']} threads, {where['memory_gib']} GiB, Python "
        f"{where['python']}"
    )


def _batching(content: dict[str, Any]) -> str:
    runs, best = content["runs"], cheapest(content["runs"])
    return "\n\n".join(
        [
            "## Digits in batches",
            prose(
                f"The cheapest batch that fits a transaction: **{best['batch']} digits with "
                f"{best['input_mode']} inputs, {_gas(best):,.0f} gas a digit**.",
                f"That is with verification; the bar was {GAS_BAR:,}.",
            ),
            "![Gas and proving seconds a digit by the digits in one proof](batching.svg)",
            table(
                (
                    *("digits", "inputs", "rows", "instances", "verifier B", "calldata B"),
                    *("gas", "gas/digit", "bounty gas/digit", "s", "s/digit"),
                ),
                [_row(run) for run in runs],
            ),
            _words(runs, content),
        ]
    )


def _words(runs: Sequence[Run], content: dict[str, Any]) -> str:
    rounds = {len(run["prove_seconds"]) for run in runs}
    loads = [run["load_average"] for run in runs]
    paragraphs = [
        (
            "**What.** `examples/digits-cnn.onnx`, exact plans as `zkescrow model add` chooses "
            "them, fixed weights.",
            "Every item is a graph input of its own, hashed ones with their own salt.",
            "All slots are filled with test digits.",
        ),
        (
            "**Gas** is that of the whole transaction `PredictionMarket.deliver` by its receipt "
            "on Anvil: 21,000, calldata, proof verification, checks, the event with all scores, "
            "and the credit.",
            "It is paid in ETH to an account that has credits.",
            "Posting and locking are two transactions more for a whole job: "
            f"{_span(runs, 'post_gas')} and {_span(runs, 'lock_gas')} gas whatever the batch.",
            "Gas does not depend on the machine; it varies by some hundred with the zero bytes "
            "of a proof.",
        ),
        (
            "**Bounty gas** is that of `AccuracyBounty.submit` of the same digits and labels, "
            "opened by one path in a test set of 600 sealed items.",
            "It is a first submission, which also sets the first bit of a bitmap.",
            "No bounty takes public inputs.",
        ),
        (
            "**Seconds** are what a provider waits for: a new process, the witness, the proof, "
            "reading and hashing the proving key, and its own verification of the proof.",
            f"They are the median of {_range(rounds)} proofs on {_machine(content)}.",
            f"The load average was {min(loads):.1f} to {max(loads):.1f}; a proof alone makes 2.",
            "The number of rows is a power of two: a batch that does not fill it pays for all "
            "of it.",
        ),
        (
            f"**Hashing is what batches are for**: an instance costs {_instance_gas(runs):,.0f} "
            "gas in the verifier and its calldata.",
            "A public digit has 64 input words, a hashed one has 1, and both have 10 scores.",
            "The proof itself does not grow with the batch.",
        ),
        (
            f"**{max(run['batch'] for run in runs)} digits** are the largest batch measured.",
            "Each doubling doubles time and memory and saves ever less gas, as the scores remain.",
        ),
    ]
    return "\n".join(prose(*messages, item=True) for messages in paragraphs)


def _instance_gas(runs: Sequence[Run]) -> float:
    """Gas of a verification by its number of instances, between the ends of the hashed rows."""
    hashed = [run for run in runs if run["input_mode"] == "hashed"]
    gas = hashed[-1]["verify_gas"] - hashed[0]["verify_gas"]
    return float(gas / (hashed[-1]["instances"] - hashed[0]["instances"]))


def _row(run: Run) -> tuple[object, ...]:
    return (
        run["batch"],
        run["input_mode"],
        f"2^{run['logrows']}",
        run["instances"],
        f"{run['verifier_bytes']:,}",
        f"{run['deliver_bytes']:,}",
        f"{run['deliver_gas']:,}",
        f"{_gas(run):,.0f}",
        f"{run['submit_gas'] / run['batch']:,.0f}" if run.get("submit_gas") else "-",
        f"{statistics.median(run['prove_seconds']):.2f}",
        f"{_seconds(run):.2f}",
    )


def _range(values: set[int]) -> str:
    return " to ".join(str(value) for value in sorted({min(values), max(values)}))


def _span(runs: Sequence[Run], name: str) -> str:
    values = [run[name] for run in runs]
    return f"{min(values):,} to {max(values):,}"


def _comparison(content: dict[str, Any]) -> str:
    rows = []
    for name, side in (("our plan", "ours"), ("ezkl's calibration", "ezkl_calibration")):
        values = content[side]
        rows.append(
            (
                name,
                f"2^{values['logrows']}",
                f"{values['rows']:,}",
                f"{values['key_bytes'] / 2**20:.1f} MiB",
                f"{values['setup_seconds']:.2f}",
                f"{values['prove_seconds']:.2f}",
                f"{values['label_agreement']:.1%}",
                f"{values['accuracy']:.1%}",
            )
        )
    head = ("circuit", "k", "rows", "proving key", "set-up s", "prove s", "labels kept", "accuracy")
    return "\n\n".join(
        [
            "## One digit, against ezkl's own calibration",
            prose(
                f"Our plan proved {content['prove_ratio']} times as fast as ezkl's (the bar: "
                f"{content['bar']}).",
                f"Both proved in turn in one run, median of {content['rounds']} proofs, on "
                f"{_machine(content)}; load average {content['machine']['load_average']}.",
                "These seconds are of the proof alone.",
            ),
            table(head, rows),
            prose(
                f"Labels of {content['samples']} held-out digits, against the float model "
                f"(accuracy {content['accuracy_float']:.1%}).",
                "ezkl's side is what its documentation does: public inputs and outputs, fixed "
                "parameters, `calibrate_settings` for resources.",
                "Freivalds' check is off on both sides, as it is unsound.",
                "Its proof carries no job context, ours does.",
                "Made by `python -m benchmarks.digits_vs_calibration`.",
            ),
        ]
    )


def _verification() -> str:
    rows = [(name, f"{gas:,}") for name, gas in snapshot("verification").items()]
    return "\n\n".join(
        [
            "## Verification by circuit",
            prose(
                "Gas of a transaction that calls the generated verifier and nothing else, with "
                "calldata and the sample proof made at set-up.",
                "Measured by `python -m benchmarks.verification`.",
            ),
            table(("circuit", "gas"), rows),
        ]
    )


def _repricing(content: dict[str, Any]) -> str:
    rows = [
        (
            demo,
            name,
            row["count"],
            f"{row['calldata']:,}",
            f"{row['state_bytes']:,}",
            f"{row['today']:,}",
            f"{row['tomorrow']:,}",
            f"{row['tomorrow'] / row['today']:.2f}",
        )
        for demo, transactions in content.items()
        for name, row in transactions.items()
    ]
    return "\n\n".join(
        [
            "## Gas tomorrow",
            prose(
                "Every kind of transaction that the four demos send, the one of median gas of its "
                "kind, by its receipt today and under three scheduled changes:",
            ),
            "\n".join(
                prose(*messages, item=True)
                for messages in (
                    ("**EIP-7976**: at least 21,000 and 64 gas a byte of calldata.",),
                    (
                        "**EIP-8037**: 1,530 gas a byte of new state: a slot is 64 bytes, an "
                        "account 120, code its length.",
                        "This gas does not count for the cap of a transaction (16,777,216).",
                    ),
                    (
                        "**EIP-8038**: 10,000 for the first change of a slot beside the access to "
                        "it, 3,000 for a cold account, 11,616 back for a slot that is cleared.",
                    ),
                )
            ),
            prose(
                "The changes are computed from traces (`benchmarks/prices.py`), whose sum under "
                "today's rules is a real node's receipt, as a test shows.",
                "The proposals as they stood in November 2026; EIP-2780 is not priced.",
                "Made by `python -m benchmarks.repricing`.",
            ),
            table(
                (
                    "demo",
                    "transaction",
                    "sent",
                    "calldata B",
                    "new state B",
                    "today",
                    "tomorrow",
                    "ratio",
                ),
                rows,
            ),
        ]
    )


def snapshot(name: str) -> dict[str, int]:
    """A committed snapshot."""
    values: dict[str, int] = json.loads((SNAPSHOTS / f"{name}.json").read_text())
    return values
