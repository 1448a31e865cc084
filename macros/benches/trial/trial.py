#!/usr/bin/env python3
"""The same twenty mistakes in Keras, burn and multi-input: when is each caught, in how many lines?

    python3 macros/benches/trial/trial.py                      # every mistake, on every side
    python3 macros/benches/trial/trial.py add_widths cycle     # some of them
    python3 macros/benches/trial/trial.py --show add_widths    # with the messages themselves

Each folder beside this file is one mistake, with a program for each side. A program says before
each stage which one begins (`stage: build`). One that compiles and fails is caught in the stage it
failed in; one that reaches `stage: end` never noticed, or only warned. Where the mistake cannot be
made at all, the first line of the program says why, and it shows the nearest thing that can be.

Keras runs in `--python`, or in an environment that is made beside the target folder: about 600 MB.
The table is Markdown, as in docs/mistakes.md.
"""

import argparse
import os
import re
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
KERAS = ["keras==3.15.1", "tensorflow-cpu"]

# The order of the table, and what its rows say.
MISTAKES = {
    "add_widths": "widths that cannot be added",
    "concat_axis": "sequences joined along the wrong axis",
    "stated_width": "a width that is not what comes in",
    "dense_on_an_image": "a dense head on an image",
    "shared_shapes": "a branch shared by inputs of two shapes",
    "embedding_on_numbers": "an embedding of numbers",
    "cycle": "two nodes that feed each other",
    "unused_branch": "a branch that nothing uses",
    "no_gradient": "a branch that gets no gradient",
    "class_count": "ten logits for nine classes",
    "flag_over_three": "yes or no as one of three classes",
    "mse_of_a_class": "a class compared as a number",
    "softmax_with_mse": "a softmax on a regression",
    "softmax_twice": "a softmax before a loss from logits",
    "swapped_inputs": "two inputs in each other's place",
    "forgotten_input": "an input that is not given",
    "missing_value": "an absent value without a rule",
    "category_out_of_range": "a category outside its embedding",
    "fitted_on_validation": "preprocessing fitted on validation rows",
    "weights_of_another_model": "weights of another model, of equal shapes",
}


@dataclass
class Outcome:
    """When a mistake is caught, and the message."""

    when: str
    message: str = ""

    def cell(self) -> str:
        lines = len(self.message.splitlines())
        return f"{self.when}, {lines} line{'' if lines == 1 else 's'}" if lines else self.when


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mistakes", nargs="*", metavar="mistake", help=", ".join(MISTAKES))
    parser.add_argument("--python", help="an interpreter that has Keras")
    parser.add_argument("--show", action="store_true", help="print the messages too")
    options = parser.parse_args()
    unknown = [name for name in options.mistakes if name not in MISTAKES]
    if unknown:
        parser.error(f"there is no mistake {', '.join(unknown)}")
    python = options.python or environment()

    rows = []
    for name in options.mistakes or MISTAKES:
        outcomes = [in_keras(name, python), in_rust(name, "burn"), in_rust(name, "ours")]
        rows.append([MISTAKES[name], *(outcome.cell() for outcome in outcomes)])
        if options.show:
            for side, outcome in zip(("Keras", "burn", "multi-input"), outcomes):
                print(f"== {name}, {side}: {outcome.cell()}\n{outcome.message}\n")
        else:
            print(f"{name}: {' | '.join(rows[-1][1:])}", file=sys.stderr)
    print(table(["mistake", "Keras 3.15", "burn 0.22", "multi-input"], rows))


def in_keras(name: str, python: str) -> Outcome:
    program = HERE / name / "in_keras.py"
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}
    code, output = run([python, "-u", str(program)], quiet)
    return outcome(program, code, output)


def in_rust(name: str, side: str) -> Outcome:
    program = HERE / name / f"in_{side}.rs"
    code, output = run(["cargo", "check", "--quiet", "--bin", f"{name}-{side}"])
    if code:
        return Outcome("**compiling**", only(output, "error", program))
    warnings = only(output, "warning", program)
    if warnings:
        return Outcome("compiling, a warning", warnings)
    code, output = run(["cargo", "run", "--quiet", "--bin", f"{name}-{side}"])
    return outcome(program, code, output)


def run(command: list[str], settings: dict[str, str] | None = None) -> tuple[int, str]:
    """The exit code, and what was printed to both streams in the order it was printed."""
    result = subprocess.run(
        command,
        cwd=HERE,
        env={**os.environ, "RUST_BACKTRACE": "0", **(settings or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout


def outcome(program: Path, code: int, output: str) -> Outcome:
    """What became of a program that compiles."""
    stages = re.split(r"^stage: (.*)\n", output, flags=re.MULTILINE)
    texts = dict(zip(stages[1::2], stages[2::2]))
    if not texts:
        sys.exit(f"{program} did not begin:\n{output}")
    last = list(texts)[-1]
    if code:
        return Outcome(last, message(texts[last]))
    if last != "end":
        sys.exit(f"{program} ended in the stage '{last}':\n{output}")
    cannot = re.match(r"(?://|#) cannot be written: (.*)", program.read_text())
    if cannot:
        return Outcome("**cannot be written**")
    for stage, text in texts.items():
        if "warn" in text.lower():
            return Outcome(f"{stage}, a warning", message(text))
    return Outcome("never")


def message(text: str) -> str:
    """Without empty lines at the ends, and without the advice on how to see more."""
    lines = [line for line in text.strip().splitlines() if "RUST_BACKTRACE" not in line]
    return "\n".join(lines).strip()


def only(output: str, kind: str, program: Path) -> str:
    """rustc's errors, or warnings, that point into the program, without its closing words."""
    messages = re.split(r"\n\nFor more information|\nerror: could not compile", output)[0]
    parts = re.split(r"\n\n(?=error|warning)", messages.strip())
    place = f"--> {program.relative_to(HERE)}:"
    return "\n\n".join(part for part in parts if part.startswith(kind) and place in part)


def environment() -> str:
    """An interpreter with Keras, installed where builds lie."""
    folder = HERE / "target" / "keras"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *KERAS], check=True)
    return str(python)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
