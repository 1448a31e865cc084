//! Forty inputs in one merge.

use multi_input::multi_input_model;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Wide {
    #[input]
    #[branch(Dense(4, relu))]
    i0: [f32; 1],
    #[input]
    i1: f32,
    #[input]
    i2: f32,
    #[input]
    i3: f32,
    #[input]
    #[branch(Dense(4, relu))]
    i4: [f32; 5],
    #[input]
    i5: f32,
    #[input]
    i6: f32,
    #[input]
    i7: f32,
    #[input]
    #[branch(Dense(4, relu))]
    i8: [f32; 2],
    #[input]
    i9: f32,
    #[input]
    i10: f32,
    #[input]
    i11: f32,
    #[input]
    #[branch(Dense(4, relu))]
    i12: [f32; 6],
    #[input]
    i13: f32,
    #[input]
    i14: f32,
    #[input]
    i15: f32,
    #[input]
    #[branch(Dense(4, relu))]
    i16: [f32; 3],
    #[input]
    i17: f32,
    #[input]
    i18: f32,
    #[input]
    i19: f32,
    #[input]
    #[branch(Dense(4, relu))]
    i20: [f32; 7],
    #[input]
    i21: f32,
    #[input]
    i22: f32,
    #[input]
    i23: f32,
    #[input]
    #[branch(Dense(4, relu))]
    i24: [f32; 4],
    #[input]
    i25: f32,
    #[input]
    i26: f32,
    #[input]
    i27: f32,
    #[input]
    #[branch(Dense(4, relu))]
    i28: [f32; 1],
    #[input]
    i29: f32,
    #[input]
    i30: f32,
    #[input]
    i31: f32,
    #[input]
    #[branch(Dense(4, relu))]
    i32: [f32; 5],
    #[input]
    i33: f32,
    #[input]
    i34: f32,
    #[input]
    i35: f32,
    #[input]
    #[branch(Dense(4, relu))]
    i36: [f32; 2],
    #[input]
    i37: f32,
    #[input]
    i38: f32,
    #[input]
    i39: f32,
    #[merge(concat(
        i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13, i14, i15, i16, i17, i18, i19,
        i20, i21, i22, i23, i24, i25, i26, i27, i28, i29, i30, i31, i32, i33, i34, i35, i36, i37,
        i38, i39
    ))]
    joined: [f32; 70],
    #[from(joined)]
    #[branch(Dense(16, relu), Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn compiles_and_runs() {
    assert_eq!(Wide::GRAPH.inputs.len(), 40);
    assert_eq!(Wide::GRAPH.nodes[40].shape, [70]);
}
