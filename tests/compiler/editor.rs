//! What an editor sees of a model, asked of rust-analyzer over its protocol. `just editor` installs
//! the version that this is written for and runs it; without `RUST_ANALYZER` it is skipped.

#[path = "../support/language_server.rs"]
mod language_server;

use language_server::{Place, Server};

const SOUND: &str = "\
use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(64, relu), Dense(32))]
    rooms: [f32; 10],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

pub fn row() -> HouseInputs {
    HouseInputs { rooms: [0.0; 10], district: 3 }
}

pub fn module(model: &HouseModel<f32, dfdx::tensor::Cpu>) {
    let _ = model;
}
";

#[test]
fn an_editor_shows_shapes_jumps_and_completes() {
    let Ok(program) = std::env::var("RUST_ANALYZER") else {
        println!("skipped: RUST_ANALYZER names no rust-analyzer; `just editor` installs one");
        return;
    };
    let mut server = Server::start(&program, SOUND);

    let hover = server.hover(Place::of(SOUND, "joined", 0));
    assert!(hover.contains("A node of shape `[48]`"), "a node's shape: {hover}");
    let hover = server.hover(Place::of(SOUND, "rooms", 0));
    assert!(hover.contains("after its branch `[32]`"), "the shape after a branch: {hover}");
    let hover = server.hover(Place::of(SOUND, "Dense", 0));
    assert!(hover.contains("activation(x"), "a layer's documentation: {hover}");
    let hover = server.hover(Place::of(SOUND, "House", 0));
    assert!(hover.contains("Embedding(100, 16)"), "the model's table: {hover}");

    // Of a name in a merge, and in `from`, to its field.
    let jumps = server.definitions(Place::of(SOUND, "district", 1));
    assert!(jumps.contains(&Place::of(SOUND, "district", 0).in_file("lib.rs")), "{jumps:?}");
    let jumps = server.definitions(Place::of(SOUND, "joined", 1));
    assert!(jumps.contains(&Place::of(SOUND, "joined", 0).in_file("lib.rs")), "{jumps:?}");
    // Of a layer to where it is written.
    let jumps = server.definitions(Place::of(SOUND, "Dense", 0));
    assert!(jumps.iter().any(|(file, _)| file == "dense.rs"), "{jumps:?}");

    // An editor closes a parenthesis as it is opened; one that stays open is no token tree, and the
    // struct is lost to every macro.
    for half in ["Dense(64, relu), Den", "Dense(64, relu), Dense()", "Dense(64, relu), Dense(6 ,)"]
    {
        let text = SOUND.replace("Dense(64, relu), Dense(32)", half);
        server.change(&text);
        let rows = server.definitions(Place::of(&text, "HouseInputs", 0));
        assert!(!rows.is_empty(), "the rows exist while `{half}` is typed");
        let model = server.definitions(Place::of(&text, "HouseModel", 0));
        assert!(!model.is_empty(), "the model exists while `{half}` is typed");
        let jumps = server.definitions(Place::of(&text, "district", 1));
        assert!(jumps.contains(&Place::of(&text, "district", 0).in_file("lib.rs")), "{half}");
    }

    let text = SOUND.replace("Dense(64, relu), Dense(32)", "Dense(64, relu), Den");
    server.change(&text);
    let names = server.completions(Place::of(&text, "Den)", 0).after(3));
    for layer in ["Dense", "Dropout", "LSTM"] {
        assert!(names.iter().any(|name| name == layer), "{layer} is offered: {names:?}");
    }
    server.stop();
}
