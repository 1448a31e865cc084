//! Pictures and the page: complete, by themselves, and without a request.

use std::{fs, path::Path};

use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Review {
    #[input(standardize)]
    #[branch(Dense(8, relu), Dropout(0.1))]
    numbers: [f32; 3],
    #[input]
    #[branch(Embedding(5, 4), Flatten)]
    shop: u32,
    #[input(missing = learned)]
    #[branch(Dense(4, tanh))]
    extra: Option<[f32; 2]>,
    #[merge(concat(numbers, shop, extra))]
    #[branch(Dense(12, relu))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy(label_smoothing = 0.05), metrics(accuracy, f1, auc, top_k(k = 2)))]
    stars: Class<3>,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = log_cosh, metrics(mae, mape), weight = 0.5, standardize)]
    words: f32,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = binary_focal, metrics(precision, recall))]
    bought: bool,
}

fn rows(count: usize) -> Vec<ReviewSample> {
    let row = |i: usize| {
        let wave = |k: f32| (i as f32 * k).sin();
        let numbers = [wave(0.7), 10.0 * wave(1.3), wave(0.31)];
        let score = numbers[0] + 0.05 * numbers[1];
        let stars = Class::new(if score < -0.4 {
            0
        } else if score < 0.4 {
            1
        } else {
            2
        })
        .unwrap();
        ReviewSample {
            numbers,
            shop: (i % 5) as u32,
            extra: (!i.is_multiple_of(3)).then_some([wave(0.2), wave(0.9)]),
            stars,
            words: 50.0 + 30.0 * numbers[0] + i as f32 % 5.0,
            bought: score > 0.1,
        }
    };
    (0..count).map(row).collect()
}

fn trained() -> (Model<Review>, History) {
    let mut model = Review::build(&Cpu::default(), Seed(3));
    let history = Trainer::new(Adam::new(1e-2))
        .epochs(12)
        .validation_split(0.2)
        .validation_frequency(2)
        .progress(Progress::silent())
        .fit(&mut model, &rows(300))
        .unwrap();
    (model, history)
}

/// Well-formed in what matters: every element that is opened is closed, and nothing is fetched.
fn assert_sound(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    for tag in ["svg", "text", "g", "table", "tr", "td", "div", "pre", "body", "html"] {
        let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
        let opened = text
            .match_indices(&open)
            .filter(|(at, _)| matches!(text.as_bytes()[at + open.len()], b' ' | b'>'));
        assert_eq!(opened.count(), text.matches(&close).count(), "{tag} in {}", path.display());
    }
    let fetched = ["<script", "src=", "url(", "@import", "href=\"http"];
    assert!(fetched.iter().all(|way| !text.contains(way)), "{}", path.display());
    assert!(!text.contains("NaN") && !text.contains("inf\""), "{}", path.display());
    text
}

/// Writes everything; with `MULTI_INPUT_REPORT` into a folder that stays, to be looked at.
#[test]
fn a_report_shows_all_there_is_and_fetches_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let asked = std::env::var_os("MULTI_INPUT_REPORT").map(std::path::PathBuf::from);
    let folder = asked.unwrap_or_else(|| temporary.path().to_owned());
    fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name);
    let (model, history) = trained();
    let test = rows(90);

    history.plot(path("loss.svg")).unwrap();
    let curves = assert_sound(&path("loss.svg"));
    for words in [">stars_accuracy<", ">words_mape<", ">validation<", ">epoch<"] {
        assert!(curves.contains(words), "{words}");
    }

    Review::diagram(path("model.svg")).unwrap();
    let diagram = assert_sound(&path("model.svg"));
    for node in Review::GRAPH.nodes {
        assert!(diagram.contains(&format!(">{}<", node.name)), "{}", node.name);
    }
    let title = format!("Review: {} parameters", model.num_parameters());
    assert!(diagram.contains(&title), "{title}");
    assert!(diagram.contains("Embedding(5, 4)") && diagram.contains("[4] 20"));

    let matrix = model.confusion_matrix(Review::stars, &test).unwrap();
    assert_eq!(matrix.counts.iter().flatten().sum::<u64>(), 90);
    let accuracy = model.evaluate(&test).unwrap().get("stars_accuracy").unwrap();
    assert!((matrix.accuracy() - accuracy).abs() < 1e-12);
    matrix.plot(path("confusion.svg")).unwrap();
    assert_sound(&path("confusion.svg"));

    let importance = Importance::by_permutation(&model, &test, 3, Seed(1)).unwrap();
    importance.plot(path("importance.svg")).unwrap();
    assert_sound(&path("importance.svg"));
    let by_column = Importance::by_column(&model, &test, 2, Seed(1)).unwrap();
    by_column.plot(path("columns.svg")).unwrap();
    assert!(assert_sound(&path("columns.svg")).contains(">numbers[2]<"));

    let words = Attribution::shapley(&model, Review::words).background(&test).unwrap();
    let words = words.by_column().explain_samples(&test[..1]).unwrap();
    words[0].waterfall(path("waterfall.svg")).unwrap();
    assert!(assert_sound(&path("waterfall.svg")).contains(">shop = 0<"));
    let dependence = PartialDependence::of(&model, Review::words).individual();
    dependence.on((Review::numbers, 0), &test).unwrap().plot(path("curve.svg")).unwrap();
    let extra = (Review::extra, 1);
    dependence.on_both(Review::shop, extra, &test).unwrap().plot(path("table.svg")).unwrap();
    assert_sound(&path("curve.svg"));
    assert_sound(&path("table.svg"));

    let trainer = Trainer::new(Adam::new(1e-3));
    let curve = trainer.find_learning_rate(&mut trained().0, &rows(300)).unwrap();
    curve.plot(path("rates.svg")).unwrap();
    assert_sound(&path("rates.svg"));

    Report::new(&model)
        .history(&history)
        .rows(&test)
        .unwrap()
        .importance(&importance)
        .importance(&by_column)
        .write(path("report.html"))
        .unwrap();
    let page = assert_sound(&path("report.html"));
    for words in [
        "On 90 rows",
        "Worst predictions",
        "Confusion of `stars`",
        "Importance of the inputs, by permutation",
        "Importance of the columns, by permutation",
        "Explanations of the worst predictions",
        "extra = absent",
        "numbers[0] = ",
        "absent",
        "Dense(12, relu)",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn the_learning_rate_finder_leaves_the_model_as_it_was() {
    let mut model = Review::build(&Cpu::default(), Seed(3));
    let before = model.snapshot().unwrap();
    let curve = Trainer::new(Adam::new(1.0)).find_learning_rate(&mut model, &rows(300)).unwrap();
    assert_eq!(model.snapshot().unwrap(), before);
    assert!(model.preprocessing().is_none());
    let found = curve.suggestion().expect("the loss falls");
    assert!((1e-4..1.0).contains(&found), "{found}");
    // And it is one that trains.
    let history = Trainer::new(Adam::new(found)).epochs(10).fit(&mut model, &rows(300)).unwrap();
    let losses = history.curve("loss");
    assert!(losses[9] < 0.6 * losses[0], "{losses:?}");
}
