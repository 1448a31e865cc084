#![doc = include_str!("index.md")]

/// One module for each page. What is wrong in it is tested with its message by
/// `tests/compiler/compile_fail.rs`, what is right by `tests/pass/main.rs`.
macro_rules! pages {
    ($($name:ident),* $(,)?) => {
        $(
            #[cfg_attr(not(doctest), doc = include_str!(concat!(stringify!($name), ".md")))]
            #[cfg_attr(doctest, doc = "Tested elsewhere.")]
            pub mod $name {}
        )*
    };
}

pages! {
    activation_argument,
    arguments,
    categories,
    columns,
    concat,
    constants,
    cycle,
    data_type,
    date_parts,
    declared,
    dense_input,
    derived,
    dot,
    elementwise,
    groups,
    head,
    image_input,
    item,
    last_activation,
    leak,
    loss,
    metric,
    missing,
    no_output,
    numbers,
    operands,
    outputs,
    own_module,
    reshape,
    rows,
    sequence_input,
    serde,
    shared,
    sizes,
    sources,
    standardize,
    syntax,
    taken_names,
    target_steps,
    unknown_layer,
    unknown_node,
    unknown_word,
    unused,
    warnings,
    windows,
}
