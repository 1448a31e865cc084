"""PyTorch, eager: its side of the comparison. `side.py` says what is asked and answered."""

import torch
import torch.nn as nn

import side


class Price(nn.Module):
    def __init__(self):
        super().__init__()
        self.numbers = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.category, self.head = nn.Embedding(100, 16), nn.Linear(48, 1)

    def forward(self, numbers, category):
        return self.head(torch.cat([self.numbers(numbers), self.category(category)], 1))


class Post(nn.Module):
    def __init__(self):
        super().__init__()
        self.image = nn.Sequential(nn.Conv2d(3, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
        self.words, self.lstm = nn.Embedding(10_000, 64), nn.LSTM(64, 32, batch_first=True)
        self.head = nn.Linear(30_752 + 32, 10)

    def forward(self, image, text):
        _, (last, _) = self.lstm(self.words(text))
        return self.head(torch.cat([self.image(image), last[0]], 1))


class Progression(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.head = nn.Linear(15, 32), nn.Linear(32, 1)

    def forward(self, vitals, serum, present):
        return self.head(torch.relu(self.hidden(torch.cat([vitals, serum * present], 1))))


class Tower(nn.Module):
    def __init__(self, categories):
        super().__init__()
        self.identity = nn.Embedding(categories, 32)
        self.layers = nn.Sequential(nn.Linear(40, 32), nn.ReLU(), nn.Linear(32, 32))

    def forward(self, identity, features):
        return self.layers(torch.cat([self.identity(identity), features], 1))


class Visit(nn.Module):
    def __init__(self):
        super().__init__()
        self.user, self.item = Tower(100_000), Tower(20_000)

    def forward(self, user, about_user, item, about_item):
        towers = self.user(user, about_user) * self.item(item, about_item)
        return towers.sum(1, keepdim=True)


def data(which, rows):
    random = torch.Generator().manual_seed(0)
    numbers = lambda *shape: torch.randn(rows, *shape, generator=random)
    indices = lambda below, *shape: torch.randint(0, below, (rows, *shape), generator=random)
    if which == 1:
        return Price(), [numbers(10), indices(100)], numbers(1), nn.MSELoss()
    if which == 2:
        x = [numbers(3, 64, 64), indices(10_000, 100)]
        return Post(), x, indices(10), nn.CrossEntropyLoss()
    if which == 4:
        x = [indices(100_000), numbers(8), indices(20_000), numbers(8)]
        return Visit(), x, numbers(1), nn.MSELoss()
    x = [numbers(10), numbers(5), indices(2, 1).float()]
    return Progression(), x, numbers(1), nn.MSELoss()


class Torch:
    def build(self, which, rows):
        torch.manual_seed(0)
        self.model, self.x, self.y, self.loss = data(which, rows)
        self.optimizer = torch.optim.Adam(self.model.parameters(), fused=True)

    def step(self, rows):
        self.optimizer.zero_grad()
        self.loss(self.model(*[x[rows] for x in self.x]), self.y[rows]).backward()
        self.optimizer.step()

    def fit(self, batch, epochs):
        self.model.train()
        for _ in range(epochs):
            for rows in torch.randperm(len(self.y)).split(batch):
                self.step(rows)

    def first_step(self, batch):
        self.step(torch.arange(batch))

    @torch.inference_mode()
    def predict_one(self):
        self.model.eval()
        self.model(*[x[:1] for x in self.x])

    def data_bytes(self):
        return sum(x.nbytes for x in self.x) + self.y.nbytes


side.serve(f"torch {torch.__version__} eager, {torch.get_num_threads()} threads", Torch)
