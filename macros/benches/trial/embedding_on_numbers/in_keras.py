# An embedding of measurements instead of categories.
import keras
import numpy as np

print("stage: build")
numbers = keras.Input((10,), dtype="float32")
vectors = keras.layers.Flatten()(keras.layers.Embedding(100, 16)(numbers))
model = keras.Model(numbers, keras.layers.Dense(1)(vectors))
model.compile("adam", "mse")
print("stage: first batch")
model.fit(np.full((32, 10), 0.5), np.ones((32, 1)), verbose=0)
print("stage: end")
