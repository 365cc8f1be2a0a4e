"""Which tests scripts/mutate runs for each core contract."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A program with its options, and the test files that it is given."""

    words: tuple[str, ...]
    pattern: str


@dataclass(frozen=True)
class Suite:
    """A source, and the commands that test it."""

    source: str
    commands: tuple[Command, ...]


def contract_tests(pattern: str) -> Command:
    return Command(("pytest", "-x", "-q", "-p", "no:cacheprovider"), f"tests/contracts/{pattern}")


def forge_tests(pattern: str) -> Command:
    return Command(("forge", "test", "--fail-fast", "--match-path"), f"tests/forge/{pattern}")


PREDICTION = (
    forge_tests("prediction/Prediction.invariants.t.sol"),
    contract_tests("prediction/test_*.py"),
)
SERVING = (forge_tests("serving/Serving.invariants.t.sol"), contract_tests("serving/test_*.py"))
ACCURACY = (forge_tests("accuracy/Accuracy.invariants.t.sol"), contract_tests("accuracy/test_*.py"))
RETRIEVAL = (
    forge_tests("retrieval/Retrieval.invariants.t.sol"),
    contract_tests("retrieval/test_*.py"),
)
SUITES = {
    "Escrow": Suite(
        "Escrow.sol",
        (
            contract_tests("prediction/test_post.py"),
            contract_tests("common/test_escrow.py"),
            contract_tests("common/test_weird*.py"),
            *PREDICTION[:1],
        ),
    ),
    "Jobs": Suite(
        "Jobs.sol",
        (
            forge_tests("prediction/Windows.t.sol"),
            *PREDICTION,
            contract_tests("serving/test_post.py"),
        ),
    ),
    "Defaults": Suite(
        "Defaults.sol",
        (*PREDICTION, *SERVING[1:], *ACCURACY[1:], *RETRIEVAL[1:]),
    ),
    "Deployment": Suite(
        "Deployment.sol",
        (
            contract_tests("common/test_deploy_script.py"),
            forge_tests("prediction/Windows.t.sol"),
            *PREDICTION[1:],
            *SERVING[1:],
            *ACCURACY[1:],
            *RETRIEVAL[1:],
        ),
    ),
    "ProofAcceptance": Suite(
        "ProofAcceptance.sol",
        (
            contract_tests("common/test_proof_acceptance.py"),
            contract_tests("common/test_vanished_verifier.py"),
            contract_tests("prediction/test_deliver.py"),
            contract_tests("*/test_attacks.py"),
            *ACCURACY[1:],
        ),
    ),
    "VerifierCall": Suite(
        "libraries/VerifierCall.sol",
        (
            contract_tests("libraries/test_verifier_call.py"),
            contract_tests("common/test_proof_acceptance.py"),
            contract_tests("common/test_vanished_verifier.py"),
            contract_tests("prediction/test_deliver.py"),
            contract_tests("common/test_model_registry.py"),
            contract_tests("*/test_attacks.py"),
        ),
    ),
    "PredictionMarket": Suite("PredictionMarket.sol", PREDICTION),
    "ServingRound": Suite("ServingRound.sol", SERVING),
    "AccuracyBounty": Suite("AccuracyBounty.sol", ACCURACY),
    "RetrievalBounty": Suite("RetrievalBounty.sol", RETRIEVAL),
    "Statement": Suite(
        "libraries/Statement.sol",
        (
            forge_tests("libraries/Statement.t.sol"),
            contract_tests("libraries/test_statement.py"),
            contract_tests("prediction/test_deliver.py"),
            *ACCURACY[1:],
        ),
    ),
    "PositionalTree": Suite(
        "libraries/PositionalTree.sol",
        (
            forge_tests("libraries/PositionalTree.t.sol"),
            contract_tests("libraries/test_positional_tree.py"),
        ),
    ),
    "SealedItem": Suite(
        "libraries/SealedItem.sol",
        (contract_tests("libraries/test_sealed*.py"), *ACCURACY[1:]),
    ),
}
