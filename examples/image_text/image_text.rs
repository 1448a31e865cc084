//! A picture and some words: to which of nine groups does an emoji belong?
//!
//! ```sh
//! cargo run --release --example image_text
//! cargo run --release --example image_text -- my_pictures/captions.csv --seeds 3
//! ```
//!
//! Over five seeds, a fifth of the emoji is held out, and the model of both inputs is compared with
//! those of the picture alone and of the words alone. The architecture is the one of the article.
//!
//! A file of your own is a CSV with the columns `picture` (a PNG or JPEG file, from the CSV's
//! folder), `words` and `group` (one of at most nine labels, whatever they are called).

#[path = "../support/arguments.rs"]
mod arguments;
mod confusion;
mod emoji;

use confusion::Confusion;
use multi_input::{definition::Network, prelude::*};

/// Tells the group from the picture and the words.
#[multi_input_model]
#[derive(Clone)]
pub struct Emoji {
    /// Of any size.
    #[input(resize(64, 64), rescale(1.0 / 255.0))]
    #[branch(Conv2D(32, 3, relu), MaxPool2D(2), Flatten)]
    picture: Image<3>,

    /// The name.
    #[input(words(vocabulary = 2000, length = 16))]
    #[branch(Embedding(2000, 64), LSTM(32))]
    words: String,

    #[merge(concat(picture, words))]
    #[branch(Dense(9, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy), categories)]
    group: Class<9>,
}

/// Tells the group from the picture alone.
#[multi_input_model]
pub struct Picture {
    #[input(resize(64, 64), rescale(1.0 / 255.0))]
    #[branch(Conv2D(32, 3, relu), MaxPool2D(2), Flatten)]
    picture: Image<3>,

    #[from(picture)]
    #[branch(Dense(9, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy), categories)]
    group: Class<9>,
}

/// Tells the group from the words alone.
#[multi_input_model]
pub struct Words {
    #[input(words(vocabulary = 2000, length = 16))]
    #[branch(Embedding(2000, 64), LSTM(32))]
    words: String,

    #[from(words)]
    #[branch(Dense(9, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy), categories)]
    group: Class<9>,
}

fn main() -> multi_input::Result<()> {
    let arguments = arguments::read(5);
    let rows = match &arguments.file {
        Some(file) => read_csv(file)?,
        None => emoji_rows(),
    };
    println!("{}\n{} rows", Emoji::summary(), rows.len());

    let mut confusion = Confusion::default();
    let [mut both, mut picture, mut words] = [0.0; 3];
    for seed in (0..arguments.seeds).map(Seed) {
        let (train, test) = rows.clone().split(0.8, seed);
        let (model, accuracy_both) = fit::<Emoji>(&train, &test, seed)?;
        let (_, accuracy_picture) =
            fit::<Picture>(&only_picture(&train), &only_picture(&test), seed)?;
        let (_, accuracy_words) = fit::<Words>(&only_words(&train), &only_words(&test), seed)?;
        println!(
            "seed {}: accuracy of both {accuracy_both:.3}, of the picture {accuracy_picture:.3}, \
             of the words {accuracy_words:.3}",
            seed.0
        );
        both += accuracy_both;
        picture += accuracy_picture;
        words += accuracy_words;
        for (row, predicted) in test.iter().zip(model.predict(&inputs(&test))?) {
            confusion.count(&row.group, predicted.group.most_likely());
        }
    }
    println!("\nactual groups downwards, predicted ones across, over all seeds:\n{confusion}\n");
    let seeds = arguments.seeds as f64;
    println!(
        "result: accuracy_both={:.4} accuracy_picture={:.4} accuracy_words={:.4}",
        both / seeds,
        picture / seeds,
        words / seeds
    );
    Ok(())
}

/// A model trained on some rows, and its accuracy on others.
fn fit<M: Network<f32, Cpu>>(
    train: &[M::Sample],
    test: &[M::Sample],
    seed: Seed,
) -> multi_input::Result<(Model<M>, f64)> {
    let mut model = Model::<M>::build(&Cpu::default(), seed);
    Trainer::new(Adam::new(1e-3)).epochs(10).batch_size(32).seed(seed).fit(&mut model, train)?;
    let accuracy = model.evaluate(test)?.get("accuracy").unwrap_or(f64::NAN);
    Ok((model, accuracy))
}

/// The emoji as rows of the model.
fn emoji_rows() -> Vec<EmojiSample> {
    let row = |emoji: emoji::Emoji| EmojiSample {
        picture: emoji.picture,
        words: emoji.name.to_owned(),
        group: emoji.group.to_owned(),
    };
    emoji::all().map(row).collect()
}

fn inputs(rows: &[EmojiSample]) -> Vec<EmojiInputs> {
    let row = |row: EmojiSample| EmojiInputs { picture: row.picture, words: row.words };
    rows.iter().cloned().map(row).collect()
}

fn only_picture(rows: &[EmojiSample]) -> Vec<PictureSample> {
    let row = |row: EmojiSample| PictureSample { picture: row.picture, group: row.group };
    rows.iter().cloned().map(row).collect()
}

fn only_words(rows: &[EmojiSample]) -> Vec<WordsSample> {
    let row = |row: EmojiSample| WordsSample { words: row.words, group: row.group };
    rows.iter().cloned().map(row).collect()
}
