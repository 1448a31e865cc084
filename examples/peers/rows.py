#!/usr/bin/env python3
"""Rows a second, from a file on disk to batches of tensors: ours beside polars and PyTorch's DataLoader.

    python3 -m venv target/peers/rows && target/peers/rows/bin/pip install torch polars numpy
    target/peers/rows/bin/python examples/peers/rows.py

Both sides do the same work on the same file: read all 13 columns, standardize ten numbers and the
target by their means and deviations, encode two columns of categories by their vocabularies, mix the
rows within a window of 10,000, and make batches of 1024. Ours trains a model on them besides, as small
as one can be. Theirs comes in two forms: `stream`, which reads with polars' streaming engine and encodes,
mixes and cuts whole tables in an IterableDataset, and `rows`, a TensorDataset of the whole file in
memory that a DataLoader takes row by row, as the tutorials have it.

"Learn" is the first look at the file: means, deviations and vocabularies. "Pass" is one epoch after it.
Sides take turns, each in a process of its own, and each ratio is of one round.
"""

import argparse
import datetime
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "target" / "rows"
NUMBERS = [f"n{i}" for i in range(10)]
CATEGORIES, TARGET = ["city", "vehicle"], "price"
WINDOW, BATCH = 10_000, 1024


def write_files(rows):
    """The same rows as CSV and as Parquet."""
    random = np.random.default_rng(0)
    columns = {name: random.normal(3, 2, rows).round(6) for name in NUMBERS}
    columns["city"] = np.array([f"city{i:02}" for i in range(50)])[random.integers(0, 50, rows)]
    vehicles = np.array(["car", "bus", "tram", "bike", "walk"])
    columns["vehicle"] = vehicles[random.integers(0, 5, rows)]
    columns[TARGET] = random.normal(20, 5, rows).round(4)
    table = pl.DataFrame(columns)
    FOLDER.mkdir(parents=True, exist_ok=True)
    table.write_csv(FOLDER / "trips.csv")
    table.write_parquet(FOLDER / "trips.parquet")
    return [FOLDER / "trips.csv", FOLDER / "trips.parquet"]


class Table:
    """A file, and what is learned from it."""

    def __init__(self, path):
        scan = pl.scan_csv if path.suffix == ".csv" else pl.scan_parquet
        self.lazy = scan(path)
        names = NUMBERS + [TARGET]
        learned = self.lazy.select(
            [pl.col(name).mean().alias(f"mean {name}") for name in names]
            + [pl.col(name).std(ddof=0).alias(f"std {name}") for name in names]
            + [pl.col(name).value_counts(sort=True).implode() for name in CATEGORIES]
        ).collect(engine="streaming")
        self.affine = {n: (learned[f"mean {n}"][0], learned[f"std {n}"][0]) for n in names}
        self.vocabularies = {
            name: {entry: i + 2 for i, entry in enumerate(learned[name][0].struct.field(name))}
            for name in CATEGORIES
        }

    def encoded(self, table):
        """Numbers, categories and targets as tensors."""
        scaled = lambda n: ((pl.col(n) - self.affine[n][0]) / self.affine[n][1]).cast(pl.Float32)
        index = lambda n: pl.col(n).replace_strict(
            self.vocabularies[n], default=1, return_dtype=pl.Int64
        )
        table = table.select(
            [scaled(n) for n in NUMBERS + [TARGET]] + [index(n) for n in CATEGORIES]
        )
        numbers = torch.from_numpy(table.select(NUMBERS).to_numpy(writable=True))
        target = torch.from_numpy(table[TARGET].to_numpy(writable=True))
        return numbers, *[torch.from_numpy(table[n].to_numpy(writable=True)) for n in CATEGORIES], target


class Stream(IterableDataset):
    """Batches of a file that need not fit into memory."""

    def __init__(self, table):
        self.table = table

    def __iter__(self):
        for table in self.table.lazy.collect_batches(chunk_size=WINDOW, maintain_order=True):
            order = torch.randperm(len(table))
            mixed = [tensor[order].split(BATCH) for tensor in self.table.encoded(table)]
            yield from zip(*mixed)


def theirs(form, path, passes):
    """Seconds to learn, and of each pass."""
    torch.set_num_threads(1)  # As in a DataLoader's workers: gathering is too little to be spread.
    start = time.perf_counter()
    table = Table(path)
    times = [time.perf_counter() - start]
    for _ in range(passes):
        start = time.perf_counter()
        if form == "stream":
            batches = DataLoader(Stream(table), batch_size=None)
        else:
            tensors = table.encoded(table.lazy.collect())
            batches = DataLoader(TensorDataset(*tensors), batch_size=BATCH, shuffle=True)
        rows = sum(len(batch[0]) for batch in batches)
        times.append(time.perf_counter() - start)
    return rows, times


def ours(program, path, passes):
    command = [program, path, str(BATCH), str(passes)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures = dict(word.split("=") for word in output.split("result: ")[1].split())
    return [float(figures["first"]), *map(float, figures["passes"].split(","))]


def ask(form, path, passes):
    command = [sys.executable, __file__, "--theirs", form, str(path), str(passes)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(word) for word in output.split()]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=2_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--theirs", nargs=3, metavar=("FORM", "FILE", "PASSES"))
    asked = arguments.parse_args()
    if asked.theirs:
        form, path, passes = asked.theirs
        return print(*theirs(form, Path(path), int(passes))[1])

    build = "cargo build --release -p multi-input-peers --features parquet --example rows"
    subprocess.run(build.split(), check=True, cwd=ROOT)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program = target / "release" / "examples" / "rows"
    files = write_files(asked.rows)
    print(
        f"{asked.rows:,} rows, {len(os.sched_getaffinity(0))} cores, polars {pl.__version__}, "
        f"torch {torch.__version__}, {datetime.date.today()}\n"
    )
    print("| file | ours, rows a second | stream / ours | rows / ours |")
    print("|---|---|---|---|")
    for path in files:
        rounds = [
            (ours(program, path, 2), ask("stream", path, 2), ask("rows", path, 1))
            for _ in range(asked.rounds)
        ]
        for what, seconds in [("learn", lambda s: s[0]), ("pass", lambda s: min(s[1:]))]:
            own = [seconds(round[0]) for round in rounds]
            rate = asked.rows / statistics.median(own)
            cells = [
                spread([seconds(round[side]) / seconds(round[0]) for round in rounds])
                for side in (1, 2)
            ]
            print(f"| {path.suffix[1:]}, {what} | {rate:,.0f} | {' | '.join(cells)} |")
        path.unlink()


def spread(ratios):
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    main()
