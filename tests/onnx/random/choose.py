"""Random choices that favour what was chosen least, so that few models use every layer."""

import random
from collections import Counter


class Chooser:
    """Random numbers from a seed, and how often each named thing was chosen."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.counts = Counter()

    def one_of(self, names):
        """One of several names; each use makes a name less likely."""
        names = list(names)
        weights = [(1 + self.counts[name]) ** -3.0 for name in names]
        name = self.random.choices(names, weights)[0]
        self.counts[name] += 1
        return name

    def any(self, values):
        """One of several values, all equally likely."""
        return self.random.choice(list(values))

    def chance(self, probability):
        return self.random.random() < probability

    def size(self, low, high):
        return self.random.randint(low, high)

    def number(self, low, high):
        """A number with few digits, which `f32` and text hold alike."""
        return round(self.random.uniform(low, high), 3)
