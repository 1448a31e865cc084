#!/usr/bin/env python3
"""Training on two ranks: ours over MPI beside PyTorch's DistributedDataParallel over gloo.

    just ddp                                    # makes the environment, and runs everything
    target/peers/ddp/bin/python runtime/benches/peers/ddp/ddp.py --turns 5 --only two_towers

Two processes on this machine, each on one thread and on its half of every batch. Sides take turns,
each run starts its processes anew, and each ratio is of one turn. Ours runs twice in a turn: over
the engine that MPI chooses within a machine (shared memory), and over TCP on the loopback
interface, as gloo does. Bytes are what a rank sends in a step: of ours the messages that it counts,
and of both over TCP what the loopback interface counts, headers included, half of it for each rank.

Needs an MPI with `mpirun` and its headers, libclang, and in this Python torch and numpy.
"""

import argparse
import datetime
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
sys.path.append(str(HERE.parents[1]))
from built import build  # noqa: E402

RANKS = 2
EPOCHS = {"two_towers": 3, "image_text": 4}
VARIANTS = ["dense", "sparse"]
TITLES = {
    "mpi": "ours",
    "tcp": "ours over TCP",
    "dense": "DDP, dense",
    "sparse": "DDP, sparse",
    "alone": "ours, one rank on two threads",
}
OVER_TCP = "--mca pml ob1 --mca btl tcp,self --mca btl_tcp_if_include lo".split()


def figures(output, command):
    """The figures of a side's last line, as numbers; losses as a list."""
    found = re.search(r"^result: (.*)$", output, re.MULTILINE)
    if not found:
        sys.exit(f"{command} ended without a result:\n{output}")
    words = dict(word.split("=") for word in found[1].split())
    losses = [float(loss) for loss in words.pop("losses").split(",")]
    return {name: float(number) for name, number in words.items()} | {"losses": losses}


def ours(program, model, options, ranks=RANKS):
    command = ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none", *options]
    command += ["--allow-run-as-root"] if os.geteuid() == 0 else []
    command += [str(program), model, str(EPOCHS[model])]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{command} failed:\n{run.stderr}")
    return figures(run.stdout, command)


def theirs(model, variant, ranks=RANKS):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(HERE / "ddp_side.py"), model, variant, str(EPOCHS[model])]
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(ranks)}
    one_thread = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            command,
            env={**os.environ, **address, **one_thread, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(ranks)
    ]
    outputs = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        sys.exit(f"{command} failed")
    return figures(outputs[0], command)


def median(turns, side, figure):
    return statistics.median(turn[side][figure] for turn in turns)


def spread(turns, ratio):
    """The median of a ratio of each turn, and the least and the most."""
    ratios = [ratio(turn) for turn in turns]
    return statistics.median(ratios), f"({min(ratios):.2f} to {max(ratios):.2f})"


def report(model, turns):
    """A table of the sides, and the words of the result."""
    print(f"\n{model}, the median of {len(turns)} turns (the least to the most):\n")
    print(
        "| | steps a second | ours / this | processor ms a step | bytes a step | on loopback "
        "| waiting | loss |"
    )
    print("|---|---:|---|---:|---:|---:|---:|---|")
    for side in turns[0]:
        ratio, most = spread(turns, lambda turn: turn["mpi"]["steps"] / turn[side]["steps"])
        losses = turns[0][side]["losses"]
        cells = [
            TITLES[side],
            f"{median(turns, side, 'steps'):,.1f}",
            "" if side == "mpi" else f"{ratio:.2f} {most}",
            f"{median(turns, side, 'processor_ms'):.2f}",
            f"{median(turns, side, 'bytes'):,.0f}" if side in ("mpi", "tcp") else "",
            # Over shared memory nothing of ours passes the interface.
            f"{median(turns, side, 'loopback'):,.0f}" if side in ("tcp", *VARIANTS) else "",
            f"{median(turns, side, 'waited'):.0%}" if side in ("mpi", "tcp") else "",
            f"{losses[0]:.4f} to {losses[-1]:.4f}",
        ]
        print("| " + " | ".join(cells) + " |", flush=True)
        # Rows and initial distributions are the same: what is learned must be alike.
        assert losses[-1] < 0.9 * losses[0], f"{model}: the loss of {TITLES[side]} does not fall"

    # The variant that suits the model best.
    quickest = max(VARIANTS, key=lambda side: median(turns, side, "steps"))
    fewest = min(VARIANTS, key=lambda side: median(turns, side, "loopback"))
    ratio = lambda a, b, figure: spread(turns, lambda turn: turn[a][figure] / turn[b][figure])[0]
    return [
        f"{model}_steps={median(turns, 'mpi', 'steps'):.1f}",
        f"{model}_ratio={ratio('mpi', quickest, 'steps'):.2f}",
        f"{model}_tcp_ratio={ratio('tcp', quickest, 'steps'):.2f}",
        f"{model}_against={quickest}",
        f"{model}_bytes={median(turns, 'mpi', 'bytes'):.0f}",
        f"{model}_tcp_bytes={median(turns, 'tcp', 'loopback'):.0f}",
        f"{model}_bytes_ratio={ratio(fewest, 'tcp', 'loopback'):.2f}",
    ]


def main():
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--turns", type=int, default=5)
    reader.add_argument("--only", choices=EPOCHS)
    reader.add_argument("--program", type=Path, help="ours, where it need not be built")
    options = reader.parse_args()

    program = options.program or build("ddp", features="mpi")["ddp"]
    print(f"{datetime.date.today()}, {processor()}, {mpi()}, {torch()}")
    words = []
    for model in [options.only] if options.only else EPOCHS:
        turns = []
        for _ in range(options.turns):
            turn = {"mpi": ours(program, model, []), "tcp": ours(program, model, OVER_TCP)}
            turn |= {variant: theirs(model, variant) for variant in VARIANTS}
            turn["alone"] = ours(program, model, [], ranks=1)
            turns.append(turn)
        words += report(model, turns)
    print("\nresult:", *words)


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} cores of an {names[0]}" if names else platform.machine()


def mpi():
    version = subprocess.run(["mpirun", "--version"], capture_output=True, text=True).stdout
    return re.sub(r"mpirun|[()]", "", version.splitlines()[0]).strip()


def torch():
    import torch

    return f"torch {torch.__version__}"


if __name__ == "__main__":
    main()
