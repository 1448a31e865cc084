"""PyTorch's `DistributedDataParallel` over gloo: its side of the comparison, one rank of it.

    torchrun --nproc-per-node 2 ddp_side.py MODEL VARIANT EPOCHS

`ddp.py` sets the variables of `torchrun` by itself. The rows are those of `ddp.rs`, number by
number, and so are layers, initial distributions, optimizer and rate. Variants:

- `dense`: gradients of whole tables, as DDP sends them unless told otherwise;
- `sparse`: `nn.Embedding(sparse=True)`, whose gradients DDP gathers, and `SparseAdam` for tables.
"""

import os
import statistics
import sys
import time

import numpy as np
import torch
import torch.distributed as dist
import torch.nn as nn
from torch.nn.parallel import DistributedDataParallel

RATE = 1e-3


class Tower(nn.Module):
    def __init__(self, categories, sparse):
        super().__init__()
        self.table = nn.Embedding(categories, 32, sparse=sparse)
        self.layers = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 32))

    def forward(self, index):
        return self.layers(self.table(index))


class Visit(nn.Module):
    def __init__(self, sparse):
        super().__init__()
        self.user, self.item = Tower(100_000, sparse), Tower(50_000, sparse)

    def forward(self, user, item):
        return (self.user(user) * self.item(item)).sum(1)


class Post(nn.Module):
    def __init__(self, sparse):
        super().__init__()
        self.photo = nn.Sequential(
            *[nn.Conv2d(3, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()],
            *[nn.Linear(16 * 15 * 15, 32), nn.ReLU()],
        )
        self.table = nn.Embedding(5_000, 32, sparse=sparse)
        self.lstm = nn.LSTM(32, 32, batch_first=True)
        self.head = nn.Linear(64, 10)

    def forward(self, photo, caption):
        _, (last, _) = self.lstm(self.table(caption))
        return self.head(torch.cat([self.photo(photo), last[0]], 1))


class Random:
    """`support/random.rs`, many numbers at a time: SplitMix64, counter-based."""

    def __init__(self, seed):
        self.counter = np.uint64(seed)

    def bits(self, count):
        counters = self.counter + np.arange(1, count + 1, dtype=np.uint64)
        self.counter += np.uint64(count)
        z = counters * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def fractions(bits):
    return ((bits >> np.uint64(40)).astype(np.float64) / (1 << 24)).astype(np.float32)


def below(bits, end):
    return (bits % np.uint64(end)).astype(np.int64)


def visits(rows):
    bits = Random(0).bits(2 * rows).reshape(rows, 2)
    squares = fractions(bits).astype(float) ** 2
    user, item = (squares * [100_000, 50_000]).astype(int).T
    rating = 3 + (user % 7) / 3 - 1 + (item % 5) / 2 - 1
    return [user, item], rating.astype(np.float32)


def posts(rows):
    pixels = 3 * 32 * 32
    bits = Random(0).bits(rows * (1 + pixels + 90)).reshape(rows, -1)
    topic = below(bits[:, 0], 10)
    photo = fractions(bits[:, 1 : 1 + pixels]).reshape(rows, 3, 32, 32)
    lines = np.arange(32) // 3 == topic[:, None]
    photo += np.where(lines, np.float32(0.25), np.float32(0))[:, None, :, None]
    words = bits[:, 1 + pixels :].reshape(rows, 30, 3)
    own = below(words[:, :, 0], 4) == 0
    of_topic = np.where(own, topic[:, None], below(words[:, :, 2], 10))
    return [photo, of_topic * 500 + below(words[:, :, 1], 500)], topic


# The model, its rows, how many, and how many in a batch of all ranks.
WORK = {
    "two_towers": (Visit, visits, 25_600, 256, nn.MSELoss()),
    "image_text": (Post, posts, 2_560, 64, nn.CrossEntropyLoss()),
}


def initialize(model):
    """As `multi-input` and Keras do it, so that both sides learn alike."""
    for module in model.modules():
        if isinstance(module, nn.Embedding):
            nn.init.uniform_(module.weight, -0.05, 0.05)
        elif isinstance(module, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LSTM):
            nn.init.xavier_uniform_(module.weight_ih_l0)
            nn.init.orthogonal_(module.weight_hh_l0)
            nn.init.zeros_(module.bias_ih_l0)
            nn.init.zeros_(module.bias_hh_l0)
            nn.init.ones_(module.bias_ih_l0[32:64])


def optimizers(model, sparse):
    if not sparse:
        return [torch.optim.Adam(model.parameters(), RATE, fused=True)]
    tables = [module.weight for module in model.modules() if isinstance(module, nn.Embedding)]
    others = [p for p in model.parameters() if not any(p is table for table in tables)]
    return [torch.optim.SparseAdam(tables, RATE), torch.optim.Adam(others, RATE, fused=True)]


def loopback_bytes():
    """What this machine has sent to itself."""
    for line in open("/proc/net/dev"):
        if line.strip().startswith("lo:"):
            return int(line.split(":")[1].split()[8])


def main():
    name, variant, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(1)  # One core for each rank.
    dist.init_process_group("gloo")
    rank, ranks = dist.get_rank(), dist.get_world_size()
    kind, make, rows, batch, loss_of = WORK[name]
    x, y = make(rows)
    x, y = [torch.from_numpy(x) for x in x], torch.from_numpy(y)

    torch.manual_seed(1)
    model = kind(variant == "sparse")
    initialize(model)
    model = DistributedDataParallel(model, gradient_as_bucket_view=True, static_graph=True)
    steppers = optimizers(model, variant == "sparse")
    order = torch.Generator().manual_seed(0)  # The same on all ranks.

    def epoch():
        total = torch.zeros(())
        for numbers in torch.randperm(rows, generator=order).split(batch):
            own = numbers[rank::ranks]
            for stepper in steppers:
                stepper.zero_grad(set_to_none=True)
            loss = loss_of(model(*[x[own] for x in x]), y[own])
            loss.backward()
            for stepper in steppers:
                stepper.step()
            total += loss.detach() * len(own)
        dist.all_reduce(total)
        return total.item() / rows

    losses, times, steps = [epoch()], [], -(-rows // batch)
    sent, busy = loopback_bytes(), time.process_time()
    for _ in range(epochs):
        begin = time.perf_counter()
        losses.append(epoch())
        times.append(time.perf_counter() - begin)
    busy = time.process_time() - busy
    figures = {
        "steps": f"{steps / statistics.median(times):.2f}",
        # What both ranks have sent.
        "loopback": f"{(loopback_bytes() - sent) / (epochs * steps) / ranks:.0f}",
        "processor_ms": f"{1e3 * busy / (epochs * steps):.4f}",
        "losses": ",".join(f"{loss:.5f}" for loss in losses),
    }
    if rank == 0:
        print("result:", *[f"{name}={figure}" for name, figure in figures.items()], flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    main()
