# The sum of a branch of 32 numbers and one of 16.
import keras
import numpy as np

print("stage: build")
left, right = keras.Input((10,)), keras.Input((6,))
total = keras.layers.Add()([keras.layers.Dense(32)(left), keras.layers.Dense(16)(right)])
model = keras.Model([left, right], keras.layers.Dense(1)(total))
model.compile("adam", "mse")
print("stage: first batch")
model.fit([np.ones((32, 10)), np.ones((32, 6))], np.ones((32, 1)), verbose=0)
print("stage: end")
