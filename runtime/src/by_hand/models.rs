//! The models: a regression with standardized input and target, and a classification without any
//! preprocessing.

use dfdx::{
    nn::{BuildOnDevice, Module},
    tensor_ops::RealizeTo,
};

use crate::{
    data::{Batch, Class, Content, Probabilities, RowReader, RowWriter},
    definition::{
        Definition, Graph, Head, Input, Layer, Link, Missing, Network, Node, Output, Step, Target,
    },
    layer::{
        activation::{Linear, Relu},
        Dense, Draw,
    },
    loss, metric,
    preprocess::{Learned, Standardize},
    private::spec,
    tensor::*,
    train::{ClassOutput, OutputOf, Penalties},
};

/// The step, for inputs of `width` numbers.
const fn standardize(width: usize) -> Step {
    let shape = spec::Shape::numbers(&[spec::Size::Known(width)]);
    Step {
        spec: &spec::step::standardize::STEP,
        arguments: &[],
        input: shape,
        output: shape,
        vocabulary_of: None,
        stage: Learned::<Standardize>::STAGE,
    }
}

pub(super) struct House;

pub(super) struct HouseInputs {
    pub(super) measurements: [f32; 3],
    pub(super) age: Option<f32>,
}

pub(super) struct HouseSample {
    pub(super) measurements: [f32; 3],
    pub(super) age: Option<f32>,
    pub(super) price: f32,
    pub(super) weight: f32,
}

#[derive(Debug, PartialEq)]
pub(super) struct HouseOutputs {
    pub(super) price: f32,
}

#[allow(non_upper_case_globals)] // As the macro names them after the field.
impl House {
    pub(super) const price: OutputOf<House, 0> = OutputOf::new("price");
}

/// 250 to 350, in a unit where an untrained model is far off.
pub(super) fn houses(count: usize) -> Vec<HouseSample> {
    let unit = |row: usize, by: usize| ((row * by) % 17) as f32 / 8.5 - 1.0;
    (0..count)
        .map(|row| {
            let (a, b, c) = (unit(row, 3), unit(row, 5), unit(row, 7));
            let age = (row % 4 != 0).then_some(10.0 + c);
            let price = 300.0 + 20.0 * a - 10.0 * b + 5.0 * age.map_or(0.0, |age| age - 10.0);
            HouseSample { measurements: [a, 10.0 * b, 0.5], age, price, weight: 1.0 }
        })
        .collect()
}

/// The inputs of samples.
pub(super) fn inputs(rows: &[HouseSample]) -> Vec<HouseInputs> {
    let of = |row: &HouseSample| HouseInputs { measurements: row.measurements, age: row.age };
    rows.iter().map(of).collect()
}

impl metric::ReportedBy<House, 0> for metric::Mae {}
impl metric::ReportedBy<House, 0> for metric::R2 {}

impl Definition for House {
    type Inputs = HouseInputs;
    type Sample = HouseSample;
    type Outputs = HouseOutputs;

    const GRAPH: Graph = Graph {
        name: "House",
        nodes: &[
            Node {
                name: "measurements",
                source: "input",
                fed_by: &[],
                input_shape: &[3],
                input_masked: false,
                layers: &[Layer {
                    text: "Dense(8, relu)",
                    identity: "Dense(8, relu)",
                    numbers: &[],
                    shape: &[8],
                    masked: false,
                    parameters: Some(32),
                }],
                shape: &[8],
                masked: false,
                shared: None,
                frozen: false,
                stand_in: 0,
            },
            Node {
                name: "age",
                source: "input",
                fed_by: &[],
                input_shape: &[1],
                input_masked: false,
                layers: &[Layer {
                    text: "Dense(8, relu)",
                    identity: "Dense(8, relu)",
                    numbers: &[],
                    shape: &[8],
                    masked: false,
                    parameters: Some(16),
                }],
                shape: &[8],
                masked: false,
                shared: None,
                frozen: false,
                stand_in: 0,
            },
            Node {
                name: "price",
                source: "add(measurements, age)",
                fed_by: &["measurements", "age"],
                input_shape: &[8],
                input_masked: false,
                layers: &[Layer {
                    text: "Dense(1, l2 = 0.001)",
                    identity: "Dense(1, l2 = 0.001)",
                    numbers: &[],
                    shape: &[1],
                    masked: false,
                    parameters: Some(9),
                }],
                shape: &[1],
                masked: false,
                shared: None,
                frozen: false,
                stand_in: 0,
            },
        ],
        inputs: &[
            Input {
                name: "measurements",
                kind: Content::Numbers { blanks: false },
                shape: &[3],
                missing: None,
                steps: &[standardize(3)],
            },
            Input {
                name: "age",
                kind: Content::Numbers { blanks: false },
                shape: &[1],
                missing: Some(Missing::Mean),
                steps: &[standardize(1)],
            },
        ],
        derived: &[],
        outputs: &[Output {
            name: "price",
            target: Target::Numbers,
            width: 1,
            loss: &loss::Mse,
            weight: 1.0,
            metrics: &[&metric::Mae, &metric::R2],
            weighted_metrics: &[&metric::Mae],
            link: Link::Identity,
            steps: &[standardize(1)],
            labels: false,
            optional: false,
        }],
    };

    fn write_inputs(inputs: &HouseInputs, row: &mut RowWriter<'_>) {
        row.put(&inputs.measurements);
        row.put(&inputs.age);
    }
    fn write_sample(sample: &HouseSample, row: &mut RowWriter<'_>) {
        row.put(&sample.measurements);
        row.put(&sample.age);
        row.put(&sample.price);
    }
    fn read_outputs(row: &mut RowReader<'_>) -> HouseOutputs {
        HouseOutputs { price: row.take() }
    }
}

type HouseModel<E, D> =
    (Dense<3, 8, Relu, E, D>, Dense<1, 8, Relu, E, D>, Dense<8, 1, Linear, E, D>);

impl<E: Element, D: Backend<E>> BuildOnDevice<D, E> for House {
    type Built = HouseModel<E, D>;
}

fn house<E: Element, D: Backend<E>, T: Tape<E, D>>(
    module: &HouseModel<E, D>,
    rows: &Batch<'_>,
    device: &D,
    tape: T,
) -> Result<(Vec<Head<E, D>>, T), D::Err> {
    use dfdx::tensor_ops::TryAdd;
    let measurements = rows.numbers(0, (rows.len(), Const::<3>), device)?.put_tape(tape);
    let age = rows.numbers(1, (rows.len(), Const::<1>), device)?.put_tape(T::default());
    let joined = module.0.try_forward(measurements)?.try_add(module.1.try_forward(age)?)?;
    head(module.2.try_forward(joined)?)
}

fn head<const N: usize, E: Element, D: Backend<E>, T: Tape<E, D>>(
    tensor: Tensor<(usize, Const<N>), E, D, T>,
) -> Result<(Vec<Head<E, D>>, T), D::Err> {
    let (head, tape) = tensor.split_tape();
    let head = head.try_realize::<(usize, usize)>().map_err(|_| D::size_error())?;
    Ok((vec![head], tape))
}

impl<E: Element, D: Backend<E>> Network<E, D> for House {
    fn predict(
        module: &Self::Built,
        rows: &Batch<'_>,
        device: &D,
    ) -> Result<Vec<Head<E, D>>, D::Err> {
        Ok(house(module, rows, device, NoneTape)?.0)
    }
    fn train(
        module: &mut Self::Built,
        rows: &Batch<'_>,
        device: &D,
        tape: OwnedTape<E, D>,
    ) -> Result<(Vec<Head<E, D>>, OwnedTape<E, D>), D::Err> {
        house(module, rows, device, tape)
    }
    fn penalize(module: &Self::Built, penalties: &mut Penalties<E, D>) -> Result<(), D::Err> {
        penalties.add("price", &module.2.weight, 0.0, 0.001)
    }
    fn set_draw(_: &mut Self::Built, _: Draw) {}
    fn set_frozen(_: &mut Self::Built, _: &dyn Fn(&str) -> bool) {}
}

pub(super) struct Post;

pub(super) struct PostInputs {
    pub(super) point: [f32; 2],
}

pub(super) struct PostSample {
    pub(super) point: [f32; 2],
    pub(super) topic: Class<3>,
}

#[allow(non_upper_case_globals)] // As the macro names them after the field.
impl Post {
    pub(super) const topic: OutputOf<Post, 0> = OutputOf::new("topic");
}

impl ClassOutput<Post> for OutputOf<Post, 0> {
    fn index(&self) -> usize {
        0
    }
}

/// Points around three centres.
pub(super) fn posts(count: usize) -> Vec<PostSample> {
    let row = |row: usize| {
        let class = row % 3;
        let noise = ((row * 7) % 11) as f32 / 11.0 - 0.5;
        let (x, y) = [(2.0, 0.0), (-2.0, 0.0), (0.0, 2.0)][class];
        PostSample { point: [x + noise, y - noise], topic: Class::new(class).unwrap() }
    };
    (0..count).map(row).collect()
}

impl metric::ReportedBy<Post, 0> for metric::Accuracy {}

impl Definition for Post {
    type Inputs = PostInputs;
    type Sample = PostSample;
    type Outputs = Probabilities<3>;

    const GRAPH: Graph = Graph {
        name: "Post",
        nodes: &[Node {
            name: "topic",
            source: "from(point)",
            fed_by: &["point"],
            input_shape: &[2],
            input_masked: false,
            layers: &[Layer {
                text: "Dense(3, softmax)",
                identity: "Dense(3, softmax)",
                numbers: &[],
                shape: &[3],
                masked: false,
                parameters: Some(9),
            }],
            shape: &[3],
            masked: false,
            shared: None,
            frozen: false,
            stand_in: 0,
        }],
        inputs: &[Input {
            name: "point",
            kind: Content::Numbers { blanks: false },
            shape: &[2],
            missing: None,
            steps: &[],
        }],
        derived: &[],
        outputs: &[Output {
            name: "topic",
            target: Target::Class,
            width: 3,
            loss: &loss::CrossEntropy { label_smoothing: 0.0 },
            weight: 1.0,
            metrics: &[&metric::Accuracy],
            weighted_metrics: &[],
            link: Link::Softmax,
            steps: &[],
            labels: false,
            optional: false,
        }],
    };

    fn write_inputs(inputs: &PostInputs, row: &mut RowWriter<'_>) {
        row.put(&inputs.point);
    }
    fn write_sample(sample: &PostSample, row: &mut RowWriter<'_>) {
        row.put(&sample.point);
        row.put(&sample.topic);
    }
    fn read_outputs(row: &mut RowReader<'_>) -> Probabilities<3> {
        row.take()
    }
}

impl<E: Element, D: Backend<E>> BuildOnDevice<D, E> for Post {
    type Built = Dense<2, 3, Linear, E, D>;
}

impl<E: Element, D: Backend<E>> Network<E, D> for Post {
    fn predict(
        module: &Self::Built,
        rows: &Batch<'_>,
        device: &D,
    ) -> Result<Vec<Head<E, D>>, D::Err> {
        let point = rows.numbers(0, (rows.len(), Const::<2>), device)?;
        Ok(head(module.try_forward(point)?)?.0)
    }
    fn train(
        module: &mut Self::Built,
        rows: &Batch<'_>,
        device: &D,
        tape: OwnedTape<E, D>,
    ) -> Result<(Vec<Head<E, D>>, OwnedTape<E, D>), D::Err> {
        let point = rows.numbers(0, (rows.len(), Const::<2>), device)?;
        head(module.try_forward(point.put_tape(tape))?)
    }
    fn penalize(_: &Self::Built, _: &mut Penalties<E, D>) -> Result<(), D::Err> {
        Ok(())
    }
    fn set_draw(_: &mut Self::Built, _: Draw) {}
    fn set_frozen(_: &mut Self::Built, _: &dyn Fn(&str) -> bool) {}
}
