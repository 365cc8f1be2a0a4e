"""Fills the tables of docs/ECONOMICS.md and makes docs/economics.svg.

Usage: python -m benchmarks.economics_page
"""

import re
from dataclasses import astuple

from benchmarks.circuits import ROOT
from benchmarks.economics import Accuracy, Retrieval, Serving
from benchmarks.performance import svg, table
from prover.protocol.costs import Prices, Proving
from prover.protocol.prediction.economics import prediction_money
from prover.protocol.retrieval.economics import retrieval_break_even
from prover.protocol.serving.economics import chance_to_catch, serving_break_even

PAGE, PLOT = ROOT / "docs" / "ECONOMICS.md", ROOT / "docs" / "economics.svg"
ETHER = 10**18
PRICES = Prices()
# Digits as benchmarks/batching.py proves them: one public, sixteen hashed in a proof.
SINGLE, BATCH = Proving.predicted(12, 1, 82), Proving.predicted(16, 16, 181)
DIGITS = Serving(n=256, proving=BATCH, prices=PRICES, output_bytes=40, contests=59)
BOUNTY = Accuracy(n=64, proving=BATCH, prices=PRICES, needed=58, elements=68)
RECORDS = Retrieval(n=569, proving=BATCH, prices=PRICES)
GAINS = (0, 1, 10, 100, 1000)  # prices of an answer


def main() -> None:
    """Write both."""
    PAGE.write_text(page())
    PLOT.write_text(plot())


def page() -> str:
    """The page with its tables made anew; the words between them stay."""
    text = PAGE.read_text()
    for name, content in tables().items():
        block = re.compile(f"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.S)
        text = block.sub(lambda found, new=content: f"{found[1]}{new}\n{found[2]}", text)  # type: ignore[misc]
    return text


def tables() -> dict[str, str]:
    """Each table of the page, by the name of its block."""
    return {
        "defaults": _defaults(),
        "catching": _catching(),
        "answers": _best_answers(),
        "bounty": _bounty(),
        "retrieval": _retrieval(),
    }


def ether(wei: float) -> str:
    """An amount in ETH, to three digits."""
    return f"{wei / ETHER:.3g}" if wei else "0"


def _defaults() -> str:
    prediction = prediction_money(1, SINGLE, PRICES)
    serving, bounty, records = DIGITS.money, BOUNTY.money, RECORDS.money
    rows = [
        ("prediction of a digit", f"reward {ether(prediction.reward)}", ether(prediction.stake)),
        (
            f"{DIGITS.n} digits served, {DIGITS.contests} may be contested",
            f"price {ether(serving.price)} each, proof fee {ether(serving.proof_fee)}",
            ether(serving.stake),
        ),
        (
            f"accuracy: {BOUNTY.needed} of {BOUNTY.n} digits right",
            f"reward {ether(bounty.reward)}, bond {ether(bounty.bond)}, penalty for a miss "
            f"{ether(bounty.miss_penalty)}",
            ether(bounty.stake),
        ),
        (
            f"retrieval from {RECORDS.n} records",
            f"price {ether(records.price_per_record)} a record",
            ether(records.stake),
        ),
    ]
    return table(("job", "consumer pays (ETH)", "stake (ETH)"), rows)


def _catching() -> str:
    rows = []
    for contested in (0, 1, 13, 59):
        cells: list[object] = [contested]
        for wrong in (1, 3, 13, 64, 256):
            found = chance_to_catch(DIGITS.n, wrong, contested)
            pays = serving_break_even(DIGITS.money, DIGITS.n, wrong, contested)
            cells.append(f"{found:.1%}: {ether(pays)}")
        rows.append(cells)
    return table(("contested", *(f"{wrong} wrong" for wrong in (1, 3, 13, 64, 256))), rows)


def _best_answers() -> str:
    rows = []
    for contested in (0, 1, 59):
        cells: list[object] = [contested]
        for gain in GAINS:
            wei = gain * DIGITS.money.price
            best = DIGITS.best_number_of_wrong_answers(contested, wei)
            profit = DIGITS.expected(best, contested, wei).provider
            cells.append(f"{best} ({ether(profit)})")
        rows.append(cells)
    return table(("contested", *(f"gain {gain} x price" for gain in GAINS)), rows)


def _bounty() -> str:
    rows = [
        (f"a provider that passes with {chance:.0%} enters", *_both(*astuple(BOUNTY.tried(chance))))
        for chance in (0.0, 0.01, 0.05, 0.2, 0.5, 1.0)
    ]
    rows.append(("the consumer keeps the key", *_both(*astuple(BOUNTY.key_withheld()))))
    rows.append(("the consumer planted a bad item", *_both(*astuple(BOUNTY.item_planted()))))
    return table(("what happens", "provider (ETH)", "consumer (ETH)"), rows)


def _retrieval() -> str:
    rows = []
    for hidden in (0, 1, 10, 285, 569):
        pays = retrieval_break_even(RECORDS.money, hidden) if hidden else 0
        cells = _both(*astuple(RECORDS.hidden(hidden)))
        rows.append((hidden, *cells, f"above {ether(pays / hidden)}" if hidden else "-"))
    head = ("records left out", "owner (ETH)", "requester (ETH)", "pays at a gain per record")
    return table(head, rows)


def _both(provider: float, consumer: float) -> tuple[str, str]:
    return ether(provider), ether(consumer)


def plot() -> str:
    """A provider's profit by the share of wrong answers, for gains on both sides of the bound."""

    def draw() -> None:
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(figsize=(6, 3))
        shares = [at / 64 for at in range(65)]
        for gain in (0, 2, 4, 100):
            profits = [
                DIGITS.expected(round(share * DIGITS.n), DIGITS.contests, gain * DIGITS.money.price)
                for share in shares
            ]
            axes.plot(
                [100 * share for share in shares],
                [profit.provider / ETHER for profit in profits],
                label=f"{gain} x price a wrong answer",
            )
        axes.set(xlabel="wrong answers, %", ylabel="provider's profit, ETH", ylim=(-0.01, 0.03))
        axes.axhline(0, color="grey", linestyle=":")
        axes.legend(frameon=False)
        figure.tight_layout()

    return svg("economics", draw)


if __name__ == "__main__":
    main()
