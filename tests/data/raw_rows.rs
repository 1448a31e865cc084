//! From raw texts, pictures and labels to trained models and back, as a user does it.

use std::{collections::HashMap, fs, path::Path};

use multi_input::{
    data::{read_csv, read_csv_from, Table, Values},
    definition::Definition,
    prelude::*,
    preprocess::Preprocessing,
    Error,
};

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Post {
    #[input(resize(8, 8), rescale(1.0 / 255.0))]
    #[branch(Conv2D(4, 3, relu), MaxPool2D(2), Flatten)]
    photo: Image<3>,

    #[input(words(vocabulary = 30, length = 5))]
    #[branch(Embedding(30, 6), LSTM(8))]
    #[serde(rename = "text")]
    caption: String,

    #[merge(concat(photo, caption))]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy), categories)]
    topic: Class<3>,
}

/// A square of one colour.
fn square(side: usize, colour: [u8; 3]) -> Image<3> {
    Image::new(side, side, colour.repeat(side * side)).unwrap()
}

fn png(path: &Path, image: &Image<3>) {
    let file = fs::File::create(path).unwrap();
    let mut encoder = png::Encoder::new(file, image.width() as u32, image.height() as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&image.pixels()).unwrap();
}

const TOPICS: [(&str, [u8; 3], &str); 3] = [
    ("sky", [0, 0, 255], "so blue"),
    ("grass", [0, 255, 0], "very green"),
    ("7", [255, 0, 0], "red"),
];

/// Pictures of several sizes and a CSV beside them, which speaks of them.
fn folder(rows: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("photos")).unwrap();
    let mut csv = "id,topic,text,photo\n".to_owned();
    for row in 0..rows {
        let (topic, colour, words) = TOPICS[row % 3];
        let photo = format!("photos/{row}.png");
        png(&folder.path().join(&photo), &square(5 + row % 7, colour));
        csv.push_str(&format!("{row},{topic},\"It is {words}, number {row}!\",{photo}\n"));
    }
    fs::write(folder.path().join("posts.csv"), csv).unwrap();
    folder
}

fn trained(rows: &[PostSample]) -> Model<Post> {
    let mut model = Post::build(&Cpu::default(), Seed(3));
    let trainer = Trainer::new(Adam::new(2e-2)).epochs(15).batch_size(8).seed(Seed(3));
    trainer.fit(&mut model, rows).unwrap();
    model
}

#[test]
fn a_table_of_texts_pictures_and_labels_trains_and_is_served_raw() {
    let folder = folder(48);
    let rows: Vec<PostSample> = read_csv(folder.path().join("posts.csv")).unwrap();
    assert_eq!(rows[2].topic, "7", "a label is the text that stands there");
    assert_eq!((rows[2].photo.height(), rows[2].photo.width()), (7, 7));
    let model = trained(&rows);
    let evaluation = model.evaluate(&rows).unwrap();
    assert_eq!(evaluation.get("accuracy"), Some(1.0), "{evaluation}");
    let labels = model.preprocessing().unwrap().labels_of("topic").unwrap();
    assert_eq!(labels.names(), ["7", "grass", "sky"], "sorted, whatever came first");

    let path = folder.path().join("post.safetensors");
    model.save(&path).unwrap();
    let loaded = Model::<Post>::load(&path, &Cpu::default()).unwrap();
    let inputs: Vec<PostInputs> = read_csv(folder.path().join("posts.csv")).unwrap();
    let (before, after) = (model.predict(&inputs).unwrap(), loaded.predict(&inputs).unwrap());
    for ((row, before), after) in rows.iter().zip(&before).zip(&after) {
        assert_eq!(before.topic, after.topic, "the same bits");
        assert_eq!(after.topic.most_likely(), row.topic);
    }
    let unseen =
        PostInputs { photo: square(300, [0, 0, 250]), caption: "Never so blue".to_owned() };
    let topic = &loaded.predict(&[unseen]).unwrap()[0].topic;
    assert!(topic.probability("sky").unwrap() > 0.5, "{topic:?}");
    assert_eq!(topic.probability("sea"), None);
}

#[test]
fn what_is_learned_comes_from_the_training_rows_alone() {
    let folder = folder(48);
    let rows: Vec<PostSample> = read_csv(folder.path().join("posts.csv")).unwrap();
    let fitted = |rows: &[PostSample]| {
        let mut model = Post::build(&Cpu::default(), Seed(3));
        let trainer = Trainer::new(Adam::new(1e-3)).validation_split(0.25);
        trainer.fit(&mut model, rows).unwrap();
        model.preprocessing().unwrap().clone()
    };
    let before = fitted(&rows);
    let mut changed = rows.clone();
    for row in &mut changed[36..] {
        row.caption = "other words altogether".to_owned();
        row.photo = square(2, [1, 2, 3]);
        row.topic = "sky".to_owned();
    }
    assert_eq!(before, fitted(&changed));
    let vocabulary = before.learned("caption", "words").unwrap();
    assert!(vocabulary["entries"].as_array().unwrap().iter().all(|word| word != "other"));
}

#[test]
fn a_label_too_many_or_unknown_is_named_with_its_row() {
    let folder = folder(12);
    let rows: Vec<PostSample> = read_csv(folder.path().join("posts.csv")).unwrap();
    let mut more = rows.clone();
    more[7].topic = "sea".to_owned();
    let mut model = Post::build(&Cpu::default(), Seed(3));
    let error = Trainer::new(Adam::new(1e-3)).fit(&mut model, &more).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 7, field `topic`: expected one of the 3 labels of the rows before, as `Class<3>` \
         says: `7`, `grass`, `sky`, found another, `sea`"
    );
    let model = trained(&rows);
    let error = model.evaluate(&more).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 7, field `topic`: expected a label of the training rows: `7`, `grass`, `sky`, found \
         `sea`"
    );
}

#[test]
fn cells_that_are_no_picture_text_or_label_are_named() {
    let folder = folder(3);
    fs::write(folder.path().join("photos/broken.png"), b"\x89PNG\r\n").unwrap();
    let message = |line: &str| {
        let path = folder.path().join("bad.csv");
        fs::write(&path, format!("topic,text,photo\nsky,blue,photos/0.png\n{line}\n")).unwrap();
        let error = read_csv::<PostSample>(&path).unwrap_err().to_string();
        let place = format!("{}, line 3: ", path.display());
        error.strip_prefix(&place).unwrap_or_else(|| panic!("{error}")).to_owned()
    };
    let error = message("sky,blue,photos/none.png");
    assert!(
        error.starts_with("field `photo`, column `photo`: expected a PNG or JPEG file"),
        "{error}"
    );
    assert!(error.contains("photos/none.png`, which cannot be read"), "{error}");
    let error = message("sky,blue,photos/broken.png");
    assert!(error.contains("photos/broken.png`, which holds a damaged PNG file"), "{error}");
    assert!(message("sky,blue,bad.csv").contains("which holds something else"));
    assert_eq!(
        message("sky,blue,"),
        "field `photo`, column `photo`: expected the path or the bytes of an image file, found \
         nothing; write `Option<Image<3>>` where cells may be blank"
    );
    assert_eq!(
        message(",blue,photos/0.png"),
        "field `topic`, column `topic`: expected a text, found nothing; write `Option<Class<3>>` where \
         cells may be blank"
    );
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Review {
    #[input(words(vocabulary = 12, length = 3), missing = learned)]
    #[branch(Embedding(12, 4), Flatten)]
    title: Option<String>,

    #[input(resize(2, 2), rescale(1.0 / 255.0), missing = zeros)]
    #[branch(Flatten, Dense(3))]
    photo: Option<Image<1>>,

    #[merge(concat(title, photo, present(title)))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

#[test]
fn blank_texts_and_pictures_are_absent() {
    let table = "title,photo,stars\n007,,1\n,,2\nbad film,,3\n";
    let rows: Vec<ReviewSample> = read_csv_from(table.as_bytes(), "reviews").unwrap();
    assert_eq!(rows[0].title.as_deref(), Some("007"), "a text, not the number 7");
    assert_eq!((&rows[1].title, &rows[1].photo), (&None, &None));
    let mut model = Review::build(&Cpu::default(), Seed(0));
    Trainer::new(Adam::new(1e-2)).epochs(3).fit(&mut model, &rows).unwrap();
    assert!(model.evaluate(&rows).unwrap().loss().is_finite());

    // JSON says the same, and a picture may stand in it itself.
    let json = r#"{"title": "bad film", "photo": null, "stars": 3}"#;
    assert_eq!(serde_json::from_str::<ReviewSample>(json).unwrap().title, rows[2].title);
    let error =
        serde_json::from_str::<ReviewInputs>(r#"{"title": true, "photo": null}"#).unwrap_err();
    assert!(error.to_string().contains("expected a text"), "{error}");
}

#[test]
fn absent_rows_take_no_part_in_what_is_learned() {
    let row = |title: Option<&str>| ReviewSample {
        title: title.map(str::to_owned),
        photo: Some(Image::new(1, 1, vec![51]).unwrap()),
        stars: 1.0,
    };
    let rows = [row(Some("good good film")), row(None), row(Some("a film"))];
    let table = table::<Review>(&rows);
    let fitted = Preprocessing::fit(&Review::GRAPH, &table, &[0, 1, 2]).unwrap();
    let encoded = fitted.encode(&table, &[1, 2], 0).unwrap();
    // By count, and among equals the last in the alphabet first: good 2, film 3, a 4.
    assert_eq!(
        fitted.learned("title", "words").unwrap(),
        serde_json::json!({"entries": ["good", "film", "a"]})
    );
    assert_eq!(*encoded.columns[0].values, Values::Categories(vec![0, 0, 0, 0, 4, 3]));
    assert_eq!(encoded.columns[0].present, Some(vec![false, true]));
    assert_eq!(
        *encoded.columns[1].values,
        Values::Numbers(vec![51.0 * (1.0f64 / 255.0) as f32; 8])
    );
}

fn table<M: Definition>(rows: &[M::Sample]) -> Table {
    let mut table = Table::of_samples(&M::GRAPH);
    rows.iter().for_each(|row| table.push(|writer| M::write_sample(row, writer)).unwrap());
    table
}

#[multi_input_model]
pub struct Shade {
    #[input(resize(1, 1), rescale(1.0 / 255.0))]
    #[branch(Flatten)]
    photo: Image<1>,

    #[from(photo)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    brightness: f32,
}

#[test]
fn steps_that_learn_nothing_need_no_training() {
    let model = Shade::build(&Cpu::default(), Seed(0));
    let dark = ShadeInputs { photo: Image::new(2, 2, vec![0; 4]).unwrap() };
    assert_eq!(model.predict(&[dark]).unwrap()[0].brightness, 0.0);
    let model = Post::build(&Cpu::default(), Seed(0));
    let error = model.predict(&[]).unwrap_err();
    assert!(matches!(error, Error::Unfitted { .. }));
    let text = error.to_string();
    assert!(
        text.contains("input `caption` needs what `words(vocabulary = 30, length = 5)` learns"),
        "{text}"
    );
}

#[test]
fn a_model_with_other_steps_is_another_model() {
    let folder = folder(12);
    let rows: Vec<PostSample> = read_csv(folder.path().join("posts.csv")).unwrap();
    let path = folder.path().join("post.safetensors");
    trained(&rows).save(&path).unwrap();
    let forged = |change: &dyn Fn(&str) -> String| {
        let changed = folder.path().join("changed.safetensors");
        crate::support::forge::forge(&path, &changed, change);
        Model::<Post>::load(changed, &Cpu::default()).map(|_| ()).unwrap_err().to_string()
    };
    let error = forged(&|text| text.replace("length = 5", "length = 6"));
    assert!(error.contains("differs first in input `caption`"), "{error}");
    let error = forged(&|text| {
        text.replace(r#""is","blue""#, r#""is","is""#)
            .replace(r#""it","is""#, r#""is","is""#)
            .replace(r#""number","it""#, r#""it","it""#)
    });
    assert!(error.contains("its preprocessing: `caption`, `words`: its vocabulary"), "{error}");
    let error = forged(&|text| text.replace(r#"["7","grass","sky"]"#, r#"["sky","grass","7"]"#));
    assert!(error.contains("the labels of `topic` are out of order"), "{error}");
}

#[test]
fn rows_of_a_csv_map_may_come_from_anywhere() {
    // A row as a map of texts, as a web form sends it.
    let form: HashMap<&str, &str> = HashMap::from([("title", "x"), ("photo", "")]);
    let text = serde_json::to_string(&form).unwrap();
    let row: ReviewInputs = serde_json::from_str(&text).unwrap();
    assert_eq!((row.title.as_deref(), row.photo), (Some("x"), None));
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Trip {
    #[input(impute(median, indicator = true), standardize, columns("distance", "stops"))]
    measures: [f32; 2],

    #[input(calendar(year, weekday, hour_cycle), min_max)]
    start: NaiveDateTime,

    #[input(calendar(month_cycle), missing = zeros)]
    booked: Option<NaiveDate>,

    #[input(categories(6))]
    #[branch(Embedding(6, 3))]
    city: String,

    #[input(hashed(8), one_hot(8))]
    driver: u32,

    #[input(categories(10, minimum = 2), multi_hot(10), columns("tag1", "tag2"))]
    tags: [String; 2],

    #[input(log1p, clip(0.0, 3.0), bins(3))]
    #[branch(Embedding(3, 2))]
    weight: f32,

    #[merge(concat(measures, start, booked, city, driver, tags, weight))]
    #[branch(Dense(8, relu), Dense(1))]
    #[output(loss = mse, metrics(mae), log1p, min_max)]
    price: f32,
}

const TRIPS: &str = "\
distance,stops,start,booked,city,driver,tag1,tag2,weight,price
10.5,,2024-02-29T23:30:00,2024-01-01,Bern,7,fast,new,1,20
,3,2024-12-31 06:15,,Basel,42,fast,old,2.5,300
7,1,2023-07-01,2023-06-30,Bern,7,slow,new,0,15
NaN,2,2024-02-29T23:30:00,,007,9,slow,old,12,4000
";

/// A table of strings, dates, blanks and numbers trains with nothing but the annotated struct; the
/// answers from raw rows have the same bits after saving and loading.
#[test]
fn a_table_of_everything_trains_and_comes_back() {
    let rows: Vec<TripSample> = read_csv_from(TRIPS.as_bytes(), "trips").unwrap();
    assert!(rows[0].measures[1].is_nan() && rows[3].measures[0].is_nan());
    assert_eq!(rows[3].city, "007");
    assert_eq!(rows[2].start.to_string(), "2023-07-01 00:00:00");
    let mut model = Trip::build(&Cpu::default(), Seed(2));
    let trainer = Trainer::new(Adam::new(5e-2)).epochs(300).seed(Seed(2));
    trainer.fit(&mut model, &rows).unwrap();
    let inputs: Vec<TripInputs> = rows.iter().cloned().map(TripInputs::from).collect();
    let predicted = model.predict(&inputs).unwrap();
    for (row, predicted) in rows.iter().zip(&predicted) {
        // In francs, whatever the loss compares.
        let apart = (predicted.price / row.price).ln().abs();
        assert!(apart < 0.5, "{} for {}", predicted.price, row.price);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trip.safetensors");
    model.save(&path).unwrap();
    let loaded = Model::<Trip>::load(&path, &Cpu::default()).unwrap();
    for (before, after) in predicted.iter().zip(loaded.predict(&inputs).unwrap()) {
        assert_eq!(before.price.to_bits(), after.price.to_bits());
    }
}

/// Whatever the rows that validate hold, what was learned from the others stays.
#[test]
fn no_fitted_value_depends_on_validation_rows() {
    let rows: Vec<TripSample> = read_csv_from(TRIPS.as_bytes(), "trips").unwrap();
    let fitted = |rows: &[TripSample]| {
        let mut model = Trip::build(&Cpu::default(), Seed(2));
        let trainer = Trainer::new(Adam::new(1e-2)).validation_split(0.25);
        trainer.fit(&mut model, rows).unwrap();
        model.preprocessing().unwrap().clone()
    };
    let mut changed = rows.clone();
    changed[3] = TripSample {
        measures: [1e6, -1e6],
        start: "1900-01-01T00:00:00".parse().unwrap(),
        booked: None,
        city: "Chur".to_owned(),
        driver: 1,
        tags: ["x".to_owned(), "x".to_owned()],
        weight: 1e9,
        price: 1e9,
    };
    assert_eq!(fitted(&rows), fitted(&changed));
    changed[2].weight = 5.0;
    assert_ne!(fitted(&rows), fitted(&changed), "but on those that train it does");
}

#[test]
fn values_that_a_step_cannot_take_are_named_with_row_and_field() {
    let rows: Vec<TripSample> = read_csv_from(TRIPS.as_bytes(), "trips").unwrap();
    let message = |change: &dyn Fn(&mut TripSample)| {
        let mut rows = rows.clone();
        change(&mut rows[2]);
        let mut model = Trip::build(&Cpu::default(), Seed(2));
        Trainer::new(Adam::new(1e-2)).fit(&mut model, &rows).unwrap_err().to_string()
    };
    assert_eq!(
        message(&|row| row.weight = -3.0),
        "row 2, field `weight`: expected a number above -1, for its logarithm, found -3"
    );
    assert_eq!(
        message(&|row| row.weight = f32::NAN),
        "row 2, field `weight`: expected a finite number (`impute(mean)` replaces what is \
         missing), found NaN"
    );
    assert_eq!(
        message(&|row| row.price = -1.0),
        "row 2, field `price`: expected a number above -1, for its logarithm, found -1"
    );
    let error =
        read_csv_from::<TripSample>(TRIPS.replace("2023-07-01", "1.7.2023").as_bytes(), "trips");
    assert_eq!(
        error.unwrap_err().to_string(),
        "trips, line 4: field `start`, column `start`: expected a time such as \
         2024-12-31T23:59:59, found `1.7.2023`; `calendar(.., format = \"%d.%m.%Y\")`, or \
         `%m.%d.%Y`, says how it is written"
    );
}

/// More cities than it has room for, and one that occurs too seldom.
#[multi_input_model(allow(linear_stack))]
#[derive(Clone, Debug)]
pub struct Crowded {
    #[input(categories(4, minimum = 2))]
    #[branch(Embedding(4, 2))]
    city: String,

    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

/// Two cities get an index. The third occurs twice and finds no room, the fourth once.
fn crowded() -> Model<Crowded> {
    let cities = ["Bern", "Bern", "Bern", "Basel", "Basel", "Basel", "Chur", "Chur", "Sion"];
    let rows = cities.map(|city| CrowdedSample { city: city.to_owned(), price: 1.0 });
    let mut model = Crowded::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(1).progress(Progress::lines());
    trainer.fit(&mut model, &rows).unwrap();
    model
}

#[test]
fn what_finds_no_place_in_a_vocabulary_is_counted_and_reported() {
    let model = crowded();
    let overflow = model.preprocessing().unwrap().overflow();
    let [("city", "categories", rest)] = overflow[..] else { panic!("{overflow:?}") };
    assert_eq!(
        rest.to_string(),
        "unknown are 3 of 9 entries in the training rows, 2 different ones"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    Report::new(&model).write(&path).unwrap();
    let page = fs::read_to_string(&path).unwrap();
    let (_, table) = page.split_once("Unknown to the model").unwrap();
    let row = "<td>city</td><td>categories</td><td>3</td><td>9</td><td>2</td>";
    assert!(table.contains(row), "{table}");
}

#[test]
fn a_line_before_training_says_what_is_unknown() {
    const CHILD: &str = "MULTI_INPUT_TEST_UNKNOWN";
    if std::env::var_os(CHILD).is_some() {
        crowded();
        return;
    }
    // What a process writes can be read of another one alone: this test, by itself.
    let mut own = std::process::Command::new(std::env::current_exe().unwrap());
    let thread = std::thread::current();
    let child = own.args(["--exact", thread.name().unwrap(), "--nocapture"]).env(CHILD, "1");
    let output = child.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let line = "`city`, categories: unknown are 3 of 9 entries in the training rows, 2 different \
                ones; write `categories(5)`: 3 kinds and 2 reserved places";
    assert!(output.status.success() && said.lines().any(|own| own == line), "{said}");
}

#[multi_input_model]
pub struct TooNarrow {
    #[input(categories(4))]
    #[branch(Embedding(4, 2))]
    kind: String,
    #[input(words(vocabulary = 4, length = 3))]
    #[branch(Embedding(4, 2), Flatten)]
    text: String,
    #[merge(concat(kind, text))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn a_capacity_that_forgets_the_reserved_places_is_told_with_the_number_to_write() {
    let rows = ["a", "b", "c", "d"].map(|kind| {
        let text = format!("{kind} is");
        TooNarrowSample { kind: kind.to_owned(), text, price: 1.0 }
    });
    let mut model = TooNarrow::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(1).progress(Progress::silent());
    let history = trainer.fit(&mut model, &rows).unwrap();
    let notices: Vec<String> = history.notices.iter().map(ToString::to_string).collect();
    for expected in [
        "`kind`, categories: unknown are 2 of 4 entries in the training rows, 2 different ones; \
         write `categories(6)`: 4 kinds and 2 reserved places",
        "`text`, words: unknown are 3 of 8 entries in the training rows, 3 different ones; \
         write `words(vocabulary = 7, ..)`: 5 kinds and 2 reserved places",
    ] {
        assert!(notices.iter().any(|own| own == expected), "{notices:?}");
    }
}
