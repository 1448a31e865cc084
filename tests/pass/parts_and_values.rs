//! Parts of models with sizes from constants, modules of the user's own, raw names and rows without
//! derives.

#![deny(warnings)]

use multi_input::multi_input_model;

use crate::own_module::Gate;

const WIDTH: usize = 6;

/// It has a part for every kind of output.
#[multi_input_model(
    part(Gates(r#type, flag) = (gate, flagged)),
    part(Everything = (grid, price, r#type)),
    part(Prices = price),
)]
pub(crate) struct Constants {
    #[input]
    #[branch(Dense(WIDTH, relu), Gate<WIDTH> => [WIDTH])]
    r#type: [f32; WIDTH / 2],
    #[input(missing = zeros)]
    flag: Option<String>,
    #[from(r#type)]
    #[branch(frozen, Gate<WIDTH> => [WIDTH], Dense(WIDTH))]
    gate: _,
    #[merge(concat(gate, present(flag)))]
    #[output]
    flagged: [f32; WIDTH + 1],
    #[from(gate)]
    #[branch(Reshape(2, WIDTH / 2))]
    #[output]
    grid: _,
    #[merge(concat(flagged, gate))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f64,
}

mod inner {
    /// Private, as its parts are.
    #[multi_input::multi_input_model(part(Tower = vector))]
    struct Hidden {
        #[input]
        #[branch(Dense(2))]
        vector: [f32; 3],
        #[from(vector)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        y: f32,
    }

    pub(super) fn width() -> usize {
        use multi_input::prelude::*;
        let model = Hidden::build(&Cpu::default(), Seed(1));
        let tower: Model<Tower> = model.part().unwrap();
        tower.predict(&[TowerInputs { vector: [1.0; 3] }]).unwrap()[0].vector.len()
    }
}

#[test]
fn compiles_and_runs() {
    use multi_input::prelude::*;
    let model = Constants::build(&Cpu::default(), Seed(1));
    let row =
        |flag: Option<&str>| ConstantsInputs { r#type: [1.0; 3], flag: flag.map(str::to_owned) };
    let whole = model.predict(&[row(None), row(Some("x"))]).unwrap();
    let gates: Model<Gates> = model.part().unwrap();
    let inputs = |row: ConstantsInputs| GatesInputs { r#type: row.r#type, flag: row.flag };
    let gates = gates.predict(&[row(None), row(Some("x"))].map(inputs)).unwrap();
    assert_eq!(gates[1].flagged, whole[1].flagged);
    assert_eq!([gates[0].flagged[6], gates[1].flagged[6]], [0.0, 1.0]);
    assert_eq!(gates[0].gate, whole[0].grid.as_flattened());
    let all: Model<Everything> = model.part().unwrap();
    let inputs = |row: ConstantsInputs| EverythingInputs { r#type: row.r#type, flag: row.flag };
    let all = all.predict(&[row(None)].map(inputs)).unwrap();
    assert_eq!((all[0].grid, all[0].price), (whole[0].grid, whole[0].price));
    assert_eq!(all[0].r#type.len(), WIDTH);
    assert!(Gates::summary().to_string().starts_with("Gates\n"), "{}", Gates::summary());
    assert_eq!(Prices::GRAPH.outputs.len(), 1);
    assert_eq!(inner::width(), 2);
}
