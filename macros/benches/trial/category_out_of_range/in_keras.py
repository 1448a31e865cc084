# The category 100, where the embedding has 0 to 99.
import keras
import numpy as np

print("stage: build")
district = keras.Input((), dtype="int32")
model = keras.Model(district, keras.layers.Dense(1)(keras.layers.Embedding(100, 16)(district)))
model.compile("adam", "mse")
print("stage: first such batch")
rows = np.zeros(32, "int32")
rows[5] = 100
model.fit(rows, np.ones((32, 1)), verbose=0)
print("stage: end")
