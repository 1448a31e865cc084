//! Models that only a function, a module or the crate sees.

#![deny(warnings)]

mod inner {
    use multi_input::multi_input_model;

    #[multi_input_model]
    pub(crate) struct Crate {
        #[input]
        rooms: [f32; 10],
        #[from(rooms)]
        #[branch(Dense(WIDTH, relu), Dense(1))]
        #[output(loss = mse)]
        price: f32,
    }

    #[multi_input_model]
    pub(super) struct Parent {
        #[input]
        rooms: [f32; 10],
        #[from(rooms)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        price: f32,
    }

    const WIDTH: usize = 4;
}

#[test]
fn compiles_and_runs() {
    use multi_input::multi_input_model;

    const WIDTH: usize = 3;

    #[multi_input_model]
    struct Local {
        #[input]
        rooms: [f32; WIDTH],
        #[from(rooms)]
        #[branch(Dense(WIDTH, relu), Dense(1))]
        #[output(loss = mse)]
        price: f32,
    }

    let local = LocalInputs { rooms: [0.0; WIDTH] };
    let of_crate = inner::CrateInputs { rooms: [0.0; 10] };
    let of_parent = inner::ParentInputs { rooms: [0.0; 10] };
    assert_eq!(local.rooms.len() + of_crate.rooms.len() + of_parent.rooms.len(), 23);
}
