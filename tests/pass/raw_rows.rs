//! Texts, pictures and labels, also where sizes are constants and values may be absent.

use multi_input::prelude::*;

const WORDS: usize = 50;
const LENGTH: usize = 6;
const SIDE: usize = 5;

mod sizes {
    pub const CHANNELS: usize = 3;
    pub const TOPICS: usize = 4;
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Post {
    #[input(resize(SIDE, SIDE + 1), rescale(1.0 / 255.0, offset = -0.5))]
    #[branch(Conv2D(4, 3, relu), Flatten)]
    photo: Image<{ sizes::CHANNELS }>,

    #[input(resize(4, 4, interpolation = nearest), missing = learned)]
    #[branch(Flatten)]
    drawing: Option<Image<1>>,

    #[input(words(WORDS, LENGTH, padding = after, lowercase = false, punctuation = keep, ngrams = 2))]
    #[branch(Embedding(WORDS, 4), LSTM(3))]
    caption: std::string::String,

    #[input(words(vocabulary = 20, length = 3), missing = zeros)]
    #[branch(Embedding(30, 2), Flatten)]
    comment: Option<String>,

    #[merge(concat(photo, drawing, caption, comment, present(comment)))]
    #[branch(Dense(sizes::TOPICS, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy), categories)]
    topic: Class<{ sizes::TOPICS }>,
}

#[test]
fn compiles_and_runs() -> multi_input::Result<()> {
    let photo = |shade| Image::new(2, 3, vec![shade; 18]).unwrap();
    let row = |row: usize| PostSample {
        photo: photo(row as u8),
        drawing: row.is_multiple_of(2).then(|| Image::new(1, 1, vec![7]).unwrap()),
        caption: "Two words".to_owned(),
        comment: None,
        topic: ["art", "sport"][row % 2].to_owned(),
    };
    let rows: Vec<PostSample> = (0..8).map(row).collect();
    let mut model = Post::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(1e-2)).fit(&mut model, &rows)?;
    let predicted: Vec<PostOutputs> = model.predict(&[rows[0].clone().into()])?;
    let topic: &LabelProbabilities<4> = &predicted[0].topic;
    assert!(["art", "sport"].contains(&topic.most_likely()));
    Ok(())
}
