# A branch that was to be merged, and was forgotten.
import keras
import numpy as np

print("stage: build")
left, right = keras.Input((10,)), keras.Input((6,))
one = keras.layers.Dense(32)(left)
other = keras.layers.Dense(32)(right)
model = keras.Model([left, right], keras.layers.Dense(1)(one))
model.compile("adam", "mse")
print("stage: first batch")
model.fit([np.ones((32, 10)), np.ones((32, 6))], np.ones((32, 1)), verbose=0)
print("stage: end")
