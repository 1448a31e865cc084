#!/usr/bin/env python3
"""How long a step takes on 1 to 1,024 ranks: a model of the cost, which is fitted on one rank and checked on a network.

    python3 tests/cluster/scale_model.py            # measures (needs what network.py needs), checks, draws
    python3 tests/cluster/scale_model.py --draw     # draws docs/scale.svg from the figures of the last measurement

A step takes

    fixed + row * rows / ranks                                       a rank computes its shard
    + foreign * rows of sparse tables that only other ranks look up   and updates what others have looked up
    + served * rows of sharded tables that a rank looks up elsewhere  what one rank fetches another one serves
    + rounds * (latency + overhead + (ranks - 1) * message)           every exchange waits for all messages
    + sent / bandwidth                                                two of them have gradients

`fixed` and `row` are measured on one rank, `foreign`, `served`, `overhead` and `message` on a network without delay, and the rest follows from
the model. Messages are sent at once, as docs/scale.md recommends (`EAGER` in network.py). Figures are in tests/cluster/scale_model.json. The last line is `result: ..`.
"""
import argparse
import json
import pathlib
import statistics
import tempfile

import network
from network import Network

FIGURES = pathlib.Path(__file__).with_suffix(".json")
PICTURE = network.ROOT / "docs/scale.svg"

# Of a message of gradients: what `Cluster` and the exchange write before the numbers.
HEADER = 96
HEADER_OF_LOOK_UPS = 40
HEADER_OF_ROWS = 36


class Table:
    """An embedding, of which the rows travel that a batch looks up."""

    def __init__(self, rows, width, lookups):
        self.rows, self.width, self.lookups = rows, width, lookups

    @property
    def numbers(self):
        return self.rows * self.width

    def different(self, rows):
        """The part of the table that so many rows of a batch look up."""
        return 1 - (1 - 1 / self.rows) ** (self.lookups * rows)

    def looked_up(self, rows):
        return self.rows * self.different(rows)


class Model:
    """`whole` are the numbers that are updated as a whole, and tables, in the order of the model; `sparse` are tables whose
    rows travel with their numbers; `sharded` are tables whose rows are divided among the ranks; `norms` has the features of
    each `BatchNorm`."""

    def __init__(self, name, title, whole, sparse=(), sharded=(), norms=(), batch=64):
        self.name, self.title, self.whole, self.sparse, self.norms = name, title, whole, sparse, norms
        self.sharded, self.batch = sharded, batch

    def is_everywhere(self, ranks):
        """Two ranks send each other everything in one round, unless tables are divided."""
        return ranks == 2 and not self.sharded

    def rounds(self, ranks):
        of_gradients = 1 if self.is_everywhere(ranks) else 2
        return of_gradients + 3 * len(self.norms) + (2 if self.sharded else 0)

    def looked_up(self, rows):
        """The rows of sparse tables that so many rows of a batch look up."""
        return sum(table.looked_up(rows) for table in self.sparse)

    def fetched(self, ranks, rows):
        """The rows of sharded tables that a rank looks up at others."""
        return sum(table.looked_up(rows / ranks) for table in self.sharded) * (ranks - 1) / ranks

    def of_sharded(self, ranks, rows):
        """The bytes that a rank sends of sharded tables in a step: look-ups, rows, and gradients."""
        fetched = [table.looked_up(rows / ranks) * (ranks - 1) / ranks for table in self.sharded]
        each = [[4, 4 * table.width, 4 + 4 * table.width] for table in self.sharded]
        bytes_of_rows = [sum(count * of_row[part] for count, of_row in zip(fetched, each)) for part in range(3)]
        if self.sharded:
            headers = [HEADER_OF_LOOK_UPS + 8 * len(self.sharded), HEADER_OF_ROWS, 9 * len(self.sharded)]
            return [count + (ranks - 1) * header for count, header in zip(bytes_of_rows, headers)]
        return [0, 0, 0]

    def pieces(self, ranks, rows):
        """The bytes of what each rank adds up, of the gradients of so many rows: an equal part of the numbers, of which
        blocks of zeros stay away, and an equal part of the rows of sparse tables."""
        counts = [part.numbers if isinstance(part, Table) else part for part in self.whole]
        bytes_each = [4 * (part.different(rows) if isinstance(part, Table) else 1) for part in self.whole]
        total = sum(counts)
        of_rows = sum(table.looked_up(rows) * (4 + 4 * table.width) for table in self.sparse)
        pieces = []
        for rank in range(ranks):
            first, end = rank * total // ranks, (rank + 1) * total // ranks
            start, piece = 0, of_rows / ranks + HEADER
            for count, each in zip(counts, bytes_each):
                piece += each * max(min(end, start + count) - max(first, start), 0)
                start += count
            pieces.append(piece)
        return pieces

    def rounds_of_gradients(self, ranks, rows):
        """For each of the two rounds of gradients, the most bytes that a rank sends or receives."""
        own, of_all = self.pieces(ranks, rows / ranks), self.pieces(ranks, rows)
        others = ranks - 1
        if self.is_everywhere(ranks):
            return [sum(own)]
        look_ups, looked_up, gradients = self.of_sharded(ranks, rows)
        sums = others * max(of_all)
        return [look_ups, looked_up, max(sum(own) - min(own), others * max(own)) + gradients, sums]

    def sent(self, ranks, rows):
        """The bytes that rank 0 sends in a step."""
        own, of_all = self.pieces(ranks, rows / ranks), self.pieces(ranks, rows)
        # A header, a range of shards and the sums of each feature, in `f64`.
        norms = sum(3 * 75 + 32 * features for features in self.norms)
        if self.is_everywhere(ranks):
            return sum(own) + norms
        return sum(own[1:]) + (ranks - 1) * (of_all[0] + norms) + sum(self.of_sharded(ranks, rows))


MODELS = [
    Model("trip", "numbers, a list, 4 BatchNorm", [210], norms=(5, 4, 3, 3), batch=256),
    Model("towers", "two towers", [2 * (33 * 64 + 65 * 32)],
          sparse=(Table(200_000, 32, 1), Table(100_000, 32, 1)), batch=1024),
    Model("divided", "two towers, divided tables", [2 * (33 * 64 + 65 * 32)],
          sharded=(Table(200_000, 32, 1), Table(100_000, 32, 1)), batch=1024),
    Model("emoji", "image and text", [896, Table(2000, 64, 8.5), 4 * 32 * (64 + 32 + 1), 9 * (31 * 31 * 32 + 32 + 1)],
          batch=32),
]


class Cost:
    """What one machine takes, in seconds."""

    def __init__(self, figures):
        self.compute = figures["compute"]
        self.overhead, self.message = figures["overhead"], figures["message"]
        self.foreign, self.served = figures["foreign"], figures["served"]

    def alone(self, model, rows, share=1.0):
        fixed, row = self.compute[model.name]
        return share * (fixed + row * rows)

    def step(self, model, ranks, rows, latency, bandwidth, share=1.0):
        """`share` is how many times longer a rank computes than alone, because ranks share cores."""
        time = self.alone(model, rows / ranks, share)
        if ranks == 1:
            return time
        time += share * self.foreign * (model.looked_up(rows) - model.looked_up(rows / ranks))
        time += share * self.served * model.fetched(ranks, rows)
        time += model.rounds(ranks) * (latency + self.overhead + (ranks - 1) * self.message)
        return time + sum(model.rounds_of_gradients(ranks, rows)) / bandwidth


# The measurements.

def one_rank(model, rows, steps):
    found = network.ranks_alone("--steps", steps, "--model", model.name, "--batch", rows)
    return found["low"]


def measured_compute(model, repeats=5):
    """The least times of a step on a small and on a large batch, as a line: other work on the machine only adds to them."""
    small, large = model.batch // 4, model.batch
    steps = {"trip": 300, "towers": 100, "divided": 100, "emoji": 40}[model.name]
    times = [[one_rank(model, rows, steps) for _ in range(repeats)] for rows in (small, large)]
    low = [min(of_rows) for of_rows in times]
    row = max((low[1] - low[0]) / (large - small), 0)
    print(f"{model.name:7} {1e3 * low[0]:.3f} ms for {small} rows, {1e3 * low[1]:.3f} ms for {large}, on one thread; "
          f"medians of repeats {[round(1e3 * statistics.median(of_rows), 3) for of_rows in times]}", flush=True)
    return [max(low[0] - row * small, 0), row]


# Two ranks send each other 1 and 64 messages at a time.
MESSAGES = """
#include <mpi.h>
#include <stdio.h>
int main(int count, char **words) {
    static char out[64][300], in[64][300];
    MPI_Request open[128];
    double least[2] = {1e9, 1e9};
    int rank;
    MPI_Init(&count, &words);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int turn = 0; turn < 4000; turn++) {
        int messages = turn % 2 ? 64 : 1;
        MPI_Barrier(MPI_COMM_WORLD);
        double start = MPI_Wtime();
        for (int i = 0; i < messages; i++) {
            MPI_Irecv(in[i], 300, MPI_BYTE, 1 - rank, i, MPI_COMM_WORLD, &open[i]);
            MPI_Isend(out[i], 300, MPI_BYTE, 1 - rank, i, MPI_COMM_WORLD, &open[64 + i]);
        }
        MPI_Waitall(messages, open, MPI_STATUSES_IGNORE);
        MPI_Waitall(messages, open + 64, MPI_STATUSES_IGNORE);
        double took = MPI_Wtime() - start;
        if (turn > 100 && took < least[turn % 2]) least[turn % 2] = took;
    }
    if (rank == 0) printf("result: one=%.9f many=%.9f\\n", least[0], least[1]);
    MPI_Finalize();
}
"""


def measured_messages():
    """The time of a round of two ranks without delay, less that of a message; and that of a message more, in MPI alone: more
    ranks than cores would wait for each other."""
    with tempfile.TemporaryDirectory() as folder, Network(2) as machines:
        source, program = pathlib.Path(folder) / "messages.c", pathlib.Path(folder) / "messages"
        source.write_text(MESSAGES)
        network.run("mpicc", "-O2", "-o", program, source)
        found = [machines.ranks(program=program) for _ in range(5)]
        message = min(of_run["many"] - of_run["one"] for of_run in found) / 63
        trips = [machines.ranks("--steps", 150, "--model", "trip", "--batch", 8) for _ in range(5)]
    of_round = min(trip["waited_low"] for trip in trips) / MODELS[0].rounds(2)
    print(f"a round of 2 ranks takes {1e6 * of_round:.0f} microseconds, and each message more {1e6 * message:.1f}", flush=True)
    return max(of_round - message, 0), message


def measured_rows(compute):
    """What a row of a table costs that only the other of two ranks has looked up, and one of a divided table that is fetched
    from the other and served to it."""
    costs = []
    for name in ("towers", "divided"):
        model = next(model for model in MODELS if model.name == name)
        with Network(2) as machines:
            found = [machines.ranks("--steps", 60, "--model", name, "--batch", model.batch) for _ in range(5)]
        busy = min(of_run["median"] - of_run["waited"] for of_run in found)
        fixed, row = compute[name]
        rows = model.looked_up(model.batch) - model.looked_up(model.batch / 2) + model.fetched(2, model.batch)
        costs.append(max(busy - fixed - row * model.batch / 2, 0) / rows)
    print(f"a row of a table of another rank takes {1e6 * costs[0]:.2f} microseconds, one that is fetched and one that is "
          f"served {1e6 * costs[1]:.2f}", flush=True)
    return costs


# (model, ranks, one-way delay in seconds, bits a second).
CASES = [
    ("trip", 2, 0.0, None), ("trip", 2, 0.002, None), ("trip", 2, 0.01, None),
    ("trip", 4, 0.005, None), ("trip", 4, 0.02, None),
    ("towers", 2, 0.0, 50e6), ("towers", 2, 0.01, 50e6), ("towers", 4, 0.0, 50e6), ("towers", 4, 0.02, 50e6),
    ("divided", 2, 0.0, 50e6), ("divided", 2, 0.01, 50e6), ("divided", 4, 0.0, 50e6), ("divided", 4, 0.02, 50e6),
    ("emoji", 2, 0.0, 100e6), ("emoji", 2, 0.0, 400e6), ("emoji", 2, 0.02, 100e6),
    ("emoji", 4, 0.0, 100e6), ("emoji", 4, 0.02, 100e6),
]


def measured_steps(repeats):
    """Steps on networks of namespaces: the quickest and the slowest of some runs."""
    checks = []
    for name, ranks, delay, rate in CASES:
        model = next(model for model in MODELS if model.name == name)
        steps = 30 if name == "emoji" else 40
        with Network(ranks, delay, rate) as machines:
            arguments = ("--steps", steps, "--model", name, "--batch", model.batch)
            found = [machines.ranks(*arguments) for _ in range(repeats)]
            # What the switch adds to the delay is the network's, and not the model's.
            latency = machines.latency() if delay else 0.0
        medians = [of_run["median"] for of_run in found]
        print(f"{name}, {ranks} ranks, {1e3 * delay:g} ms, {(rate or 0) / 1e6:g} Mbit/s: "
              f"{[round(1e3 * median, 2) for median in medians]} ms", flush=True)
        checks.append({"model": name, "ranks": ranks, "delay": delay, "latency": latency, "rate": rate,
                       "quickest": min(medians), "slowest": max(medians), "bytes": found[0]["bytes"]})
    return checks


def deviations(cost, checks):
    """Prints the model beside the quickest runs, because other work on the machine only adds to a step."""
    found = []
    print("\nmodel   ranks  delay  Mbit/s  measured (slowest run)      model  deviation  bytes  formula")
    for check in checks:
        model = next(model for model in MODELS if model.name == check["model"])
        ranks, rate = check["ranks"], check["rate"]
        # Of a packet with the headers of IP and TCP.
        bandwidth = rate / 8 * (1 - 60 / network.MTU) if rate else float("inf")
        # Four ranks share two cores.
        share = max(1.0, ranks / 2)
        predicted = cost.step(model, ranks, model.batch, check["latency"], bandwidth, share)
        found.append(predicted / check["quickest"] - 1)
        print(f"{model.name:7} {ranks:5}  {1e3 * check['delay']:2.0f} ms  {(rate or 0) / 1e6:6.0f}  "
              f"{1e3 * check['quickest']:7.2f} ms ({1e3 * check['slowest']:7.2f} ms)  {1e3 * predicted:6.2f} ms  "
              f"{100 * found[-1]:+7.0f} %  {check['bytes']:.0f}  {model.sent(ranks, model.batch):.0f}")
    return sorted(map(abs, found))


# The picture.

RANKS = [2 ** power for power in range(11)]
# One-way latency in seconds, and bytes a second.
NETWORKS = [("1 Gbit/s, 50 µs", 50e-6, 0.118e9, "#c44e52"), ("10 Gbit/s, 20 µs", 20e-6, 1.18e9, "#dd8452"),
            ("100 Gbit/s, 5 µs", 5e-6, 11.8e9, "#4c72b0")]
# Rows a rank of weak scaling, and of the whole batch of strong scaling.
WEAK = {"trip": 4096, "towers": 4096, "divided": 4096, "emoji": 256}
STRONG = {"trip": 65_536, "towers": 65_536, "divided": 65_536, "emoji": 4096}
TOWERS = [2 * (33 * 64 + 65 * 32)]
# Larger tables than those that are measured, which would have dense updates with such batches.
MILLIONS = (Table(20_000_000, 32, 1), Table(10_000_000, 32, 1))
PICTURED = [MODELS[0], Model("towers", "two towers, 30 million rows", TOWERS, sparse=MILLIONS),
            Model("divided", "the same, divided", TOWERS, sharded=MILLIONS), MODELS[3]]
HUGE = Model("towers", "", TOWERS, sparse=(Table(10 ** 8, 32, 1),))
HUGE_DIVIDED = Model("divided", "", TOWERS, sharded=(Table(10 ** 8, 32, 1),))
HUGE_ROWS = 4096


def weak(cost, model, ranks, latency, bandwidth):
    rows = WEAK[model.name]
    return cost.alone(model, rows) / cost.step(model, ranks, rows * ranks, latency, bandwidth)


def strong(cost, model, ranks, latency, bandwidth):
    rows = STRONG[model.name]
    return cost.alone(model, rows) / ranks / cost.step(model, ranks, rows, latency, bandwidth)


class Plot:
    """A plot with ranks along the bottom, as SVG."""

    WIDTH, HEIGHT = 250, 170

    def __init__(self, left, top, title, unit, highest, digits):
        self.left, self.top, self.highest, self.parts = left, top, highest, []
        self.text(self.WIDTH / 2, -12, title, "middle")
        self.text(-4, -12, unit, "end")
        for power in range(0, 11, 2):
            x = self.x(2 ** power)
            self.line([(x, 0), (x, self.HEIGHT)], "#dddddd", 1)
            self.text(x, self.HEIGHT + 14, f"{2 ** power:,}", "middle")
        for step in range(5):
            value = highest * step / 4
            self.line([(0, self.y(value)), (self.WIDTH, self.y(value))], "#dddddd", 1)
            self.text(-4, self.y(value) + 4, f"{value:.{digits}f}", "end")
        self.text(self.WIDTH / 2, self.HEIGHT + 28, "ranks", "middle")

    def x(self, ranks):
        return self.WIDTH * (ranks.bit_length() - 1) / 10

    def y(self, value):
        return self.HEIGHT * (1 - value / self.highest)

    def text(self, x, y, text, anchor, color="#333333"):
        self.parts.append(f'<text x="{self.left + x:.1f}" y="{self.top + y:.1f}" text-anchor="{anchor}" '
                          f'fill="{color}">{text}</text>')

    def line(self, points, color, width, dashes=""):
        places = " ".join(f"{self.left + x:.1f},{self.top + y:.1f}" for x, y in points)
        dashes = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="{width}"{dashes}/>')

    def curve(self, value, color, dashes=""):
        points = [(self.x(ranks), self.y(value(ranks))) for ranks in RANKS]
        self.line(points, color, 2, dashes)


def draw(cost):
    plots, column, row = [], 330, 245
    for index, model in enumerate(PICTURED):
        for below, (efficiency, kind, rows) in enumerate([(weak, "a rank", WEAK), (strong, "in all", STRONG)]):
            title = f"{model.title}; {rows[model.name]:,} rows {kind}"
            plot = Plot(60 + column * index, 60 + row * below, title, "", 1.0, 2)
            for _, latency, bandwidth, color in NETWORKS:
                plot.curve(lambda ranks: efficiency(cost, model, ranks, latency, bandwidth), color)
            plots.append(plot)
    top = 60 + 2 * row
    memory = Plot(60, top, "10^8 rows of 32 numbers with Adam: GB of a rank", "", 40, 0)
    memory.curve(lambda ranks: 3 * 10 ** 8 * 128 / 1e9, "#999999", "4 3")
    memory.curve(lambda ranks: 3 * 10 ** 8 * 128 / 1e9 / ranks, "#55a868")
    memory.text(150, 60, "sharded; on every rank (dashed)", "middle", "#777777")
    sent = Plot(60 + column, top, f"MB that a rank sends in a step, {HUGE_ROWS:,} rows a rank", "", 600, 0)
    sent.curve(lambda ranks: HUGE.sent(ranks, HUGE_ROWS * ranks) / 1e6, "#999999", "4 3")
    sent.curve(lambda ranks: HUGE_DIVIDED.sent(ranks, HUGE_ROWS * ranks) / 1e6, "#55a868")
    time = Plot(60 + 2 * column, top, f"efficiency of that, {HUGE_ROWS:,} rows a rank", "", 1.0, 2)
    for _, latency, bandwidth, color in NETWORKS:
        for model, dashes in ((HUGE, "4 3"), (HUGE_DIVIDED, "")):
            of_one = cost.alone(model, HUGE_ROWS)
            time.curve(lambda ranks: of_one / cost.step(model, ranks, HUGE_ROWS * ranks, latency, bandwidth), color, dashes)
    legend = []
    for index, (name, _, _, color) in enumerate(NETWORKS):
        x = 60 + 180 * index
        legend.append(f'<rect x="{x}" y="14" width="18" height="4" fill="{color}"/>'
                      f'<text x="{x + 24}" y="20" fill="#333333">{name}</text>')
    legend.append('<text x="620" y="20" fill="#333333">efficiency: time alone / (time on n ranks * work of a rank)</text>')
    lines = [part for plot in [*plots, memory, sent, time] for part in plot.parts]
    width, height = 60 + len(PICTURED) * column, top + row - 20
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            'font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="white"/>\n')
    PICTURE.write_text(head + "\n".join([*legend, *lines]) + "\n</svg>\n")


def tell(cost):
    """The picture in numbers."""
    for model in PICTURED:
        fixed, row = cost.compute[model.name]
        print(f"{model.name}: {1e3 * fixed:.3f} ms and {1e6 * row:.2f} microseconds a row on one thread")
        for ranks in (8, 64, 512, 1024):
            parts = [f"{name}: weak {weak(cost, model, ranks, latency, bandwidth):.2f}, "
                     f"strong {strong(cost, model, ranks, latency, bandwidth):.2f}"
                     for name, latency, bandwidth, _ in NETWORKS]
            print(f"  {ranks:5} ranks  " + "; ".join(parts))
    for ranks in (8, 64, 1024):
        whole, divided = (model.sent(ranks, HUGE_ROWS * ranks) / 1e6 for model in (HUGE, HUGE_DIVIDED))
        print(f"table of 10^8 rows on {ranks} ranks: {38.4 / ranks:.2f} GB a rank and {divided:.1f} MB a step sharded, "
              f"38.4 GB and {whole:.1f} MB on every rank")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--draw", action="store_true", help="from the figures of the last measurement")
    arguments.add_argument("--repeats", type=int, default=3)
    asked = arguments.parse_args()
    if not asked.draw:
        network.prepare()
        compute = {model.name: measured_compute(model) for model in MODELS}
        overhead, message = measured_messages()
        foreign, served = measured_rows(compute)
        figures = {"compute": compute, "foreign": foreign, "served": served, "overhead": overhead, "message": message}
        figures["checks"] = measured_steps(asked.repeats)
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    figures = json.loads(FIGURES.read_text())
    cost = Cost(figures)
    tell(cost)
    draw(cost)
    found = deviations(cost, figures["checks"])
    within = sum(deviation <= 0.2 for deviation in found)
    print(f"result: {within} of {len(found)} cases within 20 %, median {100 * statistics.median(found):.0f} %, "
          f"largest {100 * found[-1]:.0f} %; a round takes {1e6 * cost.overhead:.0f} and a message "
          f"{1e6 * cost.message:.0f} microseconds")


if __name__ == "__main__":
    main()
