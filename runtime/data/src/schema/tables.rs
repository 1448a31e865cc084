//! Empty tables with the columns of a schema.

use super::{Schema, Target, TargetKind};
use crate::table::{Column, Content, Table};

impl Table {
    /// An empty table of rows to predict from: one column per input.
    pub fn of_inputs(schema: &Schema) -> Table {
        let columns = schema.inputs.iter().map(|input| {
            let width = match input.kind {
                Content::Pictures | Content::Lists { .. } => 1,
                _ => input.shape.iter().product(),
            };
            Column::new(input.name, input.kind, width, input.missing.is_some())
        });
        Table { columns: columns.collect(), rows: 0 }
    }

    /// An empty table of rows to train on: one column per input and per target.
    pub fn of_samples(schema: &Schema) -> Table {
        let mut table = Table::of_inputs(schema);
        table.columns.extend(schema.targets.iter().map(Column::target));
        table
    }
}

impl Column {
    fn target(target: &Target) -> Column {
        let (content, width) = match target.kind {
            TargetKind::Numbers | TargetKind::Flags => (Content::TargetNumbers, target.width),
            TargetKind::Doubles => (Content::TargetDoubles, target.width),
            TargetKind::Flag => (Content::TargetNumbers, 1),
            TargetKind::Class if target.labels => (Content::Names, 1),
            TargetKind::Class => (Content::Categories { below: target.width }, 1),
        };
        Column::new(target.name, content, width, target.optional)
    }
}
