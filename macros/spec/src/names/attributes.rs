//! The other names of attributes and of their options.

use super::Named;

/// The attributes of fields.
pub const ATTRIBUTES: &[Named] = &[
    Named("input", &["feature", "features", "inputs", "input_layer", "placeholder", "predictor"]),
    Named("merge", &["merged", "combine", "fuse", "fusion"]),
    Named("from", &["of", "after", "follows", "fed_by", "input_from", "source"]),
    Named("derived", &["computed", "engineered", "formula", "expression"]),
    Named(
        "branch",
        &["layers", "layer", "tower", "network", "sequential", "stack", "block", "backbone", "mlp"],
    ),
    Named(
        "output",
        &["target", "label", "labels", "outputs", "head", "prediction", "predict", "targets", "y"],
    ),
];

/// The options of `#[multi_input_model(...)]` that have other names.
pub const MODEL_OPTIONS: &[Named] =
    &[Named("export", &["export_to", "exports", "exported_to", "convertible_to"])];

/// The formats of `export = ...`.
pub const EXPORT_FORMATS: &[Named] = &[Named(
    "onnx",
    &["to_onnx", "export_onnx", "save_onnx", "onnx_file", "onnx_model", "onnxruntime", "ort"],
)];

/// The options of a format.
pub const EXPORT_OPTIONS: &[Named] =
    &[Named("encoded", &["preprocessed", "encode", "already_encoded", "behind_preprocessing"])];

/// The options of `#[input(...)]` besides the steps.
pub const INPUT_OPTIONS: &[Named] = &[
    Named(
        "missing",
        &["na_values", "null_values", "na", "nan", "missing_values", "absent", "if_missing"],
    ),
    Named("columns", &["column", "usecols", "cols", "col", "column_names", "header"]),
    Named("decimal", &["decimal_separator", "decimal_point"]),
    Named("thousands", &["thousands_separator", "thousands_sep"]),
    Named("percent", &["percentage"]),
    Named("currency", &["currency_symbol", "currency_sign"]),
    Named("truthy", &["true_values"]),
    Named("falsy", &["false_values"]),
    Named("base64", &["b64"]),
    Named("wraps", &["unit", "newtype", "inner", "underlying", "of"]),
];

/// The options of `#[output(...)]` besides the steps and those about cells.
pub const OUTPUT_OPTIONS: &[Named] = &[
    Named("loss", &["losses", "loss_fn", "loss_function", "criterion", "objective", "cost"]),
    Named("metrics", &["metric", "eval_metric", "eval_metrics", "scoring"]),
    Named("weighted_metrics", &["weighted_metric"]),
    Named("weight", &["loss_weight", "loss_weights", "weights", "coefficient"]),
    Named("categories", &["class_names", "label_names", "string_labels"]),
];

/// What `#[input(...)]` states about the outputs that an input reaches.
pub const INPUT_RULES: &[Named] = &[
    Named("only_for", &["only", "restricted_to", "used_by"]),
    Named("sensitive", &["protected", "protected_attribute", "sensitive_feature"]),
    Named("known_at", &["available_at", "known_from"]),
];

/// What `#[output(...)]` states about the inputs that reach an output.
pub const OUTPUT_RULES: &[Named] = &[
    Named("uses_sensitive", &["sensitive_features"]),
    Named("independent_of", &["does_not_use", "without"]),
    Named("known_at", &["available_at", "predicted_at", "needed_at"]),
];
