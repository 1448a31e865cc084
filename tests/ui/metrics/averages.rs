//! Averages that there are not, and classes that there are not.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Post {
    #[input]
    words: [f32; 10],
    #[from(words)]
    #[branch(Dense(3))]
    #[output(
        loss = cross_entropy,
        metrics(f1(average = samples), precision(average = binary), recall(macro(2)), f1(binary(3)))
    )]
    topic: Class<3>,
    #[from(words)]
    #[branch(Dense(3))]
    #[output(
        loss = cross_entropy,
        metrics(
            f1(average = binary("sports")),
            auc(multi_class = ovo, average = micro),
            auc(multi_class = ova),
            accuracy(average = macro),
            fbeta(beta = 0.0)
        )
    )]
    tone: Class<3>,
    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy, metrics(auc(multi_class = ovo), f1(binary("yes"))))]
    read: bool,
    #[from(words)]
    #[branch(Dense(2))]
    #[output(loss = binary_cross_entropy, metrics(f1(binary("was"))), columns("war", "love"))]
    themes: [bool; 2],
    #[from(words)]
    #[branch(Dense(2))]
    #[output(loss = binary_cross_entropy, metrics(f1(binary("war")), f1(average = micro), f1(micro)))]
    tags: [bool; 2],
}

fn main() {}
