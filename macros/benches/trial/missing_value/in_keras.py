# A value that may be absent, and nothing says what stands in for it.
import keras
import numpy as np

print("stage: build")
serum = keras.Input((6,))
model = keras.Model(serum, keras.layers.Dense(1)(serum))
model.compile("adam", "mse")
print("stage: first batch")
rows = np.ones((32, 6))
rows[5] = np.nan
model.fit(rows, np.ones((32, 1)), verbose=0)
print("stage: end")
