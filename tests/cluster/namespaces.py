#!/usr/bin/env python3
"""Ranks on a network of namespaces, each of them a machine of its own; `just mpi-network` runs it.

1. The weights at the end have the same bits as on one machine: on 2 and 4 machines, with delays, and with packets lost.
2. The bytes of a step are those of the formula of docs/scale.md, by the program's counter and by the interface's.
3. How much longer a step takes, if Open MPI asks the receiver before each message over 64 KB, as it does by default.

The last line is `result: ..`.
"""
import pathlib
import sys
import tempfile

import network
from network import Network
from scale_model import MODELS

NETWORKS = [(2, {}), (4, {}), (2, {"rate": 20e6}), (4, {"delay": 0.001}), (2, {"delay": 0.003, "loss": 0.01}),
            (4, {"delay": 0.002, "loss": 0.005})]


def in_words(machines, how):
    words = [f"{machines} machines"]
    words += [f"{1e3 * how['delay']:g} ms"] if "delay" in how else []
    words += [f"{how['rate'] / 1e6:g} Mbit/s"] if "rate" in how else []
    words += [f"{100 * how['loss']:g} % of packets lost"] if "loss" in how else []
    return ", ".join(words)


def same_bits(folder):
    """Compares runs over networks with one on this machine; the number of runs, and of those with other bits."""
    others, runs = 0, 0
    for model, epochs in (("trip", 3), ("mixed", 4)):
        arguments = ("--model", model, "--epochs", epochs, "--shards", 4, "--out")
        network.ranks_alone(*arguments, folder / "alone")
        expected = (folder / "alone").read_bytes()
        for machines, how in NETWORKS:
            with Network(machines, **how) as connected:
                found = connected.ranks(*arguments, folder / "found")
            equal = (folder / "found").read_bytes() == expected
            others, runs = others + (not equal), runs + 1
            print(f"{model}, {in_words(machines, how)}: {'the same bits' if equal else 'OTHER BITS'}, "
                  f"{found['seconds']:.1f} s, {found['messages']:.0f} messages", flush=True)
    return runs, others


def bytes_of_steps():
    """Prints what a step sends; the largest deviation of the formula for models without blocks of zeros."""
    print("\nmodel   machines  bytes of a step  formula  deviation  interface")
    largest = 0.0
    for model in MODELS:
        for machines in (2, 4):
            with Network(machines) as connected:
                on_wire = []
                # The difference of two runs has the steps alone, without start and end.
                for steps in (20, 60):
                    before = connected.sent_bytes(1)
                    found = connected.ranks("--steps", steps, "--model", model.name, "--batch", model.batch)
                    on_wire.append(connected.sent_bytes(1) - before)
            formula = model.sent(machines, model.batch)
            deviation = formula / found["bytes"] - 1
            if model.name != "emoji":
                largest = max(largest, abs(deviation))
            interface = (on_wire[1] - on_wire[0]) / 40
            print(f"{model.name:7} {machines:8}  {found['bytes']:15.0f}  {formula:7.0f}  {100 * deviation:+8.1f}%  "
                  f"{interface:9.0f} ({interface / found['bytes']:.3f} times)", flush=True)
    return largest


def questions():
    """How many times longer a step takes with messages over 64 KB, if Open MPI asks the receiver first."""
    emoji, largest = MODELS[2], 0.0
    print("\nimage and text          at once  after asking")
    for machines, how in ((2, {"rate": 100e6}), (4, {"rate": 100e6}), (4, {"delay": 0.02})):
        with Network(machines, **how) as connected:
            arguments = ("--steps", 20, "--model", emoji.name, "--batch", emoji.batch)
            at_once, asking = [connected.ranks(*arguments, mca=mca)["median"] for mca in (network.EAGER, {})]
        largest = max(largest, asking / at_once)
        print(f"{in_words(machines, how):22} {1e3 * at_once:5.0f} ms  {1e3 * asking:9.0f} ms", flush=True)
    return largest


def main():
    network.prepare()
    with tempfile.TemporaryDirectory() as folder:
        runs, others = same_bits(pathlib.Path(folder))
    largest = bytes_of_steps()
    longer = questions()
    print(f"result: {runs - others} of {runs} runs over networks have the bits of one machine; bytes of a step within "
          f"{100 * largest:.1f} % of the formula; "
          f"a step takes up to {longer:.1f} times longer if messages over 64 KB ask first")
    sys.exit(others > 0 or largest > 0.1)


if __name__ == "__main__":
    main()
