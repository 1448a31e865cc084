//! Inputs that are called as what every definition has.

#![allow(non_snake_case)]

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(2))]
    build: [f32; 2],
    #[input(missing = zeros)]
    summary: Option<[f32; 2]>,
    #[input]
    GRAPH: [f32; 2],
    #[input]
    diagram: [f32; 2],
    #[merge(concat(build, summary, GRAPH, diagram))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn names_are_nodes_and_what_every_definition_has() {
    let _ = Trainer::<House, _>::new(Adam::new(1e-3))
        .freeze(House::build)
        .drop_input(House::summary, 0.1)
        .freeze(House::GRAPH)
        .learning_rate_of(House::diagram, 0.5);
    let model = House::build(&Cpu::default(), Seed(7));
    assert_eq!(model.summary().to_string(), House::summary().to_string());
    assert_eq!(House::GRAPH.nodes.len(), 5);
    assert!(House::diagram("no/such/folder/house.svg").is_err());
}
