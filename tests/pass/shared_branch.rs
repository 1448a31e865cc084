//! Two towers with one branch, declared before and after the node that shares it; one of the inputs
//! may be absent.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Towers {
    #[input]
    #[branch(shared = title)]
    query: [u32; 12],
    #[input]
    #[branch(Embedding(1000, 16), Flatten, Dropout(0.1), Dense(8, tanh), frozen)]
    title: [u32; 12],
    #[input(missing = learned)]
    #[branch(shared = title)]
    subtitle: Option<[u32; 12]>,
    #[merge(average(title, subtitle))]
    name: [f32; 8],
    #[merge(dot(query, name, normalize = true))]
    #[output(loss = mse)]
    likeness: f32,
}

#[test]
fn compiles_and_runs() {
    assert_eq!(Towers::GRAPH.nodes[0].shared.or(Towers::GRAPH.nodes[1].shared), Some("title"));
}
