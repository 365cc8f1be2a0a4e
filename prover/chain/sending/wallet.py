"""Transactions that somebody else signs: a wallet or a multisig."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Draft:
    """A transaction that nobody has signed; `gas` is None where it depends on those before it."""

    says: str
    to: str
    data: bytes
    value: int
    gas: int | None


class Handed(Exception):
    """Not an error: nothing was sent, these are to be signed in order; `about` is for --json."""

    def __init__(self, chain_id: int, sender: str, drafts: tuple[Draft, ...]) -> None:
        super().__init__(f"{len(drafts)} transactions are to be signed")
        self.chain_id, self.sender, self.drafts = chain_id, sender, drafts
        self.about: dict[str, Any] = {}

    def to_dict(self) -> dict[str, Any]:
        """Parameters of eth_sendTransaction (EIP-1193), and a batch for Safe's builder."""
        return {
            **self.about,
            "unsigned": True,
            "chain_id": self.chain_id,
            "from": self.sender,
            "transactions": [self._parameters(draft) for draft in self.drafts],
            "says": [draft.says for draft in self.drafts],
            "safe": {
                "version": "1.0",
                "chainId": str(self.chain_id),
                "meta": {"name": "zkescrow", "createdFromSafeAddress": self.sender},
                "transactions": [_safe(draft) for draft in self.drafts],
            },
        }

    def lines(self) -> list[str]:
        """As text."""
        lines = [f"nothing was sent: {self.sender} is to sign this on chain {self.chain_id}"]
        lines += [f"job {self.about['job']}"] if "job" in self.about else []
        for number, draft in enumerate(self.drafts, 1):
            gas = "what the node says then" if draft.gas is None else f"about {draft.gas}"
            lines += [
                f"{number}. {draft.says}",
                f"   to {draft.to}, value {draft.value} wei, gas {gas}",
                f"   data 0x{draft.data.hex()}",
            ]
        if "given" in self.about:
            lines.append(f"the provider needs this file: {self.about['given']}")
        return [
            *lines,
            *self.about.get("notes", ()),
            "next: sign in this order; when all is mined `zkescrow status` shows it; a command of "
            "several steps goes on when it is given again, and one that posts posts another job",
        ]

    def _parameters(self, draft: Draft) -> dict[str, str]:
        gas = {} if draft.gas is None else {"gas": hex(draft.gas)}
        return {
            "chainId": hex(self.chain_id),
            "from": self.sender,
            "to": draft.to,
            "value": hex(draft.value),
            "data": "0x" + draft.data.hex(),
            **gas,
        }


@dataclass
class Pen:
    """Who signs in this process: with `unsigned` a wallet, whose address is `sender`."""

    unsigned: bool = False
    sender: str | None = None


PEN = Pen()


def _safe(draft: Draft) -> dict[str, Any]:
    return {"to": draft.to, "value": str(draft.value), "data": "0x" + draft.data.hex()}
