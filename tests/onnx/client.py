"""Predicts by an exported model from rows in JSON: everything it needs is in the file's metadata.

    python client.py house.onnx rows.jsonl > predictions.jsonl

A row is an object with the keys of our own JSON lines. A column that enters behind its preprocessing is under its
name, as the array that the file takes. A picture is a nested list `[channels, height, width]`.
"""

import datetime
import json
import math
import sys

import numpy
import onnxruntime

TYPES = {
    "float": numpy.float32,
    "double": numpy.float64,
    "int64": numpy.int64,
    "bool": numpy.bool_,
    "string": object,
}
EPOCH = datetime.datetime(1970, 1, 1)


class Model:
    """An exported model."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        metadata = self.session.get_modelmeta().custom_metadata_map
        self.description = json.loads(metadata["multi_input.description"])
        self.inputs = json.loads(metadata["multi_input.inputs"])
        self.outputs = json.loads(metadata["multi_input.outputs"])
        self.fields = {field["name"]: field for field in self.description["inputs"]}

    def predict(self, rows):
        """The outputs of rows by their names: arrays with a first axis for the rows."""
        names = [output["name"] for output in self.outputs]
        return dict(zip(names, self.session.run(names, self.tensors(rows))))

    def tensors(self, rows):
        """The inputs of rows by their names."""
        values = {name: [self.value(field, row) for row in rows] for name, field in self.fields.items()}
        return {entry["name"]: self.tensor(entry, values.get(entry["field"]), rows) for entry in self.inputs}

    def tensor(self, entry, values, rows):
        dtype, role, field = TYPES[entry["type"]], entry["role"], entry["field"]
        encoded = [row.get(field) for row in rows]
        is_encoded = any(other["field"] == field and other["role"] == "encoded" for other in self.inputs)
        if role == "present":
            present = encoded if is_encoded else values
            return numpy.array([value is not None for value in present], dtype)
        if role == "length":
            if is_encoded:
                return numpy.array([row.get(entry["name"]) or 0 for row in rows], dtype)
            return numpy.array([0 if value is None else len(value) for value in values], dtype)
        if role == "encoded":
            return stacked(encoded, entry["shape"][1:], dtype)
        if "separator" in entry:
            values = [value and normal(value, entry["separator"]) for value in values]
        if entry.get("time") == "days":
            values = [in_days(value) for value in values]
        if "items" in entry["shape"]:
            return padded(values, entry["shape"][2:], dtype)
        return stacked(values, entry["shape"][1:], dtype)

    def value(self, field, row):
        """The value of a field in a row; `None` if it is absent."""
        cells = self.cells(field, row)
        if field.get("list"):
            if cells is None:
                return None if field.get("optional") else []
            cells = list(cells) if isinstance(cells, (list, tuple)) else [cells]
            while cells and is_missing(field, cells[-1]):
                cells.pop()
            return [read(field, cell) for cell in cells]
        several = isinstance(cells, (list, tuple))
        absent = all(is_missing(field, cell) for cell in flat(cells)) if several else is_missing(field, cells)
        if absent and field.get("optional"):
            return None
        return read(field, cells)

    def cells(self, field, row):
        """What a row has for a field: a cell, or a list of them."""
        keys = field["keys"]
        if field["name"] in row:
            return row[field["name"]]
        if keys == "all_others":
            taken = {key for other in self.fields.values() for key in named(other["keys"])}
            taken |= {output["name"] for output in self.description["outputs"]}
            return [row[key] for key in row if key not in taken]
        if "prefix" in keys:
            return [row[key] for key in row if key.startswith(keys["prefix"])]
        if "one" in keys:
            return row.get(keys["one"])
        return [row.get(key) for key in keys["each"]]


def named(keys):
    return [] if keys == "all_others" or "prefix" in keys else keys.get("each", [keys.get("one")])


def flat(cells):
    for cell in cells:
        yield from flat(cell) if isinstance(cell, (list, tuple)) else [cell]


def is_missing(field, cell):
    """Whether a cell is blank, NaN, or a marker of the field."""
    if cell is None or isinstance(cell, float) and math.isnan(cell):
        return True
    if isinstance(cell, (list, tuple)):
        return False
    text = str(cell).strip()
    is_text = field["value"]["kind"] == "text"
    return not text or text in field.get("missing", []) or not is_text and text.lower() in ("nan", "null", "nat")


def read(field, cell):
    """The value of a cell, or of each cell of a list."""
    if isinstance(cell, (list, tuple)):
        return [read(field, inner) for inner in cell]
    kind, missing = field["value"]["kind"], is_missing(field, cell)
    if kind == "text":
        text = "" if missing else str(cell)
        return text.strip() if field["value"]["category"] else text
    if missing:
        return math.nan
    if kind in ("date", "time"):
        return milliseconds(cell, field["value"]["form"])
    if kind == "flag":
        return cell if isinstance(cell, bool) else str(cell).lower() in ("1", "true", "yes", "y", "t", "on")
    if kind in ("category", "integer"):
        return int(cell) if isinstance(cell, (int, str)) and "." not in str(cell) else int(float(cell))
    return float(cell)


def milliseconds(cell, form):
    """A date or a time as milliseconds since 1970, in UTC."""
    if form == "seconds":
        return math.floor(float(cell) * 1000)
    if form == "milliseconds":
        return int(cell)
    if form == "iso":
        moment = datetime.datetime.fromisoformat(str(cell).strip().replace(" UTC", "+00:00"))
    else:
        moment = datetime.datetime.strptime(str(cell).strip(), form["pattern"])
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return (moment - EPOCH) // datetime.timedelta(milliseconds=1)


def in_days(value):
    """Milliseconds as days, of a list each."""
    if isinstance(value, list):
        return [in_days(item) for item in value]
    return value if value is None else value // 86_400_000


def normal(text, separator):
    """A text whose items have no white space around them, and of which none is empty."""
    pieces = text.split(separator) if separator.strip() else text.split()
    return separator.join(piece.strip() for piece in pieces if piece.strip())


def stacked(values, sizes, dtype):
    """An array of values, with anything where one is absent."""
    if any(isinstance(size, str) for size in sizes):
        given = next((value for value in values if value is not None), None)
        sizes = [1 if isinstance(size, str) else size for size in sizes] if given is None else numpy.shape(given)
    array = numpy.full((len(values), *sizes), "" if dtype is object else 0, dtype)
    for index, value in enumerate(values):
        if value is not None:
            array[index] = numpy.array(value, dtype).reshape(sizes)[()]
    return array


def padded(lists, sizes, dtype):
    """An array of lists, of one item at least."""
    longest = max((len(items) for items in lists if items), default=0)
    array = numpy.full((len(lists), max(longest, 1), *sizes), "" if dtype is object else 0, dtype)
    for row, items in zip(array, lists):
        for index, item in enumerate(items or []):
            row[index] = item
    return array


def main():
    path, rows = sys.argv[1:]
    with open(rows, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    predicted = Model(path).predict(rows)
    for index in range(len(rows)):
        print(json.dumps({name: values[index].tolist() if hasattr(values[index], "tolist") else values[index]
                          for name, values in predicted.items()}))


if __name__ == "__main__":
    main()
