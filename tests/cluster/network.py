"""A network of "machines" on this one: a network namespace and a host name for each, and MPI ranks on them.

Without a delay the machines are connected by veth pairs and a bridge, whose rate `tc tbf` limits. Many kernels of virtual
machines lack `netem`, so delays and losses are made by a switch in this file: the interfaces are then TUN devices, and
a process passes their packets on, later and not all of them.

Needs root, `ip`, `tc` and Open MPI. `mpirun` starts the ranks without ssh: its agent enters the namespace.
"""
import fcntl
import heapq
import json
import os
import pathlib
import random
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target/release/ranks"
MTU = 9000
# Open MPI sends messages up to this length at once, and asks before it sends a longer one: 64 KB by default.
EAGER = {"btl_tcp_eager_limit": 16 << 20, "btl_tcp_rndv_eager_limit": 16 << 20}
# Of if_tun.h.
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


def ranks_alone(*arguments, timeout=300):
    """The program on one rank of this machine, with one thread."""
    environment = os.environ | {"MULTI_INPUT_THREADS": "1"}
    return result_of(run(PROGRAM, *arguments, env=environment, timeout=timeout))


def result_of(output):
    """The words of the last line, `result: name=value ..`."""
    last = next(line for line in reversed(output.splitlines()) if line.startswith("result:"))
    words = dict(word.split("=", 1) for word in last.split()[1:])
    return {name: float(value) if re.fullmatch(r"-?[\d.]+(e-?\d+)?", value) else value for name, value in words.items()}


class Network:
    """Machines 1, 2, .. with the addresses 10.77.0.1, ..; a delay is one-way, in seconds, a rate in bits a second."""

    def __init__(self, machines, delay=0.0, rate=None, loss=0.0):
        self.machines, self.delay, self.rate, self.loss = machines, delay, rate, loss
        self.name = f"mi{os.getpid() % 10000}"
        self.switch = None

    def space(self, machine):
        return f"{self.name}-{machine}"

    def inside(self, machine, *command, **options):
        return run("ip", "netns", "exec", self.space(machine), *command, **options)

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        try:
            for machine in range(1, self.machines + 1):
                run("ip", "netns", "add", self.space(machine))
                self.inside(machine, "ip", "link", "set", "lo", "up")
            if self.delay or self.loss:
                self.connect_by_switch()
            else:
                self.connect_by_bridge()
            for machine in range(1, self.machines + 1):
                self.inside(machine, "ip", "link", "set", "eth0", "mtu", MTU, "up")
                self.inside(machine, "ip", "address", "add", f"10.77.0.{machine}/24", "dev", "eth0")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.switch:
            os.kill(self.switch, 9)
            os.waitpid(self.switch, 0)
        for space in (*map(self.space, range(1, self.machines + 1)), self.name):
            # Ranks of a run that was cut short wait for each other.
            of_space = subprocess.run(["ip", "netns", "pids", space], capture_output=True, text=True).stdout
            for process in map(int, of_space.split()):
                os.kill(process, signal.SIGKILL)
            subprocess.run(["ip", "netns", "delete", space], capture_output=True)
        self.folder.cleanup()

    def connect_by_bridge(self):
        run("ip", "netns", "add", self.name)
        bridge = ("ip", "netns", "exec", self.name, "ip", "link")
        run(*bridge, "add", "bridge", "mtu", MTU, "type", "bridge")
        for machine in range(1, self.machines + 1):
            port = f"port{machine}"
            run(*bridge, "add", port, "mtu", MTU, "type", "veth", "peer", "name", "eth0", "netns", self.space(machine))
            run(*bridge, "set", port, "master", "bridge", "up")
            if self.rate:
                limit = ("rate", f"{self.rate:.0f}bit", "burst", 65536, "limit", 16_000_000)
                self.inside(machine, "tc", "qdisc", "add", "dev", "eth0", "root", "tbf", *limit)
        run(*bridge, "set", "bridge", "up")

    def connect_by_switch(self):
        ports = []
        for machine in range(1, self.machines + 1):
            port, name = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK), f"{self.name}t{machine}"
            fcntl.ioctl(port, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
            run("ip", "link", "set", name, "netns", self.space(machine))
            self.inside(machine, "ip", "link", "set", name, "name", "eth0")
            ports.append(port)
        self.switch = os.fork()
        if self.switch == 0:
            try:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                os.nice(-5)
                pass_on(ports, self.delay, self.rate, self.loss)
            finally:
                os._exit(1)
        for port in ports:
            os.close(port)

    def sent_bytes(self, machine):
        """What the interface of a machine has sent, with the headers of TCP and IP."""
        link = json.loads(self.inside(machine, "ip", "-json", "-statistics", "link", "show", "eth0"))[0]
        return link["stats64"]["tx"]["bytes"]

    def latency(self):
        """Half of the round trip of a byte by TCP between machines 1 and 2, in seconds."""
        answer = "import socket\nline = socket.create_server(('', 5000)).accept()[0]\n" \
            "while line.recv(1): line.sendall(b'x')"
        ask = "import socket, time\nline = socket.create_connection(('10.77.0.2', 5000))\n" \
            "def trip():\n    start = time.perf_counter(); line.sendall(b'x'); line.recv(1)\n" \
            "    return time.perf_counter() - start\n" \
            "print(sorted(trip() for _ in range(31))[15] / 2)"
        other = subprocess.Popen(["ip", "netns", "exec", self.space(2), sys.executable, "-c", answer])
        try:
            for _ in range(50):
                listening = self.inside(2, "cat", "/proc/net/tcp")
                if ":1388 00000000:0000 0A" in listening:
                    break
                time.sleep(0.1)
            return float(self.inside(1, sys.executable, "-c", ask))
        finally:
            other.kill()
            other.wait()

    def ranks(self, *arguments, mca=EAGER, program=PROGRAM, timeout=300):
        """The program on one rank of every machine, with one thread."""
        enter = pathlib.Path(self.folder.name) / "enter"
        enter.write_text(
            '#!/bin/sh\nmachine=${1##*.}; shift\n'
            f'exec ip netns exec {self.name}-$machine unshare --uts '
            'sh -c "hostname machine$machine; $*"\n')
        enter.chmod(0o755)
        hosts = ",".join(f"10.77.0.{machine}:1" for machine in range(1, self.machines + 1))
        options = {"plm_rsh_agent": enter, "btl": "tcp,self", "pml": "ob1", "btl_tcp_if_include": "eth0",
                   "oob_tcp_if_include": "eth0", "orte_keep_fqdn_hostnames": 1} | dict(mca)
        words = ["mpirun", "--allow-run-as-root", "--bind-to", "none", "--host", hosts]
        words += [word for name, value in options.items() for word in ("--mca", name, value)]
        words += ["-x", "MULTI_INPUT_THREADS=1", program, *arguments]
        line = shlex.join(map(str, words))
        return result_of(self.inside(1, "unshare", "--uts", "sh", "-c", f"hostname machine1; exec {line}", timeout=timeout))


def pass_on(ports, delay, rate, loss):
    """Passes packets on between TUN devices: each leaves its machine at the rate, arrives after the delay, or is lost."""
    chance, free, waiting, count = random.Random(7), [0.0] * len(ports), [], 0
    poll = select.epoll()
    for port in ports:
        poll.register(port, select.EPOLLIN)
    machine_of = {port: machine for machine, port in enumerate(ports)}
    while True:
        wait = max(waiting[0][0] - time.monotonic(), 0) if waiting else -1
        # The last half millisecond is spent looking, because sleeping is not so exact.
        for port, _ in poll.poll(wait if wait < 0 else max(wait - 0.0005, 0)):
            machine = machine_of[port]
            for _ in range(64):
                try:
                    packet = os.read(port, MTU + 64)
                except BlockingIOError:
                    break
                now = time.monotonic()
                free[machine] = max(now, free[machine]) + (8 * len(packet) / rate if rate else 0)
                if packet[0] >> 4 == 4 and chance.random() >= loss:
                    count += 1
                    heapq.heappush(waiting, (free[machine] + delay, count, packet))
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            packet = heapq.heappop(waiting)[2]
            # The last byte of the address says which machine it is for.
            if 1 <= packet[19] <= len(ports):
                try:
                    os.write(ports[packet[19] - 1], packet)
                except (BlockingIOError, OSError):
                    pass


def needs():
    """What this machine lacks, in words."""
    if os.geteuid() or subprocess.run(["ip", "netns", "add", "mi-probe"], capture_output=True).returncode:
        return "network namespaces need root and `ip`"
    subprocess.run(["ip", "netns", "delete", "mi-probe"], capture_output=True)
    if not PROGRAM.exists():
        return f"{PROGRAM} is not built: cargo build --release -p multi-input-tests --features mpi --bin ranks"
    return None


def prepare():
    """Ends the program without what it needs. Before other work of this machine, because a step waits for every rank."""
    missing = needs()
    if missing:
        sys.exit(missing)
    os.nice(-10)
    # The namespaces go, whichever way the program ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGINT, signal.default_int_handler)
