# Every command a contributor needs. CI has no `just`: it calls .ci/run, and so do the recipes here.

# List the recipes.
default:
    @just --list --unsorted

# The quickest answer: does it compile?
check:
    cargo check --locked --all-targets

# Everything CI runs, in CI's order.
ci:
    .ci/run

# Format the source.
fmt:
    cargo fmt

# Formatting and clippy, as CI runs them.
lint:
    .ci/run fmt lint

# All tests, as CI runs them; with arguments, those: `just test --lib run::`.
test *ARGS:
    {{ if ARGS == "" { ".ci/run test" } else { "cargo test --locked " + ARGS } }}

# Install the mock servers that the wire tests talk to (needs node and python). Without them those tests are left out.
wire-servers:
    tests/wire/servers/install

# The fault tests, the slow repeats included.
faults:
    cargo test --locked --test faults -- --include-ignored

# A minute or two for each test that makes up its texts, from seeds of chance; `just fuzz plans::` for some of them.
fuzz *ARGS:
    PROPTEST_CASES=20000 cargo test --locked --release --test fuzz -- {{ ARGS }}
    PROPTEST_CASES=20000 cargo test --locked --lib fuzz -- {{ ARGS }}

# Make the run directories of this version that later ones must go on with: tests/fixtures/runs/. Only before a release that changes a format.
canned-runs:
    UPDATE_RUNS=1 cargo test --locked --test faults -- --exact formats::run_directories_of_every_version_are_shown_resumed_and_applied

# Lines that the tests reach, per file and in all: at least 90 %.
coverage *ARGS:
    cargo llvm-cov --locked --ignore-run-fail --failure-mode all --fail-under-lines 90 {{ ARGS }}

# What it costs, beside the least it could cost: `just bench`, `just bench check`. Writes docs/performance.md.
bench *ARGS:
    cargo bench --locked --bench figures -- {{ ARGS }}

# What `just bench` compares with, from Debian.
bench-peers:
    apt-get install --yes --no-install-recommends ninja-build make

# The architecture alone: layers, sizes, documents against the code.
tidy:
    cargo test --locked --test tidy

# The API documentation, warnings refused.
doc:
    .ci/run doc

# Licences, advisories and banned crates (needs cargo-deny).
deny:
    cargo deny --locked check

# The oldest Rust that Cargo.toml promises (needs rustup).
minimum:
    rustup toolchain install 1.89 --profile minimal
    cargo +1.89 check --locked --all-targets

# Run the example: red before, green after.
quickstart *ARGS:
    cargo run --locked -- run examples/quickstart/ticket.md --config examples/quickstart/orchestra.yaml {{ ARGS }}

# Install the binary from this checkout.
install:
    cargo install --path . --locked
