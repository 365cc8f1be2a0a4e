import os
from importlib.util import find_spec

# Five times as fast as the default. Here, as it is chosen with the first hash, at an import.
if find_spec("sha3"):
    os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")
