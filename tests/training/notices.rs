//! What is worth knowing before the first step, and what would ruin a model without a word.

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    data::{BadRow, Source},
    prelude::*,
    NoticeKind,
};
use std::{cell::RefCell, rc::Rc};

fn texts(history: &History) -> Vec<String> {
    history.notices.iter().map(|notice| notice.to_string()).collect()
}

/// A model with one scaled input that says something and one that never changes.
macro_rules! with_constant {
    ($module:ident, $step:ident) => {
        mod $module {
            use super::*;

            #[multi_input_model]
            #[derive(Clone, Debug)]
            pub struct House {
                #[input(standardize)]
                size: f32,
                #[input($step, columns("version", "floor"))]
                constants: [f32; 2],
                #[merge(concat(size, constants))]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                price: f32,
            }

            /// Predictions beside what was seen, and one away from it; and the notices.
            pub fn run() -> ([f32; 2], Vec<String>) {
                let row = |i: usize| HouseSample {
                    size: (i % 20) as f32,
                    // The second is constant within rounding.
                    constants: [1.0, if i % 2 == 0 { 3.0 } else { 3.000_000_2 }],
                    price: 2.0 * (i % 20) as f32,
                };
                let rows: Vec<HouseSample> = (0..200).map(row).collect();
                let mut model = House::build(&Cpu::default(), Seed(1));
                let trainer = Trainer::new(Adam::new(0.1)).epochs(90).progress(Progress::silent());
                let history = trainer.fit(&mut model, &rows).unwrap();
                let ask = |by: f32| HouseInputs { size: 10.0, constants: [1.0 + by, 3.0 + by] };
                let predicted = model.predict(&[ask(0.0), ask(1.0)]).unwrap();
                ([predicted[0].price, predicted[1].price], texts(&history))
            }
        }
    };
}

with_constant!(standardized, standardize);
with_constant!(between, min_max);
with_constant!(robustly, robust);

#[test]
fn a_constant_column_is_not_scaled_and_named() {
    for (step, ([known, new], notices)) in [
        ("standardize", standardized::run()),
        ("min_max", between::run()),
        ("robust", robustly::run()),
    ] {
        assert!((known - 20.0).abs() < 2.0, "{step}: {known}");
        // 1 away from a constant is 1 more of something that was never trained, not ten millions.
        assert!((new - known).abs() < 4.0, "{step}: {new}");
        assert_eq!(notices.len(), 2, "{notices:?}");
        let version = format!("`constants`, column `version`, {step}: without spread");
        let floor = format!("`constants`, column `floor`, {step}: without spread");
        assert!(notices[0].starts_with(&version), "{notices:?}");
        assert!(notices[1].starts_with(&floor), "{notices:?}");
    }
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Flat {
    #[input(standardize)]
    size: f32,
    #[input(impute(mean), standardize)]
    missing: f32,
    #[merge(concat(size, missing))]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize)]
    price: f32,
}

#[test]
fn a_constant_target_and_an_empty_column_are_named() {
    let row = |i: usize| FlatSample { size: i as f32, missing: f32::NAN, price: 7.0 };
    let rows: Vec<FlatSample> = (0..64).map(row).collect();
    let mut model = Flat::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.05)).epochs(60).progress(Progress::silent());
    let history = trainer.fit(&mut model, &rows).unwrap();
    let predicted = model.predict(&[FlatInputs { size: 10.0, missing: 5.0 }]).unwrap()[0].price;
    assert!((predicted - 7.0).abs() < 4.0, "{predicted}");
    let notices = texts(&history);
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(
        notices[0].starts_with("`missing`, impute: no training row has a value"),
        "{notices:?}"
    );
    assert!(notices[1].starts_with("`price`, standardize: without spread"), "{notices:?}");
}

/// Every way in which a category becomes numbers.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct ByCity {
    #[input(categories(50))]
    #[branch(Embedding(auto))]
    city: String,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct OneHotCity {
    #[input(categories(50), one_hot(50))]
    city: String,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct ByWords {
    #[input(words(vocabulary = 50, length = 1))]
    #[branch(Embedding(50, 4), Flatten)]
    city: String,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct ByHash {
    #[input(hashed(64))]
    #[branch(Embedding(64, 4))]
    city: String,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Dropping {
    #[input(categories(50, unknown_rate = 0.2))]
    #[branch(Embedding(auto))]
    city: String,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

macro_rules! unknown_city {
    ($model:ident, $sample:ident, $inputs:ident, $rate:literal) => {{
        let row =
            |i: usize| $sample { city: format!("city{}", i % 3), price: 100.0 + (i % 3) as f32 };
        let rows: Vec<$sample> = (0..300).map(row).collect();
        let mut model = $model::build(&Cpu::default(), Seed(3));
        let trainer = Trainer::new(Adam::new($rate)).epochs(60).progress(Progress::silent());
        let history = trainer.fit(&mut model, &rows).unwrap();
        let ask = |city: &str| $inputs { city: city.to_owned() };
        let predicted = model.predict(&[ask("city0"), ask("elsewhere")]).unwrap();
        assert!((predicted[0].price - 100.0).abs() < 0.5, "{}", predicted[0].price);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        model.save(&path).unwrap();
        let loaded: Model<$model> = Model::load(&path, &Cpu::default()).unwrap();
        let again = loaded.predict(&[ask("elsewhere")]).unwrap()[0].price;
        assert_eq!(again, predicted[1].price);
        (predicted[1].price, texts(&history))
    }};
}

#[test]
fn an_unknown_category_gets_the_mean_of_the_known_ones() {
    let vocabularies = [
        unknown_city!(ByCity, ByCitySample, ByCityInputs, 0.05),
        unknown_city!(OneHotCity, OneHotCitySample, OneHotCityInputs, 0.3),
        unknown_city!(ByWords, ByWordsSample, ByWordsInputs, 0.05),
    ];
    for (price, notices) in vocabularies {
        assert!((price - 101.0).abs() < 0.5, "{price} {notices:?}");
        assert_eq!(notices.len(), 1, "{notices:?}");
        let known =
            "all 3 entries of the rows it was fitted on are known, so nothing is learned of \
                     unknown ones: a later one counts as ";
        assert!(notices[0].contains(known), "{notices:?}");
    }
    let (price, notices) = unknown_city!(ByHash, ByHashSample, ByHashInputs, 0.05);
    assert!((price - 101.0).abs() < 0.5, "{price}");
    assert_eq!(
        notices,
        ["`city`: 61 of the 64 rows of its embedding occur in no training row; their vectors become \
          the mean of the others"]
    );
}

#[test]
fn with_a_rate_the_unknown_category_is_trained_and_nothing_is_said() {
    let (price, notices) = unknown_city!(Dropping, DroppingSample, DroppingInputs, 0.05);
    assert!((price - 101.0).abs() < 1.0, "{price}");
    assert!(notices.is_empty(), "{notices:?}");
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Crossed {
    #[input(categories(9))]
    #[branch(Embedding(auto))]
    town: String,
    #[input(categories(9))]
    #[branch(Embedding(auto))]
    kind: String,
    #[derived(crossed(town, kind, 1000))]
    #[branch(Embedding(1000, 4))]
    both: u32,
    #[merge(concat(town, kind, both))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn a_crossing_that_training_never_saw_gets_the_mean_of_the_others() {
    let of = |town: usize, kind: usize| (format!("town{town}"), format!("kind{kind}"));
    // One combination of nine is left out.
    let pairs: Vec<(usize, usize)> =
        (0..9).map(|i| (i / 3, i % 3)).filter(|p| *p != (2, 2)).collect();
    let row = |&(t, k): &(usize, usize)| {
        let (town, kind) = of(t, k);
        CrossedSample { town, kind, price: 100.0 + t as f32 + k as f32 }
    };
    let rows: Vec<CrossedSample> = pairs.iter().cycle().take(320).map(row).collect();
    let mut model = Crossed::build(&Cpu::default(), Seed(3));
    let trainer = Trainer::new(Adam::new(0.02)).epochs(60).progress(Progress::silent());
    let history = trainer.fit(&mut model, &rows).unwrap();
    let (town, kind) = of(2, 2);
    let price = model.predict(&[CrossedInputs { town, kind }]).unwrap()[0].price;
    assert!((price - 104.0).abs() < 2.0, "{price}");
    assert!(texts(&history)
        .iter()
        .any(|notice| notice.starts_with("`both`: 992 of the 1000 rows")));
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Sometimes {
    #[input(standardize)]
    size: f32,
    #[input(standardize, missing = learned)]
    #[branch(Dense(4))]
    age: Option<f32>,
    #[merge(concat(size, age))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn sometimes(count: usize) -> Vec<SometimesSample> {
    let row = |i: usize| SometimesSample {
        size: (i % 7) as f32,
        age: Some((i % 5) as f32),
        price: 50.0 + (i % 7) as f32 + 3.0 * (i % 5) as f32,
    };
    (0..count).map(row).collect()
}

#[test]
fn an_input_that_was_never_absent_is_replaced_by_the_mean_of_its_branch() {
    let rows = sometimes(350);
    let trainer = || Trainer::new(Adam::new(0.05)).epochs(40).progress(Progress::silent());
    let ask = [SometimesInputs { size: 3.0, age: None }];
    let mut model = Sometimes::build(&Cpu::default(), Seed(3));
    let history = trainer().fit(&mut model, &rows).unwrap();
    let price = model.predict(&ask).unwrap()[0].price;
    // 50 + 3 + 3 * 2, the mean age.
    assert!((price - 59.0).abs() < 0.5, "{price}");
    let notices = texts(&history);
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(
        notices[0].starts_with("`age`: it is absent from none of the 350 training rows"),
        "{notices:?}"
    );

    // The same from a source.
    let source = multi_input::data::from_fn({
        let rows = rows.clone();
        move || rows.clone()
    });
    let mut streamed = Sometimes::build(&Cpu::default(), Seed(3));
    let history = trainer().fit_from(&mut streamed, &source).unwrap();
    let price = streamed.predict(&ask).unwrap()[0].price;
    assert!((price - 59.0).abs() < 0.5, "{price}");
    assert_eq!(texts(&history), notices);

    // What was trained once stays, though later rows lack nothing.
    let mut trained = Sometimes::build(&Cpu::default(), Seed(3));
    let mut with_absent = rows.clone();
    with_absent.iter_mut().step_by(3).for_each(|row| (row.age, row.price) = (None, 0.0));
    trainer().epochs(80).fit(&mut trained, &with_absent).unwrap();
    let before = trained.predict(&ask).unwrap()[0].price;
    let history = trainer().epochs(1).fit(&mut trained, &rows[..1]).unwrap();
    assert!(history.notices.is_empty(), "{:?}", texts(&history));
    let after = trained.predict(&ask).unwrap()[0].price;
    assert!(before < 15.0 && (after - before).abs() < 10.0, "{before} {after}");
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Iris {
    #[input(standardize)]
    petal: [f32; 2],
    #[from(petal)]
    #[branch(Dense(8, relu), Dense(3, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy))]
    kind: Class<3>,
}

fn sorted_iris() -> Vec<IrisSample> {
    let row = |i: usize| IrisSample {
        petal: [(i / 50) as f32 + (i % 10) as f32 / 10.0, (i % 7) as f32],
        kind: Class::new(i / 50).unwrap(),
    };
    (0..150).map(row).collect()
}

#[test]
fn a_class_on_one_side_of_a_split_is_named() {
    let mut model = Iris::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    let history = trainer.validation_split(0.3).fit(&mut model, &sorted_iris()).unwrap();
    let cut = "`validation_split` cuts off the last rows: shuffle rows that are sorted";
    assert_eq!(
        texts(&history),
        [format!("`kind`: `0`, `1` (100 training rows) is in no validation row; {cut}")]
    );

    let mut model = Iris::build(&Cpu::default(), Seed(1));
    let rows = sorted_iris();
    let (train, validation) = (rows[..100].to_vec(), rows[50..].to_vec());
    let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    let history = trainer.validation_data(&validation).fit(&mut model, &train).unwrap();
    let expected = [
        "`kind`: `2` (50 validation rows) is in no training row",
        "`kind`: `0` (50 training rows) is in no validation row",
    ];
    assert_eq!(texts(&history), expected);

    // The same where both are sources.
    let source = |rows: Vec<IrisSample>| multi_input::data::from_fn(move || rows.clone());
    let mut model = Iris::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    let trainer = trainer.validation_source(source(validation));
    let history = trainer.fit_from(&mut model, &source(train)).unwrap();
    assert_eq!(texts(&history), expected);
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct NamedIris {
    #[input(standardize)]
    petal: [f32; 2],
    #[from(petal)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, categories)]
    kind: Class<3>,
}

/// Makes a trainer.
type MakeTrainer<'a> = dyn Fn() -> Trainer<NamedIris, Adam> + 'a;

#[test]
fn streamed_labels_are_counted_by_their_classes() {
    let named = |iris: IrisSample| NamedIrisSample {
        petal: iris.petal,
        kind: ["setosa", "versicolor", "virginica"][iris.kind.index()].to_owned(),
    };
    let train: Vec<NamedIrisSample> = sorted_iris().into_iter().map(named).collect();
    let validation = train[50..].to_vec();
    let trainer = || Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    let lacking = "`kind`: `setosa` (50 training rows) is in no validation row";
    let weightless = || trainer().class_weight(NamedIris::kind, [(0, 0.0)]);
    let given: [(&MakeTrainer<'_>, &[&str]); 2] = [(&trainer, &[lacking]), (&weightless, &[])];
    for (trainer, expected) in given {
        let mut model = NamedIris::build(&Cpu::default(), Seed(1));
        let history = trainer().validation_data(&validation).fit(&mut model, &train).unwrap();
        assert_eq!(texts(&history), expected);
        let skipping = train.clone().on_bad_row(BadRow::Skip);
        let trainer = || trainer().validation_source(validation.clone());
        let mut model = NamedIris::build(&Cpu::default(), Seed(1));
        // The second time the preprocessing has been fitted.
        for _ in 0..2 {
            assert_eq!(texts(&trainer().fit_from(&mut model, &train).unwrap()), expected);
        }
        let mut model = NamedIris::build(&Cpu::default(), Seed(1));
        assert_eq!(texts(&trainer().fit_from(&mut model, &skipping).unwrap()), expected);
    }
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct ByNumber {
    #[input]
    #[branch(Embedding(8, 2))]
    shop: u32,
    #[from(shop)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn indices_without_steps_are_known_of_a_source_too() {
    let row = |i: u32| ByNumberSample { shop: i % 4, price: i as f32 };
    let train: Vec<ByNumberSample> = (0..40).map(row).collect();
    let validation: Vec<ByNumberSample> =
        (0..4).map(|i| ByNumberSample { shop: i + 2, price: i as f32 }).collect();
    let trainer = || Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    let mut model = ByNumber::build(&Cpu::default(), Seed(1));
    let history = trainer().validation_data(&validation).fit(&mut model, &train).unwrap();
    assert_eq!(history.notices.len(), 2, "{:?}", texts(&history));
    let mut model = ByNumber::build(&Cpu::default(), Seed(1));
    let streamed = trainer().validation_source(validation).fit_from(&mut model, &train).unwrap();
    assert_eq!(texts(&streamed), texts(&history));
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Churn {
    #[input(categories(20))]
    #[branch(Embedding(auto))]
    plan: String,
    #[from(plan)]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy, metrics(auc, recall))]
    left: bool,
}

/// Keeps what callbacks are told.
struct Heard(Rc<RefCell<Vec<NoticeKind>>>);

impl Callback<Churn> for Heard {
    fn name(&self) -> &'static str {
        "Heard"
    }

    fn on(&mut self, event: &Event<'_>, _: &mut dyn Training<Churn>) -> multi_input::Result<Flow> {
        if let Event::Notices { notices } = event {
            self.0.borrow_mut().extend(notices.iter().map(|notice| notice.kind));
        }
        Ok(Flow::Continue)
    }
}

#[test]
fn validation_rows_that_say_nothing_are_named_and_callbacks_and_logs_hear_it() {
    let row = |i: usize| ChurnSample { plan: format!("plan{}", i % 3), left: i.is_multiple_of(2) };
    let train: Vec<ChurnSample> = (0..60).map(row).collect();
    let other = |i: usize| ChurnSample { plan: format!("plan{}", i % 4), left: false };
    let validation: Vec<ChurnSample> = (0..8).map(other).collect();
    let heard = Rc::new(RefCell::new(Vec::new()));
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("run.jsonl");
    let mut model = Churn::build(&Cpu::default(), Seed(1));
    let history = Trainer::on_one_thread(Adam::new(0.01))
        .validation_data(&validation)
        .epochs(4)
        .progress(Progress::silent())
        .callback(EarlyStopping::on(Monitor::val(Churn::left, metric::Auc)).patience(2))
        .callback(Heard(Rc::clone(&heard)))
        .callback(JsonLog::to(&log))
        .fit(&mut model, &train)
        .unwrap();
    let expected = [
        "`plan`, categories: all 3 entries of the rows it was fitted on are known, so nothing is learned \
         of unknown ones: a later one counts as the mean of the known",
        "`plan`: 2 of 8 validation rows have a category that no training row has",
        "`left`: `1` (30 training rows) is in no validation row",
        "`left`: `auc` is not defined on the validation rows: all rows are of one class",
        "`left`: `recall` is not defined on the validation rows: no row is true",
        "EarlyStopping: `val_left_auc` is NaN after epoch 1: a NaN is never an improvement, so \
         training stops after `patience` epochs of it",
    ];
    assert_eq!(texts(&history), expected);
    assert_eq!(
        history.end_reason.as_deref(),
        Some("EarlyStopping: `val_left_auc` has been no number for 2 epochs")
    );
    let kinds: Vec<NoticeKind> = history.notices.iter().map(|notice| notice.kind).collect();
    assert_eq!(*heard.borrow(), kinds);
    let lines = std::fs::read_to_string(&log).unwrap();
    let noticed = lines.lines().filter(|line| line.contains(r#""event":"notice""#)).count();
    assert_eq!(noticed, expected.len());
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Normed {
    #[input(standardize)]
    #[branch(Dense(8), BatchNorm(momentum = 0.9), relu)]
    x: [f32; 2],
    #[from(x)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(r2), standardize)]
    y: f32,
}

#[test]
fn a_last_batch_of_one_row_does_not_ruin_a_batch_norm() {
    let row = |i: usize| {
        let x = [i as f32, (i * i % 11) as f32];
        NormedSample { x, y: 3.0 * x[0] - x[1] }
    };
    let rows: Vec<NormedSample> = (0..65).map(row).collect();
    let r2 = |count: usize| {
        let mut model = Normed::build(&Cpu::default(), Seed(1));
        let trainer = Trainer::new(Adam::new(0.01)).epochs(150).progress(Progress::silent());
        trainer.fit(&mut model, &rows[..count]).unwrap();
        model.evaluate(&rows[..33]).unwrap().get("r2").unwrap()
    };
    let found = [64, 65, 33].map(r2);
    assert!(found.iter().all(|r2| *r2 > 0.95), "{found:?}");

    let mut model = Normed::build(&Cpu::default(), Seed(1));
    let error =
        |trainer: Trainer<Normed, Adam>, rows: &[NormedSample], model: &mut Model<Normed>| {
            trainer.progress(Progress::silent()).fit(model, rows).unwrap_err().to_string()
        };
    let refused = error(Trainer::new(Adam::new(0.01)).batch_size(1), &rows, &mut model);
    assert!(
        refused.contains(
            "`batch_size(1)` gives the `BatchNorm` of `x` one value for each feature, which has no \
             variance: take batches of at least 2 rows, or `LayerNorm`"
        ),
        "{refused}"
    );
    let refused = error(Trainer::new(Adam::new(0.01)), &rows[..1], &mut model);
    assert!(refused.contains("a single training row gives the `BatchNorm` of `x`"), "{refused}");
    let trainer = Trainer::new(Adam::new(0.01)).batch_size(1).freeze(Normed::x);
    trainer.progress(Progress::silent()).fit(&mut model, &rows).unwrap();
}

#[test]
fn what_is_not_reached_stays_where_it_was_on_request() {
    let row = |i: usize| ByHashSample { city: format!("city{}", i % 3), price: 1.0 };
    let rows: Vec<ByHashSample> = (0..30).map(row).collect();
    let mut model = ByHash::build(&Cpu::default(), Seed(3));
    let before = crate::support::parameters(model.module());
    let trainer = Trainer::new(Adam::new(0.05)).keep_untrained().progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let after = crate::support::parameters(model.module());
    let rows_that_moved = |name: &str| {
        let of = |all: &[crate::support::Named]| {
            all.iter().find(|(own, _)| own == name).map(|(_, values)| values.clone()).unwrap()
        };
        let (before, after) = (of(&before), of(&after));
        before.chunks(4).zip(after.chunks(4)).filter(|(a, b)| a != b).count()
    };
    assert_eq!(rows_that_moved("city.0.weight"), 3);
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct TwoHeads {
    #[input(hashed(16))]
    #[branch(Embedding(16, 4))]
    city: String,
    #[input(standardize)]
    size: f32,
    #[from(city)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: Option<f32>,
    #[from(size)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    rent: f32,
}

#[test]
fn a_category_whose_rows_know_no_target_behind_it_is_not_taken_for_trained() {
    let row = |i: usize| TwoHeadsSample {
        city: if i % 4 == 3 { "elsewhere".to_owned() } else { format!("city{}", i % 4) },
        size: i as f32,
        price: (i % 4 != 3).then_some(100.0 + (i % 4) as f32),
        rent: 1.0,
    };
    let rows: Vec<TwoHeadsSample> = (0..240).map(row).collect();
    let mut model = TwoHeads::build(&Cpu::default(), Seed(3));
    let trainer = Trainer::new(Adam::new(0.05)).epochs(60).progress(Progress::silent());
    trainer.fit(&mut model, &rows).unwrap();
    let ask = [TwoHeadsInputs { city: "elsewhere".to_owned(), size: 1.0 }];
    let price = model.predict(&ask).unwrap()[0].price;
    assert!((price - 101.0).abs() < 0.5, "{price}");
}
