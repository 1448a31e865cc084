//! The tables in the documentation of `multi_input_model`, generated from this crate. The file
//! holds them between markers, and the test reports differences. `just bless` writes them.

use std::{fmt::Write, fs, path::Path};

use crate::{
    derived::{arithmetic, DERIVATIONS},
    layer::LAYERS,
    mask::MaskRule,
    merge::{MaskMerge, MERGES},
    names::{
        Kind, Named, ABSENT, ARGUMENTS, ATTRIBUTES, EXPORT_FORMATS, EXPORT_OPTIONS, INPUT_OPTIONS,
        MODEL_OPTIONS, OUTPUT_OPTIONS, WITHOUT, WORDS,
    },
    step::{Inverse, Nature, Step, STEPS},
    Activation, ArgumentKind, Doc, HeadForm, Onnx, Parameter, Predicted, Target, TargetSteps,
    ACTIVATIONS, LOSSES, METRICS,
};

const NAMES_OF_ATTRIBUTES: [&[Named]; 6] =
    [ATTRIBUTES, INPUT_OPTIONS, OUTPUT_OPTIONS, MODEL_OPTIONS, EXPORT_FORMATS, EXPORT_OPTIONS];

/// The variable that, if set, makes the test write the file instead of comparing it.
pub(crate) const BLESS: &str = "MULTI_INPUT_BLESS";

#[test]
fn the_tables_of_the_documentation_are_those_of_this_crate() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime/src/multi_input_model.md");
    let found = fs::read_to_string(&path).unwrap();
    let mut written = found.clone();
    for (name, table) in [
        ("layers", layers()),
        ("activations", activations()),
        ("masks", masks()),
        ("merges", merges()),
        ("steps", steps(|step| step.form.nature != Nature::Random)),
        ("random steps", steps(|step| step.form.nature == Nature::Random)),
        ("derivations", derivations()),
        ("losses", losses()),
        ("metrics", metrics()),
        ("onnx", onnx()),
        ("names of attributes", named(&NAMES_OF_ATTRIBUTES)),
        ("names of arguments", named(&[ARGUMENTS, WORDS])),
        ("absent arguments", without()),
        ("absent", absent()),
    ] {
        written = with_table(&written, name, &table);
    }
    if std::env::var_os(BLESS).is_some() {
        return fs::write(&path, written).unwrap();
    }
    let differs = found.lines().zip(written.lines()).find(|(found, written)| found != written);
    assert!(
        found == written,
        "the tables of {} are not those of macros/spec; run `just bless`. The first line that differs, \
         as it is and as it should be: {differs:#?}",
        path.display()
    );
}

/// `text` with `table` between the markers called `name`.
fn with_table(text: &str, name: &str, table: &str) -> String {
    let (start, end) = (format!("<!-- {name}: from macros/spec -->"), "<!-- end -->");
    let (before, rest) =
        text.split_once(&start).unwrap_or_else(|| panic!("there is no line `{start}`"));
    let (_, after) = rest.split_once(end).unwrap_or_else(|| panic!("`{start}` has no `{end}`"));
    format!("{before}{start}\n\n{table}\n{end}{after}")
}

/// A Markdown table.
fn table<const N: usize>(heads: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = format!("| {} |\n|{}\n", heads.join(" | "), "---|".repeat(N));
    for row in rows {
        let _ = writeln!(table, "| {} |", row.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    table
}

/// `Dense(units, activation = linear)`.
fn call(name: &str, parameters: impl IntoIterator<Item = String>) -> String {
    let parameters: Vec<String> = parameters.into_iter().collect();
    match parameters.is_empty() {
        true => format!("`{name}`"),
        false => format!("`{name}({})`", parameters.join(", ")),
    }
}

/// ``[`Dense(units, activation = linear)`](crate::layer::Dense)``.
fn link(name: &str, parameters: impl IntoIterator<Item = String>, to: &str) -> String {
    format!("[{}]({to})", call(name, parameters))
}

/// `units` if required, `activation = linear` with a default, `shared = ..` without one.
fn spelled(parameter: &Parameter) -> String {
    let Parameter { name, kind, required, default } = parameter;
    match (required, kind.is_list(), default.is_empty()) {
        (true, true, _) => format!("{name}, .."),
        (true, false, _) => (*name).to_owned(),
        (false, _, true) => format!("{name} = .."),
        (false, _, false) => format!("{name} = {default}"),
    }
}

/// `` `a`, `b` ``.
fn names(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn text(cell: &str) -> String {
    cell.to_owned()
}

fn layers() -> String {
    let rows = LAYERS.iter().map(|layer| {
        let to = format!("crate::layer::{}", layer.name);
        let Doc { computes, shape, keras, torch, also, .. } = layer.doc;
        let name = link(layer.name, layer.parameters.iter().map(spelled), &to);
        [name, text(computes), text(shape), text(keras), text(torch), names(also)]
    });
    table(["layer", "computes", "shape", "Keras", "PyTorch", "also called"], rows)
}

fn activations() -> String {
    let rows = ACTIVATIONS.iter().map(|(activation, name, type_name)| {
        let to = format!("crate::layer::activation::{type_name}");
        [link(name, [], &to), text(activation.formula()), names(activation.also())]
    });
    table(["activation", "computes", "also called"], rows)
}

fn masks() -> String {
    let of = |rule| {
        let of_rule = LAYERS.iter().filter(|layer| layer.form.mask == rule);
        let mut names: Vec<_> = of_rule.map(|layer| format!("`{}`", layer.name)).collect();
        if rule == MaskRule::Keeps {
            names.push(text("activations"));
        }
        names.join(", ")
    };
    let rows = [
        ("keeps it: each step is computed by itself", MaskRule::Keeps),
        ("honours it: a masked step does not count", MaskRule::Reads),
        ("creates or drops it", MaskRule::Sets),
        ("refuses it: put `DropMask` before it", MaskRule::Loses),
    ];
    table(["a layer that", "layers"], rows.map(|(what, rule)| [text(what), of(rule)]))
}

fn merges() -> String {
    let rows = MERGES.iter().map(|merge| {
        let operands = match merge.operands {
            (_, Some(2)) => vec![text("a"), text("b")],
            _ => vec![text("a"), text("b"), text("..")],
        };
        let parameters = operands.into_iter().chain(merge.parameters.iter().map(spelled));
        let masks = match merge.masks {
            MaskMerge::Any => "a step counts that counts in any operand",
            MaskMerge::Chosen => {
                "a step counts that counts in any operand; a masked step is left to the others"
            }
            MaskMerge::Joined => "along the steps one behind the other, else as `add`",
            MaskMerge::Both => "a step counts that counts in both",
            MaskMerge::Refused => "refused",
        };
        let Doc { computes, shape, keras, torch, also, .. } = merge.doc;
        // The layer after `weighted` computes it.
        let to = match merge.masks {
            MaskMerge::Both => text("crate::layer::EmbeddingBag::try_forward_weighted"),
            _ => format!("crate::merge::{}", merge.name),
        };
        let name = link(merge.name, parameters, &to);
        [name, text(computes), text(shape), text(masks), text(keras), text(torch), names(also)]
    });
    table(["merge", "computes", "shapes", "masks", "Keras", "PyTorch", "also called"], rows)
}

fn steps(which: impl Fn(&Step) -> bool) -> String {
    let rows = STEPS.iter().filter(|step| which(step)).map(|step| {
        let to = format!("crate::preprocess::{}", step.type_name);
        let parameters = step.parameters.iter().map(spelled);
        let mut kinds = step.parameters.iter().map(|parameter| parameter.kind);
        // The type is behind a feature, without which a link would be broken.
        let name = match kinds.any(|kind| kind == ArgumentKind::TokenizerFile) {
            true => call(step.name, parameters),
            false => link(step.name, parameters, &to),
        };
        let Doc { computes, shape, keras, also, .. } = step.doc;
        [name, text(computes), text(shape), text(keras), names(also)]
    });
    table(["step", "computes", "takes and gives", "Keras or another library", "also called"], rows)
}

fn derivations() -> String {
    let rows = DERIVATIONS.iter().map(|derivation| {
        let inputs = ["a", "b", ".."].map(text).into_iter();
        let parameters = inputs.chain(derivation.parameters.iter().map(spelled));
        let to = format!("crate::preprocess::{}", derivation.type_name);
        let Doc { computes, shape, keras, also, .. } = derivation.doc;
        let name = link(derivation.name, parameters, &to);
        [name, text(computes), text(shape), text(keras), names(also)]
    });
    table(["derivation", "computes", "takes and gives", "Keras", "also called"], rows)
}

/// The types of the targets.
fn types(targets: &[Target]) -> String {
    let types = targets.iter().map(|target| match target {
        Target::Numbers => "numbers",
        Target::Flag => "`bool`",
        Target::Flags => "`[bool; N]`",
        Target::Class => "`Class<N>`",
    });
    types.collect::<Vec<_>>().join(", ")
}

fn losses() -> String {
    let affine = STEPS.iter().filter(|step| step.form.inverse == Inverse::Affine);
    let affine = affine.map(|step| format!("`{}`", step.name)).collect::<Vec<_>>().join(", ");
    let rows = LOSSES.iter().map(|loss| {
        let numbers = loss.parameters.iter();
        let numbers = numbers.map(|number| format!("{} = {}", number.name, number.default));
        let listed = loss.listed.map(|(name, _)| format!("{name}, .."));
        let form = &loss.form;
        let head = match (form.head, form.link) {
            (HeadForm::Pair, _) => text("`[2]`: `concat` of two `distance`s"),
            (HeadForm::Cumulative, _) => text("`[N - 1]`"),
            (HeadForm::Parts(_), _) if loss.listed.is_some() => {
                text("a last axis with one number for each of them")
            }
            (HeadForm::Parts(parts), _) => format!("a last axis of {}", parts.len()),
            (HeadForm::Target, Some(link)) => format!("logits, or ends in `{}`", link.name()),
            (HeadForm::Target, None) if form.non_negative => {
                text("never negative, as `softplus` gives")
            }
            (HeadForm::Target, None) => text("any"),
        };
        let steps = match form.target_steps {
            TargetSteps::Any => text("any that can be undone"),
            TargetSteps::Affine(_) => affine.clone(),
            TargetSteps::None(_) => text("none"),
        };
        let prediction = match loss.prediction {
            Predicted::Target => String::new(),
            Predicted::Named(name) | Predicted::Listed(name) => {
                format!("[`{name}`](crate::{name})")
            }
        };
        let Doc { computes, keras, torch, also, .. } = loss.doc;
        let name =
            link(loss.name(), numbers.chain(listed), &format!("crate::loss::{}", loss.type_name));
        let targets = types(form.targets);
        [
            name,
            text(computes),
            targets,
            head,
            steps,
            prediction,
            text(keras),
            text(torch),
            names(also),
        ]
    });
    let heads = [
        "loss",
        "computes",
        "target",
        "branch",
        "steps on the target",
        "prediction",
        "Keras",
        "PyTorch",
        "also called",
    ];
    table(heads, rows)
}

fn metrics() -> String {
    let rows = METRICS.iter().map(|metric| {
        let parameters = metric.parameters.iter().map(spelled);
        let name = link(metric.name, parameters, &format!("crate::metric::{}", metric.type_name));
        let Doc { computes, keras, also, .. } = metric.doc;
        [name, text(computes), types(metric.targets), text(keras), names(also)]
    });
    table(["metric", "computes", "target", "Keras or scikit-learn", "also called"], rows)
}

/// What everything is in an ONNX file.
fn onnx() -> String {
    let layers = LAYERS.iter().map(|row| (Kind::Layer, row.name, row.doc.onnx));
    let activations = ACTIVATIONS.iter().map(|row| (Kind::Activation, row.1, row.0.onnx()));
    let merges = MERGES.iter().map(|row| (Kind::Merge, row.name, row.doc.onnx));
    let steps = STEPS.iter().map(|row| (Kind::Step, row.name, row.doc.onnx));
    let derivations = DERIVATIONS.iter().map(|row| (Kind::Derivation, row.name, row.doc.onnx));
    let formula = [(Kind::Derivation, "a / b", arithmetic::DERIVATION.doc.onnx)];
    let losses = LOSSES.iter().map(|row| (Kind::Loss, row.name(), row.onnx()));
    let rows = layers.chain(activations).chain(merges).chain(steps).chain(derivations);
    let rows = rows.chain(formula).chain(losses).map(|(kind, name, onnx)| {
        let (operators, since) = match onnx {
            Onnx::Operators { names: own, since } => (names(own), since.to_string()),
            Onnx::Nothing => (text("none are needed"), String::new()),
            Onnx::Refused { reason, instead } => {
                (format!("refused, because {reason}; {instead}"), String::new())
            }
        };
        [text(kind.in_words()), format!("`{name}`"), operators, since]
    });
    table(["", "here", "operators", "opset"], rows)
}

fn named(tables: &[&[Named]]) -> String {
    let rows = tables.iter().copied().flatten();
    table(["here", "elsewhere"], rows.map(|Named(name, also)| [names(&[name]), names(also)]))
}

fn without() -> String {
    table(
        ["argument", "left out because"],
        WITHOUT.iter().map(|(given, why)| [names(given), text(why)]),
    )
}

fn absent() -> String {
    let rows = ABSENT.iter();
    let rows = rows.map(|row| [text(row.kind.in_words()), names(row.names), text(row.instead)]);
    table(["kind", "elsewhere", "instead"], rows)
}

/// The defaults in the tables equal those in the formulas.
mod defaults {
    use super::*;
    use crate::{Kind, Nested, Padding, Shape, Size, TokenizerFile, Value};

    const fn sizes<const N: usize>(sizes: [usize; N]) -> [Size; N] {
        let mut known = [Size::Unknown; N];
        let mut i = 0;
        while i < N {
            known[i] = Size::Known(sizes[i]);
            i += 1;
        }
        known
    }

    /// One input of every kind.
    fn inputs() -> Vec<Shape> {
        vec![
            Shape::numbers(&[]),
            Shape::numbers(&sizes([12])),
            Shape::numbers(&sizes([6, 4])),
            Shape::numbers(&sizes([6, 4])).with_mask(true),
            Shape::numbers(&sizes([4, 6, 8])),
            Shape::categories(&[]).below(Size::Known(2)),
            Shape::categories(&sizes([5])).below(Size::Known(2)),
            Shape::new(Kind::Texts, &[]),
            Shape::new(Kind::Dates, &[]),
            Shape::new(Kind::Pictures, &sizes([3])),
        ]
    }

    /// A value for a required parameter.
    fn given(kind: ArgumentKind) -> Value {
        match kind {
            ArgumentKind::Pair => Value::Pair(sizes([2, 2])),
            ArgumentKind::Margins => Value::Margins(sizes([1; 4])),
            ArgumentKind::Number(_) => Value::Number(0.5),
            ArgumentKind::Numbers(_) => Value::Numbers(&[0.5]),
            ArgumentKind::Words(words) => Value::Word(words[0]),
            ArgumentKind::Layer { .. } => Value::Layer(Nested {
                output: Shape::numbers(&sizes([6, 8])),
                count: Size::Known(5),
                flops: Size::Known(9),
                held: Size::Known(0),
            }),
            ArgumentKind::TokenizerFile => {
                Value::Tokenizer(TokenizerFile { vocabulary: 9, padding: Some(0), json: "" })
            }
            ArgumentKind::Text => Value::Text("|"),
            ArgumentKind::Sizes => Value::Size(Size::Known(12)),
            _ => Value::Size(Size::Known(4)),
        }
    }

    /// The value of a parameter's default; `None` without one.
    fn read(parameters: &[Parameter], parameter: &Parameter) -> Option<Value> {
        let default = parameter.default;
        let number = || default.parse().map(Size::Known).ok();
        Some(match parameter.kind {
            _ if default.is_empty() => return None,
            // The default is the value of another parameter.
            kind if parameters.iter().any(|other| other.name == default) => given(kind),
            ArgumentKind::Size => Value::Size(number()?),
            ArgumentKind::Pair => Value::Pair([number()?; 2]),
            ArgumentKind::Padding => {
                let mut words = Padding::WORDS.iter();
                Value::Padding(words.find(|(word, _)| *word == default)?.1)
            }
            ArgumentKind::Axis => Value::Axis(default.parse().ok()?),
            ArgumentKind::Number(range) => {
                let number = default.parse().ok()?;
                assert!(range.contains(number), "{default}");
                Value::Number(number)
            }
            ArgumentKind::Flag => Value::Flag(default.parse().ok()?),
            ArgumentKind::Activation => Value::Activation(Activation::named(default)?),
            ArgumentKind::Word(words) => {
                assert_eq!(words.first(), Some(&default), "the first word is the default");
                Value::Word(default)
            }
            kind => panic!("no default is known of {kind:?}"),
        })
    }

    /// Compares `gives` with and without each default, and returns the number of comparisons.
    fn compare(
        callee: &str,
        parameters: &[Parameter],
        gives: impl Fn(&Shape, &[Value]) -> Option<String>,
    ) -> usize {
        let mut compared = 0;
        let absent: Vec<Value> = parameters
            .iter()
            .map(|parameter| if parameter.required { given(parameter.kind) } else { Value::Absent })
            .collect();
        for (i, parameter) in parameters.iter().enumerate() {
            let value = read(parameters, parameter);
            assert_eq!(value.is_some(), !parameter.default.is_empty(), "{callee}: {parameter:?}");
            let Some(value) = value else { continue };
            let mut spelled = absent.clone();
            spelled[i] = value;
            for input in inputs() {
                let Some(expected) = gives(&input, &absent) else { continue };
                let found = gives(&input, &spelled);
                assert_eq!(found, Some(expected), "{callee}: {} of {input:?}", parameter.name);
                compared += 1;
            }
        }
        compared
    }

    #[test]
    fn what_is_left_out_is_what_the_table_says() {
        let mut compared = 0;
        for layer in LAYERS {
            compared += compare(layer.name, layer.parameters, |input, arguments| {
                let output = (layer.output)(input, arguments).ok()?;
                let slide = layer.form.slide.map(|slide| slide(input, arguments));
                let count = (layer.count)(input, arguments);
                Some(format!(
                    "{output:?} {count:?} {:?} {slide:?}",
                    (layer.sizes)(input, arguments)
                ))
            });
            let activation =
                layer.parameters.iter().find(|parameter| parameter.name == "activation");
            let default = layer.form.default_activation.name();
            assert!(activation.is_none_or(|found| found.default == default), "{}", layer.name);
        }
        for step in STEPS {
            compared += compare(step.name, step.parameters, |input, arguments| {
                Some(format!("{:?}", (step.output)(input, arguments).ok()?))
            });
        }
        assert!(compared > 100, "{compared}");
    }
}
