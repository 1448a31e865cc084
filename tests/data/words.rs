//! Texts in many scripts, and with markup, split into words.

use std::fs;

use multi_input::{
    data::{Csv, JsonLines, Source},
    prelude::*,
};

macro_rules! model {
    ($name:ident, $($options:tt)*) => {
        #[multi_input_model(allow(linear_stack))]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            #[input(words(vocabulary = 40, length = 8, padding = after, $($options)*))]
            #[branch(Embedding(40, 4), Flatten)]
            text: String,
            #[from(text)]
            #[branch(Dense(1))]
            #[output(loss = mse)]
            y: f32,
        }
    };
}

model!(Plain, lowercase = true);
model!(Worded, split = unicode, markup = strip);
model!(Lettered, split = character, markup = strip);
model!(Paired, split = unicode, punctuation = keep, ngrams = 2);

const TEXTS: [&str; 4] =
    ["<p>东京 caf&eacute;</p>", "Don't<br/>stop, CAFÉ!", "東京タワー 👍", "stop stop stop"];

/// The entries of the fitted vocabulary, by frequency and then in order.
macro_rules! entries {
    ($model:expr) => {{
        let learned = $model.preprocessing().unwrap().learned("text", "words").unwrap();
        serde_json::from_value::<Vec<String>>(learned["entries"].clone()).unwrap()
    }};
}

macro_rules! fitted {
    ($name:ident, $sample:ident) => {{
        let rows: Vec<$sample> =
            TEXTS.into_iter().map(|text| $sample { text: text.to_owned(), y: 1.0 }).collect();
        let mut model = $name::build(&Cpu::default(), Seed(1));
        let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
        trainer.fit(&mut model, &rows).unwrap();
        model
    }};
}

#[test]
fn each_rule_finds_its_words() {
    let worded = fitted!(Worded, WordedSample);
    let expected =
        ["stop", "京", "café", "👍", "東", "东", "ー", "ワ", "タ", "don't"].map(str::to_owned);
    assert_eq!(entries!(worded), expected);
    // Keras's rule is the default.
    let plain = entries!(fitted!(Plain, PlainSample));
    for word in ["p东京", "cafeacutep", "dontbrstop", "東京タワー", "👍"] {
        assert!(plain.iter().any(|entry| entry == word), "{word}: {plain:?}");
    }
    let lettered = entries!(fitted!(Lettered, LetteredSample));
    assert!(lettered.iter().all(|entry| entry.chars().count() == 1), "{lettered:?}");
    assert_eq!(&lettered[..2], [" ", "t"].map(str::to_owned).as_slice());
    let paired = entries!(fitted!(Paired, PairedSample));
    for word in ["don't", "<", "東", "東 京", "> stop", "stop stop"] {
        assert!(paired.iter().any(|entry| entry == word), "{word}: {paired:?}");
    }
}

#[test]
fn the_rule_is_part_of_a_saved_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("words.safetensors");
    let model = fitted!(Worded, WordedSample);
    model.save(&path).unwrap();
    let loaded = Model::<Worded>::load(&path, &Cpu::default()).unwrap();
    let row = [WordedInputs { text: "東 <i>stop</i>".to_owned() }];
    assert_eq!(loaded.predict(&row).unwrap(), model.predict(&row).unwrap());
    let error = Model::<Plain>::load(&path, &Cpu::default()).unwrap_err().to_string();
    assert!(error.contains("split = unicode, markup = strip"), "{error}");
}

#[test]
fn sources_and_rows_in_memory_agree() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, json) = (folder.path().join("t.csv"), folder.path().join("t.jsonl"));
    let quoted = TEXTS.map(|text| format!("\"{text}\",1\n"));
    fs::write(&csv, format!("text,y\n{}", quoted.concat())).unwrap();
    let lines = TEXTS.map(|text| serde_json::json!({ "text": text, "y": 1 }).to_string() + "\n");
    fs::write(&json, lines.concat()).unwrap();
    let in_memory = entries!(fitted!(Worded, WordedSample));
    let trainer = || Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    let mut of_csv = Worded::build(&Cpu::default(), Seed(1));
    trainer().fit_from(&mut of_csv, &Csv::new(&csv)).unwrap();
    let mut of_json = Worded::build(&Cpu::default(), Seed(1));
    trainer().fit_from(&mut of_json, &JsonLines::new(&json)).unwrap();
    assert_eq!((entries!(of_csv), entries!(of_json)), (in_memory.clone(), in_memory));
    let rows: Vec<WordedSample> = Csv::new(&csv).rows().unwrap().map(Result::unwrap).collect();
    assert_eq!(rows[0].text, TEXTS[0]);
}
