//! `MULTI_INPUT_PRINT=shapes cargo check` prints every model with its shapes as far as the macro
//! knows them, also models with mistakes.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{
    shape::ShapedGraph,
    table::{self, Row, Table},
    text::plain,
};

const VARIABLE: &str = "MULTI_INPUT_PRINT";

/// Prints what the variable requests.
pub(crate) fn on_request(shaped: &ShapedGraph) {
    match std::env::var(VARIABLE).as_deref() {
        Ok("shapes") => eprintln!("{}", shapes(shaped)),
        Ok(other) if !other.is_empty() => {
            eprintln!("{VARIABLE} is `shapes` or nothing, not `{other}`");
        }
        _ => {}
    }
}

/// Makes cargo recompile the user's crate when the variable changes.
pub(crate) fn track_variable() -> TokenStream {
    quote! {
        const _: ::core::option::Option<&::core::primitive::str> = ::core::option_env!(#VARIABLE);
    }
}

fn shapes(shaped: &ShapedGraph) -> String {
    let table = table::of(&shaped.graph, |position| shaped.nodes[position].shapes());
    let head = &shaped.graph.model;
    let whole = head.part_of.as_ref();
    let whole = whole.map(|whole| format!(", a part of {}", plain(&whole.name)));
    text(&format!("{}{}", plain(&head.name), whole.unwrap_or_default()), table)
}

/// The table with aligned columns.
fn text(name: &str, table: Table) -> String {
    let mut rows = table.rows;
    let cost = table.prediction.map(table::cost_in_words);
    let cost = cost.map(|[flops, memory]| {
        [("FLOPs of a prediction", flops), ("memory of a prediction", memory)]
    });
    let total = table.total.map(|total| ("total", total.to_string()));
    for (what, number) in total.into_iter().chain(cost.into_iter().flatten()) {
        rows.push(Row {
            node: String::new(),
            layer: what.to_owned(),
            shape: String::new(),
            parameters: number,
        });
    }
    let width = |cell: fn(&Row) -> &str| rows.iter().map(|row| cell(row).chars().count()).max();
    let widths = [width(|row| &row.node), width(|row| &row.layer), width(|row| &row.shape)];
    let [node, layer, shape] = widths.map(Option::unwrap_or_default);
    let lines = rows.iter().map(|row| {
        let Row { node: a, layer: b, shape: c, parameters } = row;
        let line = format!("  {a:node$}  {b:layer$}  {c:shape$}  {parameters}");
        format!("{}\n", line.trim_end())
    });
    std::iter::once(format!("{name}\n")).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{diagnostics::Diagnostics, graph, parse, part, shape};

    fn printed(item: TokenStream) -> String {
        let mut errors = Diagnostics::new();
        let raw = parse::parse(TokenStream::new(), item, &mut errors).ok().unwrap();
        let text = shapes(&shape::infer(graph::build(raw, &mut errors), &mut errors));
        drop(errors.finish());
        text
    }

    #[test]
    fn every_node_and_layer_has_a_line() {
        let text = printed(quote! {
            struct House {
                #[input]
                #[branch(Dense(64, relu))]
                rooms: [f32; 10],
                #[input(missing = learned)]
                #[branch(Embedding(100, 16))]
                district: Option<u32>,
                #[merge(concat(rooms, district))]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                price: f32,
            }
        });
        let expected = "\
House
  rooms     input                    [10]
            Dense(64, relu)          [64]  704
  district  input                    []
            Embedding(100, 16)       [16]  1600
            stand-in where absent    [16]  16
  price     concat(rooms, district)  [80]
            Dense(1)                 [1]   81
            total                          2401
            FLOPs of a prediction          1569
            memory of a prediction         10.244 kB
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_part_has_the_nodes_that_it_needs() {
        let item = quote! {
            struct Shop {
                #[input]
                #[branch(Embedding(100, 8))]
                user: u32,
                #[input]
                #[branch(shared = user)]
                item: u32,
                #[from(item)]
                #[branch(Dense(8))]
                vector: _,
                #[merge(dot(user, vector))]
                #[output(loss = mse)]
                rating: f32,
            }
        };
        let mut errors = Diagnostics::new();
        let raw = parse::parse(quote!(part(Item = vector)), item, &mut errors).ok().unwrap();
        let part = part::derive(&graph::build(raw, &mut errors), &mut errors).remove(0);
        let text = shapes(&shape::infer(graph::build(part, &mut errors), &mut errors));
        assert!(errors.finish().is_ok());
        let expected = "\
Item, a part of Shop
  item    input                   []
          Embedding(100, 8)       [8]  800
  vector  from(item)              [8]
          Dense(8)                [8]  72
          total                        872
          FLOPs of a prediction        136
          memory of a prediction       3.552 kB
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_derived_node_says_what_it_is_made_of() {
        let text = printed(quote! {
            struct House {
                #[derived(crossed(street, kind, 100))]
                #[branch(Embedding(100, 4))]
                both: u32,
                #[input]
                street: String,
                #[input]
                kind: u32,
                #[from(both)]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                price: f32,
            }
        });
        let expected = "\
House
  street  input                       []
  kind    input                       []
  both    crossed(street, kind, 100)  []
          Embedding(100, 4)           [4]  400
  price   from(both)                  [4]
          Dense(1)                    [1]  5
          total                            405
          FLOPs of a prediction            9
          memory of a prediction           1.64 kB
";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_comes_after_a_mistake_is_not_known() {
        let text = printed(quote! {
            struct House {
                #[input]
                #[branch(Embedding(9, 4))]
                rooms: [f32; N],
                #[from(rooms)]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                price: f32,
            }
        });
        assert_eq!(text, "House\n  rooms  input        [N]\n  price  from(rooms)  ?\n");
    }
}
