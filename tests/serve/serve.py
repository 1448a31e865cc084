#!/usr/bin/env python3
"""A served model as its clients see it; `just serve` runs it. Everything is on 127.0.0.1.

1. schemathesis against /openapi.json finds nothing.
2. 100,000 requests during two swaps and one end: none lost, none wrong; slow and malformed clients meanwhile.
3. With --onnx FILE: requests a second, latency and memory beside FastAPI + onnxruntime on the same model, exported as
   ONNX, in turns. Needs `wrk`, and a venv with fastapi, uvicorn and onnxruntime, which is made in target/serve.

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


class Server:
    """A server of the example in a process of its own."""

    program = SERVER

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
    """Two models of the same struct."""
    files = [folder / "a.safetensors", folder / "b.safetensors"]
    for seed, file in enumerate(files):
        command = [Server.program, "--save", file, "--seed", str(seed)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return files


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
    found = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if found.returncode:
        print(found.stdout[-20_000:], found.stderr[-2000:])
        raise SystemExit("schemathesis found something")
    cases = re.search(r"(\d+) generated", found.stdout)
    return int(cases.group(1)) if cases else 0


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
        self.answered, self.wrong, self.lost, self.refused = 0, [], 0, 0
        self.generations = {}
        self.ending = threading.Event()

    def take(self):
        with self.lock:
            self.left -= 1
            return self.left

    def run(self):
        connection = None
        while (number := self.take()) >= 0:
            row = number % len(ROWS)
            fresh = connection is None
            try:
                if fresh:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                    connection.connect()
                    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                # No connection: the server has ended, and has not taken the request.
                if self.ending.is_set():
                    with self.lock:
                        self.refused += 1
                    return
                raise
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
    wait_for(0.97)
    clients.ending.set()
    server.end()
    for thread in threads:
        thread.join()
    took = time.monotonic() - start
    stop.set()
    hostile.join()
    assert server.wait() == 0, "the server did not end well"
    assert not clients.wrong, clients.wrong[:5]
    assert clients.lost == 0, f"{clients.lost} requests were lost"
    assert set(clients.generations) == {"1", "2", "3"}, clients.generations
    assert clients.answered >= 0.97 * count
    return clients.answered, took


def wrk(port, path, body, folder):
    """Requests a second and latencies in ms, by wrk: 32 connections for 10 seconds."""
    script = folder / "post.lua"
    script.write_text(
        'wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\n'
        f"wrk.body = [==[{json.dumps(body)}]==]\n"
    )
    command = ["wrk", "-t1", "-c32", "-d10s", "--latency", "-s", script, f"http://127.0.0.1:{port}{path}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "Non-2xx" not in text, text
    units = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    def latency(percent):
        number, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", text).groups()
        return float(number) * units[unit]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), latency(50), latency(99)


def memory(pid):
    """The peak of a process's memory, in MB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


def compare(file, onnx, folder):
    """Ours and FastAPI + onnxruntime in turns; ratios above 1 are in our favour."""
    if not shutil.which("wrk"):
        raise SystemExit("the comparison needs wrk: apt-get install wrk")
    packages = ["fastapi", "uvicorn[standard]", "onnxruntime", "numpy"]
    subprocess.run([VENV / "pip", "install", "--quiet", "--only-binary", ":all:", *packages], check=True)
    port = free_port()
    command = [VENV / "uvicorn", "peer:app", "--port", str(port), "--log-level", "warning"]
    command += ["--app-dir", str(pathlib.Path(__file__).parent)]
    peer = subprocess.Popen(command, env=os.environ | {"ONNX": str(onnx)})
    ours = Server(file, free_port())
    try:
        wait_until(lambda: get(port, "/health")[0] == 200, 60, "FastAPI")
        one, other = (post(p, "/predict", ROWS[1])[1] for p in (ours.port, port))
        assert is_close(one, other), (one, other)
        ratios = {}
        for rows in (1, 64):
            body = ROWS[1] if rows == 1 else [ROWS[i % len(ROWS)] for i in range(rows)]
            runs = {"ours": [], "peer": []}
            for _ in range(3):
                runs["ours"].append(wrk(ours.port, "/predict", body, folder))
                runs["peer"].append(wrk(port, "/predict", body, folder))
            ours_median, peer_median = (
                [statistics.median(run[i] for run in runs[name]) for i in range(3)] for name in ("ours", "peer")
            )
            print(f"{rows} rows a request: ours {ours_median}, FastAPI {peer_median} (requests/s, p50 ms, p99 ms)")
            ratios[f"rows_{rows}"] = ours_median[0] / peer_median[0]
            ratios[f"p50_{rows}"] = peer_median[1] / ours_median[1]
            ratios[f"p99_{rows}"] = peer_median[2] / ours_median[2]
        ratios["memory"] = memory(peer.pid) / memory(ours.process.pid)
        return ratios
    finally:
        ours.end()
        peer.terminate()
        peer.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--examples", type=int, default=100, help="of schemathesis, for each operation")
    parser.add_argument("--server", type=pathlib.Path, default=SERVER, help="another build of the example")
    parser.add_argument("--onnx", type=pathlib.Path, help="the model of seed 0, exported as ONNX")
    arguments = parser.parse_args()
    Server.program = arguments.server
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        files = train(folder)
        server = Server(files[0], free_port())
        document_client(server.port)
        cases = fuzz(server.port, arguments.examples)
        print(f"schemathesis: {cases} cases")
        server.end()
        server.wait()
        answered, took = swaps(files, folder, arguments.requests)
        print(f"swaps: {answered} answered, none lost, none wrong, {answered / took:.0f} a second")
        result = f"cases={cases} answered={answered} lost=0 wrong=0"
        if arguments.onnx:
            ratios = compare(files[0], arguments.onnx, folder)
            result += "".join(f" {name}={ratio:.2f}" for name, ratio in ratios.items())
    print(f"result: {result}")


if __name__ == "__main__":
    main()
