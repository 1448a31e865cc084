"""What every side of the comparison is asked, line by line on standard input, and what it answers.

    train MODEL BATCH ROWS EPOCHS   milliseconds a training step, over whole epochs of `fit`
    predict MODEL COUNT             microseconds for the prediction of one row
    first MODEL BATCH ROWS EPOCHS   `stepped` after the first step; then trains on, and says the
                                    peak of its memory less the data, in MiB

A side says who it is on its first line and then waits, so that `compare.py` can ask one side after
the other, in turns, without paying for their starts.
"""

import resource
import sys
import time


def serve(name, make):
    """Answers until standard input ends. `make()` builds a side with the methods used here."""
    say(name)
    built, side = None, None

    def on(which, rows):
        nonlocal built, side
        if built != (which, rows):
            built, side = (which, rows), make()
            side.build(which, rows)
        return side

    for line in sys.stdin:
        verb, *words = line.split()
        numbers = [int(word) for word in words]
        if verb == "train":
            which, batch, rows, epochs = numbers
            side = on(which, rows)
            side.fit(batch, 1)  # Compiles graphs and warms caches; every side is given it.
            start = time.perf_counter()
            side.fit(batch, epochs)
            say(1e3 * (time.perf_counter() - start) / (epochs * -(-rows // batch)))
        elif verb == "predict":
            which, count = numbers
            side = on(which, 256)
            for _ in range(10):
                side.predict_one()
            start = time.perf_counter()
            for _ in range(count):
                side.predict_one()
            say(1e6 * (time.perf_counter() - start) / count)
        elif verb == "first":
            which, batch, rows, epochs = numbers
            side = on(which, rows)
            side.first_step(batch)
            say("stepped")
            side.fit(batch, epochs)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            say((peak - side.data_bytes()) / 2**20)
        else:
            sys.exit(f"asked for `{verb}`, which no side knows")


def say(what):
    print(what, flush=True)
