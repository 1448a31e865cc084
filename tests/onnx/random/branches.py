"""Random layers: each function takes a flow and gives the text of a layer and the flow behind it."""

from shapes import window

ACTIVATIONS = [
    "linear", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "sigmoid", "tanh", "softmax",
]


def activation(chooser):
    return chooser.one_of(ACTIVATIONS)


def dense(chooser, flow):
    units = chooser.size(2, 7)
    bias = ", bias = false" if chooser.chance(0.2) else ""
    return f"Dense({units}, {activation(chooser)}{bias})", flow.of(*flow.sizes[:-1], units)


def same_shape(text):
    return lambda chooser, flow: (text, flow)


def activation_layer(chooser, flow):
    return activation(chooser), flow


def batch_norm(chooser, flow):
    return chooser.any(["BatchNorm", "BatchNorm(momentum = 0.5)", "BatchNorm(epsilon = 0.01)"]), flow


def layer_norm(chooser, flow):
    return chooser.any(["LayerNorm", "LayerNorm(epsilon = 0.01)"]), flow


def rms_norm(chooser, flow):
    return chooser.any(["RMSNorm", "RMSNorm(epsilon = 0.001)"]), flow


def group_norm(chooser, flow):
    channels = flow.sizes[0] if flow.rank == 3 else flow.sizes[-1]
    fitting = [n for n in range(1, channels + 1) if channels % n == 0 and (channels // n > 1 or flow.rank > 1)]
    return f"GroupNorm({chooser.any(fitting or [1])})", flow


def reshape(chooser, flow):
    count = flow.elements()
    pairs = [(n, count // n) for n in range(1, count + 1) if count % n == 0]
    sizes = chooser.any(pairs)
    return f"Reshape({sizes[0]}, {sizes[1]})", flow.of(*sizes)


def flatten(chooser, flow):
    return "Flatten", flow.of(flow.elements())


def padding_of(chooser, *kernels):
    choices = ["valid", "same"] + ([1] if min(kernels) > 1 else [])
    return chooser.any(choices)


def recurrent(chooser, flow, name, inside=False):
    units = chooser.size(2, 5)
    arguments = [str(units)]
    if name == "SimpleRNN":
        arguments.append(chooser.any(["tanh", "relu", "sigmoid", "softplus", "gelu"]))
    if name == "GRU" and chooser.chance(0.5):
        arguments.append("reset_after = false")
    sequences = chooser.chance(0.5)
    if sequences:
        arguments.append("return_sequences")
    if not inside and chooser.chance(0.4):
        arguments.append("go_backwards")
    out = flow.of(flow.sizes[0], units) if sequences else flow.of(units, masked=False)
    return f"{name}({', '.join(arguments)})", out


def lstm(chooser, flow):
    return recurrent(chooser, flow, "LSTM")


def gru(chooser, flow):
    return recurrent(chooser, flow, "GRU")


def simple_rnn(chooser, flow):
    return recurrent(chooser, flow, "SimpleRNN")


def bidirectional(chooser, flow):
    text, out = recurrent(chooser, flow, chooser.any(["LSTM", "GRU", "SimpleRNN"]), inside=True)
    merge = chooser.one_of(["bidirectional concat", "bidirectional sum", "bidirectional average", "bidirectional multiply"])
    merge = merge.split()[1]
    if merge == "concat":
        out = out.of(*out.sizes[:-1], 2 * out.sizes[-1])
    return f"Bidirectional({text}, merge = {merge})", out


def conv1d(chooser, flow):
    steps, features = flow.sizes
    kernel = chooser.size(1, min(3, steps))
    stride = chooser.size(1, 2)
    dilation = 2 if stride == 1 and 2 * (kernel - 1) + 1 <= steps and chooser.chance(0.3) else 1
    padding = padding_of(chooser, kernel)
    out = window(steps, kernel, stride, padding, dilation)
    groups = chooser.any([n for n in (1, 2, 3) if features % n == 0])
    filters = groups * chooser.size(1, 3)
    arguments = [str(filters), str(kernel), activation(chooser), f"stride = {stride}", f"padding = {padding}"]
    if dilation > 1:
        arguments.append(f"dilation = {dilation}")
    if groups > 1:
        arguments.append(f"groups = {groups}")
    if chooser.chance(0.2):
        arguments.append("bias = false")
    return f"Conv1D({', '.join(arguments)})", flow.of(out, filters)


def pool1d(name):
    def layer(chooser, flow):
        steps, features = flow.sizes
        pool = chooser.size(1, min(3, steps))
        stride = chooser.size(1, 3)
        padding = padding_of(chooser, pool)
        out = window(steps, pool, stride, padding)
        return f"{name}({pool}, stride = {stride}, padding = {padding})", flow.of(out, features)

    return layer


def conv2d(chooser, flow):
    channels, height, width = flow.sizes
    kernel = (chooser.size(1, min(3, height)), chooser.size(1, min(3, width)))
    stride = chooser.any([(1, 1), (1, 1), (2, 1), (2, 2)])
    padding = padding_of(chooser, *kernel)
    fits = all(2 * (k - 1) + 1 <= size for k, size in zip(kernel, (height, width)))
    dilation = 2 if stride == (1, 1) and fits and chooser.chance(0.3) else 1
    out = [window(n, k, s, padding, dilation) for n, k, s in zip((height, width), kernel, stride)]
    groups = chooser.any([n for n in (1, 2, 3) if channels % n == 0])
    filters = groups * chooser.size(1, 3)
    arguments = [str(filters), pair(kernel), activation(chooser), f"stride = {pair(stride)}", f"padding = {padding}"]
    if dilation > 1:
        arguments.append(f"dilation = {dilation}")
    if groups > 1:
        arguments.append(f"groups = {groups}")
    if chooser.chance(0.2):
        arguments.append("bias = false")
    return f"Conv2D({', '.join(arguments)})", flow.of(filters, *out)


def separable_conv2d(chooser, flow):
    _, height, width = flow.sizes
    kernel = (chooser.size(1, min(3, height)), chooser.size(1, min(3, width)))
    padding = padding_of(chooser, *kernel)
    stride = chooser.size(1, 2)
    out = [window(n, k, stride, padding) for n, k in zip((height, width), kernel)]
    filters, times = chooser.size(1, 4), chooser.size(1, 2)
    arguments = [str(filters), pair(kernel), activation(chooser), f"stride = {stride}", f"padding = {padding}"]
    arguments.append(f"depth_multiplier = {times}")
    return f"SeparableConv2D({', '.join(arguments)})", flow.of(filters, *out)


def pool2d(name):
    def layer(chooser, flow):
        channels, height, width = flow.sizes
        pool = (chooser.size(1, min(3, height)), chooser.size(1, min(3, width)))
        stride = (chooser.size(1, 2), chooser.size(1, 3))
        padding = padding_of(chooser, *pool)
        out = [window(n, k, s, padding) for n, k, s in zip((height, width), pool, stride)]
        text = f"{name}({pair(pool)}, stride = {pair(stride)}, padding = {padding})"
        return text, flow.of(channels, *out)

    return layer


def zero_pad2d(chooser, flow):
    channels, height, width = flow.sizes
    a, b, c, d = (chooser.size(0, 2) for _ in range(4))
    text, (rows, columns) = chooser.any([
        (f"{a + 1}", (2 * a + 2, 2 * a + 2)),
        (f"({a}, {b})", (2 * a, 2 * b)),
        (f"(({a}, {b}), ({c}, {d}))", (a + b, c + d)),
    ])
    return f"ZeroPad2D({text})", flow.of(channels, height + rows, width + columns)


def up_sampling2d(chooser, flow):
    channels, height, width = flow.sizes
    times = (chooser.size(1, 2), chooser.size(2, 3))
    return f"UpSampling2D({pair(times)})", flow.of(channels, times[0] * height, times[1] * width)


def global_pool(name):
    def layer(chooser, flow):
        size = flow.sizes[0] if flow.rank == 3 else flow.sizes[-1]
        return name, flow.of(size, masked=False)

    return layer


def time_distributed(chooser, flow):
    """A layer on each step: on vectors, or on the images or sequences that steps may be."""
    step = flow.of(*flow.sizes[1:], masked=False)
    inner = chooser.any(INSIDE[step.rank])
    text, out = inner(chooser, step)
    return f"TimeDistributed({text})", flow.of(flow.sizes[0], *out.sizes)


def attention(chooser, flow):
    causal = ", causal" if chooser.chance(0.3) else ""
    return f"MultiHeadAttention({chooser.size(1, 3)}, {chooser.size(2, 4)}{causal})", flow


def transformer(chooser, flow):
    causal = ", causal" if chooser.chance(0.3) else ""
    heads, width = chooser.size(1, 2), chooser.size(2, 3)
    return f"TransformerBlock({heads}, {width}, {chooser.size(3, 6)}, {chooser.any(['relu', 'gelu', 'silu'])}{causal})", flow


def masking(chooser, flow):
    value = chooser.any(["Masking", "Masking(1.0)", "Masking"])
    return value, flow.with_mask(True)


def drop_mask(chooser, flow):
    return "DropMask", flow.with_mask(False)


def dropout(chooser, flow):
    return "Dropout(0.2)", flow


VECTOR = {
    "Dense": dense, "BatchNorm": batch_norm, "LayerNorm": layer_norm, "RMSNorm": rms_norm, "GroupNorm": group_norm,
    "Dropout": dropout, "Reshape": reshape, "activation": activation_layer,
}
EITHER = {
    "Dense": dense, "BatchNorm": batch_norm, "LayerNorm": layer_norm, "RMSNorm": rms_norm, "GroupNorm": group_norm,
    "Dropout": dropout, "LSTM": lstm, "GRU": gru, "SimpleRNN": simple_rnn, "Bidirectional": bidirectional,
    "TimeDistributed": time_distributed, "PositionalEmbedding": same_shape("PositionalEmbedding"),
    "MultiHeadAttention": attention, "TransformerBlock": transformer, "activation": activation_layer,
    "GlobalMaxPool1D": global_pool("GlobalMaxPool1D"), "GlobalAveragePool1D": global_pool("GlobalAveragePool1D"),
    "Masking": masking,
}
SEQUENCE = EITHER | {
    "Conv1D": conv1d, "MaxPool1D": pool1d("MaxPool1D"), "AvgPool1D": pool1d("AvgPool1D"), "Flatten": flatten,
    "Reshape": reshape,
}
MASKED = EITHER | {"DropMask": drop_mask}
IMAGE = {
    "Conv2D": conv2d, "SeparableConv2D": separable_conv2d, "MaxPool2D": pool2d("MaxPool2D"),
    "AvgPool2D": pool2d("AvgPool2D"), "ZeroPad2D": zero_pad2d, "UpSampling2D": up_sampling2d,
    "BatchNorm": batch_norm, "GroupNorm": group_norm, "Dropout": dropout, "activation": activation_layer,
    "GlobalMaxPool2D": global_pool("GlobalMaxPool2D"), "GlobalAveragePool2D": global_pool("GlobalAveragePool2D"),
    "Flatten": flatten,
}
STEPS = {"TimeDistributed": time_distributed}
INSIDE = {
    1: [dense, layer_norm],
    2: [conv1d, pool1d("MaxPool1D"), pool1d("AvgPool1D"), global_pool("GlobalMaxPool1D"),
        global_pool("GlobalAveragePool1D"), dense, layer_norm, flatten, reshape],
    3: [conv2d, separable_conv2d, pool2d("MaxPool2D"), pool2d("AvgPool2D"), zero_pad2d, up_sampling2d,
        global_pool("GlobalMaxPool2D"), global_pool("GlobalAveragePool2D"), flatten],
}
# A softmax or a norm behind it on an axis of 1 is a constant, of which rounding is all that is left.
LARGEST = 400


def table(flow):
    """The layers that may follow."""
    if flow.rank == 1:
        return VECTOR
    if flow.rank == 2:
        return MASKED if flow.masked else SEQUENCE
    return IMAGE if flow.rank == 3 else STEPS


def pair(sizes):
    return f"({sizes[0]}, {sizes[1]})"


def grow(chooser, flow, count):
    """Some random layers, one behind the other."""
    layers = []
    while len(layers) < count:
        text, out = one(chooser, flow)
        if out is None:
            break
        layers.append(text)
        flow = out
    return layers, flow


def one(chooser, flow):
    """A random layer whose output has a size that is neither 0 nor large."""
    for _ in range(20):
        name = chooser.one_of(table(flow))
        text, out = table(flow)[name](chooser, flow)
        sized = all(size > 0 for size in out.sizes) and out.elements() <= LARGEST
        if sized and not (flow.rank == 1 and flow.sizes == (1,) and name.endswith("Norm")):
            return text, out
        chooser.counts[name] -= 1
    return None, None


def to_vector(chooser, flow):
    """Layers that end in a vector."""
    layers = []
    while flow.rank > 1:
        if flow.rank == 4:
            text, flow = "TimeDistributed(Flatten)", flow.of(flow.sizes[0], flow.elements() // flow.sizes[0])
        elif flow.rank == 3 or not flow.masked:
            names = ["Flatten", "GlobalMaxPool2D", "GlobalAveragePool2D"]
            if flow.rank == 2:
                names = ["Flatten", "GlobalMaxPool1D", "GlobalAveragePool1D", "LSTM", "GRU", "SimpleRNN", "Bidirectional"]
            text, flow = table(flow)[chooser.one_of(names)](chooser, flow)
        else:
            names = ["GlobalMaxPool1D", "GlobalAveragePool1D", "LSTM", "GRU", "SimpleRNN", "Bidirectional", "DropMask"]
            text, flow = table(flow)[chooser.one_of(names)](chooser, flow)
        layers.append(text)
    return layers, flow
