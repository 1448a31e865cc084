//! Every policy for every kind of input, and presence as an operand.

use multi_input::multi_input_model;

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Patient {
    #[input(missing = zeros)]
    age: Option<f32>,
    #[input(standardize, missing = mean)]
    vitals: Option<[f32; 4]>,
    #[input(missing = learned)]
    #[branch(Dense(8, relu), BatchNorm)]
    serum: Option<[f32; 6]>,
    #[input(missing = zeros)]
    #[branch(Embedding(3, 8))]
    sex: Option<u32>,
    #[input(missing = learned)]
    #[branch(Embedding(50, 4), Flatten, Dense(8))]
    history: Option<[u32; 5]>,
    #[input(missing = zeros)]
    smoker: Option<bool>,
    #[input(missing = learned)]
    pain: Option<[bool; 3]>,
    #[from(serum)]
    #[branch(Dense(8))]
    later: [f32; 8],
    #[merge(average(serum, sex, history, later))]
    mean: [f32; 8],
    #[merge(concat(
        age,
        vitals,
        mean,
        smoker,
        pain,
        present(age),
        present(vitals),
        present(serum),
        present(sex)
    ))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    score: f32,
    #[from(serum)]
    #[output(loss = mae)]
    levels: [f32; 8],
}

#[test]
fn compiles_and_runs() {
    let row = PatientInputs {
        age: None,
        vitals: None,
        serum: Some([0.0; 6]),
        sex: None,
        history: None,
        smoker: Some(true),
        pain: None,
    };
    assert_eq!(row.clone(), row);
    let joined = Patient::GRAPH.nodes.iter().find(|node| node.name == "joined").unwrap();
    assert_eq!(joined.shape, [21]);
}
