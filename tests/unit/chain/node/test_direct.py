"""The tests' own shortcut to their nodes: nobody else is asked by it."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from prover.chain.node import anvil as node
from prover.chain.node.client import connect
from tests import direct

CHAIN = b'{"jsonrpc": "2.0", "id": 0, "result": "0x7a69"}'


def test_another_server_at_a_nodes_port_is_asked_as_by_users() -> None:
    """Plain connections name no agent, those of users do."""
    seen: list[str | None] = []

    class Other(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.headers["User-Agent"])
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CHAIN)

        def log_message(self, *_: object) -> None:
            pass

    port = node.free_port()
    with node.running(port) as client:
        client.now()
        connection = direct._connection(f"http://127.0.0.1:{port}")
        assert connection is not None
        connection.close()  # as one is that the other side has closed: it would open by itself
    with HTTPServer(("127.0.0.1", port), Other) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for _ in range(3):
            client.web3.provider.make_request("eth_gasPrice", [])  # type: ignore[arg-type]
        server.shutdown()
    assert len(seen) >= 3
    assert all(seen)


def test_a_node_of_ours_is_asked_directly_and_one_that_is_not_noted_is_not() -> None:
    with node.running() as client:
        url = str(client.web3.provider.endpoint_uri)  # type: ignore[attr-defined]
        assert connect(url).chain_id == client.chain_id
        assert direct._connection(url) is not None
        assert direct._connection(f"{url}/key") is None
    assert direct._connection(f"http://127.0.0.1:{node.free_port()}") is None
