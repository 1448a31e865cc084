//! How a layer, merge, step or derivation is written in an ONNX file.

/// The operators of an exported model, or the reason why there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onnx {
    /// Exported as these operators of `ai.onnx` (or `ai.onnx.ml` where the name says so), of which the
    /// newest is available since this opset.
    Operators {
        /// Their names; which of them are used depends on the arguments.
        names: &'static [&'static str],
        /// The opset.
        since: u8,
    },
    /// It changes nothing in a prediction, so nothing is written.
    Nothing,
    /// Not expressible in ONNX.
    Refused {
        /// Why, as a clause that can follow "because".
        reason: &'static str,
        /// What to do instead, as an imperative. Of a step or derivation it may say
        /// `export = onnx(encoded(..))`, into which a message of the compiler puts the names.
        instead: &'static str,
    },
}

impl Onnx {
    /// A module or merge of the user's own. A step or derivation can bring its operators.
    pub const OF_OWN: Onnx = Onnx::refused(
        "it is your own code, written in Rust",
        "use what the crate has in its place",
    );

    /// These operators, since this opset.
    pub const fn since(since: u8, names: &'static [&'static str]) -> Onnx {
        Onnx::Operators { names, since }
    }

    /// The names of the operators.
    pub const fn operators(&self) -> &'static [&'static str] {
        match self {
            Onnx::Operators { names, .. } => names,
            Onnx::Nothing | Onnx::Refused { .. } => &[],
        }
    }

    /// Not expressible.
    pub const fn refused(reason: &'static str, instead: &'static str) -> Onnx {
        Onnx::Refused { reason, instead }
    }
}
