#!/usr/bin/env python3
"""Runs `ranks` over MPI: `just mpi`.

Equal results on 1 to 4 ranks, and what happens where a rank fails at a random moment: it is killed, gets a
row that it refuses or a loss that is no number, panics, or finds the disk full. All ranks have to end
in time, with the message of that rank, and a run that goes on from the last checkpoint has to end with
the bits of one that nothing has happened to. In every other run tables are divided among the ranks.
The disk that is full is a small one in memory, which only root can mount.
"""

import argparse
import contextlib
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

RANKS = pathlib.Path("target/release/ranks").resolve()
LIMIT = 60  # Seconds after which a job counts as hanging.

# In the default store of PMIx, a rank that is killed while it holds a lock in shared memory makes `mpirun`
# wait for ever in `PMIx_server_finalize`, when all ranks have ended (docs/scale.md).
ENVIRONMENT = {**os.environ, "PMIX_MCA_gds": "hash"}


def start(ranks, *arguments):
    command = ["mpirun", "--oversubscribe", "--allow-run-as-root", "-n", str(ranks), str(RANKS)]
    command += [str(argument) for argument in arguments]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, env=ENVIRONMENT, **output)


def end(job):
    """The output of a job, its exit status, and the seconds that it took from now on."""
    started = time.monotonic()
    try:
        output, _ = job.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        ranks = processes(job)
        left = ", ".join(f"{pid} {state(pid)}" for pid in ranks) or "none"
        for pid in [*ranks, job.pid]:
            os.kill(pid, signal.SIGKILL)
        job.wait()
        sys.exit(f"a job hangs, with these ranks: {left}: " + " ".join(job.args))
    return output, job.returncode, time.monotonic() - started


def run(ranks, *arguments):
    output, status, _ = end(start(ranks, *arguments))
    if status != 0:
        sys.exit(f"{arguments} on {ranks} ranks: {output}")
    return output


def weights(path):
    data = path.read_bytes()
    return struct.unpack(f"<{len(data) // 8}d", data)


def equal_results(folder):
    """The number of pairs of runs that were compared, and the largest difference where bits may differ."""
    pairs, worst = 0, 0.0
    table = folder / "shops.csv"
    for model, rows in [("mixed", 70), ("mixed", 7), ("trip", 56), ("trip", 7), ("rated", 62), ("rated", 7),
                        ("shop", 101), ("shop", 7)]:
        asked = ["--model", model, "--rows", rows, "--epochs", 34]
        if model == "shop":
            subprocess.run([RANKS, "--model", "write", "--rows", str(rows), "--file", table], check=True)
            asked += ["--file", table]
        bits, free = {}, {}
        for ranks in (1, 2, 3, 4):
            out = folder / f"{model}.{rows}.{ranks}"
            run(ranks, *asked, "--shards", 12, "--out", out)
            bits[ranks] = out.read_bytes()
            # Rows of a source are in other batches on another number of ranks.
            if model != "shop":
                run(ranks, *asked, "--out", out)
                free[ranks] = weights(out)
        for ranks in (2, 3, 4):
            if bits[ranks] != bits[1]:
                sys.exit(f"{model}, {rows} rows: {ranks} ranks have other bits than one")
            pairs += 1
        for ranks in free.keys() - {1}:
            for one, other in zip(free[1], free[ranks]):
                worst = max(worst, abs(one - other) / max(abs(one), 1e-3))
            pairs += 1
    if worst > 1e-6:
        sys.exit(f"the results differ by {worst}")
    return pairs, worst


FAULTS = {
    "kill": "",
    "row": "row 1234, field `height`: expected a number, found `tall`",
    "nan": "became NaN in epoch",
    "gradient": "is not finite in epoch",
    "panic": "a fault on purpose",
    "disk": "cannot write",
    "full": "No space left on device",
    "interrupt": "end=Paused",
}


def processes(job):
    """The ranks of a job."""
    found = pathlib.Path(f"/proc/{job.pid}/task/{job.pid}/children")
    try:
        children = [int(pid) for pid in found.read_text().split()]
    except OSError:
        return []
    # `mpirun` may have helpers of its own.
    return [pid for pid in children if name(pid) == RANKS.name]


def name(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def state(pid):
    """The state of a process in the words of the system, such as `Z (zombie)`."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return "gone"
    return next((line.split(":")[1].strip() for line in lines if line.startswith("State:")), "")


def faults(folder, times, chance):
    """By fault, the most seconds to the end of the job, and how many of them struck before it; and how many
    were tried."""
    kinds = []
    for model, rows in (("trip", 70), ("rated", 80)):
        asked = ["--model", model, "--rows", rows, "--epochs", 6, "--slow", 8, "--shards", 3]
        whole = folder / f"{model}.whole"
        run(3, *asked, "--folder", folder / f"{model}.checkpoints", "--out", whole)
        kinds.append((asked, whole.read_bytes()))
    slowest, tried, struck = {}, 0, {}
    for fault in FAULTS:
        for attempt in range(times):
            place = folder / f"{fault}.{attempt}"
            # A run also goes on with fewer ranks.
            kind, then = kinds[attempt % len(kinds)], 3 - attempt // 2 % 2
            with contextlib.ExitStack() as disks:
                if fault == "full" and not small_disk(place, disks):
                    print("full: no small disk can be mounted here", file=sys.stderr)
                    break
                seconds, in_time = strike(fault, place, kind, then, chance)
            slowest[fault] = max(slowest.get(fault, 0.0), seconds)
            tried += 1
            struck[fault] = struck.get(fault, 0) + in_time
    for fault, times in struck.items():
        if times == 0:
            sys.exit(f"{fault}: it never struck before the end")
    return slowest, tried, struck


def strike(fault, place, kind, then, chance):
    """Runs a job with a fault, and goes on on `then` ranks. Returns the seconds until the job has ended,
    and whether the fault came before the end."""
    asked, whole = kind
    message = FAULTS[fault]
    # Rank 0 writes; a folder that is a file is its fault.
    rank = 0 if fault == "disk" else chance.randrange(3)
    # The steps of a run take about this long; what happens before and after them counts as well.
    after = chance.randrange(450)
    given = [*asked, "--folder", place]
    if fault != "kill":
        given += ["--fault", fault, "--rank", rank, "--after", after]
    job = start(3, *given)
    if fault == "kill":
        kill_one(job, rank, after)
    output, status, seconds = end(job)
    what = f"{fault}, rank {rank}, after {after} ms"
    done = "end=Completed" in output
    if not done and message not in output:
        sys.exit(f"{what}: {output}")
    if fault != "interrupt" and not done and status == 0:
        sys.exit(f"{what}: the job ended as if nothing had happened")
    if fault == "disk" and place.is_file():
        # Its checkpoints are lost with the disk; the run begins anew.
        place.unlink()
    if fault == "full":
        (place / "filler").unlink(missing_ok=True)
        if partial := [file.name for file in place.iterdir() if file.suffix == ".partial"]:
            sys.exit(f"{what}: left behind: {partial}")
    out = place.with_suffix(".resumed")
    run(then, *asked, "--folder", place, "--out", out)
    if out.read_bytes() != whole:
        sys.exit(f"{what}: the resumed run has other bits")
    return seconds, not done


def kill_one(job, rank, after):
    """Kills a rank so many milliseconds after all of them have begun."""
    while len(processes(job)) < 3 and job.poll() is None:
        time.sleep(0.01)
    time.sleep(after / 1000)
    for pid in processes(job)[rank:rank + 1]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def small_disk(place, disks):
    """Mounts a disk with room for a few checkpoints, if that is allowed, until `disks` are closed."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place]
    if os.geteuid() != 0 or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
        return False
    disks.callback(subprocess.run, ["umount", place], check=True)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="attempts of each fault")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        pairs, worst = equal_results(folder)
        slowest, tried, struck = faults(folder, given.times, random.Random(given.seed))
    in_words = " ".join(f"{fault}={seconds:.1f}s" for fault, seconds in slowest.items())
    print(f"result: equal={pairs} worst={worst:.1e} faults={tried} struck={sum(struck.values())} hangs=0 {in_words}")


if __name__ == "__main__":
    main()
