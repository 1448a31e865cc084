"""Random outputs: the last layers, the loss and its options, the type, and targets as in JSON."""

from dataclasses import dataclass
from typing import Callable

LABELS = ["bronze", "gold", "silver", "tin"]


@dataclass
class Output:
    """An output that takes a vector."""

    layers: list
    loss: str
    type: str
    target: Callable


def numbers(chooser, loss, affine=False, steps=True, layers=None):
    """An output of one or several numbers."""
    width = chooser.any([0, 0, 3])
    scales = ["standardize", "min_max", "robust", "rescale(0.5, offset = 1)"] + ([] if affine else ["log1p"])
    step = f", {scale_of(chooser, scales)}" if steps and chooser.chance(0.8) else ""
    # Without steps, the losses of counts.
    one = lambda: chooser.number(0, 9) if steps else float(chooser.size(0, 9))
    target = (lambda: [one() for _ in range(width)]) if width else one
    element = chooser.any(["f32", "f64"])
    ty = f"[{element}; {width}]" if width else element
    return Output((layers or (lambda n: [f"Dense({n})"]))(width or 1), loss + step, ty, target)


def scale_of(chooser, scales):
    """A step of the target, which counts as one of outputs."""
    return chooser.one_of(f"target {scale}" for scale in scales).removeprefix("target ")


def mse(chooser):
    return numbers(chooser, "mse")


def mae(chooser):
    return numbers(chooser, "mae")


def huber(chooser):
    return numbers(chooser, "huber(delta = 2.0)", affine=True)


def log_cosh(chooser):
    return numbers(chooser, "log_cosh", affine=True)


def positive(loss):
    return lambda chooser: numbers(chooser, loss, steps=False, layers=lambda n: [f"Dense({n}, softplus)"])


def parts(loss, count, affine=True, steps=True):
    """An output with several numbers for each number of the target."""
    layers = lambda n: [f"Dense({count * n})"] + ([f"Reshape({n}, {count})"] if n > 1 else [])
    return lambda chooser: numbers(chooser, loss, affine=affine, steps=steps, layers=layers)


def hinge(chooser):
    layers = [f"Dense(1{chooser.any(['', ', tanh'])})"]
    return Output(layers, "hinge", "f32", lambda: chooser.any([-1.0, 1.0]))


def cosine(chooser):
    return Output(["Dense(3)"], "cosine_similarity", "[f32; 3]", lambda: [chooser.number(-1, 1) for _ in range(3)])


def kl(chooser):
    def target():
        share = chooser.number(0, 1)
        return [share, round(1 - share, 3), 0.0]

    return Output([f"Dense(3{chooser.any(['', ', softmax'])})"], "kl_divergence", "[f32; 3]", target)


def flags(loss):
    def output(chooser):
        width = chooser.any([0, 3])
        one = lambda: chooser.chance(0.5)
        target = (lambda: [one() for _ in range(width)]) if width else one
        layer = f"Dense({width or 1}{chooser.any(['', ', sigmoid'])})"
        return Output([layer], loss, f"[bool; {width}]" if width else "bool", target)

    return output


def classes(loss):
    def output(chooser):
        count = 4
        layer = chooser.any(["Dense(4)", "Dense(4, softmax)"])
        if chooser.one_of(["classes", "labels"]) == "labels":
            return Output([layer], f"{loss}, categories", "Class<4>", lambda: chooser.any(LABELS))
        return Output([layer], loss, "Class<4>", lambda: chooser.size(0, count - 1))

    return output


def ordinal(chooser):
    layers = chooser.any([["Dense(1, bias = false)", "Thresholds(3)"], ["Dense(3)"]])
    if chooser.counts["Thresholds"] == 0:
        layers = ["Dense(1, bias = false)", "Thresholds(3)"]
    chooser.counts["Thresholds"] += len(layers) - 1
    return Output(layers, "ordinal", "Class<4>", lambda: chooser.size(0, 3))


LOSSES = {
    "mse": mse, "mae": mae, "huber": huber, "log_cosh": log_cosh, "poisson": positive("poisson"),
    "tweedie": positive("tweedie(1.4)"), "quantile": parts("quantile(0.1, 0.5, 0.9)", 3, affine=False),
    "gaussian": parts("gaussian", 2), "negative_binomial": parts("negative_binomial", 2, steps=False),
    "hinge": hinge, "cosine_similarity": cosine, "kl_divergence": kl,
    "binary_cross_entropy": flags("binary_cross_entropy"), "binary_focal": flags("binary_focal"),
    "balanced_binary_focal": flags("balanced_binary_focal"), "cross_entropy": classes("cross_entropy"),
    "focal": classes("focal"), "ordinal": ordinal,
}
# These take the distances of two branches: `models.py` writes them.
OF_DISTANCES = ["contrastive", "triplet"]
