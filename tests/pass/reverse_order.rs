//! Fields may be declared in any order.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Backwards {
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
    #[merge(concat(measurements, district))]
    joined: [f32; 48],
    #[input]
    #[branch(Embedding(100, 16), Flatten)]
    district: u32,
    #[input]
    #[branch(Dense(32, relu))]
    measurements: [f32; 10],
}

#[test]
fn compiles_and_runs() {
    let names: Vec<&str> = Backwards::GRAPH.nodes.iter().map(|node| node.name).collect();
    assert_eq!(names.last(), Some(&"price"));
    assert_eq!(Backwards::GRAPH.inputs[0].name, "district");
}
