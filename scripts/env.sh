# Sourced by the other scripts, from the root of the checkout: the tools that scripts/setup installed.
export PATH="$PWD/.venv/bin:$PWD/node_modules/@foundry-rs/anvil-linux-amd64/bin:$PWD/node_modules/@foundry-rs/forge-linux-amd64/bin:$PWD/node_modules/.bin:$PATH"
export SOLCX_BINARY_PATH="$PWD/.toolchain/solcx"
export APE_DATA_FOLDER="$PWD/.ape"
export PYTHONUNBUFFERED=1
export ORT_DISABLE_TELEMETRY=1 # onnxruntime would tell its maker of the models it runs
unset PYTHONDONTWRITEBYTECODE # compiling every import anew would double the time of a command
