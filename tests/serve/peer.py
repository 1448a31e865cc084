"""The same model behind FastAPI and onnxruntime, for the comparison of `serve.py`.

It takes one row or a list of rows, as the server of the example does; the inputs are those of an exported `Diabetes`.
"""
import os

import numpy
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
# 0 is the default of onnxruntime: a thread for each core.
options.intra_op_num_threads = int(os.environ.get("THREADS", "1"))
session = onnxruntime.InferenceSession(os.environ["ONNX"], options, providers=["CPUExecutionProvider"])
outputs = [output.name for output in session.get_outputs()]
app = FastAPI()


class Row(BaseModel):
    age: float
    bmi: float
    bp: float
    sex: int
    s1: float | None = None
    s2: float | None = None
    s3: float | None = None
    s4: float | None = None
    s5: float | None = None
    s6: float | None = None


class Distribution(BaseModel):
    mean: float
    std: float


class Prediction(BaseModel):
    progression: Distribution


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/predict")
def predict(body: Row | list[Row]) -> Prediction | list[Prediction]:
    """In a thread of FastAPI's pool, as its documentation recommends for work that blocks."""
    return answer(body)


@app.post("/async/predict")
async def predict_at_once(body: Row | list[Row]) -> Prediction | list[Prediction]:
    """Without the way to a thread, which is shorter for a small model."""
    return answer(body)


def answer(body):
    rows = body if isinstance(body, list) else [body]
    serum = [[row.s1, row.s2, row.s3, row.s4, row.s5, row.s6] for row in rows]
    present = [row.s1 is not None for row in rows]
    inputs = {
        "vitals": numpy.array([[row.age, row.bmi, row.bp] for row in rows], numpy.float32),
        "sex": numpy.array([row.sex for row in rows], numpy.int64),
        "serum": numpy.array([[value or 0.0 for value in values] for values in serum], numpy.float32),
        "serum.present": numpy.array(present)[:, None],
    }
    # The exported shapes decide between [batch] and [batch, 1].
    for declared in session.get_inputs():
        inputs[declared.name] = inputs[declared.name].reshape([len(rows)] + list(declared.shape[1:]))
    numbers = numpy.concatenate([part.reshape(len(rows), -1) for part in session.run(outputs, inputs)], axis=1)
    predictions = [Prediction(progression=Distribution(mean=mean, std=std)) for mean, std in numbers[:, :2].tolist()]
    return predictions if isinstance(body, list) else predictions[0]
