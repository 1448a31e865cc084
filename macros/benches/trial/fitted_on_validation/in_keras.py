# Means and deviations are taken over all rows, those for validation included.
import keras
import numpy as np

print("stage: build")
rows = np.random.default_rng(7).normal(size=(40, 10))
numbers = keras.Input((10,))
normalization = keras.layers.Normalization()
normalization.adapt(rows)
model = keras.Model(numbers, keras.layers.Dense(1)(normalization(numbers)))
model.compile("adam", "mse")
print("stage: first batch")
model.fit(rows, np.ones((40, 1)), validation_split=0.2, verbose=0)
print("stage: end")
