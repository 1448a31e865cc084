#!/usr/bin/env python3
"""A served model as its clients see it; `just serve` runs it. Everything is on 127.0.0.1.

1. schemathesis against /openapi.json finds nothing.
2. 100,000 requests during two swaps and one end: none lost, none wrong; slow and malformed clients meanwhile.
3. The page in headless Chromium predicts and explains a row.
4. Rows a second, latency and memory beside FastAPI + onnxruntime on the same model, exported as ONNX, in turns.

`--only compare` runs one part. Needs `wrk` and `chromium` (Debian has both).

The last line is `result: ..`.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVER = ROOT / "target/release/examples/serve"
VENV = pathlib.Path(sys.executable).parent
ROWS = [
    {"age": 0.01 * (i % 13 - 6), "bmi": 0.008 * (i % 17 - 8), "bp": 0.02 * (i % 5 - 2), "sex": i % 2}
    | ({f"s{k}": 0.01 * ((i + k) % 11 - 5) for k in range(1, 7)} if i % 4 else {})
    for i in range(50)
]


# Of the comparison.
ROWS_A_REQUEST = (1, 32, 256)
TURNS = 3


class Peer:
    """The same model behind FastAPI and onnxruntime."""

    def __init__(self, onnx, workers):
        self.port = free_port()
        command = [VENV / "uvicorn", "peer:app", "--port", str(self.port), "--log-level", "warning"]
        command += ["--workers", str(workers), "--app-dir", str(pathlib.Path(__file__).parent)]
        self.process = subprocess.Popen(command, env=os.environ | {"ONNX": str(onnx)})
        wait_until(lambda: get(self.port, "/health")[0] == 200, 60, "FastAPI")

    def end(self):
        self.process.terminate()

    def wait(self):
        return self.process.wait(timeout=60)


class Server:
    """A server of the example in a process of its own."""

    program = SERVER
    path = "/predict"

    def __init__(self, file, port):
        command = [self.program, str(file), "--port", str(port), "--open"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.port = port
        wait_until(lambda: get(port, "/ready")[0] == 200, 30, "the server to be ready")

    def end(self):
        self.process.send_signal(signal.SIGINT)

    def wait(self):
        return self.process.wait(timeout=60)


def wait_until(holds, seconds, what):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"waited {seconds} s for {what}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def post(port, path, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def train(folder):
    """Two models of the same struct, and the first one as ONNX."""
    files, onnx = [folder / "a.safetensors", folder / "b.safetensors"], folder / "a.onnx"
    for seed, file in enumerate(files):
        command = [Server.program, "--save", file, "--seed", str(seed)]
        command += ["--export", onnx] if seed == 0 else []
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return files, onnx


def replace(served, file):
    """Puts a file in the place of the served one, as `Model::save` does."""
    beside = served.with_suffix(".new")
    shutil.copy(file, beside)
    os.replace(beside, served)


def fuzz(port, examples):
    """schemathesis with all of its checks."""
    command = [
        VENV / "schemathesis", "run", f"http://127.0.0.1:{port}/openapi.json", "--checks", "all",
        "--max-examples", str(examples), "--seed", "1", "--workers", "1", "--no-color",
    ]
    # It keeps what it found in its working folder.
    with tempfile.TemporaryDirectory() as folder:
        found = subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=folder)
    if found.returncode:
        print(found.stdout[-20_000:], found.stderr[-2000:])
        raise SystemExit("schemathesis found something")
    cases = re.search(r"(\d+) generated", found.stdout)
    return int(cases.group(1)) if cases else 0


def fuzz_house(examples):
    """The same for a model with every kind of input, which a test serves."""
    command = ["cargo", "test", "-p", "multi-input-tests", "--test", "serve", "--"]
    command += ["--ignored", "--nocapture", "--exact", "running::serves_until_its_input_ends"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as test:
        for line in test.stdout:
            if found := re.search(r"port (\d+)", line):
                break
        else:
            raise SystemExit("the house is not served")
        cases = fuzz(int(found.group(1)), examples)
        test.stdin.close()
        test.stdout.read()
    assert test.returncode == 0, test.returncode
    return cases


def document_client(port):
    """The documented client: one `requests.post`."""
    import requests
    answer = requests.post(f"http://127.0.0.1:{port}/predict", json=ROWS[1], timeout=10)
    assert answer.status_code == 200 and answer.json()["progression"]["std"] > 0, answer.text
    answer = requests.post(f"http://127.0.0.1:{port}/predict", json={"age": "old"}, timeout=10)
    assert answer.status_code == 422 and answer.json()["rows"][0]["field"] == "vitals", answer.text


class Clients:
    """Clients that ask one row after the other over connections that they keep."""

    def __init__(self, port, known, count):
        self.port, self.known, self.left = port, known, count
        self.lock = threading.Lock()
        self.answered, self.wrong, self.lost = 0, [], 0
        self.generations = {}

    def take(self):
        with self.lock:
            self.left -= 1
            return self.left

    def run(self):
        connection = None
        while (number := self.take()) >= 0:
            row = number % len(ROWS)
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                connection.connect()
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                body = json.dumps(ROWS[row])
                connection.request("POST", "/predict", body, {"content-type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException) as error:
                with self.lock:
                    self.lost += 1
                    print("lost:", repr(error), file=sys.stderr)
                connection = None
                continue
            self.check(row, answer, text)
            if answer.will_close:
                connection.close()
                connection = None

    def check(self, row, answer, text):
        generation = answer.headers.get("model-generation")
        found = json.loads(text) if answer.status == 200 else None
        right = found is not None and is_close(found, self.known[generation][row])
        with self.lock:
            self.answered += 1
            self.generations[generation] = self.generations.get(generation, 0) + 1
            if not right:
                self.wrong.append((answer.status, text[:200]))


def is_close(one, other):
    one, other = one["progression"], other["progression"]
    return all(abs(one[key] - other[key]) <= 1e-4 * (1 + abs(other[key])) for key in ("mean", "std"))


def malformed(port, stop):
    """Clients that do harm, until they are stopped."""
    bodies = [
        b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{\"a\": \"\xff\xfe",
        b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n" + b"[" * 100_000,
        b"\x00\x01\x02\x03 / HTTP/9\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{",
    ]
    slow = []
    number = 0
    while not stop.is_set():
        try:
            client = socket.create_connection(("127.0.0.1", port), timeout=2)
            client.sendall(bodies[number % len(bodies)])
            # A head that dribbles, for as long as the server lets it.
            if len(slow) < 50:
                dribbling = socket.create_connection(("127.0.0.1", port), timeout=2)
                slow.append(dribbling)
            for dribbling in slow:
                try:
                    dribbling.send(b"P")
                except OSError:
                    pass
            client.close()
        except OSError:
            pass
        number += 1
        stop.wait(0.02)
    for client in slow:
        client.close()
    return number


def swaps(files, folder, count):
    """Requests during two swaps and one end."""
    known = {}
    for file, generations in zip(files, ["13", "2"]):
        server = Server(file, free_port())
        answers = [post(server.port, "/predict", row)[1] for row in ROWS]
        known.update((generation, answers) for generation in generations)
        server.end()
        server.wait()
    served = folder / "served.safetensors"
    replace(served, files[0])
    server = Server(served, free_port())
    clients = Clients(server.port, known, count)
    threads = [threading.Thread(target=clients.run) for _ in range(16)]
    stop = threading.Event()
    hostile = threading.Thread(target=malformed, args=(server.port, stop))
    hostile.start()
    start = time.monotonic()
    for thread in threads:
        thread.start()

    def wait_for(share, file=None):
        wait_until(lambda: clients.answered >= share * count, 600, f"{share} of the requests")
        if file:
            generation = json.loads(get(server.port, "/models")[1])[0]["generation"]
            replace(served, file)
            def is_swapped():
                return json.loads(get(server.port, "/models")[1])[0]["generation"] > generation
            wait_until(is_swapped, 10, "the swap")

    wait_for(0.3, files[1])
    wait_for(0.6, files[0])
    wait_for(0.8)
    # As behind a balancer: new connections go to another server, and the old one tells its clients to
    # close theirs.
    other = Server(files[0], free_port())
    clients.port = other.port
    server.end()
    for thread in threads:
        thread.join()
    took = time.monotonic() - start
    stop.set()
    hostile.join()
    assert server.wait() == 0, "the server did not end well"
    other.end()
    assert other.wait() == 0
    assert not clients.wrong, clients.wrong[:5]
    assert clients.lost == 0, f"{clients.lost} requests were lost"
    assert set(clients.generations) == {"1", "2", "3"}, clients.generations
    assert clients.answered == count, clients.answered
    return clients.answered, took


def page(port, folder):
    """The page with a row in its address, as Chromium shows it."""
    address = f"http://127.0.0.1:{port}/#age=0.05&bmi=0.06&bp=0.02&sex=1"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    flags += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder}/chromium"]
    command = ["chromium", *flags, "--virtual-time-budget=5000", "--dump-dom", address]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    predicted = re.search(r"progression: mean</td><td class=\"number\">([\d.]+)<", shown)
    expected = post(port, "/predict", {"age": 0.05, "bmi": 0.06, "bp": 0.02, "sex": 1})[1]["progression"]["mean"]
    assert predicted and abs(float(predicted.group(1)) / expected - 1) < 1e-3, (expected, shown)
    shares = shown.count('class="bar"')
    assert shares >= 4, shown
    return shares


# What clients send in the comparison: rows a request, connections.
LOADS = [(1, 1), (1, 16), (1, 64), (32, 16), (256, 8)]
# The peer's settings: processes, threads of onnxruntime (0: its default), path.
PEERS = [(1, 1, "/async/predict"), (1, 0, "/async/predict"), (2, 1, "/async/predict"), (2, 1, "/predict")]
TURNS, SECONDS = 3, 2


def wrk(port, path, rows, connections, folder):
    """Rows a second, and the latencies p50 and p99 in ms, by wrk."""
    body = ROWS[1] if rows == 1 else [ROWS[i % len(ROWS)] for i in range(rows)]
    script = folder / "post.lua"
    script.write_text(
        'wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\n'
        f"wrk.body = [==[{json.dumps(body)}]==]\n"
    )
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", script]
    command.append(f"http://127.0.0.1:{port}{path}")
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "Non-2xx" not in text and "Socket errors" not in text, text
    units = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    def latency(percent):
        number, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", text).groups()
        return float(number) * units[unit]
    requests = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    return requests * rows, latency(50), latency(99)


def memory(pid):
    """What a process and its children hold, in MB; shared pages are counted once."""
    own = re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(own.group(1)) / 1024 + sum(memory(child) for child in children)


class Peer:
    """FastAPI and onnxruntime."""

    def __init__(self, onnx, workers, threads, path):
        self.port, self.path = free_port(), path
        command = [VENV / "uvicorn", "peer:app", "--port", str(self.port), "--log-level", "warning"]
        command += ["--workers", str(workers), "--app-dir", str(pathlib.Path(__file__).parent)]
        environment = os.environ | {"ONNX": str(onnx), "THREADS": str(threads)}
        self.process = subprocess.Popen(command, env=environment)
        wait_until(lambda: get(self.port, "/health")[0] == 200, 60, "FastAPI")

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=30)


def compare(file, onnx, folder):
    """Ours and the peer in turns, load by load; of the peer's settings the best in each number. Ratios above 1 are in
    our favour."""
    found = {load: {"ours": [], "peer": []} for load in LOADS}
    servers = [(None, Server(file, free_port()))]
    try:
        servers += [(setting, Peer(onnx, *setting)) for setting in PEERS]
        answers = [post(server.port, server.path, ROWS[1])[1] for _, server in servers]
        assert all(is_close(answers[0], answer) for answer in answers), answers
        for _ in range(TURNS):
            for load in LOADS:
                for setting, server in servers:
                    name = "ours" if setting is None else "peer"
                    found[load][name].append((setting, *wrk(server.port, server.path, *load, folder)))
        ours_memory, *peer_memories = [memory(server.process.pid) for _, server in servers]
    finally:
        for _, server in servers:
            server.end()
            server.process.wait(timeout=60)
    print("| rows a request | connections | rows a second | FastAPI | p50 ms | FastAPI | p99 ms | FastAPI |")
    print("|---|---|---|---|---|---|---|---|")
    ratios = {}
    for rows, connections in LOADS:
        cells = []
        for index, (number, best) in enumerate([("rows", max), ("p50", min), ("p99", min)], start=1):
            ours = statistics.median(run[index] for run in found[rows, connections]["ours"])
            of_setting = lambda setting: statistics.median(
                run[index] for run in found[rows, connections]["peer"] if run[0] == setting)
            peer = best(map(of_setting, PEERS))
            ratios[f"{number}_{rows}x{connections}"] = ours / peer if best is max else peer / ours
            cells += [f"{ours:.0f}" if best is max else f"{ours:.2f}", f"{peer:.0f}" if best is max else f"{peer:.2f}"]
        print(f"| {rows} | {connections} | {' | '.join(cells)} |")
    print(f"memory after the load: {ours_memory:.0f} MB, FastAPI {min(peer_memories):.0f} MB")
    ratios["memory"] = min(peer_memories) / ours_memory
    behind = {name: round(ratio, 2) for name, ratio in ratios.items() if ratio < 1}
    if behind:
        raise SystemExit(f"behind FastAPI and onnxruntime: {behind}")
    return min(ratios.values()), ratios


def main():
    parts = ["fuzz", "swaps", "page", "compare"]
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--examples", type=int, default=100, help="of schemathesis, for each operation")
    parser.add_argument("--server", type=pathlib.Path, default=SERVER, help="another build of the example")
    parser.add_argument("--only", choices=parts, action="append", help="parts of it")
    arguments = parser.parse_args()
    parts = arguments.only or parts
    for program, part in [("wrk", "compare"), ("chromium", "page")]:
        if part in parts and not shutil.which(program):
            raise SystemExit(f"`{part}` needs {program}: apt-get install {program}")
    Server.program = arguments.server
    result = ""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        files, onnx = train(folder)
        server = Server(files[0], free_port())
        document_client(server.port)
        if "page" in parts:
            shares = page(server.port, folder)
            print(f"page: a prediction and {shares} shares")
            result += f" shares={shares}"
        if "fuzz" in parts:
            cases = fuzz(server.port, arguments.examples) + fuzz_house(arguments.examples)
            print(f"schemathesis: {cases} cases")
            result += f" cases={cases}"
        server.end()
        server.wait()
        if "swaps" in parts:
            answered, took = swaps(files, folder, arguments.requests)
            print(f"swaps: {answered} answered, none lost, none wrong, {answered / took:.0f} a second")
            result += f" answered={answered} lost=0 wrong=0"
        if "compare" in parts:
            least, ratios = compare(files[0], onnx, folder)
            print("FastAPI:", " ".join(f"{name}={ratio:.2f}" for name, ratio in ratios.items()))
            result += f" ahead_at_least={least:.2f}"
    print(f"result:{result}")


if __name__ == "__main__":
    main()
