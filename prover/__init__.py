"""zkescrow: pay for a machine-learning answer only when a proof says it is right.

The names below are its public API (docs/API.md); each is imported when it is first used.
"""

import importlib
import os

TYPE_CHECKING = False  # true for type checkers, who know the name; importing typing takes longer

if TYPE_CHECKING:
    from prover.base.errors import ProofRejected as ProofRejected
    from prover.base.errors import ZkescrowError as ZkescrowError
    from prover.chain.deployments import Deployment as Deployment
    from prover.chain.node.client import Client as Client
    from prover.chain.node.client import connect as connect
    from prover.clients.api import load_artifacts as load_artifacts
    from prover.clients.api import load_deployment as load_deployment
    from prover.clients.api import prove as prove
    from prover.clients.api import read_proof as read_proof
    from prover.clients.api import verify_proof as verify_proof
    from prover.statement.context import JobContext as JobContext
    from prover.systems import Circuit as Circuit
    from prover.systems.interface import Answer as Answer
    from prover.systems.proof import Proof as Proof

# Else onnxruntime tells its maker of the models that it runs, and leaves files in the temporary and
# the cache folder. It looks at this when it is imported, which may be in a child or a test.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

_API = "prover.clients.api"
_PUBLIC = {
    "Answer": "prover.systems.interface",
    "Circuit": "prover.systems",
    "Client": "prover.chain.node.client",
    "Deployment": "prover.chain.deployments",
    "JobContext": "prover.statement.context",
    "Proof": "prover.systems.proof",
    "ProofRejected": "prover.base.errors",
    "ZkescrowError": "prover.base.errors",
    "connect": "prover.chain.node.client",
    "load_artifacts": _API,
    "load_deployment": _API,
    "prove": _API,
    "read_proof": _API,
    "verify_proof": _API,
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> object:
    """A public name, from where it is defined."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'prover' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
