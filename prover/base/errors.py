"""Errors a user can meet. A message says what is wrong, expected and found, and what to do.

ZkescrowError
├── UsageError            the command line or a file given by the user is wrong      exit status 2
├── EnvironmentMissing    a tool, key, file or service is not there                  exit status 1
│   └── StoreDamaged      a database of ours cannot be read any more
├── Busy                  another process of this user is at the same work           exit status 1
├── ModelRefused          an ONNX model or its calibration data cannot be proven     exit status 1
├── StatementInvalid      words, layout or context that no proof can have            exit status 1
├── ProvingError          set-up, witness or proof failed
│   ├── UnsoundCircuit    a circuit's settings break a rule that keeps proofs sound
│   ├── ProofRejected     a proof does not verify
│   ├── ArtifactMismatch  keys, verifier or manifest are not what the model gives
│   │   └── ArtifactsMissing  a circuit has none on this machine
│   └── WorkerFailed      the proving process died, ran out of time or of memory
├── IllegalEvent          a sequence of events that no run of the contracts gives
└── ChainError            the node refused, failed or disagrees
    ├── ContractRefused   a contract reverted; carries the decoded error
    ├── InsufficientFunds the account cannot pay for the transaction
    └── Postponed         not now: the same command, later, goes on where this one stopped
"""


class ZkescrowError(Exception):
    """Root of every error that is shown to a user as one sentence."""

    exit_status = 1


class UsageError(ZkescrowError):
    """An argument or an input file is wrong."""

    exit_status = 2


class EnvironmentMissing(ZkescrowError):
    """Something that the machine should have is not there."""


class StoreDamaged(EnvironmentMissing):
    """A database of this project cannot be read any more, or is of another version."""


class Busy(ZkescrowError):
    """Another process of this user is at the same work, which is to be done once."""


class ModelRefused(ZkescrowError):
    """The model or its calibration data cannot be proven; names the node where there is one."""


class StatementInvalid(ZkescrowError):
    """Instances, a layout, a context or a commitment that no proof can have."""


class ProvingError(ZkescrowError):
    """Set-up, witness or proof failed."""


class UnsoundCircuit(ProvingError):
    """A circuit's settings break a rule that keeps proofs sound."""


class ProofRejected(ProvingError):
    """A proof does not verify."""


class ArtifactMismatch(ProvingError):
    """Keys, verifier or manifest are not what the model, settings and SRS give."""


class ArtifactsMissing(ArtifactMismatch):
    """There are no artifacts of a circuit on this machine."""


class WorkerFailed(ProvingError):
    """The proving process died, ran out of time or of memory."""


class IllegalEvent(ZkescrowError):
    """An event that the rules of the protocol do not allow in this state."""


class ChainError(ZkescrowError):
    """The node refused, failed or disagrees."""


class ContractRefused(ChainError):
    """A contract reverted; `error_name` is the Solidity error, the message has it as text."""

    def __init__(self, message: str, error_name: str = "") -> None:
        super().__init__(message)
        self.error_name = error_name


class InsufficientFunds(ChainError):
    """The account cannot pay for the transaction."""


class Postponed(ChainError):
    """Gas is too dear or a transaction is not mined yet: the same command goes on later."""
