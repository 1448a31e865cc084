"""The shape of one row between two layers: what the macro infers, here to compose valid branches."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Flow:
    """Numbers of a shape, or category indices (of which there are `below`), with or without a mask."""

    sizes: tuple
    below: int = 0
    masked: bool = False

    @property
    def rank(self):
        return len(self.sizes)

    def of(self, *sizes, masked=None):
        """Numbers of other sizes."""
        return Flow(tuple(sizes), 0, self.masked if masked is None else masked)

    def with_mask(self, masked):
        return replace(self, masked=masked)

    def elements(self):
        product = 1
        for size in self.sizes:
            product *= size
        return product

    def numbers(self):
        """The type of a node with these numbers."""
        text = "f32"
        for size in reversed(self.sizes):
            text = f"[{text}; {size}]"
        return f"Masked<{text}>" if self.masked else text


def window(size, kernel, stride, padding, dilation=1):
    """How many windows fit along an axis; 0 if none does."""
    reach = dilation * (kernel - 1) + 1
    if padding == "same":
        return -(-size // stride)
    around = 0 if padding == "valid" else 2 * padding
    return max(0, (size + around - reach) // stride + 1)
