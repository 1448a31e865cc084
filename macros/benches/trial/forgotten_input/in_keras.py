# One of two inputs is not given.
import keras
import numpy as np

print("stage: build")
left, right = keras.Input((10,), name="left"), keras.Input((6,), name="right")
joined = keras.layers.Concatenate()([left, right])
model = keras.Model([left, right], keras.layers.Dense(1)(joined))
model.compile("adam", "mse")
print("stage: first batch")
model.fit({"left": np.ones((32, 10))}, np.ones((32, 1)), verbose=0)
print("stage: end")
