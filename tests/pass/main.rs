//! What must compile, without a warning where `deny(warnings)` stands, and run.

mod allowed_warnings;
mod auto_embedding;
mod categories_by_hand;
mod const_sizes;
mod forty_inputs;
mod long_branch;
mod masked_sequences;
mod names_of_the_expansion;
mod nested_merges;
mod no_derives;
mod one_input;
mod one_node_in_three_places;
mod only_categories;
mod optional_inputs;
mod own_deserialize;
mod own_module;
mod raw_rows;
mod reverse_order;
mod several_models;
mod several_outputs;
mod shadowed_prelude;
mod shared_branch;
mod visibility;
mod with_derives;

/// The right code of every page of `multi_input::errors`, as `build.rs` finds it there.
#[allow(dead_code)]
mod pages {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}
