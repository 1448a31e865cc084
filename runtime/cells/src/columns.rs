//! Which columns of a source belong to which field.

use crate::natural_order::by_name;

/// The keys of a field in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldNames<'a> {
    /// Name of the field, which is also a key of the field.
    pub name: &'a str,
    /// Alternative keys.
    pub aliases: &'a [&'a str],
    /// The columns of the field's elements.
    pub columns: ColumnNames<'a>,
}

/// Names of the columns of a field's elements, besides the field's own name, whose cell may hold the
/// whole list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnNames<'a> {
    /// One key holds the whole field.
    Own,
    /// These columns, in order.
    Named(&'a [&'a str]),
    /// The columns whose names begin with a text, and that no field names otherwise. Their order is
    /// that of their names, in which `s2` precedes `s10`, because files differ in the order of their
    /// columns.
    Prefix(&'a str),
    /// The columns that no other field uses, in the order of their names.
    AllOthers,
}

/// The columns of a field, as indices of a source's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldColumns {
    /// The column of the field's own name.
    pub own: Option<usize>,
    /// The columns of its elements, in order; `None` for one that the source lacks.
    pub parts: Vec<Option<usize>>,
    /// A column that fills what another column fills.
    pub duplicate: Option<usize>,
}

/// The fields of a row, with those that the row leaves out.
#[derive(Clone, Copy, Debug)]
pub struct RowNames<'a, F> {
    /// The fields.
    pub fields: &'a [F],
    /// Fields whose columns are no part of [`ColumnNames::Prefix`] and [`ColumnNames::AllOthers`].
    pub others: &'a [FieldNames<'a>],
}

/// What a column is for a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// The whole field.
    Own,
    /// The element at a position.
    Element(usize),
    /// An element whose position its name decides.
    Open,
    Nothing,
}

impl<'a> ColumnNames<'a> {
    /// The names that the annotation spells out.
    pub fn named(self) -> &'a [&'a str] {
        match self {
            ColumnNames::Named(names) => names,
            ColumnNames::Own | ColumnNames::Prefix(_) | ColumnNames::AllOthers => &[],
        }
    }

    /// Whether the source decides the number of columns.
    pub fn is_open(self) -> bool {
        matches!(self, ColumnNames::Prefix(_) | ColumnNames::AllOthers)
    }
}

impl FieldNames<'_> {
    /// Whether a key is one of the field's own.
    pub fn is_named(&self, key: &str) -> bool {
        self.name == key || self.aliases.contains(&key)
    }
}

impl<'a, F> RowNames<'a, F>
where
    &'a F: Into<FieldNames<'a>>,
{
    /// Whether a field uses the column with this key.
    pub fn uses(&self, field: &'a F, key: &str) -> bool {
        self.use_of(key, field.into()) != Use::Nothing
    }

    /// The columns of a field among those with the given keys.
    pub fn columns_of<'k>(
        &self,
        field: &'a F,
        keys: impl Iterator<Item = &'k str> + Clone,
    ) -> FieldColumns {
        let names: FieldNames<'a> = field.into();
        let mut found = FieldColumns {
            parts: vec![None; names.columns.named().len()],
            ..FieldColumns::default()
        };
        let mut open: Vec<(usize, &str)> = Vec::new();
        for (index, key) in keys.enumerate() {
            let taken = match self.use_of(key, names) {
                Use::Own => found.own.replace(index),
                Use::Element(position) => found.parts[position].replace(index),
                Use::Open => {
                    open.push((index, key));
                    None
                }
                Use::Nothing => None,
            };
            found.duplicate = found.duplicate.or(taken.map(|_| index));
        }
        open.sort_by(|a, b| by_name(a.1, b.1));
        let twin = open.windows(2).find(|pair| pair[0].1 == pair[1].1);
        found.duplicate = found.duplicate.or(twin.map(|pair| pair[1].0));
        if !open.is_empty() {
            found.parts = open.into_iter().map(|(index, _)| Some(index)).collect();
        }
        found
    }

    /// What the column of a key is for a field.
    fn use_of(&self, key: &str, field: FieldNames<'_>) -> Use {
        let open_if = |belongs: bool| match belongs && !self.is_named(key) {
            true => Use::Open,
            false => Use::Nothing,
        };
        let position = field.columns.named().iter().position(|name| *name == key);
        match (position, field.columns) {
            (Some(position), _) => Use::Element(position),
            _ if field.is_named(key) => Use::Own,
            (None, ColumnNames::Prefix(prefix)) => open_if(has_prefix(key, prefix)),
            (None, ColumnNames::AllOthers) => open_if(!self.is_prefixed(key)),
            (None, ColumnNames::Own | ColumnNames::Named(_)) => Use::Nothing,
        }
    }

    /// Whether some field has this key, or one that the row leaves out.
    fn is_named(&self, key: &str) -> bool {
        self.names().any(|field| field.is_named(key) || field.columns.named().contains(&key))
    }

    /// Whether some field takes the columns with a prefix of the key.
    fn is_prefixed(&self, key: &str) -> bool {
        self.names().any(|field| match field.columns {
            ColumnNames::Prefix(prefix) => has_prefix(key, prefix),
            _ => false,
        })
    }

    fn names(&self) -> impl Iterator<Item = FieldNames<'a>> {
        self.fields.iter().map(Into::into).chain(self.others.iter().copied())
    }
}

/// A name as its text and the digits at its end.
pub fn numbered(name: &str) -> (&str, &str) {
    let text = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    name.split_at(text.len())
}

/// Whether something follows a prefix.
fn has_prefix(key: &str, prefix: &str) -> bool {
    key.len() > prefix.len() && key.starts_with(prefix)
}

impl<'a> From<&'a FieldNames<'a>> for FieldNames<'a> {
    fn from(names: &'a FieldNames<'a>) -> FieldNames<'a> {
        *names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &'static str, columns: ColumnNames<'static>) -> FieldNames<'static> {
        FieldNames { name, aliases: &[], columns }
    }

    #[test]
    fn columns_go_to_the_field_that_names_them_best() {
        let fields = [
            field("s3", ColumnNames::Own),
            field("sensors", ColumnNames::Prefix("s")),
            field("rest", ColumnNames::AllOthers),
            field("pair", ColumnNames::Named(&["b", "a"])),
        ];
        let others = [
            field("y", ColumnNames::Own),
            field("s_target", ColumnNames::Own),
            field("pixels", ColumnNames::Prefix("p_")),
        ];
        let row = RowNames { fields: &fields, others: &others };
        let keys = ["s10", "z", "a", "s3", "s", "s2", "y", "age", "b", "s_target", "p_1"];
        let parts = |field: usize| {
            let found = row.columns_of(&fields[field], keys.iter().copied());
            found.parts.iter().map(|part| keys[part.unwrap()]).collect::<Vec<_>>()
        };
        assert_eq!(row.columns_of(&fields[0], keys.iter().copied()).own, Some(3));
        assert_eq!(parts(1), ["s2", "s10"]);
        assert_eq!(parts(2), ["age", "s", "z"]);
        assert_eq!(parts(3), ["b", "a"]);
        assert!(row.uses(&fields[3], "a") && !row.uses(&fields[3], "age"));
    }

    #[test]
    fn a_column_that_occurs_twice_is_found() {
        let fields = [field("a", ColumnNames::Own), field("p", ColumnNames::Prefix("p"))];
        let row = RowNames { fields: &fields, others: &[] };
        let duplicate = |field: usize, keys: &[&str]| {
            row.columns_of(&fields[field], keys.iter().copied()).duplicate
        };
        assert_eq!(duplicate(0, &["a", "b", "a"]), Some(2));
        assert_eq!(duplicate(0, &["a", "b", "b"]), None);
        assert_eq!(duplicate(1, &["p2", "p1", "p2"]), Some(2));
    }
}
