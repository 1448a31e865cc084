# Two inputs of equal shape in each other's place. (Passed by name they could not be.)
import keras
import numpy as np

print("stage: build")
before, after = keras.Input((10,)), keras.Input((10,))
change = keras.layers.Subtract()([after, before])
model = keras.Model([before, after], keras.layers.Dense(1)(change))
model.compile("adam", "mse")
print("stage: first batch")
value_before, value_after = np.zeros((32, 10)), np.ones((32, 10))
model.fit([value_after, value_before], np.ones((32, 1)), verbose=0)
print("stage: end")
