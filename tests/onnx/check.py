#!/usr/bin/env python3
"""Compares exported models with what `predict` said: `just onnx` runs it.

    python tests/onnx/check.py target/onnx/models
    python tests/onnx/check.py tests/fixtures/onnx_models

A folder holds for each model `NAME.onnx`, `NAME.rows.jsonl` and `NAME.predicted.jsonl`, and where inputs enter
behind their preprocessing `NAME.encoded.jsonl`. Each file goes through onnx's checker with its inference of
shapes, and each row through onnxruntime: alone, among all rows, and among 300.

The difference of a number is relative to its own size or, where that is larger, to the median size of the
output's numbers over the rows: what is near 0 there has lost digits to cancellation on both sides. More
than 1e-5 fails.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import numpy
import onnx

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "random")]

import png  # noqa: E402
from client import Model  # noqa: E402

TOLERANCE = 1e-5
MANY = 300
# Rows that are predicted alone.
ALONE = 4
# What tract 0.23 lacks, or computes otherwise than ONNX says.
BEYOND_TRACT = {"StringSplit"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worst", type=int, default=5, help="how many models to list, the worst first")
    parser.add_argument("--cases", action="store_true", help="write what the test of tract reads")
    options = parser.parse_args()

    names = sorted(path.name.removesuffix(".rows.jsonl") for path in options.folder.glob("*.rows.jsonl"))
    if not names:
        sys.exit(f"{options.folder} holds no models")
    found, failed, operators, rows = [], [], Counter(), 0
    for name in names:
        try:
            case = Case(options.folder, name)
            operators.update(case.operators)
            found.append((case.compare(), name))
            rows += len(case.rows)
            if options.cases:
                case.write()
        except Exception as error:  # The report lists every model.
            failed.append(f"{name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}")
    found.sort(key=lambda item: -item[0][0])
    for (difference, where), name in found[: options.worst]:
        print(f"{name}: {difference:.1e} {where}")
    failed += [f"{name}: {difference:.1e} {where}" for (difference, where), name in found if not difference <= TOLERANCE]
    for line in failed:
        print(f"FAILED {line}")
    worst = found[0][0][0] if found else float("nan")
    checker = "failed" if failed else "ok"
    print(f"operators: {' '.join(sorted(operators))}")
    print(f"result: models={len(found)} of={len(names)} rows={rows} operators={len(operators)} worst={worst:.1e} checker={checker}")
    sys.exit(bool(failed))


class Case:
    """A model, its rows and what `predict` said."""

    def __init__(self, folder, name):
        self.path = folder / f"{name}.onnx"
        if not self.path.exists():
            raise FileNotFoundError("it was not exported")
        self.rows = lines(folder / f"{name}.rows.jsonl")
        self.predicted = lines(folder / f"{name}.predicted.jsonl")
        encoded = folder / f"{name}.encoded.jsonl"
        proto = onnx.load(self.path)
        onnx.checker.check_model(proto, full_check=True)
        self.operators = Counter(f"{node.domain}.{node.op_type}".lstrip(".") for node in all_nodes(proto.graph))
        self.model = Model(str(self.path))
        behind = {entry["field"]: entry for entry in self.model.inputs if entry["role"] == "encoded"}
        for row, own in zip(self.rows, lines(encoded) if encoded.exists() else []):
            row.update(dict.fromkeys(behind) | own)
            for field, entry in behind.items():
                if len(entry["shape"]) == 1 and row[field] is not None:
                    (row[field],) = row[field]
        for field in self.model.description["inputs"]:
            if field["value"]["kind"] == "image":
                for row in self.rows:
                    row[field["name"]] = row[field["name"]] and png.pixels(row[field["name"]])

    def expected(self):
        """For each output, an array of its numbers, a row for each row."""
        outputs = [entry for entry in self.model.outputs if entry["role"] == "prediction"]
        return {entry["name"]: numpy.array([numbers(row[entry["field"]]) for row in self.predicted]) for entry in outputs}

    def compare(self):
        """The largest difference, and where it is."""
        expected, count = self.expected(), len(self.rows)
        times = -(-MANY // count)
        runs = [(f"among {count}", self.rows, slice(None))]
        runs += [(f"among {MANY}", (self.rows * times)[:MANY], numpy.arange(MANY) % count)]
        runs += [("alone", [row], slice(index, index + 1)) for index, row in enumerate(self.rows[:ALONE])]
        worst = (0.0, "")
        for which, rows, of in runs:
            found = self.model.predict(rows)
            for name, all_expected in expected.items():
                scale = numpy.median(numpy.abs(all_expected))
                wanted = all_expected[of]
                # Of a class with labels, `predict` gives the classes that have one.
                own = found[name].reshape(len(rows), -1)[:, : wanted.shape[1]].astype(float)
                if own.shape != wanted.shape:
                    raise ValueError(f"`{name}` has {own.shape} numbers, expected {wanted.shape}")
                size = numpy.maximum(numpy.maximum(numpy.abs(wanted), scale), 1e-30)
                differences = numpy.abs(own - wanted) / size
                differences[numpy.isnan(own) & numpy.isnan(wanted)] = 0
                differences[numpy.isnan(differences)] = numpy.inf
                if differences.max() > worst[0]:
                    row, element = numpy.unravel_index(differences.argmax(), differences.shape)
                    worst = (differences.max(), f"`{name}` row {row} {which}: {own[row, element]} {wanted[row, element]}")
        return worst

    def write(self):
        """Inputs and outputs of all rows, and the operators that tract cannot run."""
        tensors = {name: array_in_json(array) for name, array in self.model.tensors(self.rows).items()}
        outputs = {name: array_in_json(array) for name, array in self.expected().items()}
        case = {"beyond": sorted(BEYOND_TRACT & set(self.operators)), "inputs": tensors, "outputs": outputs}
        self.path.with_suffix(".case.json").write_text(json.dumps(case))


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def numbers(predicted):
    """The numbers of a prediction in their order: of an array, a map or one number."""
    if isinstance(predicted, dict):
        predicted = list(predicted.values())
    if isinstance(predicted, list):
        return [number for inner in predicted for number in numbers(inner)]
    return [float("nan") if predicted is None else float(predicted)]


def all_nodes(graph):
    """The nodes of a graph and of the graphs in its nodes."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            yield from all_nodes(attribute.g)


def array_in_json(array):
    array = numpy.asarray(array)
    # JSON has no NaN, which the test reads from `null`.
    values = [None if value != value else value for value in array.ravel().tolist()]
    return {"dtype": str(array.dtype), "shape": list(array.shape), "values": values}


if __name__ == "__main__":
    main()
