//! What must compile, without a warning where `deny(warnings)` stands, and run.

mod allowed_warnings;
mod auto_embedding;
mod budgets_and_flow;
mod categories_by_hand;
mod const_sizes;
mod constant_expressions;
mod exported;
mod forty_inputs;
mod fragments;
mod imported_types;
mod long_branch;
mod masked_sequences;
mod names_of_the_expansion;
mod names_of_the_user;
mod nested_merges;
mod newtypes;
mod no_derives;
mod one_input;
mod one_node_in_three_places;
mod only_categories;
mod optional_inputs;
mod own_deserialize;
mod own_module;
mod parts_and_values;
mod raw_rows;
mod reverse_order;
mod several_models;
mod several_outputs;
mod shadowed_prelude;
mod shared_branch;
mod shared_names;
mod visibility;
mod with_derives;

/// The right code of every page of `multi_input::errors`, as `build.rs` finds it there.
#[allow(dead_code, clippy::result_large_err)]
mod pages {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}

/// What `multi-input-init` writes for a file.
#[allow(dead_code)]
mod described {
    include!("described/listings.rs");

    #[test]
    fn is_better_than_the_mean_at_once() {
        let source = Csv::<ListingsSample>::new("fixtures/listings.csv");
        let (train, test) = (source.part(0.0..0.8, Seed(1)), source.part(0.8..1.0, Seed(1)));
        let mut model = Listings::build(&Cpu::default(), Seed(1));
        let trainer = Trainer::new(Adam::new(1e-3)).epochs(30).progress(Progress::silent());
        trainer.fit_from(&mut model, &train).unwrap();
        let r2 = model.evaluate_from(&test).unwrap().get("r2").unwrap();
        assert!(r2 > 0.3, "{r2}");
    }
}
