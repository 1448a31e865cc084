# Nine classes, and a head of ten.
import keras
import numpy as np

print("stage: build")
numbers = keras.Input((10,))
model = keras.Model(numbers, keras.layers.Dense(10, activation="softmax")(numbers))
model.compile("adam", "sparse_categorical_crossentropy")
print("stage: first batch")
model.fit(np.ones((32, 10)), np.arange(32) % 9, verbose=0)
print("stage: end")
