"""Gas of every transaction of the demos, today and under the scheduled repricing.

Usage: python -m benchmarks.repricing [DEMO...]; plays the demos, by default all, and writes
benchmarks/results/repricing.json, keeping what is not named.
"""

import argparse
import importlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from eth_utils.abi import function_abi_to_4byte_selector

from benchmarks.circuits import ROOT
from benchmarks.prices import Price, Step, Traced, price
from prover.chain.abi.contract import abi
from prover.chain.deployments import PLAN
from prover.chain.node.client import Client, connect

RESULT = ROOT / "benchmarks" / "results" / "repricing.json"
CREATED = "a contract's creation"
# What a step names: the account that it runs in, and the words on the stack.
TRACER = """{
  found: [], hex: function (n) { return n.toString(16) },
  step: function (log) {
    var op = log.op.toString(), s = log.stack, here = toHex(log.contract.getAddress())
    var at = this.hex, mask = function (n) { return at(s.peek(n)) }
    if (op == 'SLOAD') this.found.push([op, here, mask(0), '0'])
    else if (op == 'SSTORE') this.found.push([op, here, mask(0), mask(1)])
    else if (op == 'CALL' || op == 'CALLCODE') this.found.push([op, mask(1), '0', mask(2)])
    else if (op == 'STATICCALL' || op == 'DELEGATECALL') this.found.push([op, mask(1), '0', '0'])
    else if (op == 'BALANCE' || op.indexOf('EXTCODE') == 0)
      this.found.push([op, mask(0), '0', '0'])
  },
  fault: function () {}, result: function () { return this.found }
}"""
PRECOMPILES = frozenset(f"0x{number:040x}" for number in range(1, 18))


def main() -> None:
    """Play, trace, price and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="DEMO", help="[all]")
    names = parser.parse_args().names
    known = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for demo, found in played(names):
        known[demo] = summary(found)
        RESULT.write_text(json.dumps(known, indent=2) + "\n")


def summary(found: dict[str, list[Price]]) -> dict[str, Any]:
    """Of each kind of transaction the one of median gas, and how many there were."""
    rows = {}
    for name in sorted(found):
        prices = sorted(found[name], key=lambda one: (one.today, one.tomorrow))
        middle = prices[(len(prices) - 1) // 2]
        rows[name] = {"count": len(prices), **asdict(middle)}
    return rows


def played(names: list[str]) -> Iterator[tuple[str, dict[str, list[Price]]]]:
    """Each demo with the prices of its transactions, by contract and function."""
    sys.path.insert(0, str(ROOT / "scripts"))
    demo, shared = (importlib.import_module(name) for name in ("demo", "demos.shared"))
    chosen = demo.parse(names or list(demo.DEMOS), [])
    for name in names or demo.DEMOS:
        found = defaultdict(list)
        with shared.fresh_chain() as chain:
            importlib.import_module(f"demos.{name}").play(chain, chosen)
            for function, priced in priced_transactions(connect(chain.rpc)):
                found[function].append(priced)
        yield name, found


def priced_transactions(client: Client) -> Iterator[tuple[str, Price]]:
    """Each transaction of a chain that ends: contract and function, and its price."""
    selectors = functions()
    for number in range(1, client.web3.eth.block_number + 1):
        block: Any = client.web3.eth.get_block(number, full_transactions=True)
        for sent in block["transactions"]:
            receipt: Any = client.web3.eth.get_transaction_receipt(sent["hash"])
            data = bytes(sent["input"])
            if not receipt["status"] or not data:
                continue
            name = selectors.get(data[:4], "another call") if sent["to"] else CREATED
            yield name, price(traced(client, sent, receipt, str(block["miner"])))


def functions() -> dict[bytes, str]:
    """Contract and function by selector."""
    found: dict[bytes, list[str]] = defaultdict(list)
    for contract in PLAN:
        entry: Any
        for entry in abi(contract):
            if entry["type"] == "function":
                found[function_abi_to_4byte_selector(entry)].append(f"{contract}.{entry['name']}")
    shared = {key: names[0].split(".")[1] for key, names in found.items() if len(names) > 1}
    return {key: names[0] for key, names in found.items()} | shared


def traced(client: Client, sent: Any, receipt: Any, miner: str) -> Traced:
    """A transaction with its steps and what stood there before."""
    number = "0x" + bytes(sent["hash"]).hex()
    steps = _ask(client, number, {"tracer": TRACER})
    before: dict[str, Any] = _ask(client, number, {"tracer": "prestateTracer"})
    own = str(sent["to"] or receipt["contractAddress"]).lower()
    slots = {
        (account, int(key, 16)): int(value, 16)
        for account, held in before.items()
        for key, value in held.get("storage", {}).items()
    }
    exists = (
        account
        for account, held in before.items()
        if int(held.get("balance", "0x0"), 16) or held.get("nonce") or held.get("code")
    )
    code = None if sent["to"] else len(client.web3.eth.get_code(receipt["contractAddress"]))
    return Traced(
        gas_used=receipt["gasUsed"],
        calldata=bytes(sent["input"]),
        steps=[_step(*words) for words in steps],
        warm=PRECOMPILES | {str(sent["from"]).lower(), own, miner.lower()},
        slots=slots,
        accounts=frozenset(exists),
        code=code,
    )


def _step(name: str, account: str, key: str, value: str) -> Step:
    address = int(account.removeprefix("0x"), 16) % (1 << 160)
    return Step(name, f"0x{address:040x}", int(key, 16), int(value, 16))


def _ask(client: Client, transaction: str, options: dict[str, Any]) -> Any:
    answer = client.web3.provider.make_request(
        "debug_traceTransaction",  # type: ignore[arg-type]
        [transaction, options],
    )
    if "result" not in answer:
        raise SystemExit(f"the node does not trace {transaction}: {answer.get('error')}")
    return answer["result"]


if __name__ == "__main__":
    main()
