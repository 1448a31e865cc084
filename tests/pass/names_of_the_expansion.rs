//! Fields that are called as the locals and type parameters of the expansion are, or as keywords.

#![allow(non_snake_case)]

use dfdx::prelude::*;
use multi_input::multi_input_model;

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Names {
    #[input]
    #[branch(Dense(4), Dropout(0.5))]
    batch: [f32; 4],
    #[input(missing = learned)]
    #[branch(Dense(4))]
    x: Option<[f32; 4]>,
    #[input]
    #[branch(Dense(4, l2 = 0.1))]
    size: [f32; 4],
    #[input]
    device: [f32; 4],
    #[input]
    #[branch(Dense(4))]
    module: [f32; 4],
    #[input]
    #[branch(Dense(4))]
    rows: [f32; 4],
    #[input]
    row: [f32; 4],
    #[input]
    self_: [f32; 4],
    #[input]
    #[branch(Dense(4))]
    r#type: [f32; 4],
    #[input(missing = learned)]
    r#match: Option<[f32; 4]>,
    #[input]
    #[branch(Dense(4))]
    visitor: [f32; 4],
    #[input]
    #[branch(Dense(4))]
    s: [f32; 4],
    #[input]
    heads: [f32; 4],
    #[input]
    seed: [f32; 4],
    #[input]
    gradients: [f32; 4],
    #[input]
    deserializer: [f32; 4],
    #[input]
    cells: [f32; 4],
    #[input]
    draw: [f32; 4],
    #[input]
    penalties: [f32; 4],
    #[input]
    value_0: [f32; 4],
    #[input]
    sample: [f32; 4],
    #[input]
    inputs: [f32; 4],
    #[input]
    #[branch(Dense(4))]
    E: [f32; 4],
    #[input]
    #[branch(Dense(4))]
    D: [f32; 4],
    #[input]
    B: [f32; 4],
    #[input]
    T: [f32; 4],
    #[input]
    V: [f32; 4],
    #[input]
    values: [f32; 4],
    #[input]
    present: [f32; 4],
    #[input]
    multi_input: [f32; 4],
    #[merge(add(
        batch,
        x,
        size,
        device,
        module,
        rows,
        row,
        self_,
        r#type,
        r#match,
        visitor,
        s,
        heads,
        seed,
        gradients,
        deserializer,
        cells,
        draw,
        penalties,
        value_0,
        sample,
        inputs,
        E,
        D,
        B,
        T,
        V,
        values,
        present,
        multi_input
    ))]
    concat: [f32; 4],
    #[from(concat)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    r#loss: f32,
    #[from(concat)]
    #[branch(Dense(2))]
    #[output(loss = mse)]
    r#struct: [f32; 2],
}

#[test]
fn compiles_and_runs() {
    let device = Cpu::default();
    let model = device.build_module::<Names, f32>();
    let _ = (&model.r#type, &model.match_missing, &model.E);
    let names: Vec<&str> = Names::GRAPH.nodes.iter().map(|node| node.name).collect();
    assert!(names.contains(&"type") && names.contains(&"struct"));
    let _handle = Names::r#struct;
}
