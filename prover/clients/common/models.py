"""Models by name: aliases under settings.home, one set per chain."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prover.base import strict_json
from prover.base.errors import UsageError
from prover.base.files import locked, write_atomically
from prover.base.settings import get_settings
from prover.base.text import shown
from prover.statement.field import WORD_HEX

if TYPE_CHECKING:
    from prover.audit.circuit import CircuitAuditor
    from prover.chain.deployments import Deployment
    from prover.chain.node.client import Client
    from prover.protocol.world import World
    from prover.systems.interface import Artifacts

_DIGITS = re.compile("[0-9a-f]{4,64}", re.ASCII)


@dataclass(frozen=True)
class KnownModel:
    """A registered model of which this machine has the artifacts."""

    model_id: bytes
    circuit_id: bytes
    artifacts: "Artifacts"


def _path() -> Path:
    return get_settings().home / "models.json"


def aliases(client: "Client") -> dict[str, str]:
    """Name -> model id in hexadecimal, of this very chain."""
    return dict(_read().get(client.scope, {}))


def remember(client: "Client", name: str, model_id: bytes) -> str | None:
    """Give a model a name; one that is taken moves to this model. Whose it was, if another's."""
    own = "0x" + model_id.hex()
    with locked(_path().with_suffix(".lock")):
        content = _read()
        names = content.setdefault(client.scope, {})
        before, names[name] = names.get(name, own), own
        write_atomically(_path(), json.dumps(content, indent=2).encode() + b"\n")
    return None if before == own else str(before)


def free_name(client: "Client", folder: str, model_id: bytes) -> str:
    """The name that a model gets from the folder in which a stranger sent it.

    Raises UsageError if that is another model's name, or would be taken for an id: whoever typed
    it before would then mean the stranger's.
    """
    taken, own = aliases(client).get(folder), "0x" + model_id.hex()
    if folder.startswith("0x") or taken not in (None, own):
        whose = "looks like an id" if taken is None else f"is that of model {taken} on this machine"
        raise UsageError(
            f"the folder's name {folder!r} {whose}: give model {own} a name of its own with --name"
        )
    return folder


def find(client: "Client", deployment: "Deployment", text: str) -> KnownModel:
    """The model of a name, or of an id or its beginning. Raises UsageError or ArtifactMismatch."""
    from prover.chain.contracts.registry import Registry
    from prover.systems.circuits import find_artifacts

    model_id = _model_id(client, deployment, text)
    registry = Registry(client, deployment.registry)
    circuit_id, weights = registry.model(model_id)
    digest = registry.circuit(circuit_id).artifact_digest
    return KnownModel(model_id, circuit_id, find_artifacts(digest, weights))


def provable(world: "World") -> frozenset[bytes]:
    """Ids of registered models, and of their circuits, whose proving key is on this machine."""
    from prover.chain.contracts.registry import Circuit
    from prover.systems.places import directory_name, with_proving_key

    here, found = with_proving_key(get_settings().artifacts), set[bytes]()
    for model_id, (circuit_id, weights) in world.registry.models.items() if here else ():
        digest = Circuit.from_abi(world.registry.circuits[circuit_id]).artifact_digest
        if directory_name(digest, weights) in here:
            found |= {model_id, circuit_id}
    return frozenset(found)


def auditor(client: "Client", deployment: "Deployment") -> "CircuitAuditor":
    """Compares registered models with the artifacts of this machine."""
    from prover.audit.circuit import CircuitAuditor
    from prover.base.console import progress
    from prover.chain.contracts.registry import Registry
    from prover.systems.circuits import AnySystem

    return CircuitAuditor(client, Registry(client, deployment.registry), AnySystem(), progress)


def _model_id(client: "Client", deployment: "Deployment", text: str) -> bytes:
    known = aliases(client)
    if text in known:
        return bytes.fromhex(known[text][2:])
    digits = text.removeprefix("0x").lower()
    if not _DIGITS.fullmatch(digits):
        names = ", ".join(sorted(known)) or "none"
        raise _unknown(text, f"expected a name ({names}) or an id, or its first digits")
    if len(digits) == 64:
        return bytes.fromhex(digits)
    return _by_digits(client, deployment, text, digits)


def _by_digits(client: "Client", deployment: "Deployment", text: str, digits: str) -> bytes:
    from prover.chain.state.replay import load_world

    models = load_world(client, deployment).registry.models
    found = [model_id for model_id in models if model_id.hex().startswith(digits)]
    if len(found) != 1:
        raise _unknown(text, f"expected the beginning of exactly one id, found {len(found)}")
    return found[0]


def _unknown(text: str, why: str) -> UsageError:
    return UsageError(
        f"model {text!r} is not known on this chain: {why}; `zkescrow model import` takes in one "
        "that its provider exported, `zkescrow model add` makes one"
    )


def _read() -> dict[str, dict[str, str]]:
    path = _path()
    if not path.exists():
        return {}
    try:
        content = strict_json.parse(path.read_bytes())
    except ValueError as error:
        raise UsageError(
            f"{path} is not valid JSON ({strict_json.as_text(error)}): correct it or remove it"
        ) from None
    if not _are_names(content):
        raise UsageError(
            f"{path} holds {shown(json.dumps(content), most=80)}: expected ids of models by chain "
            "and name; correct it or remove it, and name models again with `zkescrow model "
            "import` or `add`"
        )
    return dict(content)


def _are_names(content: Any) -> bool:
    """Whether it is what `remember` writes."""
    if not isinstance(content, dict):
        return False
    chains = content.values()
    return all(isinstance(names, dict) and all(map(_is_id, names.values())) for names in chains)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and WORD_HEX.fullmatch(value) is not None
