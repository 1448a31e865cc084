# A step function cuts the gradient off: the branch before it never learns.
import keras
import numpy as np

print("stage: build")
numbers = keras.Input((10,))
hidden = keras.layers.Dense(16)(numbers)
steps = keras.ops.cast(keras.ops.greater(hidden, 0.0), "float32")
model = keras.Model(numbers, keras.layers.Dense(1)(steps))
model.compile("adam", "mse")
print("stage: first batch")
model.fit(np.ones((32, 10)), np.ones((32, 1)), verbose=0)
print("stage: end")
