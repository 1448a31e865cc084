"""The three models of the article that the crate was made for, with random rows."""

from models import Field, Model

NUMBERS = """    #[input]
    #[branch(Dense(64, relu), Dense(32, relu))]
    numbers: [f32; 10],
    #[input]
    #[branch(Embedding(100, 16), Flatten)]
    category: u32,
    #[merge(concat(numbers, category))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    output: f32,
"""

IMAGE_AND_TEXT = """    #[input]
    #[branch(Conv2D(32, 3, relu), MaxPool2D(2), Flatten)]
    #[serde(skip_serializing)]
    image: [[[f32; 64]; 64]; 3],
    #[input]
    #[branch(Embedding(10_000, 64), LSTM(32))]
    #[serde(skip_serializing)]
    text: [u32; 100],
    #[merge(concat(image, text))]
    #[branch(Dense(10, softmax))]
    #[output(loss = cross_entropy)]
    output: Class<10>,
"""

MISSING = """    #[input]
    vitals: [f32; 10],
    #[input(missing = zeros)]
    optional: Option<[f32; 5]>,
    #[merge(concat(vitals, optional, present(optional)))]
    #[branch(Dense(32, relu), Dense(1))]
    #[output(loss = mse)]
    output: f32,
"""


def models(chooser):
    numbers = lambda count: lambda new: [chooser.number(-2, 2) for _ in range(count)]
    target = Field("output", lambda: chooser.number(-2, 2))
    image = lambda new: [[[round(chooser.random.random(), 2) for _ in range(64)] for _ in range(64)] for _ in range(3)]
    return [
        article("Article1", NUMBERS, [Field("numbers", numbers(10)), Field("category", lambda new: chooser.size(0, 99))], target),
        article(
            "Article2",
            IMAGE_AND_TEXT,
            [Field("image", image), Field("text", lambda new: [chooser.size(0, 9999) for _ in range(100)])],
            Field("output", lambda: chooser.size(0, 9)),
        ),
        article("Article3", MISSING, [Field("vitals", numbers(10)), Field("optional", numbers(5), True)], target),
    ]


def article(name, text, inputs, target):
    return Model(name, "f32", [text], inputs, [target])
