"""JSON-RPC as the node gives it: one request, or many in one HTTP request."""

from collections.abc import Iterator, Sequence
from typing import Any

from web3.exceptions import Web3RPCError
from web3.types import RPCEndpoint

from prover.base.errors import ChainError
from prover.chain.node.client import Client, map_rpc_errors

BATCH = 100

Request = tuple[str, Sequence[Any]]


def ask(client: Client, method: str, *parameters: Any) -> Any:
    """The result of a request, unformatted. Raises Web3RPCError if the node refuses it."""
    return result_of(client.web3.provider.make_request(RPCEndpoint(method), list(parameters)))


def ask_at_once(client: Client, requests: Sequence[Request]) -> list[Any]:
    """The answers to a few requests in one HTTP request, which one of several nodes answers.

    As they come, refusals too: `result_of` gives their results.
    """
    return _batch(client, requests)


@map_rpc_errors
def ask_all(client: Client, requests: Sequence[Request]) -> list[Any]:
    """The results of requests, in order; a hundred at a time. Raises ChainError."""
    return list(map(result_of, _answers(client, requests)))


@map_rpc_errors
def ask_each(client: Client, requests: Sequence[Request]) -> list[Any]:
    """As `ask_all`, but None for each request that the node refuses, or that reverts."""
    return [
        None if isinstance(answer, dict) and "error" in answer else result_of(answer)
        for answer in _answers(client, requests)
    ]


def _answers(client: Client, requests: Sequence[Request]) -> Iterator[Any]:
    for at in range(0, len(requests), BATCH):
        yield from _batch(client, requests[at : at + BATCH])


def _batch(client: Client, requests: Sequence[Request]) -> list[Any]:
    """As one HTTP request, or one by one if the node takes no batches."""
    provider: Any = client.web3.provider
    named = [(RPCEndpoint(method), list(parameters)) for method, parameters in requests]
    answers = provider.make_batch_request(named)
    if not isinstance(answers, list):
        answers = [provider.make_request(*one) for one in named]
    if len(answers) != len(named):
        raise ChainError(
            f"the node gives {len(answers)} answers to {len(named)} requests: use another node"
        )
    return answers


def result_of(answer: Any) -> Any:
    """What an answer gives. Raises Web3RPCError if it refuses, ChainError if it is none."""
    if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
        raise ChainError("the node's answer is no JSON-RPC: is the RPC address right?")
    if "error" in answer:
        response: Any = answer
        raise Web3RPCError(repr(answer["error"]), rpc_response=response)
    return answer["result"]
