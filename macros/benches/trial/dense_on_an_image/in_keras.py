# A dense head on an image that was not flattened.
import keras
import numpy as np

print("stage: build")
photo = keras.Input((16, 16, 3))
model = keras.Model(photo, keras.layers.Dense(10, activation="softmax")(photo))
model.compile("adam", "sparse_categorical_crossentropy")
print("stage: first batch")
model.fit(np.ones((32, 16, 16, 3)), np.zeros(32, "int32"), verbose=0)
print("stage: end")
