//! What ONNX cannot express.

use std::fmt;

use multi_input_spec::Onnx;

/// The reason why something has no translation, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why, as a clause that can follow "because".
    pub reason: String,
    /// What to do instead, as an imperative.
    pub instead: String,
}

impl Refusal {
    /// A refusal with this reason and this way out.
    pub fn new(reason: impl Into<String>, instead: impl Into<String>) -> Refusal {
        Refusal { reason: reason.into(), instead: instead.into() }
    }

    /// # Errors
    /// What the spec says of `name` where ONNX cannot express it.
    pub fn check(name: &str, onnx: Onnx) -> Result<(), Refusal> {
        match onnx {
            Onnx::Refused { reason, instead } => {
                Err(Refusal::new(format!("`{name}`: {reason}"), instead))
            }
            Onnx::Operators { .. } | Onnx::Nothing => Ok(()),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.reason, self.instead)
    }
}
