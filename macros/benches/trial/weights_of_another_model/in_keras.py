# The weights of a model with another activation, all shapes being the same.
import os
import tempfile

import keras
import numpy as np


def house(activation):
    numbers = keras.Input((10,))
    hidden = keras.layers.Dense(32, activation=activation)(numbers)
    return keras.Model(numbers, keras.layers.Dense(1)(hidden))


print("stage: build")
trained, other = house("tanh"), house("relu")
print("stage: loading")
path = os.path.join(tempfile.mkdtemp(), "house.weights.h5")
trained.save_weights(path)
other.load_weights(path)
print("stage: prediction")
other.predict(np.ones((32, 10)), verbose=0)
print("stage: end")
