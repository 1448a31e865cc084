"""Builds benchmarks, for the scripts that ask them."""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def build(*names: str, features: str = "") -> dict[str, Path]:
    """The programs of benchmarks by their names."""
    command = ["cargo", "bench", "--no-run", "--quiet", "--message-format=json", "-p", "multi-input"]
    command += [word for name in names for word in ("--bench", name)]
    command += ["--features", features] if features else []
    run = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    messages = (json.loads(line) for line in run.stdout.splitlines() if line.startswith("{"))
    return {
        message["target"]["name"]: Path(message["executable"])
        for message in messages
        if message.get("executable") and "bench" in message["target"]["kind"]
    }
