# Everything that CI does, step by step.
ci:
    .ci/run

# The tests, as the README runs them.
test:
    cargo test --workspace

# Formatting, lints and documentation.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Modules of a crate that use each other.
circles:
    .ci/circles

# Private words that may not come back.
words:
    .ci/words

# Licences, advisories, sources.
deny:
    cargo deny check

# Writes anew the .stderr files of the compile-fail tests, the messages in the README and in docs, and the
# tables of the documentation; read the difference before committing it.
bless:
    MULTI_INPUT_BLESS=1 cargo test -p multi-input-spec -- tables aliases
    TRYBUILD=overwrite cargo test -p multi-input-tests --test compile_fail

# What the models of an example expand to, e.g. `just expand tabular`.
expand example:
    RUSTC_BOOTSTRAP=1 cargo rustc --profile check --example {{example}} -p multi-input-examples -- -Zunpretty=expanded

# What an editor sees of a model, with the rust-analyzer that the test is written for.
editor:
    cargo install --root target/rust-analyzer --locked ra_ap_rust-analyzer@0.0.330
    RUST_ANALYZER=$PWD/target/rust-analyzer/bin/rust-analyzer \
        cargo test -p multi-input-tests --test editor -- --nocapture

# The same twenty mistakes in Keras, burn and here: the table of docs/mistakes.md.
trial:
    python3 macros/benches/trial/trial.py

# What models of 2 to 128 branches cost to compile.
compile-cost:
    python3 macros/benches/compile_cost.py

# What a release rebuild costs in a crate of a user's own, and how fast its debug build trains;
# `just user-build --vs DIR` in turns with another checkout.
user-build *options:
    python3 macros/benches/user_build.py {{options}}

# What multi-input-init writes for five files, compiled, trained and compared with the mean.
describe:
    python3 macros/init/trial.py

# The crates as packages, and a crate of a user's own that is built from them alone.
packages:
    .ci/packages

# What a release would break of the public interface, against another revision.
semver revision="HEAD~1":
    command -v cargo-semver-checks >/dev/null || cargo install cargo-semver-checks --locked
    cargo semver-checks --workspace --baseline-rev {{revision}}

# What the hot paths take, in instructions, against what is committed; `just instructions --bless`
# writes the figures down. Needs valgrind.
instructions *options:
    .ci/instructions {{options}}

# How the cost of a training step grows, as the picture in docs/benchmarks.md.
cost:
    cargo bench -p multi-input --bench cost -- {{justfile_directory()}}/docs/cost.svg

# What is too long for `cargo test`: millions of token streams through the macro, training runs that
# are killed at 200 moments, 10,000 damaged files of every format and as many forged checkpoints, and
# files larger than memory.
soak: soak-files
    cargo test --release -p multi-input --lib -- --ignored --nocapture soak
    cargo test --release -p multi-input-tests --test training -- --ignored --nocapture soak
    cargo test --release -p multi-input-macros-core -- --ignored --nocapture soak
    cargo test --release -p multi-input-tests --features stores --test mutations --test stores -- \
        --ignored --nocapture soak

# Files of 5 GB, CSV and Parquet, and 150 photographs: how much memory training on them takes, and how
# fast its steps are.
soak-files:
    cargo test --release -p multi-input-tests --features parquet --test larger_than_memory -- \
        --ignored --nocapture soak

# Rows a second beside polars and PyTorch's DataLoader: a table of docs/benchmarks.md.
rows:
    python3 -m venv target/peers/rows
    target/peers/rows/bin/pip install --quiet torch polars numpy
    target/peers/rows/bin/python runtime/benches/peers/rows.py

# Training on two ranks over MPI beside PyTorch's DistributedDataParallel: a section of
# docs/benchmarks.md. Needs an MPI with `mpirun` and its headers, and libclang.
ddp *options:
    python3 -m venv target/peers/ddp
    target/peers/ddp/bin/pip install --quiet torch numpy
    target/peers/ddp/bin/python runtime/benches/peers/ddp/ddp.py {{options}}

# Rows from Parquet, Arrow, SQLite and PostgreSQL: their crates take minutes to compile.
stores:
    cargo test -p multi-input-tests --features stores --test stores

# WebP, GIF, BMP and TIFF, 10,000 damaged files of each among them.
image-formats:
    cargo test -p multi-input-tests --features image-formats --test image_formats -- --include-ignored

# Text files compressed by gzip or Zstandard: one of their crates is in C.
compression:
    cargo test -p multi-input-cells -p multi-input-data --features multi-input-data/compression --lib
    cargo test -p multi-input-tests --features compression --test mutations dialects

# Runs over MPI on this machine: equal results on 1 to 4 ranks, and faults at random moments.
mpi *options:
    cargo build --release -p multi-input-tests --features mpi --bin ranks
    python3 tests/cluster/mpi.py {{options}}

# Weights of Keras: its HDF5 crate takes half a minute to compile.
keras:
    cargo test -p multi-input --features keras --lib foreign
    cargo test -p multi-input-tests --features keras --test keras

# Texts by a Hugging Face tokenizer: its crates take a minute to compile.
tokenizers:
    cargo test -p multi-input-macros-core --features tokenizers
    cargo test -p multi-input-tests --features tokenizers --test tokenizer

# Random models as ONNX files: onnx's checker, onnxruntime and tract against `predict`; more by
# `just onnx --seeds 1 2 3`.
onnx *options:
    python3 -m venv target/onnx/venv
    target/onnx/venv/bin/pip install --quiet --only-binary :all: numpy onnx onnxruntime
    target/onnx/venv/bin/python tests/onnx/run.py {{options}}

# Makes the parity fixtures anew; needs Python with TensorFlow and scikit-learn (see
# tests/fixtures/README.md).
fixtures:
    python tests/fixtures/keras.py
    python tests/fixtures/preprocessing_keras.py
    python tests/fixtures/preprocessing_sklearn.py
    python tests/fixtures/preprocessing_augmentation.py
    python tests/fixtures/tables.py
    python tests/fixtures/training.py
    python tests/fixtures/sklearn_metrics.py
    MULTI_INPUT_BLESS=1 cargo test -p multi-input-tests --test onnx
    python tests/fixtures/onnx_answers.py

# What the compiler answers to the programs of a folder, one mistake each.
mistakes folder:
    python3 tests/mistakes/judge.py {{folder}}

# The same for a valid program of which one token is changed, at random.
changed-tokens count="2000" program="tests/mistakes/whole_crate.rs":
    python3 tests/mistakes/mutate.py {{program}} --count {{count}}

# A model on a page in headless Chromium: what it predicts is what `predict` gives. Needs Node and Debian's
# chromium; screenshots are in target/browser.
browser:
    command -v chromium >/dev/null || { apt-get update && apt-get install --yes --no-install-recommends chromium; }
    cargo run --release --example browser
    cd examples/browser && npm ci --ignore-scripts --no-audit --no-fund
    node examples/browser/build.mjs target/browser
    node examples/browser/test.mjs target/browser

# A served model as its clients see it: schemathesis, 100,000 requests during two swaps and an end, slow and malformed
# clients, the page in Chromium, and the load beside FastAPI and onnxruntime. Needs wrk and chromium.
serve *options:
    cargo build --release -p multi-input-serve-example --example serve
    python3 -m venv target/serve
    target/serve/bin/pip install --quiet --only-binary :all: schemathesis==4.32.5 requests==2.34.2 \
        fastapi==0.165.0 "uvicorn[standard]==0.54.0" onnxruntime==1.32.0 numpy==2.4.6
    target/serve/bin/python tests/serve/serve.py {{options}}

# Several ranks over networks of namespaces, with delays and lost packets: the same bits as on one machine, and the bytes
# of a step against the formula. Needs root and Open MPI.
mpi-network:
    cargo build --release -p multi-input-tests --features mpi --bin ranks
    python3 tests/cluster/namespaces.py

# How long a step takes on 1 to 1,024 ranks, by a model of the cost, which is fitted and checked on networks of namespaces:
# the picture of docs/scale.md. `just scale-model --draw` draws it from the figures of the last measurement.
scale-model *options:
    cargo build --release -p multi-input-tests --features mpi --bin ranks
    python3 tests/cluster/scale_model.py {{options}}
