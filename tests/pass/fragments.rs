//! Parts of an annotation that come as fragments of `macro_rules`.

use multi_input::prelude::*;

use crate::own_module::Gate;

macro_rules! model {
    (
        $name:ident, $rooms:ty, $step:expr, $gate:ty => $width:literal, $($layer:expr),*;
        $units:expr, $activation:path; $merge:expr; $loss:expr, $($metric:expr),*
    ) => {
        #[multi_input_model(allow(bottleneck))]
        #[derive(Clone, Debug)]
        pub struct $name {
            #[input($step)]
            #[branch($gate => [$width], $($layer),*)]
            rooms: $rooms,
            #[input]
            #[branch(Dense($units * 2, activation = $activation))]
            garden: [f32; $units],
            #[merge($merge)]
            #[branch(Dense(1))]
            #[output(loss = $loss, metrics($($metric),*))]
            price: f32,
        }
    };
}

model! {
    Fragments, [f32; 3], standardize, Gate<3> => 3, Dense(8, relu), Dropout(0.1), Dense(4);
    1 + 1, tanh; concat(rooms, garden); huber(0.5), mae, r2
}

#[test]
fn they_are_read_as_if_they_were_written_there() {
    let layers = |node: usize| -> Vec<_> {
        Fragments::GRAPH.nodes[node].layers.iter().map(|layer| layer.text).collect()
    };
    assert_eq!(layers(0), ["Gate<3>", "Dense(8, relu)", "Dropout(0.1)", "Dense(4)"]);
    // The sum is an operand.
    assert_eq!(Fragments::GRAPH.nodes[1].layers[0].shape, [4]);
}
