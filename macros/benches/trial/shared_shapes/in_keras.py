# One branch for two inputs of different widths.
import keras
import numpy as np

print("stage: build")
query, title = keras.Input((10,)), keras.Input((6,))
tower = keras.layers.Dense(8)
same = keras.layers.Dot(axes=1)([tower(query), tower(title)])
model = keras.Model([query, title], same)
model.compile("adam", "mse")
print("stage: first batch")
model.fit([np.ones((32, 10)), np.ones((32, 6))], np.ones((32, 1)), verbose=0)
print("stage: end")
