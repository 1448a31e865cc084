//! What callbacks ask of a run, on which all ranks agree.

use multi_input_base::Result;

use crate::{
    callback::Flow,
    cluster::{Reader, Writer},
};

/// What callbacks have asked for, and why.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) flow: Flow,
    pub(super) reason: Option<String>,
}

impl Asked {
    pub(super) const NOTHING: Asked = Asked { flow: Flow::Continue, reason: None };

    pub(super) fn write(&self, to: &mut Writer) {
        to.number(self.flow as usize);
        to.bytes(self.reason.as_deref().unwrap_or_default().as_bytes());
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Asked> {
        let flow = match from.number()? {
            0 => Flow::Continue,
            1 => Flow::Pause,
            _ => Flow::Stop,
        };
        Ok(Asked { flow, reason: Some(from.text()?).filter(|reason| !reason.is_empty()) })
    }

    /// What ranks agree on: the greatest value, with the reason of the first rank that asked for it.
    pub(super) fn or(self, other: Asked) -> Asked {
        if other.flow > self.flow {
            other
        } else {
            self
        }
    }
}
