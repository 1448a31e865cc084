"""Keras on TensorFlow: its side of the comparison. `side.py` says what is asked and answered."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from keras import layers as L

import side


def price(rng, rows):
    numbers, category = L.Input((10,)), L.Input((1,))
    x = L.Dense(32, activation="relu")(L.Dense(64, activation="relu")(numbers))
    e = L.Flatten()(L.Embedding(100, 16)(category))
    model = keras.Model([numbers, category], L.Dense(1)(L.concatenate([x, e])))
    model.compile("adam", "mse", metrics=["mae"])
    x = [rng.standard_normal((rows, 10), "f4"), rng.integers(0, 100, (rows, 1)).astype("i4")]
    return model, x, rng.standard_normal((rows, 1), "f4")


def post(rng, rows):
    image, text = L.Input((64, 64, 3)), L.Input((100,))
    x = L.Flatten()(L.MaxPooling2D(2)(L.Conv2D(32, 3, activation="relu")(image)))
    y = L.LSTM(32)(L.Embedding(10_000, 64)(text))
    head = L.Dense(10, activation="softmax")(L.concatenate([x, y]))
    model = keras.Model([image, text], head)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = [
        rng.standard_normal((rows, 64, 64, 3), "f4"),
        rng.integers(0, 10_000, (rows, 100)).astype("i4"),
    ]
    return model, x, rng.integers(0, 10, rows).astype("i4")


def progression(rng, rows):
    vitals, serum, present = L.Input((10,)), L.Input((5,)), L.Input((1,))
    x = L.concatenate([vitals, L.Multiply()([serum, present])])
    model = keras.Model([vitals, serum, present], L.Dense(1)(L.Dense(32, activation="relu")(x)))
    model.compile("adam", "mse", metrics=["mae"])
    present = rng.integers(0, 2, (rows, 1)).astype("f4")
    x = [rng.standard_normal((rows, 10), "f4"), rng.standard_normal((rows, 5), "f4"), present]
    return model, x, rng.standard_normal((rows, 1), "f4")


def visit(rng, rows):
    def tower(categories):
        identity, features = L.Input((1,)), L.Input((8,))
        x = L.concatenate([L.Flatten()(L.Embedding(categories, 32)(identity)), features])
        return identity, features, L.Dense(32)(L.Dense(32, activation="relu")(x))

    user, about_user, user_tower = tower(100_000)
    item, about_item, item_tower = tower(20_000)
    inputs = [user, about_user, item, about_item]
    model = keras.Model(inputs, L.Dot(1)([user_tower, item_tower]))
    model.compile("adam", "mse", metrics=["mae"])
    x = [
        rng.integers(0, 100_000, (rows, 1)).astype("i4"),
        rng.standard_normal((rows, 8), "f4"),
        rng.integers(0, 20_000, (rows, 1)).astype("i4"),
        rng.standard_normal((rows, 8), "f4"),
    ]
    return model, x, rng.standard_normal((rows, 1), "f4")


MODELS = {1: price, 2: post, 3: progression, 4: visit}


class Keras:
    def build(self, which, rows):
        self.model, self.x, self.y = MODELS[which](np.random.default_rng(0), rows)

    def fit(self, batch, epochs):
        self.model.fit(self.x, self.y, batch_size=batch, epochs=epochs, verbose=0)

    def first_step(self, batch):
        self.model.train_on_batch([x[:batch] for x in self.x], self.y[:batch])

    def predict_one(self):
        self.model.predict_on_batch([x[:1] for x in self.x])

    def data_bytes(self):
        return sum(x.nbytes for x in self.x) + self.y.nbytes


threads = len(os.sched_getaffinity(0))
side.serve(f"keras {keras.__version__} on tensorflow {tf.__version__}, {threads} threads", Keras)
