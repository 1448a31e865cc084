#!/usr/bin/env python3
"""Our four models beside those of Keras, PyTorch, burn and candle, in turns, as ratios.

    runtime/benches/peers/compare.py                 # five rounds of everything
    runtime/benches/peers/compare.py --rounds 9 --only 2

It makes a virtual environment for each rival in Python (in `target/peers`, or under
`--environments`), builds the sides in Rust, starts all sides once, and asks one after the other,
A B A B: machines are noisy, so only numbers of one run are compared, and each ratio is of one round.
Standard library alone.
"""

import argparse
import datetime
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.append(str(HERE.parent))
from built import build  # noqa: E402

THREADS = len(os.sched_getaffinity(0))

PYTHON = {
    "keras": ("keras_side.py", ["tensorflow-cpu", "keras==3.15.1"]),
    "torch": ("torch_side.py", ["torch", "numpy"]),
}
NATIVE = ["burn", "candle"]

# (model, title, question, unit, by how much to be ahead of Keras and of PyTorch)
ROWS_SMALL, ROWS_LARGE = 32_000, 1_024
WORK = [
    (1, "1 numbers + category, batch 32", f"train 1 32 {ROWS_SMALL} 1", "ms", (30, 10)),
    (1, "1 numbers + category, batch 256", f"train 1 256 {ROWS_SMALL} 4", "ms", (10, 3)),
    (2, "2 image + text, batch 32", f"train 2 32 {ROWS_LARGE} 2", "ms", (8, 5)),
    (2, "2 image + text, batch 256", f"train 2 256 {ROWS_LARGE} 2", "ms", (4, 3)),
    (3, "3 missing input, batch 32", f"train 3 32 {ROWS_SMALL} 1", "ms", (30, 8)),
    (3, "3 missing input, batch 256", f"train 3 256 {ROWS_SMALL} 4", "ms", (10, 2)),
    (4, "4 two towers, batch 32", f"train 4 32 {ROWS_SMALL} 1", "ms", (1, 1)),
    (4, "4 two towers, batch 256", f"train 4 256 {ROWS_SMALL} 4", "ms", (1, 1)),
    (1, "1 one prediction", "predict 1 300", "us", (100, 5)),
    (2, "2 one prediction", "predict 2 100", "us", (25, 5)),
]
FIRST = "first 2 32 512 3"
FIRST_TARGETS = [("start to first step", "s", (20, 5)), ("memory less the data", "MiB", (5, 5))]


class Side:
    """A program that answers; it sleeps while it is not asked."""

    def __init__(self, command):
        pipe = subprocess.PIPE
        self.program = subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=HERE,
            # candle is three to six times slower where it is not told.
            env={**os.environ, "RAYON_NUM_THREADS": str(THREADS)},
        )
        self.name = self.answer()

    def ask(self, question):
        self.program.stdin.write(question + "\n")
        self.program.stdin.flush()
        return self.answer()

    def answer(self):
        line = self.program.stdout.readline().strip()
        if not line:
            sys.exit(f"{self.program.args} stopped without an answer")
        return line

    def end(self):
        self.program.stdin.close()
        self.program.wait()


def commands(environments):
    """How each side is started; builds what it needs."""
    subprocess.run(["cargo", "build", "--release"], cwd=HERE / "native", check=True)
    sides = {"ours": [str(build("peers")["peers"]), "serve"]}
    for rival, (script, packages) in PYTHON.items():
        python = environments / rival / "bin" / "python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", environments / rival], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
        sides[rival] = [str(python), script]
    for rival in NATIVE:
        sides[rival] = [str(HERE / "native/target/release/multi-input-peers-native"), rival]
    return sides


def from_start(command):
    """Seconds from the start of the process to its first step, and its memory less the data."""
    start = time.perf_counter()
    side = Side(command)
    assert side.ask(FIRST) == "stepped"
    seconds = time.perf_counter() - start
    memory = float(side.answer())
    side.end()
    return [seconds, memory]


def report(title, unit, rounds, targets):
    """A line of the table: our median, and each rival's ratio with the least and the most."""
    cells = [f"{statistics.median(rounds['ours']):.3g} {unit}"]
    for rival, target in zip(list(rounds)[1:], [*targets, 1, 1]):
        ratios = [theirs / ours for theirs, ours in zip(rounds[rival], rounds["ours"])]
        middle = statistics.median(ratios)
        mark = "" if middle >= target else " **under**"
        cells.append(f"{middle:.1f} ({min(ratios):.1f} to {max(ratios):.1f}), {target}{mark}")
    print(f"| {title} | " + " | ".join(cells) + " |", flush=True)


def main():
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--rounds", type=int, default=5)
    reader.add_argument("--only", type=int, help="one of the models 1, 2, 3, 4")
    reader.add_argument("--environments", type=Path, default=ROOT / "target/peers")
    options = reader.parse_args()

    started = commands(options.environments.absolute())
    sides = {name: Side(command) for name, command in started.items()}
    print(f"{datetime.date.today()}, {processor()}")
    for side in sides.values():
        print(f"- {side.name}")
    print(f"\nOurs, and theirs / ours round by round: the median of {options.rounds} rounds (the least")
    print("to the most), and what is asked for.\n")
    print("| work | " + " | ".join(sides) + " |")
    print("|---" * (1 + len(sides)) + "|")
    for model, title, question, unit, targets in WORK:
        if options.only in (None, model):
            rounds = {name: [] for name in sides}
            for _ in range(options.rounds):
                for name, side in sides.items():
                    rounds[name].append(float(side.ask(question)))
            report(title, unit, rounds, targets)
    for side in sides.values():
        side.end()
    if options.only in (None, 2):
        runs = [{name: from_start(c) for name, c in started.items()} for _ in range(options.rounds)]
        for index, (title, unit, targets) in enumerate(FIRST_TARGETS):
            rounds = {name: [run[name][index] for run in runs] for name in started}
            report(f"2 {title}", unit, rounds, targets)


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        return f"{names[0]}, {len(names)} cores"
    except (OSError, IndexError):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
