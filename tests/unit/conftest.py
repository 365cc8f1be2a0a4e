from tests.localchain import chain, node_with_contracts  # noqa: F401 - fixtures
