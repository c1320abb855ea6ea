# Recipes for people; .ci/run needs no `just` and runs the same.

# What there is
default:
    @just --list

# Format everything
fmt:
    cargo fmt --all

# Lints, as strict as in CI
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Every test; `just test NAME` runs those whose name holds NAME
test *NAME:
    cargo test --workspace --locked {{ NAME }}

# The whole-flow tests alone
flows *NAME:
    cargo test --package foghorn --test it --locked {{ NAME }}

# Install what tests need, then format, lints and tests
check:
    ./scripts/test

# What CI runs
ci:
    ./.ci/run

# Real processes, a real Postgres, a real Redis, everything broken on purpose; `just chaos --short` takes minutes
chaos *ARGS:
    cargo xtask chaos {{ ARGS }}

# The same events through one, two and three processes of triage, with kills
partitions *ARGS:
    cargo xtask partitions {{ ARGS }}

# Postgres away for three minutes under load; `just absence --freeze` has it hang
absence *ARGS:
    cargo xtask absence {{ ARGS }}

# Licences, bans, sources and advisories (needs cargo-deny)
deny:
    cargo deny --locked check

# Events a second and latency on this machine's disk
bench *ARGS:
    cargo run --release --locked -- bench intake {{ ARGS }}

# How soon people are told, with a double in the place of Slack
bench-tell *ARGS:
    cargo run --release --locked -- bench tell {{ ARGS }}

# A small real language model about twenty incidents (fetches 110 MB the first time)
real-model RUNS="20":
    ./scripts/real-model.sh test {{ RUNS }}

# Detectors and templates alone
bench-detect:
    cargo bench --package foghorn-detect --locked

# A server on http://127.0.0.1:8000
serve *ARGS:
    cargo run --release --locked -- serve {{ ARGS }}

# The documentation of all crates
doc:
    cargo doc --workspace --no-deps --locked

# Random bytes against what strangers can send, for so many seconds a test
fuzz SECONDS="60":
    FOGHORN_FUZZ_SECONDS={{ SECONDS }} cargo test --package foghorn-slack --test it --locked hostile
    FOGHORN_FUZZ_SECONDS={{ SECONDS }} cargo test --package foghorn-detect --test hostile --locked
