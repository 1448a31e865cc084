//! What flows into a layer, in the terms of layers with weights.

/// What flows into a layer or out of a node. Names are of inputs, numbers of layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Wire {
    Input(String),
    Layer(usize),
    /// Whether an input is present.
    Present,
    /// The concatenation, in this order.
    Concat(Vec<Wire>),
    /// Another merge.
    Merge(Vec<Wire>),
    #[default]
    Unknown,
}

impl Wire {
    /// The concatenation, in which those among the operands are opened.
    pub(super) fn concat(operands: Vec<Wire>) -> Wire {
        let opened = operands.into_iter().flat_map(|operand| match operand {
            Wire::Concat(inner) => inner,
            other => vec![other],
        });
        Wire::Concat(opened.collect())
    }

    /// The pairs of what has to be the same in two wires; `None` if they cannot be compared.
    pub(super) fn pairs<'a>(&'a self, other: &'a Wire) -> Option<Vec<(&'a Wire, &'a Wire)>> {
        match (self, other) {
            (Wire::Concat(ours), Wire::Concat(theirs)) => {
                (ours.len() == theirs.len()).then(|| ours.iter().zip(theirs).collect())
            }
            // The order of operands is another matter in each merge.
            (Wire::Merge(_) | Wire::Concat(_) | Wire::Unknown, _)
            | (_, Wire::Merge(_) | Wire::Concat(_) | Wire::Unknown) => None,
            one => Some(vec![one]),
        }
    }

    /// In words, with the names of layers.
    pub(super) fn written(&self, name: &dyn Fn(usize) -> String) -> String {
        let all = |called: &str, operands: &[Wire]| {
            let operands: Vec<String> =
                operands.iter().map(|operand| operand.written(name)).collect();
            format!("{called}({})", operands.join(", "))
        };
        match self {
            Wire::Input(input) => format!("`{input}`"),
            Wire::Layer(layer) => format!("`{}`", name(*layer)),
            Wire::Present => "present".to_owned(),
            Wire::Concat(operands) => all("concat", operands),
            Wire::Merge(operands) => all("merge", operands),
            Wire::Unknown => "something".to_owned(),
        }
    }
}
