//! Outputs without a loss: their values are in predictions, and in nothing else.

use dfdx::tensor::AsArray;
use multi_input::{
    data::{Csv, Source},
    importance::Importance,
    multi_input_model,
    prelude::*,
    Error,
};

const WIDTH: usize = 3;

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct House {
    #[input(standardize, columns("r0", "r1"))]
    rooms: [f32; 2],
    // The value of an input is what comes out of its branch.
    #[input]
    #[branch(Embedding(5, WIDTH))]
    #[output]
    district: u32,
    #[input(missing = learned, columns("s0", "s1"))]
    #[branch(Dense(3, tanh))]
    #[output]
    survey: Option<[f32; 2]>,
    #[merge(concat(rooms, district, survey))]
    #[branch(Dense(4, tanh), Dropout(0.2))]
    #[output]
    vector: [f32; 4],
    #[from(vector)]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize, metrics(mae))]
    price: f32,
}

/// The same without the values.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Plain {
    #[input(standardize)]
    rooms: [f32; 2],
    #[input]
    #[branch(Embedding(5, WIDTH))]
    district: u32,
    #[input(missing = learned)]
    #[branch(Dense(3, tanh))]
    survey: Option<[f32; 2]>,
    #[merge(concat(rooms, district, survey))]
    #[branch(Dense(4, tanh), Dropout(0.2))]
    vector: [f32; 4],
    #[from(vector)]
    #[branch(Dense(1))]
    #[output(loss = mse, standardize, metrics(mae))]
    price: f32,
}

fn inputs(row: usize) -> HouseInputs {
    let x = row as f32;
    HouseInputs {
        rooms: [(x * 0.7).sin(), 10.0 + (x * 1.3).cos()],
        district: (row % 5) as u32,
        survey: (!row.is_multiple_of(3)).then(|| [(x * 0.2).sin(), (x * 0.9).cos()]),
    }
}

fn rows(count: usize) -> Vec<HouseSample> {
    let row = |row: usize| {
        let HouseInputs { rooms, district, survey } = inputs(row);
        HouseSample { rooms, district, survey, price: 100.0 + 7.0 * rooms[0] - district as f32 }
    };
    (0..count).map(row).collect()
}

fn plain(row: &HouseSample) -> PlainSample {
    let HouseSample { rooms, district, survey, price } = row.clone();
    PlainSample { rooms, district, survey, price }
}

fn trainer<M: Definition>() -> Trainer<M, Adam> {
    Trainer::new(Adam::new(1e-2)).epochs(4).batch_size(8).progress(Progress::silent())
}

fn trained() -> Model<House> {
    let mut model = House::build(&Cpu::default(), Seed(3));
    trainer().validation_split(0.25).fit(&mut model, &rows(40)).unwrap();
    model
}

#[test]
fn a_value_is_what_flows_out_of_the_node() {
    let model = trained();
    let rows: Vec<HouseInputs> = (0..10).map(inputs).collect();
    let predicted = model.predict(&rows).unwrap();
    let module = model.module();
    let table = module.district.0.weight.array();
    let learned = model.preprocessing().unwrap().learned("price", "standardize").unwrap();
    let learned =
        |name: &str| learned[name][0].as_f64().unwrap_or_else(|| panic!("{learned}")) as f32;
    for (row, predicted) in rows.iter().zip(predicted) {
        assert_eq!(predicted.district, table[row.district as usize]);
        match row.survey {
            None => assert_eq!(predicted.survey, module.survey_missing.array()),
            Some(survey) => {
                let (weight, bias) = (module.survey.0.weight.array(), module.survey.0.bias.array());
                for unit in 0..3 {
                    let sum =
                        weight[unit][0] * survey[0] + weight[unit][1] * survey[1] + bias[unit];
                    assert!((predicted.survey[unit] - sum.tanh()).abs() < 1e-6);
                }
            }
        }
        let (weight, bias) = (module.price.0.weight.array(), module.price.0.bias.array());
        let head: f32 = predicted.vector.iter().zip(weight[0]).map(|(x, w)| x * w).sum();
        let price = (head + bias[0]) * learned("scale") + learned("shift");
        assert!((predicted.price - price).abs() < 1e-3, "{} is not {price}", predicted.price);
    }
}

#[test]
fn a_value_changes_nothing_of_the_training() {
    let (mut with, mut without) =
        (House::build(&Cpu::default(), Seed(3)), Plain::build(&Cpu::default(), Seed(3)));
    let rows = rows(40);
    let plain: Vec<PlainSample> = rows.iter().map(plain).collect();
    let history = trainer().validation_split(0.25).fit(&mut with, &rows).unwrap();
    let expected = trainer().validation_split(0.25).fit(&mut without, &plain).unwrap();
    assert_eq!(history.epochs, expected.epochs);
    assert_eq!(with.snapshot().unwrap(), without.snapshot().unwrap());
    assert_eq!(
        with.evaluate(&rows).unwrap().to_string(),
        without.evaluate(&plain).unwrap().to_string()
    );
    let importance = Importance::by_permutation(&with, &rows, 2, Seed(1)).unwrap();
    assert_eq!(importance, Importance::by_permutation(&without, &plain, 2, Seed(1)).unwrap());

    // Nor of the file.
    let folder = tempfile::tempdir().unwrap();
    let paths = ["with", "without"].map(|name| folder.path().join(name));
    with.save(&paths[0]).unwrap();
    without.save(&paths[1]).unwrap();
    let loaded = Model::<House>::load(&paths[1], &Cpu::default()).unwrap();
    let rows: Vec<HouseInputs> = rows.into_iter().map(HouseInputs::from).collect();
    assert_eq!(loaded.predict(&rows).unwrap(), with.predict(&rows).unwrap());
    assert!(Model::<Plain>::load(&paths[0], &Cpu::default()).is_ok());
    Report::new(&with).write(folder.path().join("report.html")).unwrap();
}

#[test]
fn files_need_no_column_for_a_value() {
    let model = trained();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("houses.csv");
    let mut text = "price,r0,r1,district,s0,s1\n".to_owned();
    for row in rows(20) {
        let list = |numbers: [f32; 2]| format!("{},{}", numbers[0], numbers[1]);
        let survey = row.survey.map_or(",".to_owned(), list);
        text += &format!("{},{},{},{survey}\n", row.price, list(row.rooms), row.district);
    }
    std::fs::write(&path, text).unwrap();
    let inputs: Vec<HouseInputs> = rows(20).into_iter().map(HouseInputs::from).collect();
    let samples = Csv::new(&path);
    assert_eq!(model.evaluate_from(&samples).unwrap(), model.evaluate(&rows(20)).unwrap());
    let streamed = Csv::<HouseInputs>::new(&path);
    let streamed: Vec<HouseOutputs> =
        model.predict_from(&streamed).unwrap().map(Result::unwrap).collect();
    assert_eq!(streamed, model.predict(&inputs).unwrap());
}

/// Only whether there is a remark counts, whatever it would be.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Remarked {
    #[input(missing = zeros)]
    remark: Option<String>,
    #[input(missing = zeros)]
    picture: Option<Image<3>>,
    #[input]
    rooms: f32,
    #[merge(concat(present(remark), rooms, present(picture)))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn presence_alone_is_a_use() {
    let row = |row: usize| {
        let remark = row.is_multiple_of(2).then(|| format!("remark {row}"));
        let picture = row.is_multiple_of(3).then(|| Image::new(2, 2, vec![0; 12]).unwrap());
        let price = 3.0 * f32::from(u8::from(remark.is_some()))
            - 2.0 * f32::from(u8::from(row.is_multiple_of(3)));
        RemarkedSample { remark, picture, rooms: 0.0, price }
    };
    let rows: Vec<RemarkedSample> = (0..24).map(row).collect();
    let mut model = Remarked::build(&Cpu::default(), Seed(3));
    trainer().epochs(300).fit(&mut model, &rows).unwrap();
    let rows: Vec<RemarkedInputs> = rows.into_iter().map(RemarkedInputs::from).collect();
    let prices = model.predict(&rows).unwrap();
    for (row, price) in prices.iter().enumerate() {
        let expected = [3.0, 0.0][row % 2] - [2.0, 0.0, 0.0][row % 3];
        assert!((price.price - expected).abs() < 0.1, "{row}: {}", price.price);
    }
    assert_eq!(prices[2], prices[4]);
}

/// A node that only one optional input reaches, and a masked one.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Hidden {
    #[input(missing = learned)]
    #[branch(Dense(2))]
    serum: Option<[f32; 2]>,
    #[from(serum)]
    #[branch(Dense(3))]
    #[output]
    hidden: _,
    #[from(hidden)]
    #[branch(Dense(2))]
    deeper: _,
    #[input(pad(3))]
    #[branch(Embedding(6, 2, mask))]
    words: Vec<u32>,
    #[from(words)]
    #[branch(LSTM(2, return_sequences))]
    #[output]
    steps: Masked<[[f32; 2]; 3]>,
    #[from(steps)]
    #[branch(LSTM(2))]
    read: _,
    // It feeds nothing.
    #[from(read)]
    #[branch(Reshape(2, 1))]
    #[output]
    column: [[f64; 1]; 2],
    #[merge(concat(deeper, read))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    score: f64,
}

#[test]
fn a_value_of_an_absent_node_is_what_others_see_of_it_or_zeros() {
    let model = Model::<Hidden, f64>::build(&Cpu::default(), Seed(3));
    let row = |serum, words: &[u32]| HiddenInputs { serum, words: words.to_vec() };
    let rows = [row(Some([1.0, 2.0]), &[1, 2]), row(None, &[1, 2]), row(None, &[])];
    let predicted = model.predict(&rows).unwrap();
    // `deeper` is replaced as a whole, and nothing else sees `hidden`.
    assert!(predicted[0].hidden.iter().all(|number| *number != 0.0));
    assert_eq!(predicted[1].hidden, [0.0; 3]);
    // Steps of padding are what the layer computes of them.
    let [first, second, padding] = predicted[1].steps;
    assert!(first != second && second != [0.0; 2], "{:?}", predicted[1].steps);
    assert_eq!(padding, second);
    let names: Vec<String> =
        multi_input_names(&model).into_iter().filter(|name| name.contains("missing")).collect();
    assert_eq!(names, ["deeper_missing"]);
}

fn multi_input_names(model: &Model<Hidden, f64>) -> Vec<String> {
    crate::support::parameters(model.module()).into_iter().map(|(name, _)| name).collect()
}

/// Nothing here has a loss.
#[multi_input_model(allow(no_loss))]
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    #[input]
    #[branch(Dense(2, tanh))]
    #[output]
    rooms: [f32; 3],
}

#[test]
fn without_a_loss_nothing_is_trained_or_evaluated() {
    let mut model = Encoder::build(&Cpu::default(), Seed(3));
    let rows = [EncoderSample { rooms: [1.0, 2.0, 3.0] }];
    let predicted = model.predict(&rows.clone().map(EncoderInputs::from)).unwrap();
    assert_eq!(predicted[0].rooms.len(), 2);
    let error = trainer().fit(&mut model, &rows).unwrap_err();
    assert!(matches!(error, Error::NoLoss { model: "Encoder", purpose: "train on" }), "{error}");
    let error = model.evaluate(&rows).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`Encoder` has no output with a loss, so there are no targets to evaluate: give an output one \
         with `#[output(loss = ...)]`"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, "rooms\n\"[1, 2, 3]\"\n").unwrap();
    let source = Csv::<EncoderSample>::new(&path);
    assert!(matches!(model.evaluate_from(&source).unwrap_err(), Error::NoLoss { .. }));
    let error = trainer().fit_from(&mut model, &source).unwrap_err();
    assert!(matches!(error, Error::NoLoss { .. }), "{error}");
    assert_eq!(source.rows().unwrap().count(), 1);
}

/// Layers that no loss reaches.
#[multi_input_model(allow(untrained))]
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    #[input]
    #[branch(Dense(4, tanh))]
    rooms: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(4, relu), BatchNorm, Dropout(0.5), Dense(2, tanh))]
    #[output]
    code: [f32; 2],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn what_no_loss_reaches_keeps_its_weights() {
    let mut model = Beside::build(&Cpu::default(), Seed(3));
    let code = |model: &Model<Beside>| {
        let all = crate::support::parameters(model.module()).into_iter();
        all.filter(|(name, _)| name.starts_with("code")).collect::<Vec<_>>()
    };
    let before = code(&model);
    let row = |row: usize| BesideSample { rooms: [row as f32 * 0.1, 1.0, 2.0], price: row as f32 };
    let rows: Vec<BesideSample> = (0..20).map(row).collect();
    let history = trainer().fit(&mut model, &rows).unwrap();
    assert_eq!(code(&model), before);
    let losses: Vec<f64> = history.epochs.iter().map(|epoch| epoch.get("loss").unwrap()).collect();
    assert!(losses.windows(2).all(|pair| pair[1] < pair[0]), "{losses:?}");
}
