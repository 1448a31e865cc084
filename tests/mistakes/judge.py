#!/usr/bin/env python3
"""Judges what the compiler answers to small programs, one mistake each.

    python3 tests/mistakes/judge.py FOLDER [-v] [NAME ...]

Every program of FOLDER is compiled by itself against the metadata of the crates. A program passes if the compiler
gives one error (or a warning, where the mistake is legal), of at most twelve lines, that shows nothing of the
expansion and whose caret stands on tokens of the user's. A program whose first lines hold `//@ valid` has to compile
without a warning.

A first line `//@ edition=2024 type=lib externs=multi_input,dfdx` changes what a program is compiled with; `allow=RULE`
takes one rule out, whose reason stands in the next line. Where FOLDER holds a table `VERDICTS.tsv`, the programs that it
calls `valid` have to compile.

The last line has the figures; the exit status is 1 if a program fails.
"""

import json
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = ROOT / "target"
EXTERNS = ["multi_input", "dfdx", "serde", "chrono"]
LINES = 12

# What a user can neither have written nor look up.
INTERNALS = re.compile(
    r"private::|\b__\w|attribute panicked|expected ident\b|\bsyn::|proc_macro"
)


def metadata():
    """The paths of the crates' metadata, which cargo makes for a package that names them."""
    crate = TARGET / "mistakes"
    (crate / "src").mkdir(parents=True, exist_ok=True)
    (crate / "src/main.rs").write_text("fn main() {}\n")
    versions = re.findall(r"^(?:dfdx|serde|chrono) = .*$", (ROOT / "Cargo.toml").read_text(), re.M)
    (crate / "Cargo.toml").write_text(
        "[package]\nname = 'mistakes'\nedition = '2021'\n[workspace]\n[dependencies]\n"
        f"multi-input = {{ path = '{ROOT}/runtime' }}\n" + "\n".join(versions) + "\n"
    )
    (crate / "Cargo.lock").write_bytes((ROOT / "Cargo.lock").read_bytes())
    answer = subprocess.run(
        ["cargo", "check", "--message-format=json", "--target-dir", TARGET],
        cwd=crate, stdout=subprocess.PIPE, text=True,
    )
    if answer.returncode:
        sys.exit("the crates do not compile")
    found = {}
    for line in answer.stdout.splitlines():
        message = json.loads(line)
        # Those that are linked are of the macros, which have features of their own.
        is_linked = any(f.endswith(".rlib") for f in message.get("filenames", []))
        if message["reason"] == "compiler-artifact" and message["target"]["name"] in EXTERNS and not is_linked:
            found[message["target"]["name"]] = next(f for f in message["filenames"] if f.endswith(".rmeta"))
    return found


def header(text):
    """The options in the `//@` lines at the top of a program."""
    options = {"edition": "2021", "type": "bin", "externs": ",".join(EXTERNS)}
    for line in text.splitlines():
        if not line.startswith("//@"):
            break
        for word in line[3:].split():
            name, _, value = word.partition("=")
            options[name] = value or True
    return options


def compile_program(path, found, out):
    options = header(path.read_text())
    command = [
        "rustc", "--edition", options["edition"], "--crate-type", options["type"], "--crate-name", "program",
        "--emit=metadata", "-o", str(out / f"{path.stem}.rmeta"), "--error-format=json",
        "-L", f"dependency={TARGET}/debug/deps",
    ]
    for name in options["externs"].split(","):
        command += ["--extern", f"{name}={found[name]}"]
    answer = subprocess.run([*command, path.name], cwd=path.parent, stderr=subprocess.PIPE, text=True)
    messages = []
    for line in answer.stderr.splitlines():
        try:
            messages.append(json.loads(line))
        except json.JSONDecodeError:
            messages.append({"level": "error", "message": line, "rendered": line, "spans": []})
    return options, messages


def as_shown(span):
    """The place that rustc shows: where the standard library's macro `panic!` was called."""
    while span["file_name"].startswith("/rustc/") and span["expansion"]:
        span = span["expansion"]["span"]
    return span


def faults(name, options, messages, valid):
    """The rules that the answer breaks."""
    is_summary = lambda m: re.match(r"aborting due to|\d+ warnings? emitted", m["message"])
    said = [m for m in messages if m["level"] in ("error", "warning") and not is_summary(m)]
    errors = [m for m in said if m["level"].startswith("error")]
    if valid:
        return [f"refused: {m['message'][:100]}" for m in said[:1]]
    broken = []
    if not said:
        broken.append("silent")
    if len(errors) > 1:
        broken.append(f"{len(errors)} errors")
    warnings = len(said) - len(errors)
    if warnings > (not errors):
        broken.append(f"{warnings} warnings")
    answer = errors or said
    lines = sum(len(m["rendered"].rstrip().splitlines()) for m in answer)
    if lines > LINES:
        broken.append(f"{lines} lines")
    for m in answer:
        internal = INTERNALS.search(m["rendered"])
        if internal:
            broken.append(f"shows `{internal.group()}`")
        for span in map(as_shown, filter(lambda span: span["is_primary"], m["spans"])):
            text = "\n".join(t["text"][t["highlight_start"] - 1:t["highlight_end"] - 1] for t in span["text"])
            if not span["file_name"].endswith(f"{name}.rs"):
                broken.append(f"caret in {span['file_name']}")
            elif re.match(r"#\[(multi_input::)?multi_input_model", text):
                broken.append("caret on the attribute")
        if not any(s["is_primary"] for s in m["spans"]):
            broken.append("no caret")
    return [b for b in dict.fromkeys(broken) if b.split()[0] not in str(options.get("allow", "")).split(",")]


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("-")]
    verbose = "-v" in sys.argv
    if not arguments:
        sys.exit(__doc__)
    folder = pathlib.Path(arguments[0])
    programs = sorted(p for p in folder.glob("*.rs") if not arguments[1:] or p.stem in arguments[1:])
    valid = set()
    if (folder / "VERDICTS.tsv").exists():
        rows = (line.split("\t") for line in (folder / "VERDICTS.tsv").read_text().splitlines())
        valid = {row[0] for row in rows if row[1].startswith("valid")}
    found = metadata()
    out = TARGET / "mistakes/out"
    out.mkdir(exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda p: compile_program(p, found, out), programs))
    bad = 0
    for path, (options, messages) in zip(programs, answers):
        broken = faults(path.stem, options, messages, path.stem in valid or "valid" in options)
        bad += bool(broken)
        if broken:
            print(f"{path.stem}\t{'; '.join(broken)}")
        if verbose:
            print(f"=== {path.stem}")
            print("".join(m["rendered"] or m["message"] for m in messages))
    print(f"result: programs={len(programs)} pass={len(programs) - bad} fail={bad}")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
