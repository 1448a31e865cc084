//! Names for language servers carry the user's spans, also in models with mistakes.

use proc_macro2::{LineColumn, TokenStream, TokenTree};

use crate::expand_model;

/// All leaf tokens with their locations in the source.
fn leaves(tokens: TokenStream) -> Vec<(String, LineColumn)> {
    tokens
        .into_iter()
        .flat_map(|tree| match tree {
            TokenTree::Group(group) => leaves(group.stream()),
            leaf => vec![(leaf.to_string(), leaf.span().start())],
        })
        .collect()
}

/// Asserts that in the expansion of `source` a path or field access that ends in `path`, such as
/// `layer :: Dense`, has its last token at the `nth` occurrence of `mark` in `source`.
fn assert_leads(source: &str, path: &str, (mark, nth): (&str, usize)) {
    let expansion = leaves(expand_model(TokenStream::new(), source.parse().unwrap()));
    let path: Vec<&str> = path.split(' ').collect();
    let offset = source.match_indices(mark).nth(nth).unwrap().0;
    let line = source[..offset].matches('\n').count() + 1;
    let column = offset - source[..offset].rfind('\n').map_or(0, |end| end + 1);
    let found = expansion.windows(path.len()).any(|window| {
        let location = window[path.len() - 1].1;
        window.iter().map(|leaf| leaf.0.as_str()).eq(path.iter().copied())
            && (location.line, location.column) == (line, column)
    });
    assert!(found, "no `{}` at {line}:{column} of\n{source}", path.join(" "));
}

const SOUND: &str = "struct House {
    #[input]
    #[branch(Dense(64, relu), Dropout(0.2))]
    rooms: [f32; 10],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    price: f32,
}";

const RULES: &str = "struct House {
    #[input(only_for(price), known_at = offer)]
    rooms: [f32; 10],
    #[input(sensitive)]
    age: f32,
    #[merge(concat(rooms, age))]
    #[branch(Dense(1))]
    #[output(loss = mse, uses_sensitive(age), independent_of(other), known_at = sale)]
    price: f32,
}";

#[test]
fn names_in_rules_lead_to_nodes_and_stages() {
    assert_leads(RULES, "nodes_ . price", ("price", 0));
    assert_leads(RULES, "nodes_ . age", ("age", 2));
    assert_leads(RULES, "nodes_ . other", ("other", 0));
    assert_leads(RULES, "stages_ . offer", ("offer", 0));
    assert_leads(RULES, "stages_ . sale", ("sale", 0));
}

#[test]
fn names_lead_to_what_they_mean() {
    assert_leads(SOUND, "layer : : Dense", ("Dense", 0));
    assert_leads(SOUND, "layer : : Dense", ("Dense", 1));
    assert_leads(SOUND, "layer : : Dropout", ("Dropout", 0));
    assert_leads(SOUND, "activation : : Relu", ("relu", 0));
    assert_leads(SOUND, "merge : : concat", ("concat", 0));
    assert_leads(SOUND, "loss : : Mse", ("mse", 0));
    assert_leads(SOUND, "metric : : Mae", ("mae", 0));
    // In the merge, and in `from`.
    assert_leads(SOUND, "nodes_ . district", ("district", 1));
    assert_leads(SOUND, "nodes_ . joined", ("joined", 1));
}

#[test]
fn names_in_options_lead_to_nodes() {
    let arguments = "part(Tower(rooms) = joined), export = onnx(encoded(district))";
    let expansion = leaves(expand_model(arguments.parse().unwrap(), SOUND.parse().unwrap()));
    for name in ["rooms", "joined", "district"] {
        let at = LineColumn { line: 1, column: arguments.find(name).unwrap() };
        let leads = expansion.windows(3).any(|window| {
            let path = window.iter().map(|leaf| leaf.0.as_str());
            path.eq(["nodes_", ".", name]) && window[2].1 == at
        });
        assert!(leads, "`{name}` leads nowhere");
    }
}

#[test]
fn a_node_is_a_field_of_its_inferred_shape() {
    let text = expand_model(TokenStream::new(), SOUND.parse().unwrap()).to_string();
    assert!(text.contains("joined : [:: core :: primitive :: f32 ; 80]"), "{text}");
    assert!(text.contains("A node of shape `[10]`, after its branch `[64]`."), "{text}");
    assert_leads(SOUND, "joined", ("joined", 0));
}

#[test]
fn a_mistake_takes_none_of_it_away() {
    for (right, wrong) in [
        ("Dropout(0.2)", "Drop"),
        ("Dropout(0.2)", "Drop("),
        ("concat(rooms, district)", "conca(rooms, district)"),
        ("Embedding(100, 16)", "Embedding(100"),
        ("loss = mse", "loss ="),
    ] {
        // An editor closes open brackets.
        let open = wrong.matches('(').count() - wrong.matches(')').count();
        let source = SOUND.replace(right, &format!("{wrong}{}", ")".repeat(open)));
        let expansion = expand_model(TokenStream::new(), source.parse().unwrap()).to_string();
        assert!(expansion.contains("compile_error"), "`{wrong}` is a mistake");
        for generated in ["type HouseInputs", "type HouseSample", "type HouseModel"] {
            assert!(expansion.contains(generated), "{generated} with `{wrong}`");
        }
        assert_leads(&source, "layer : : Dense", ("Dense", 0));
        assert_leads(&source, "nodes_ . district", ("district", 1));
        assert_leads(&source, "nodes_ . joined", ("joined", 1));
    }
    let half = SOUND.replace("Dropout(0.2)", "Drop");
    assert_leads(&half, "layer : : Drop", ("Drop", 0));
    let half = SOUND.replace("concat(", "conca(");
    assert_leads(&half, "merge : : conca", ("conca", 0));
}
