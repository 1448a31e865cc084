#!/usr/bin/env python3
"""Random models as ONNX files, in onnx's checker, in onnxruntime and in tract, against `predict`.

    just onnx
    just onnx --seeds 1 2 3 --models 60

For each seed `generate.py` writes a crate of models, which this program builds and runs; `check.py` compares the
files with the predictions, and the test `tract` those whose operators tract has. It needs the Python packages
onnx and onnxruntime, which `just onnx` installs into `target/onnx/venv`.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "target" / "onnx"
MODELS = FOLDER / "models"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--models", type=int, default=50, help="models of a seed")
    options = parser.parse_args()

    figures, failed, began = [], False, time.monotonic()
    for seed in options.seeds:
        failed |= not predicted(seed, options.models)
        figures.append(compared())
        print(figures[-1], flush=True)
    total = {name: sum(int(figure[name]) for figure in figures) for name in ("models", "of", "rows", "tract")}
    worst = max(float(figure[name]) for figure in figures for name in ("worst", "tract_worst"))
    failed |= any(figure["checker"] != "ok" for figure in figures)
    print(
        f"result: seeds={len(figures)} models={total['models']} of={total['of']} rows={total['rows']} "
        f"tract={total['tract']} worst={worst:.1e} checker={'failed' if failed else 'ok'} "
        f"seconds={time.monotonic() - began:.0f}"
    )
    sys.exit(failed)


def predicted(seed, models):
    """Builds and runs the models of a seed; whether all of them were exported."""
    run([sys.executable, HERE / "generate.py", "--seed", seed, "--models", models])
    target = {"CARGO_TARGET_DIR": str(ROOT / "target")}
    run(["cargo", "build", "--quiet", "--manifest-path", FOLDER / "crate" / "Cargo.toml"], target)
    programs = sorted((FOLDER / "crate" / "src" / "bin").glob("*.rs"))
    ended = [subprocess.run([ROOT / "target" / "debug" / program.stem, MODELS], stderr=subprocess.DEVNULL) for program in programs]
    return all(program.returncode == 0 for program in ended)


def compared():
    """The figures of `check.py` and of the test in tract."""
    lines = output([sys.executable, HERE / "check.py", MODELS, "--cases"])
    figures = dict(re.findall(r"(\w+)=(\S+)", lines[-1]))
    test = ["cargo", "test", "--quiet", "-p", "multi-input-tests", "--features", "tract", "--test", "tract", "--", "--nocapture"]
    lines = output(test, {"ONNX_MODELS": str(MODELS)})
    own = dict(re.findall(r"(\w+)=(\S+)", next((line for line in lines if line.startswith("tract:")), "")))
    figures |= {"tract": own.get("models", "0"), "tract_worst": own.get("worst", "inf")}
    if own.get("failed", "1") != "0":
        figures["checker"] = "failed"
    return figures


def run(command, environment={}):
    subprocess.run([str(word) for word in command], check=True, cwd=ROOT, env=os.environ | environment)


def output(command, environment={}):
    """The lines of what a program prints, which are shown as well."""
    ended = subprocess.run(
        [str(word) for word in command], cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    print(ended.stdout, end="", flush=True)
    return ended.stdout.splitlines()


if __name__ == "__main__":
    main()
