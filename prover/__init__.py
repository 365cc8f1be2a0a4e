"""zkescrow: pay for a machine-learning answer only when a proof says it is right."""

import os

# Else onnxruntime tells its maker of the models that it runs, and leaves files in the temporary and
# the cache folder. It looks at this when it is imported, which may be in a child or a test.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
