#!/usr/bin/env python3
"""Rows a second, from a file on disk to batches of tensors: ours beside polars and PyTorch's DataLoader.

    python3 -m venv target/peers/rows && target/peers/rows/bin/pip install torch polars numpy
    target/peers/rows/bin/python runtime/benches/peers/rows.py

Both sides do the same work on the same file: read all 13 columns, standardize ten numbers and the
target by their means and deviations, encode two columns of categories by their vocabularies, mix the
rows, and make batches of 1024. Ours trains a model on them besides, as small as one can be. Theirs
comes in two forms:

- `stream` is the quickest that we found, and like ours needs not hold the file: polars' streaming
  engine reads and encodes on all cores, an IterableDataset mixes and cuts tables of 10,000 rows, as
  many as our window holds.
- `memory` is a TensorDataset of the whole file, of which a DataLoader takes a shuffled batch at a time
  (with a BatchSampler, which is ten times as quick as row by row). It reads the file in every pass, as
  the others do.

"Learn" is the first look at the file: means, deviations and vocabularies. "Pass" is one epoch after it.
Processor time is that of the whole process for the first look and two passes, without its start. Sides
take turns, each in a process of its own, and each ratio is of one round.
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
from torch.utils.data import BatchSampler, DataLoader, IterableDataset, RandomSampler, TensorDataset

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "runtime/benches"))
from built import build  # noqa: E402

FOLDER = ROOT / "target" / "rows"
NUMBERS = [f"n{i}" for i in range(10)]
CATEGORIES, TARGET = ["city", "vehicle"], "price"
WINDOW, BATCH, PASSES = 10_000, 1024, 2


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

    def encoded(self):
        """Numbers, categories and targets as the model takes them, on first use."""
        scaled = lambda n: ((pl.col(n) - self.affine[n][0]) / self.affine[n][1]).cast(pl.Float32)
        index = lambda n: pl.col(n).replace_strict(
            self.vocabularies[n], default=1, return_dtype=pl.Int64
        )
        return self.lazy.select(
            [scaled(n) for n in NUMBERS + [TARGET]] + [index(n) for n in CATEGORIES]
        )


def tensors(encoded):
    parts = [encoded.select(NUMBERS), *[encoded[name] for name in CATEGORIES + [TARGET]]]
    return [torch.from_numpy(part.to_numpy(writable=True)) for part in parts]


class Stream(IterableDataset):
    """Batches of a file that need not fit into memory."""

    def __init__(self, table):
        self.table = table

    def __iter__(self):
        encoded = self.table.encoded()
        for rows in encoded.collect_batches(chunk_size=WINDOW, maintain_order=True):
            order = torch.randperm(len(rows))
            yield from zip(*[tensor[order].split(BATCH) for tensor in tensors(rows)])


def in_memory(table):
    """The same of a file that does."""
    dataset = TensorDataset(*tensors(table.encoded().collect()))
    batches = BatchSampler(RandomSampler(dataset), BATCH, drop_last=False)
    return DataLoader(dataset, sampler=batches, batch_size=None)


def theirs(form, path, passes):
    """Seconds to learn, of each pass, and of the processors."""
    torch.set_num_threads(1)  # As in a DataLoader's workers: gathering is too little to be spread.
    processors = time.process_time()
    start = time.perf_counter()
    table = Table(path)
    times = [time.perf_counter() - start]
    for _ in range(passes):
        start = time.perf_counter()
        if form == "stream":
            batches = DataLoader(Stream(table), batch_size=None)
        else:
            batches = in_memory(table)
        assert sum(len(batch[0]) for batch in batches) > 0
        times.append(time.perf_counter() - start)
    return [*times, time.process_time() - processors]


def ours(program, path):
    command = [program, path, str(BATCH), str(PASSES)]
    before = os.times()
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    after = os.times()
    figures = dict(word.split("=") for word in output.split("result: ")[1].split())
    processors = sum(after[2:4]) - sum(before[2:4])
    return [float(figures["first"]), *map(float, figures["passes"].split(",")), processors]


def ask(form, path):
    command = [sys.executable, __file__, "--theirs", form, str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(word) for word in output.split()]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--program", help="ours, where it need not be built")
    arguments.add_argument("--theirs", nargs=2, metavar=("FORM", "FILE"))
    asked = arguments.parse_args()
    if asked.theirs:
        form, path = asked.theirs
        return print(*theirs(form, Path(path), PASSES))

    program = asked.program or build("rows", features="parquet")["rows"]
    files = write_files(asked.rows)
    print(
        f"{asked.rows:,} rows, {asked.rounds} rounds, {processor()}, polars {pl.__version__}, "
        f"torch {torch.__version__}, {datetime.date.today()}\n"
    )
    print("| file | ours, rows a second | stream / ours | memory / ours |")
    print("|---|---|---|---|")
    figures = [
        ("learn", lambda s: s[0]),
        ("pass", lambda s: min(s[1:-1])),
        ("processor time", lambda s: s[-1]),
    ]
    for path in files:
        rounds = [
            (ours(program, path), ask("stream", path), ask("memory", path))
            for _ in range(asked.rounds)
        ]
        for what, seconds in figures:
            own = [asked.rows / seconds(round[0]) for round in rounds]
            rate = f"{statistics.median(own):,.0f} ({min(own):,.0f} to {max(own):,.0f})"
            if what == "processor time":
                rate = f"{statistics.median(seconds(round[0]) for round in rounds):.2f} s"
            cells = [
                spread([seconds(round[side]) / seconds(round[0]) for round in rounds])
                for side in (1, 2)
            ]
            print(f"| {path.suffix[1:]}, {what} | {rate} | {' | '.join(cells)} |", flush=True)
        path.unlink()


def processor():
    """The machine, as its kernel calls it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return f"{len(os.sched_getaffinity(0))} cores of an {model}"


def spread(ratios):
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    main()
