# Two sequences of 12 steps, joined along the steps instead of the features.
import keras
import numpy as np

print("stage: build")
left, right = keras.Input((12, 8)), keras.Input((12, 4))
both = keras.layers.Concatenate(axis=1)([left, right])
model = keras.Model([left, right], keras.layers.Dense(1)(keras.layers.Flatten()(both)))
model.compile("adam", "mse")
print("stage: first batch")
model.fit([np.ones((32, 12, 8)), np.ones((32, 12, 4))], np.ones((32, 1)), verbose=0)
print("stage: end")
