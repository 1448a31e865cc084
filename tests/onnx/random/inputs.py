"""Random inputs: the type, the preprocessing steps, the flow behind them, and raw values as in JSON."""

from dataclasses import dataclass
from typing import Callable

import png
from shapes import Flow

WORDS = ["ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "pine", "rowan", "yew"]
UNKNOWN = ["baobab", "Kauri", ""]


@dataclass
class Input:
    """An input. `value(new)` gives a raw value, with categories that training lacks if `new`."""

    type: str
    steps: list
    flow: Flow
    value: Callable
    # A file takes it behind its steps, which ONNX cannot express.
    encoded: bool = False
    # What `missing` may be.
    policies: tuple = ("zeros", "learned")


def scaled(chooser, count):
    """Steps on numbers that are at least 0."""
    options = {
        "standardize": lambda: "standardize",
        "min_max": lambda: chooser.any(["min_max", "min_max(-1, 1)"]),
        "robust": lambda: "robust",
        "log1p": lambda: "log1p",
        "clip": lambda: f"clip({chooser.number(0, 1)}, {chooser.number(2, 6)})",
        "rescale": lambda: f"rescale({chooser.number(0.1, 2)}, offset = {chooser.number(0, 3)})",
        "normalize": lambda: "normalize([0.5], [0.25])",
    }
    steps = []
    for _ in range(count):
        # A logarithm needs numbers above -1, which only the steps that keep the sign leave.
        signed = any(step.startswith(("standardize", "min_max(-1", "robust", "normalize")) for step in steps)
        name = chooser.one_of(name for name in options if not (signed and name == "log1p"))
        steps.append(options.pop(name)())
    return steps


def numbers(chooser):
    """One number or several, of any type."""
    width = chooser.any([0, 0, 2, 3, 5])
    element = chooser.any(["f32", "f32", "f64"] + ([] if width else ["i64", "u64"]))
    steps = scaled(chooser, chooser.size(0, 2))
    whole, digits = element in ("i64", "u64"), {"f32": 3, "f64": 6}.get(element)
    # In double precision, numbers that `f32` does not tell apart before they are shifted.
    base = 1e6 if element == "f64" and steps and steps[0] == "standardize" else 0

    def one():
        number = chooser.random.gammavariate(2, 1.5)
        return int(10 * number) if whole else round(base + number, digits)

    value = (lambda new: [one() for _ in range(width)]) if width else (lambda new: one())
    ty = f"[{element}; {width}]" if width else element
    policies = ("zeros", "mean", "learned")
    return Input(ty, steps, Flow((width or 1,)), value, policies=policies)


def imputed(chooser):
    """Numbers of which single ones are missing."""
    width = chooser.any([0, 2, 4])
    strategy = chooser.any(["mean", "median", "most_frequent", "constant = 0.5"])
    indicator = chooser.chance(0.5)
    steps = [f"impute({strategy}{', indicator' if indicator else ''})"] + scaled(chooser, chooser.size(0, 1))
    chooser.counts["impute"] += 1

    def one():
        return None if chooser.chance(0.3) else round(chooser.random.uniform(0, 4), chooser.any([0, 2]))

    value = (lambda new: [one() for _ in range(width)]) if width else (lambda new: one())
    ty = f"[Option<f32>; {width}]" if width else "f32"
    size = (width or 1) * (2 if indicator else 1)
    return Input(ty, steps, Flow((size,)), value, policies=())


def flags(chooser):
    width = chooser.any([0, 3])
    one = lambda: chooser.chance(0.5)
    value = (lambda new: [one() for _ in range(width)]) if width else (lambda new: one())
    return Input(f"[bool; {width}]" if width else "bool", [], Flow((width or 1,)), value)


def binned(chooser):
    width = chooser.any([0, 3])
    step, below = chooser.any([("bins(4)", 4), ("bins(edges = [0.5, 1.5, 2.0])", 4)])
    chooser.counts["bins"] += 1
    one = lambda: chooser.number(0, 3)
    value = (lambda new: [one() for _ in range(width)]) if width else (lambda new: one())
    steps, flow = [step], Flow((width,) if width else (), below)
    if chooser.chance(0.4):
        chooser.counts["one_hot"] += 1
        steps.append(f"one_hot({below})")
        flow = Flow((width, below) if width else (below,))
    return Input(f"[f32; {width}]" if width else "f32", steps, flow, value)


def vocabulary(chooser, capacity):
    minimum = ", minimum = 2" if chooser.chance(0.3) else ""
    chooser.counts["categories"] += 1
    return f"categories({capacity}{minimum})"


def word(chooser, new):
    return chooser.any(UNKNOWN[:2]) if new and chooser.chance(0.4) else chooser.any(WORDS)


def category(chooser):
    """One category: an index, an integer or a text with a vocabulary."""
    kind = chooser.any(["index", "integer", "text"])
    if kind == "index":
        below = chooser.size(3, 8)
        steps, flow = [], Flow((), below)
        value = lambda new: chooser.size(0, below - 1)
        ty = "u32"
    elif kind == "integer":
        below = chooser.size(5, 9)
        steps, flow = [vocabulary(chooser, below)], Flow((), below)
        value = lambda new: chooser.size(0, 6) * 1000 + (7 if new and chooser.chance(0.4) else 0)
        ty = "u32"
    else:
        below = chooser.size(6, 16)
        steps, flow = [vocabulary(chooser, below)], Flow((), below)
        value = lambda new: word(chooser, new)
        ty = "String"
    if chooser.chance(0.3):
        chooser.counts["one_hot"] += 1
        steps, flow = steps + [f"one_hot({below})"], Flow((below,))
    return Input(ty, steps, flow, value)


def categories(chooser):
    """As many categories in every row; index 0 is padding, in front or behind, of some."""
    count, below = chooser.size(3, 6), chooser.size(5, 9)
    texts = chooser.chance(0.3)
    steps, flow = [], Flow((count,), below)
    padded = not texts and chooser.any(["before", "after", "anywhere"])

    def value(new):
        if texts:
            return [word(chooser, new) for _ in range(count)]
        kept = chooser.size(0, count)
        if padded == "anywhere":
            return [chooser.size(1, below - 1) if chooser.chance(0.6) else 0 for _ in range(count)]
        filled = [chooser.size(1, below - 1) for _ in range(kept)]
        zeros = [0] * (count - kept)
        return zeros + filled if padded == "before" else filled + zeros

    if texts:
        steps = [vocabulary(chooser, below)]
    encoding = chooser.one_of(["indices", "more indices", "one_hot array", "multi_hot array"])
    if encoding == "one_hot array":
        steps, flow = steps + [f"one_hot({below})"], Flow((count, below))
    elif encoding == "multi_hot array":
        steps, flow = steps + [f"multi_hot({below})"], Flow((below,))
    return Input(f"[{'String' if texts else 'u32'}; {count}]", steps, flow, value)


def pad(chooser, length):
    chooser.counts["pad"] += 1
    side, cut = chooser.one_of(["pad before", "pad after"]).split()[1], chooser.any(["before", "after"])
    return f"pad({length}, {side}, cut = {cut})"


def list_of_categories(chooser):
    """A list of any length: indices, or texts with a vocabulary."""
    length, below, texts = chooser.size(3, 5), chooser.size(6, 12), chooser.chance(0.5)
    steps = [vocabulary(chooser, below)] if texts else []
    one = (lambda new: word(chooser, new)) if texts else (lambda new: chooser.size(0, below - 1))
    value = lambda new: [one(new) for _ in range(chooser.size(0, length + 2))]
    if chooser.one_of(["pad list", "multi_hot list"]) == "multi_hot list":
        return Input("Vec<String>" if texts else "Vec<u32>", steps + [f"multi_hot({below})"], Flow((below,)), value)
    flow = Flow((length,), below, True)
    return Input("Vec<String>" if texts else "Vec<u32>", steps + [pad(chooser, length)], flow, value)


def list_of_numbers(chooser):
    length, width = chooser.size(3, 5), chooser.any([0, 0, 2])
    steps = scaled(chooser, chooser.size(0, 2)) + [pad(chooser, length)]
    one = lambda: [chooser.number(0, 4) for _ in range(width)] if width else chooser.number(0, 4)
    value = lambda new: [one() for _ in range(chooser.size(0, length + 2))]
    ty = f"Vec<[f32; {width}]>" if width else "Vec<f32>"
    return Input(ty, steps, Flow((length, width or 1), 0, True), value)


def sequence(chooser):
    """Steps of numbers; some are all zeros or all ones, for `Masking`."""
    steps, width = chooser.size(4, 7), chooser.size(2, 4)

    def value(new):
        filler = chooser.any([0.0, 1.0])
        kept = chooser.size(0, steps)
        rows = [[chooser.number(-2, 2) for _ in range(width)] for _ in range(kept)]
        rest = [[filler] * width for _ in range(steps - kept)]
        return rest + rows if chooser.chance(0.5) else rows + rest

    own = chooser.any([[], [], ["standardize"], ["clip(-1.5, 1.5)"]])
    for step in own:
        chooser.counts[step.split("(")[0]] += 1
    return Input(f"[[f32; {width}]; {steps}]", own, Flow((steps, width)), value)


def pixels(chooser):
    """An image as numbers, with steps of images."""
    channels, height, width = chooser.size(1, 3), chooser.size(5, 8), chooser.size(5, 8)
    flow, steps = Flow((channels, height, width)), []
    if chooser.chance(0.7):
        text, flow = resized(chooser, flow)
        steps.append(text)
    steps += image_steps(chooser)
    one = lambda: chooser.size(0, 255)
    value = lambda new: [[[one() for _ in range(width)] for _ in range(height)] for _ in range(channels)]
    return Input(f"[[[f32; {width}]; {height}]; {channels}]", steps, flow, value)


def resized(chooser, flow):
    channels, height, width = flow.sizes
    name = chooser.one_of(["resize", "center_crop", "random_crop"])
    if name == "resize":
        sizes = (chooser.size(3, 8), chooser.size(3, 8))
        how = chooser.any(["", ", interpolation = nearest"])
        return f"resize({sizes[0]}, {sizes[1]}{how})", flow.of(channels, *sizes)
    sizes = (chooser.size(3, height), chooser.size(3, width))
    return f"{name}({sizes[0]}, {sizes[1]})", flow.of(channels, *sizes)


def image_steps(chooser):
    steps = []
    options = {"flip": "flip(both)", "rotate": "rotate(0.1)", "zoom": "zoom(0.2)", "contrast": "contrast(0.3)"}
    for _ in range(chooser.size(0, 2)):
        steps.append(options.pop(chooser.one_of(options)))
    chooser.counts["rescale"] += 1
    return steps + ["rescale(0.00392)"]


def image(chooser):
    """An image file; all have one size, as a call of an exported model takes them."""
    channels, height, width = chooser.any([1, 3]), chooser.size(3, 9), chooser.size(3, 9)
    sizes = (chooser.size(4, 7), chooser.size(4, 7))
    how = chooser.any(["", ", interpolation = nearest"])
    chooser.counts["resize"] += 1

    def value(new):
        lines = [bytes(chooser.size(0, 255) for _ in range(channels * width)) for _ in range(height)]
        return png.data_url(lines, channels)

    steps = [f"resize({sizes[0]}, {sizes[1]}{how})"] + image_steps(chooser)
    return Input(f"Image<{channels}>", steps, Flow((channels, *sizes)), value)


def date(chooser):
    ty = chooser.any(["NaiveDate", "NaiveDateTime", "DateTime<Utc>"])
    numbers, cycles = ["year", "month", "day", "weekday"], ["month_cycle", "day_cycle", "weekday_cycle", "year_cycle"]
    if ty != "NaiveDate":
        numbers, cycles = numbers + ["hour", "minute"], cycles + ["hour_cycle"]
    parts = chooser.random.sample(numbers + cycles, chooser.size(1, 4))
    chooser.counts["calendar"] += 1
    steps = [f"calendar({', '.join(parts)})"] + chooser.any([[], ["standardize"]])

    def value(new):
        day = f"{chooser.size(1950, 2040)}-{chooser.size(1, 12):02}-{chooser.size(1, 28):02}"
        time = f"T{chooser.size(0, 23):02}:{chooser.size(0, 59):02}:{chooser.size(0, 59):02}"
        return day + {"NaiveDate": "", "NaiveDateTime": time, "DateTime<Utc>": time + "Z"}[ty]

    size = sum(2 if part in cycles else 1 for part in parts)
    return Input(ty, steps, Flow((size,)), value)


def text(chooser):
    """A text as words, padded in front or behind."""
    size, length = chooser.size(6, 14), chooser.size(3, 6)
    padding = chooser.one_of(["words before", "words after"]).split()[1]
    chooser.counts["words"] += 1
    value = lambda new: " ".join(word(chooser, new) for _ in range(chooser.size(0, length + 2)))
    step = f"words({size}, {length}, padding = {padding})"
    return Input("String", [step], Flow((length,), size), value, encoded=True)


def split(chooser):
    """The parts of a text as categories."""
    length, below = chooser.size(3, 5), chooser.size(6, 14)
    chooser.counts["split"] += 1
    steps = ['split("|")', vocabulary(chooser, below), pad(chooser, length)]
    value = lambda new: "|".join(word(chooser, new) for _ in range(chooser.size(0, length + 1)))
    return Input("String", steps, Flow((length,), below, True), value)


def hashed(chooser):
    buckets = chooser.size(4, 9)
    chooser.counts["hashed"] += 1
    value = lambda new: word(chooser, new)
    return Input("String", [f"hashed({buckets})"], Flow((), buckets), value, encoded=True)


KINDS = {
    "numbers": numbers, "imputed": imputed, "flags": flags, "bins input": binned, "category": category,
    "category array": categories, "category list": list_of_categories, "number list": list_of_numbers,
    "sequence": sequence, "pixels": pixels, "image": image, "date": date, "text": text, "split input": split,
    "hashed input": hashed, "numbers again": numbers, "sequence again": sequence,
}
