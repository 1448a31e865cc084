"""Random models: inputs, branches, merges and outputs put together, as Rust, with rows."""

from dataclasses import dataclass, field
from typing import Callable, Optional

import branches
from inputs import KINDS, Input
from losses import LOSSES, OF_DISTANCES
from shapes import Flow


@dataclass
class Field:
    """A field of a row: an input or a target."""

    name: str
    value: Callable
    optional: bool = False


@dataclass
class Model:
    """A model under construction."""

    name: str
    dtype: str
    text: list = field(default_factory=list)
    inputs: list = field(default_factory=list)
    targets: list = field(default_factory=list)
    encoded: list = field(default_factory=list)
    # What follows may read: the name of a vector and its size.
    vectors: list = field(default_factory=list)
    outputs: int = 0

    def field(self, attributes, name, ty):
        lines = "".join(f"    {attribute}\n" for attribute in attributes)
        self.text.append(f"{lines}    {name}: {ty},\n")

    def name_of(self, kind):
        return f"{kind}_{len(self.text)}"

    def declaration(self):
        export = f"export = onnx(encoded({', '.join(self.encoded)}))" if self.encoded else ""
        head = f"#[multi_input_model({export})]\n#[derive(Clone, Debug, serde::Serialize)]\n"
        return f"{head}pub struct {self.name} {{\n{''.join(self.text)}}}\n"

    def rows(self, count, chooser, new=False, targets=True):
        """Rows as JSON; with `new`, of values that training did not see."""

        def row():
            inputs = {own.name: None if own.optional and chooser.chance(0.3) else own.value(new) for own in self.inputs}
            return inputs | ({own.name: own.value() for own in self.targets} if targets else {})

        return [row() for _ in range(count)]


def compose(chooser, name, dtype, encoded):
    """A random model; `encoded` allows inputs that enter a file behind their preprocessing."""
    model = Model(name, dtype)
    patterns = ["plain", "elementwise", "sequences", "shared", "derived", "weighted", "distances", "dot", "value"]
    patterns += ["crossed"] if encoded else []
    for _ in range(chooser.size(1, 2)):
        PATTERNS[chooser.one_of(patterns)](chooser, model, encoded)
    if len(model.vectors) < 2:
        plain(chooser, model, encoded)
    trunk(chooser, model)
    return model


def add_input(chooser, model, kind, encoded, optional=None, steps=None, own: Optional[Input] = None):
    """Declares an input without a branch; gives the attributes that a branch follows."""
    own = own or KINDS[kind](chooser)
    name = model.name_of("in")
    options = list(own.steps if steps is None else steps)
    ty, policy = own.type, None
    if optional is not False and own.policies and chooser.chance(0.4):
        policy = chooser.one_of(f"missing {policy}" for policy in own.policies).split()[1]
        options.append(f"missing = {policy}")
        ty = f"Option<{ty}>"
    attribute = f"#[input({', '.join(options)})]" if options else "#[input]"
    model.inputs.append(Field(name, own.value, policy is not None))
    if own.encoded:
        model.encoded.append(name)
    return name, own, ty, [attribute], policy


def kinds(encoded, wanted=lambda own: True):
    behind = ("text", "hashed input")
    return [kind for kind in KINDS if (encoded or kind not in behind) and wanted(kind)]


def looked_up(chooser, own):
    """The layers that make numbers of categories."""
    flow = own.flow
    if not flow.below:
        return [], flow
    width = chooser.size(2, 5)
    counted = any(step.startswith(("categories", "bins", "hashed", "words")) for step in own.steps)
    size = "auto" if counted and chooser.chance(0.3) else str(flow.below)
    if flow.rank == 0:
        chooser.counts["Embedding"] += 1
        return [f"Embedding({size}, {width})"], Flow((width,))
    layer = chooser.one_of(["Embedding", "Embedding mask", "EmbeddingBag mean", "EmbeddingBag sum", "EmbeddingBag max"])
    if layer.startswith("EmbeddingBag"):
        chooser.counts["EmbeddingBag"] += 1
        return [f"EmbeddingBag({size}, {width}, {layer.split()[1]})"], Flow((width,))
    masked = flow.masked or layer.endswith("mask")
    flag = ", mask" if masked and not flow.masked else ""
    chooser.counts["Embedding"] += 1
    return [f"Embedding({size}, {width}{flag})"], Flow((flow.sizes[0], width), 0, masked)


def branch_of(layers, frozen=False):
    layers = list(layers) + (["frozen"] if frozen and layers else [])
    return [f"#[branch({', '.join(layers)})]"] if layers else []


def add_vector(chooser, model, kind, encoded, width=None):
    """An input whose branch ends in a vector, of `width` numbers if that is given."""
    name, own, ty, attributes, policy = add_input(chooser, model, kind, encoded)
    layers, flow = looked_up(chooser, own)
    grown, flow = branches.grow(chooser, flow, chooser.size(0, 3))
    ended, flow = branches.to_vector(chooser, flow)
    layers += grown + ended
    if width and flow.sizes != (width,):
        layers.append(f"Dense({width}, {branches.activation(chooser)})")
        flow = flow.of(width)
    elif not layers and policy == "learned":
        layers, flow = [f"Dense({width or 3})"], flow.of(width or 3)
    model.field(attributes + branch_of(layers, chooser.chance(0.1)), name, ty)
    if policy and chooser.chance(0.5):
        chooser.counts["present"] += 1
        model.vectors.append((f"present({name})", 1))
    return name, flow.sizes[0]


def plain(chooser, model, encoded):
    for _ in range(chooser.size(1, 3)):
        model.vectors.append(add_vector(chooser, model, chooser.one_of(kinds(encoded)), encoded))


def elementwise(chooser, model, encoded):
    merge = chooser.one_of(["add", "subtract", "multiply", "average", "maximum", "minimum"])
    width, count = chooser.size(2, 5), 2 if merge == "subtract" else chooser.size(2, 3)
    operands = [add_vector(chooser, model, chooser.one_of(kinds(encoded)), encoded, width)[0] for _ in range(count)]
    name = model.name_of("merged")
    model.field([f"#[merge({merge}({', '.join(operands)}))]"], name, "_")
    model.vectors.append((name, width))


def sequences(chooser, model, encoded):
    """Two branches of one sequence, joined step by step or one behind the other."""
    wanted = ("category array", "category list", "number list", "sequence", "text", "sequence again")
    while True:
        own = KINDS[chooser.one_of(kind for kind in wanted if encoded or kind != "text")](chooser)
        if own.flow.rank == 2 or (own.flow.below and own.flow.rank == 1):
            break
    source, own, ty, attributes, _ = add_input(chooser, model, None, encoded, own=own)
    flow, layers = own.flow, []
    if flow.below:
        width = chooser.size(2, 4)
        mask = chooser.any(["", ", mask"]) if not flow.masked else ""
        layers = [f"Embedding({flow.below}, {width}{mask})"]
        flow = Flow((flow.sizes[0], width), 0, flow.masked or bool(mask))
    model.field(attributes + branch_of(layers), source, ty)
    width = chooser.size(2, 4)
    merge = chooser.one_of(["add", "subtract", "multiply", "average", "maximum", "minimum", "concat steps", "concat features", "dot"])
    operands, masked = [], []
    for index in range(2):
        layers, side = steps_of(chooser, flow, width)
        if merge not in ("dot", "concat steps") and index == 1 and chooser.chance(0.3):
            layers, side = layers + ["Dense(1)"], side.of(*side.sizes[:-1], 1)
        if merge == "dot" and side.masked:
            layers, side = layers + ["DropMask"], side.with_mask(False)
        operands.append((model.name_of("steps"), side))
        model.field([f"#[from({source})]"] + branch_of(layers), operands[-1][0], "_")
    (first, a), (second, b) = operands
    steps = a.sizes[0]
    out = Flow((steps, max(a.sizes[1], b.sizes[1])), 0, a.masked and b.masked)
    text = f"{merge.split()[0]}({first}, {second}"
    if merge == "concat steps":
        text, out = text + ", axis = 0", Flow((2 * steps, width), 0, a.masked or b.masked)
    elif merge == "concat features":
        out = Flow((steps, a.sizes[1] + b.sizes[1]), 0, out.masked)
    elif merge == "dot":
        normalize = chooser.one_of(["dot plain", "dot normalize"]) == "dot normalize"
        text, out = text + (", normalize" if normalize else ""), Flow((steps, steps))
        if b.sizes[1] != a.sizes[1]:
            raise AssertionError("the operands of `dot` differ")
    grown, behind = branches.grow(chooser, out, chooser.size(0, 2))
    ended, behind = branches.to_vector(chooser, behind)
    name = model.name_of("merged")
    model.field([f"#[merge({text}))]"] + branch_of(grown + ended), name, "_")
    model.vectors.append((name, behind.sizes[0]))


def steps_of(chooser, flow, width):
    """Layers that keep the steps and give each `width` numbers, with or without a mask."""
    layers = []
    if not flow.masked and chooser.chance(0.4):
        layers, flow = ["Masking"], flow.with_mask(True)
    elif flow.masked and chooser.chance(0.3):
        layers, flow = ["DropMask"], flow.with_mask(False)
    last = chooser.any([f"Dense({width}, tanh)", f"LSTM({width}, return_sequences)", f"GRU({width}, return_sequences)"])
    return layers + [last], flow.of(flow.sizes[0], width)


def shared(chooser, model, encoded):
    """Two inputs that share a branch, and a vocabulary if there is one."""
    # One with a vocabulary as often as one without; it may not end in numbers, which share nothing.
    wanted = chooser.one_of(["shared vocabulary", "shared branch"]) == "shared vocabulary"
    while True:
        kind = chooser.any(kinds(encoded, lambda kind: kind not in ("imputed", "image", "split input", "hashed input")))
        own = KINDS[kind](chooser)
        has = any(step.startswith(("categories", "words")) for step in own.steps)
        if has == wanted and (own.flow.below or not has):
            break
    name, own, ty, attributes, _ = add_input(chooser, model, kind, encoded, own=own)
    layers, flow = looked_up(chooser, own)
    grown, flow = branches.grow(chooser, flow, chooser.size(0, 2))
    ended, flow = branches.to_vector(chooser, flow)
    layers += grown + ended + ["Dense(3, tanh)"]
    model.field(attributes + branch_of(layers, chooser.chance(0.3)), name, ty)
    steps = [with_vocabulary(step, name) for step in own.steps]
    twin, _, ty, attributes, _ = add_input(chooser, model, kind, encoded, steps=steps, own=own)
    model.field(attributes + [f"#[branch(shared = {name})]"], twin, ty)
    chooser.counts["shared"] += 1
    model.vectors += [(name, 3), (twin, 3)]


def with_vocabulary(step, of):
    return f"{step[:-1]}, shared = {of})" if step.startswith(("categories", "words")) else step


FORMULAS = [
    "{a} / {b}", "{a} * {b} - 0.5", "ln({a} + 1.0)", "min({a}, {b}) + max({a}, 2.0)", "sqrt(abs({a} - {b}))",
    "log1p({a}) * 3.0", "exp(0.0 - {a}) + {b}", "({a} + {b}) / ({a} - {b})",
]


def derived(chooser, model, encoded):
    """Arithmetic of two numbers; a quotient may be missing."""
    names = []
    for _ in range(2):
        element = chooser.any(["f32", "f64", "i64", "u64"])
        value = (lambda new: chooser.size(0, 4)) if element in ("i64", "u64") else (lambda new: float(chooser.size(0, 40) / 8))
        own = Input(element, chooser.any([[], ["standardize"]]), Flow((1,)), value, policies=())
        name, _, ty, attributes, _ = add_input(chooser, model, None, encoded, own=own)
        model.field(attributes, name, ty)
        names.append(name)
        model.vectors.append((name, 1))
    formula = chooser.one_of(FORMULAS).format(a=names[0], b=names[1])
    name = model.name_of("derived")
    strategy = chooser.any(["mean", "median", "constant = 1.0"])
    model.field([f"#[derived({formula}, impute({strategy}), standardize)]"], name, "f32")
    model.vectors.append((name, 1))


def crossed(chooser, model, encoded):
    """The hash of two categories."""
    names = []
    for _ in range(2):
        own = KINDS["category"](chooser)
        name, own, ty, attributes, _ = add_input(chooser, model, None, encoded, own=own, optional=False)
        layers, flow = looked_up(chooser, own)
        model.field(attributes + branch_of(layers), name, ty)
        model.vectors.append((name, flow.sizes[0]))
        names.append(name)
    name, width = model.name_of("crossed"), chooser.size(2, 4)
    chooser.counts["crossed"] += 1
    model.field([f"#[derived(crossed({names[0]}, {names[1]}, 11))]", f"#[branch(Embedding(11, {width}))]"], name, "u32")
    model.encoded.append(name)
    model.vectors.append((name, width))


def weighted(chooser, model, encoded):
    """A bag whose values have weights."""
    below, count = chooser.size(4, 8), chooser.size(3, 5)
    chooser.counts["weighted"] += 1
    lists = chooser.chance(0.5)
    ids, weights = model.name_of("in"), model.name_of("in") + "_weights"
    if lists:
        step = f"pad({count}, {chooser.any(['before', 'after'])})"
        value = lambda new: [chooser.size(0, below - 1) for _ in range(chooser.size(0, count))]
        weight = lambda new: [chooser.number(-1, 2) for _ in range(chooser.size(0, count))]
        model.field([f"#[input({step})]"], ids, "Vec<u32>")
        model.field([f"#[input({step})]"], weights, "Vec<f32>")
    else:
        value = lambda new: [chooser.size(0, below - 1) for _ in range(count)]
        weight = lambda new: [chooser.number(-1, 2) for _ in range(count)]
        model.field(["#[input]"], ids, f"[u32; {count}]")
        model.field(["#[input]"], weights, f"[f32; {count}]")
    model.inputs += [Field(ids, value), Field(weights, weight)]
    name, width = model.name_of("bag"), chooser.size(2, 4)
    model.field([f"#[merge(weighted({ids}, {weights}))]", f"#[branch(EmbeddingBag({below}, {width}, sum))]"], name, "_")
    model.vectors.append((name, width))


def dot(chooser, model, encoded):
    """The scalar product or the cosine of two vectors, or their distance."""
    merge, width = chooser.one_of(["dot plain", "dot normalize", "distance"]), chooser.size(2, 5)
    first, second = (add_vector(chooser, model, chooser.one_of(kinds(encoded)), encoded, width)[0] for _ in range(2))
    text = f"{merge.split()[0]}({first}, {second}{', normalize' if merge.endswith('normalize') else ''})"
    chooser.counts[merge.split()[0]] += 1
    name = model.name_of("merged")
    model.field([f"#[merge({text})]"], name, "_")
    model.vectors.append((name, 1))


def value(chooser, model, encoded):
    """An output without a loss: a hidden vector or hidden steps."""
    name, own, ty, attributes, _ = add_input(chooser, model, "sequence", encoded)
    grown, flow = branches.grow(chooser, own.flow, chooser.size(1, 2))
    if flow.rank > 2 or (flow.rank == 2 and chooser.chance(0.5)):
        ended, flow = branches.to_vector(chooser, flow)
        grown += ended
    model.field(attributes + branch_of(grown), name, ty)
    hidden = model.name_of("value")
    model.field([f"#[from({name})]", "#[branch(Dense(3, tanh))]", "#[output]"], hidden, flow.of(*flow.sizes[:-1], 3).numbers())
    model.outputs += 1
    chooser.counts["value"] += 1
    layers, end = branches.to_vector(chooser, flow.of(*flow.sizes[:-1], 3))
    last = model.name_of("hidden")
    model.field([f"#[from({hidden})]"] + branch_of(layers + ["Dense(2)"]), last, "_")
    model.vectors.append((last, 2))


def distances(chooser, model, encoded):
    """Two or three inputs with one branch, compared by a loss of distances."""
    loss = chooser.one_of(OF_DISTANCES)
    width = chooser.size(2, 4)
    own = Input(f"[f32; {width}]", ["standardize"], Flow((width,)), lambda new: [chooser.number(0, 3) for _ in range(width)])
    anchor, _, ty, attributes, _ = add_input(chooser, model, None, encoded, optional=False, own=own)
    model.field(attributes + ["#[branch(Dense(4, tanh), Dense(3))]"], anchor, ty)
    others = []
    for _ in range(2 if loss == "triplet" else 1):
        other, _, ty, attributes, _ = add_input(chooser, model, None, encoded, optional=False, own=own)
        model.field(attributes + [f"#[branch(shared = {anchor})]"], other, ty)
        others.append(other)
    apart = []
    chooser.counts["distance"] += 1
    name = model.name_of("out")
    if loss == "contrastive":
        model.field([f"#[merge(distance({anchor}, {others[0]}))]", "#[output(loss = contrastive)]"], name, "bool")
    else:
        for other in others:
            apart.append(model.name_of("apart"))
            model.field([f"#[merge(distance({anchor}, {other}))]"], apart[-1], "_")
        model.field([f"#[merge(concat({', '.join(apart)}))]", "#[output(loss = triplet(margin = 0.5))]"], name, "bool")
    model.targets.append(Field(name, lambda: chooser.chance(0.5)))
    model.outputs += 1
    model.vectors.append((anchor, 3))


def trunk(chooser, model):
    """Everything side by side, and the outputs."""
    names, width = ", ".join(name for name, _ in model.vectors), sum(size for _, size in model.vectors)
    chooser.counts["concat"] += 1
    layers, flow = branches.grow(chooser, Flow((width,)), chooser.size(1, 2))
    ended, flow = branches.to_vector(chooser, flow)
    layers += ended
    if flow.sizes[0] > 12 or flow.sizes[0] < 2:
        layers, flow = layers + ["Dense(5, tanh)"], flow.of(5)
    trunk = model.name_of("trunk")
    model.field([f"#[merge(concat({names}))]"] + branch_of(layers), trunk, "_")
    for _ in range(chooser.size(1, 3)):
        name = model.name_of("out")
        output = LOSSES[chooser.one_of(LOSSES)](chooser)
        model.field(
            [f"#[from({trunk})]"] + branch_of(output.layers) + [f"#[output(loss = {output.loss})]"], name, output.type
        )
        model.targets.append(Field(name, output.target))


PATTERNS = {
    "plain": plain, "elementwise": elementwise, "sequences": sequences, "shared": shared, "derived": derived,
    "crossed": crossed, "weighted": weighted, "distances": distances, "dot": dot, "value": value,
}
