#![doc = include_str!("index.md")]

/// One module per page. `tests/compiler/compile_fail.rs` tests the wrong code of each page with its
/// message, `tests/pass/main.rs` the right code.
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
    averages,
    budgets,
    categories,
    cells,
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
    export,
    flows,
    groups,
    head,
    image_input,
    item,
    last_activation,
    leak,
    lists,
    lock,
    loss,
    metric,
    missing,
    names,
    newtypes,
    no_output,
    numbers,
    operands,
    outputs,
    own_metric,
    own_module,
    own_value,
    parts,
    renamed,
    reshape,
    rows,
    sequence_input,
    serde,
    shared,
    sizes,
    sources,
    stages,
    standardize,
    syntax,
    taken_names,
    target_steps,
    unknown_layer,
    unknown_node,
    unknown_word,
    unused,
    values,
    warnings,
    windows,
}
