//! Settings that apply only to some schedules.

/// A setting of some schedules, besides rate and length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Setting {
    Floor,
    Restarts,
    End,
    Power,
    Cycle,
}

impl Setting {
    pub(super) const COUNT: usize = Setting::Cycle as usize + 1;

    /// The mistake of giving this setting to a schedule made by `constructor`.
    pub(super) fn mistake(self, constructor: &str) -> String {
        let (name, owners) = match self {
            Setting::Floor => ("floor", "`cosine` and `cosine_restarts`"),
            Setting::Restarts => ("restarts", "`cosine_restarts`"),
            Setting::End => ("end", "`polynomial`"),
            Setting::Power => ("power", "`polynomial`"),
            Setting::Cycle => ("cycle", "`polynomial`"),
        };
        format!(
            "`{name}` does nothing to a learning-rate schedule by `{constructor}`; it is for \
             {owners}"
        )
    }
}
