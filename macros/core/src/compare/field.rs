//! The rules about one field and its columns.

use std::collections::HashSet;

use multi_input_cells::{
    numeric, split, Cell, CellFormat, ColumnNames as NamesOfColumns, FieldNames, FieldRule,
    Numeric, ValueType,
};
use multi_input_spec::Size;
use proc_macro2::Span;
use syn::LitStr;

use super::Data;
use crate::{
    diagnostics::Diagnostics,
    graph::Node,
    lint::Lint,
    parse::{Argument, ColumnNames, Date, Element, Field, FieldType, Source, Step},
    plan::Plan,
    text::plain,
    warn::Warning,
};

/// The fewest rows from which something is concluded about all rows.
const FEW: usize = 10;

/// A text of more words than `words` keeps is reported where more than one in this number is.
const CUT_TEXTS: usize = 10;

/// The keys of a field, as texts.
pub(super) struct Names {
    name: String,
    aliases: Vec<String>,
    columns: Option<ColumnNames>,
    named: Vec<String>,
    prefix: String,
}

/// The keys of a field, borrowed.
pub(super) struct BorrowedNames<'a> {
    names: &'a Names,
    aliases: Vec<&'a str>,
    named: Vec<&'a str>,
}

impl Names {
    pub(super) fn of(field: &Field) -> Names {
        let rename = field.columns.rename.as_ref();
        let columns = field.cells().and_then(|cells| Some(cells.columns.as_ref()?.0.clone()));
        let (named, prefix) = match &columns {
            Some(ColumnNames::Named(names)) => (names.iter().map(LitStr::value).collect(), None),
            Some(ColumnNames::Prefix(prefix)) => (Vec::new(), Some(prefix.value())),
            // `compare_rows` leaves out the fields whose columns are in a constant.
            Some(ColumnNames::AllOthers | ColumnNames::Constant { .. }) | None => {
                (Vec::new(), None)
            }
        };
        Names {
            name: rename.map_or_else(|| plain(&field.name), LitStr::value),
            aliases: field.columns.aliases.iter().map(LitStr::value).collect(),
            columns,
            named,
            prefix: prefix.unwrap_or_default(),
        }
    }

    pub(super) fn borrowed(&self) -> BorrowedNames<'_> {
        BorrowedNames {
            names: self,
            aliases: self.aliases.iter().map(String::as_str).collect(),
            named: self.named.iter().map(String::as_str).collect(),
        }
    }
}

impl BorrowedNames<'_> {
    pub(super) fn as_names(&self) -> FieldNames<'_> {
        let columns = match &self.names.columns {
            None => NamesOfColumns::Own,
            Some(ColumnNames::Named(_) | ColumnNames::Constant { .. }) => {
                NamesOfColumns::Named(&self.named)
            }
            Some(ColumnNames::Prefix(_)) => NamesOfColumns::Prefix(&self.names.prefix),
            Some(ColumnNames::AllOthers) => NamesOfColumns::AllOthers,
        };
        FieldNames { name: &self.names.name, aliases: &self.aliases, columns }
    }
}

/// A field with its columns in the sample.
pub(super) struct ComparedField<'a> {
    pub(super) node: usize,
    plan: &'a Plan<'a>,
    field: &'a Field,
    /// Indices of its columns.
    columns: Vec<usize>,
    /// What separates the pieces of a text, or the items of a list in a cell.
    separator: Option<String>,
    data: &'a Data<'a>,
}

/// What the rows of a field hold.
#[derive(Default)]
struct Counts {
    /// Number of rows without a value, and the place of the first one.
    missing: (usize, String),
    /// Number of rows with a cell that does not fit, and the message about the first one.
    wrong: (usize, String),
    /// The different values: all of them where they are counted, else at most two.
    distinct: HashSet<String>,
    /// Number of texts with more words than the step `words` keeps.
    cut: usize,
}

impl Counts {
    fn add(&mut self, text: &str, keeps_all: bool, kept: Size) {
        if (keeps_all || self.distinct.len() < 2) && !self.distinct.contains(text) {
            self.distinct.insert(text.to_owned());
        }
        if let Size::Known(kept) = kept {
            self.cut += usize::from(text.split_whitespace().nth(kept).is_some());
        }
    }

    fn add_missing(&mut self, place: impl FnOnce() -> String) {
        if self.missing.0 == 0 {
            self.missing.1 = place();
        }
        self.missing.0 += 1;
    }

    fn add_wrong(&mut self, message: impl FnOnce() -> String) {
        if self.wrong.0 == 0 {
            self.wrong.1 = message();
        }
        self.wrong.0 += 1;
    }
}

impl<'a> ComparedField<'a> {
    pub(super) fn new(
        plan: &'a Plan<'a>,
        node: usize,
        columns: Vec<usize>,
        data: &'a Data<'a>,
    ) -> ComparedField<'a> {
        let field = &plan.checked.graph.nodes[node].field;
        let split = steps(field).iter().find(|step| step.spec.name == "split");
        let separator = match split.and_then(|step| step.argument("separator")) {
            Some(Argument::Text(separator)) => Some(separator.value()),
            _ => None,
        };
        ComparedField { node, plan, field, columns, separator, data }
    }

    /// Applies every rule about the field alone.
    pub(super) fn compare(&self, errors: &mut Diagnostics, warnings: &mut Vec<Warning>) {
        // A function of the user may read anything.
        let Some(ty) = self.field.ty.as_ref().filter(|_| self.field.columns.read_with.is_none())
        else {
            return;
        };
        let rule = |format: CellFormat<'_>| {
            self.count(ty, &FieldRule { value: self.value_type(ty), format })
        };
        let counts = match self.field.cells() {
            Some(cells) => cells.with_format(rule),
            None => rule(CellFormat::DEFAULT),
        };
        self.fits(&counts, errors);
        self.misses_nothing(ty, &counts, errors);
        self.labels_have_classes(ty, &counts, errors);
        if counts.wrong.0 == 0 {
            warnings.extend(self.is_not_constant(&counts));
            warnings.extend(self.vocabulary_is_large_enough(&counts));
            warnings.extend(self.texts_are_kept(&counts));
        }
    }

    fn node(&self) -> &'a Node {
        &self.plan.checked.graph.nodes[self.node]
    }

    fn name(&self) -> String {
        plain(&self.field.name)
    }

    fn span(&self) -> Span {
        self.field.name.span()
    }

    fn steps(&self) -> &'a [Step] {
        steps(self.field)
    }

    fn step(&self, name: &str) -> Option<&'a Step> {
        // What a step of the user's own gives is not known here.
        let mut known = self.steps().iter().take_while(|step| step.own.is_none());
        known.find(|step| step.spec.name == name)
    }

    /// All rows of the sample, in words.
    pub(super) fn all_rows(&self) -> String {
        let first = if self.data.sample.is_cut { "the first" } else { "all" };
        format!("{first} {} rows of {}", self.data.sample.len(), self.data.path)
    }

    fn is_label(&self) -> bool {
        self.field.output.as_ref().is_some_and(|output| output.categories.is_some())
    }

    /// What the cells must hold.
    fn value_type(&self, ty: &FieldType) -> ValueType {
        let known = |size: Size| match size {
            Size::Known(size) => size as u64,
            Size::Unknown => u64::from(u32::MAX) + 1,
        };
        match &ty.element {
            Element::F32 => ValueType::Single,
            Element::F64 => ValueType::Double,
            Element::I64 => ValueType::WholeDouble(i64::MIN, i64::MAX as u64),
            Element::U64 => ValueType::WholeDouble(0, u64::MAX),
            Element::Bool => ValueType::Flag,
            Element::U32 => ValueType::Below(known(self.table_size())),
            Element::Class(_) if self.is_label() => ValueType::Text,
            Element::Class(classes) => ValueType::Class(known(classes.value)),
            Element::Date(Date::Day) => ValueType::Date,
            Element::Date(Date::Time) => ValueType::Time,
            Element::Date(Date::Utc) => ValueType::Instant,
            Element::Image(_) => ValueType::Image,
            Element::Text | Element::Inferred => ValueType::Text,
        }
    }

    /// The bound of indices that are used as they are: the size of the smallest embedding, or of an
    /// encoding.
    fn table_size(&self) -> Size {
        let changes = |step: &&Step| !step.spec.form.keeps_values;
        let sizes = match self.steps().iter().find(changes) {
            None => self.plan.nodes[self.node].tables.iter().map(|size| size.value).collect(),
            Some(step) if ["one_hot", "multi_hot"].contains(&step.spec.name) => {
                vec![size_argument(step, "size")]
            }
            Some(_) => Vec::new(),
        };
        let known = sizes.into_iter().filter_map(|size| match size {
            Size::Known(size) => Some(size),
            Size::Unknown => None,
        });
        known.min().map_or(Size::Unknown, Size::Known)
    }

    /// Looks at every row once.
    fn count(&self, ty: &FieldType, rule: &FieldRule<'_>) -> Counts {
        let sample = self.data.sample;
        let mut counts = Counts::default();
        let keeps_all = self.is_label() || self.step("categories").is_some();
        let kept = self.step("words").filter(|step| splits_at_white_space(step));
        let kept = kept.map_or(Size::Unknown, |step| size_argument(step, "length"));
        let has_default = self.field.columns.default.is_some();
        let may_be_plain = self.separator.is_none()
            && !ty.list
            && rule.format.is_default()
            && !sample.has_markers();
        for row in 0..sample.len() {
            if may_be_plain && self.is_plain(row, rule) {
                // Values that differ need not be looked at again.
                if keeps_all || kept != Size::Unknown || counts.distinct.len() < 2 {
                    let texts = self.columns.iter().filter_map(|&column| sample.text(row, column));
                    texts.for_each(|text| counts.add(text, keeps_all, kept));
                }
                continue;
            }
            let cells = self.columns.iter().map(|&column| sample.cell(row, column));
            if has_default && cells.clone().all(|cell| cell.is_none()) {
                continue;
            }
            // A key that an object lacks is missing, as null is.
            let whole: Vec<Cell<'_>> = cells.map(|cell| cell.unwrap_or(Cell::Blank)).collect();
            let cells: Vec<Cell<'_>> = whole.iter().map(|cell| self.cut(ty, cell)).collect();
            let elements = elements_of(ty, &cells, rule);
            let missing = elements.iter().filter(|cell| rule.is_missing(cell)).count();
            let may_be_absent = !is_list(&cells) || ty.optional && !ty.list && missing > 0;
            if missing == elements.len() && may_be_absent {
                // A list without values is empty.
                if !ty.list {
                    counts.add_missing(|| sample.place(row));
                }
                continue;
            }
            match self.mistake(ty, &cells, &elements, rule) {
                Some(wrong) => counts.add_wrong(|| {
                    format!("{} of {} holds {wrong}", sample.place(row), self.data.path)
                }),
                None => {
                    elements.iter().for_each(|cell| counts.add(&cell.to_text(), keeps_all, kept))
                }
            }
        }
        counts
    }

    /// The first cell or element that does not fit, and what was expected.
    fn mistake(
        &self,
        ty: &FieldType,
        cells: &[Cell<'_>],
        elements: &[&Cell<'_>],
        rule: &FieldRule<'_>,
    ) -> Option<String> {
        let takes_missing = self.takes_missing(ty);
        let is_joined = matches!(ty.element, Element::Text) && ty.dims.is_empty() && !ty.list;
        match cells {
            [cell] if ty.list && !is_list(cells) && !self.is_of_named_columns() => {
                return Some(format!(
                    "{cell}, expected a list (`split(\" \")` makes one of a text)"
                ));
            }
            _ => {}
        }
        if let Some(length) =
            length_of(ty).filter(|length| is_list(cells) && *length != elements.len())
        {
            return Some(format!("a list of {}, expected {length} elements", elements.len()));
        }
        elements.iter().find_map(|cell| {
            let place = self.column_of(cells, cell);
            match rule.is_missing(cell) {
                true if takes_missing || is_joined => None,
                true => Some(format!("{cell}{place} beside other values of the field")),
                false => {
                    rule.check(cell).err().map(|expected| format!("{cell}{place}, {expected}"))
                }
            }
        })
    }

    /// The column of a cell, to follow it in a message, where the field has several.
    fn column_of(&self, cells: &[Cell<'_>], cell: &Cell<'_>) -> String {
        let position = cells.iter().position(|other| std::ptr::eq(other, cell));
        let column = position.and_then(|position| self.columns.get(position));
        let name = column.and_then(|&column| self.data.sample.columns.get(column));
        let name = name.filter(|_| self.columns.len() > 1);
        name.map(|name| format!(" in the column `{name}`")).unwrap_or_default()
    }

    fn is_of_named_columns(&self) -> bool {
        self.field.cells().is_some_and(|cells| cells.columns.is_some())
    }

    /// A cell as the field takes it: cut into elements where it declares what separates them.
    fn cut<'c>(&'c self, ty: &FieldType, cell: &'c Cell<'_>) -> Cell<'c> {
        let (Cell::Text(text), Some(separator)) = (cell, &self.separator) else {
            return cell.clone();
        };
        let is_text = matches!(ty.element, Element::Text | Element::Date(_));
        split(text, separator, is_text, !is_text && self.takes_missing(ty))
    }

    /// Whether the cells of a row are certainly valid.
    fn is_plain(&self, row: usize, rule: &FieldRule<'_>) -> bool {
        for &column in &self.columns {
            match self.data.sample.text(row, column) {
                Some(text) if rule.takes_plainly(text) => {}
                _ => return false,
            }
        }
        true
    }

    fn fits(&self, counts: &Counts, errors: &mut Diagnostics) {
        let (wrong, message) = &counts.wrong;
        if *wrong > 0 {
            let rows = self.data.sample.len();
            let more = match wrong {
                1 => String::new(),
                _ => format!("; {wrong} of {rows} rows are wrong"),
            };
            errors.at(self.span(), format!("`{}`: {message}{more}", self.name()));
        }
    }

    /// Whether the steps take missing cells: as missing numbers, or as texts without words.
    fn takes_missing(&self, ty: &FieldType) -> bool {
        let are_items = ty.list || !ty.dims.is_empty();
        match &self.field.source {
            Some(Source::Input(input)) => input.fills() || input.reads_within(are_items),
            _ => false,
        }
    }

    fn misses_nothing(&self, ty: &FieldType, counts: &Counts, errors: &mut Diagnostics) {
        let (missing, place) = (counts.missing.0, &counts.missing.1);
        if missing == 0 || ty.optional || self.takes_missing(ty) {
            return;
        }
        let rows = self.data.sample.len();
        let share = 100.0 * missing as f64 / rows as f64;
        let is_number = matches!(ty.element, Element::F32 | Element::F64);
        let instead = match is_number && self.node().is_input() {
            true => format!("write `Option<{}>`, or `impute(mean)`", ty.text),
            false => format!("write `Option<{}>`", ty.text),
        };
        errors.at(
            self.span(),
            format!(
                "`{}`: {missing} of {rows} rows of {} ({share:.1} %) have no value, the first in \
                 {place}; {instead}",
                self.name(),
                self.data.path
            ),
        );
    }

    fn labels_have_classes(&self, ty: &FieldType, counts: &Counts, errors: &mut Diagnostics) {
        let Element::Class(classes) = &ty.element else { return };
        let labels = counts.distinct.len();
        match classes.value {
            Size::Known(classes) if self.is_label() && labels > classes => errors.at(
                self.span(),
                format!(
                    "`{}`: {} have {labels} different labels, and `Class<{classes}>` has {classes}",
                    self.name(),
                    self.all_rows()
                ),
            ),
            _ => {}
        }
    }

    fn is_not_constant(&self, counts: &Counts) -> Option<Warning> {
        let rows = self.data.sample.len();
        let value = match (rows >= FEW, counts.distinct.len(), counts.missing.0) {
            (true, 0, _) => "no value".to_owned(),
            (true, 1, 0) => format!("`{}`", counts.distinct.iter().next()?),
            _ => return None,
        };
        Some(self.warning(
            Lint::ConstantColumn,
            format!(
                "`{}`: {} have {value}, from which nothing can be learned",
                self.name(),
                self.all_rows()
            ),
        ))
    }

    fn vocabulary_is_large_enough(&self, counts: &Counts) -> Option<Warning> {
        let step = self.step("categories")?;
        let Size::Known(capacity) = size_argument(step, "capacity") else { return None };
        let (found, known) =
            (counts.distinct.len(), capacity.saturating_sub(step.spec.form.reserved));
        (found > known).then(|| {
            self.warning(
                Lint::FullVocabulary,
                format!(
                    "`{}`: {} have {found} different values, of which `categories({capacity})` keeps \
                     {known} and takes all others as one; `categories({})` keeps all",
                    self.name(),
                    self.all_rows(),
                    found + step.spec.form.reserved
                ),
            )
        })
    }

    fn texts_are_kept(&self, counts: &Counts) -> Option<Warning> {
        let step = self.step("words")?;
        let Size::Known(length) = size_argument(step, "length") else { return None };
        let rows = self.data.sample.len();
        (rows >= FEW && counts.cut * CUT_TEXTS > rows).then(|| {
            let share = 100.0 * counts.cut as f64 / rows as f64;
            self.warning(
                Lint::CutTexts,
                format!(
                    "`{}`: {share:.0} % of the texts in {} have more than {length} words, and `words` \
                     keeps {length}",
                    self.name(),
                    self.data.path
                ),
            )
        })
    }

    fn warning(&self, lint: Lint, text: String) -> Warning {
        Warning { lint, text, span: self.span() }
    }

    /// Whether two fields of one column each hold the same in every row, and not always the same.
    pub(super) fn equals(&self, other: &ComparedField<'_>) -> bool {
        let ([own], [others]) = (&self.columns[..], &other.columns[..]) else { return false };
        let sample = self.data.sample;
        let mut values = HashSet::new();
        let is_same_in = |row: usize| {
            // Texts are compared first, because most rows differ and need no cells.
            let texts = (sample.text(row, *own), sample.text(row, *others));
            if let (Some(a), Some(b)) = texts {
                if a == b {
                    return Some(a.to_owned());
                }
            }
            let (a, b) = (sample.cell(row, *own)?, sample.cell(row, *others)?);
            is_same(&a, &b).then(|| a.to_text().into_owned())
        };
        let equal = sample.len() >= FEW
            && (0..sample.len()).all(|row| match is_same_in(row) {
                Some(value) => {
                    if values.len() < 2 {
                        values.insert(value);
                    }
                    true
                }
                None => false,
            });
        equal && values.len() > 1
    }
}

/// The number of elements of an array, where it is known.
fn length_of(ty: &FieldType) -> Option<usize> {
    match ty.elements() {
        Size::Known(size) if !ty.list && !ty.dims.is_empty() => Some(size),
        _ => None,
    }
}

/// The preprocessing steps of an input.
fn steps(field: &Field) -> &[Step] {
    match &field.source {
        Some(Source::Input(input)) => &input.steps,
        _ => &[],
    }
}

/// The size that a step is given.
fn size_argument(step: &Step, name: &str) -> Size {
    match step.argument(name) {
        Some(Argument::Size(size)) => size.value,
        _ => Size::Unknown,
    }
}

/// Whether `words` splits texts at white space alone, and takes their markup for words.
fn splits_at_white_space(step: &Step) -> bool {
    let parameters = step.spec.parameters.iter().zip(&step.arguments);
    let mut words = parameters.filter_map(|(parameter, argument)| match argument {
        Argument::Word(word, _) => Some((parameter.name, *word)),
        _ => None,
    });
    words.all(|given| !matches!(given, ("split", "unicode" | "character") | ("markup", "strip")))
}

fn is_list(cells: &[Cell<'_>]) -> bool {
    matches!(cells, [Cell::List(_)])
}

/// The values of a row; for a list without the missing columns at its end.
fn elements_of<'a>(
    ty: &FieldType,
    cells: &'a [Cell<'a>],
    rule: &FieldRule<'_>,
) -> Vec<&'a Cell<'a>> {
    let mut all = elements(cells);
    if ty.list && !is_list(cells) {
        let filled = all.iter().rposition(|cell| !rule.is_missing(cell));
        all.truncate(filled.map_or(0, |last| last + 1));
    }
    all
}

/// The cells of a row, or the elements of the one that is a list.
fn elements<'a>(cells: &'a [Cell<'a>]) -> Vec<&'a Cell<'a>> {
    fn push<'a>(cell: &'a Cell<'a>, to: &mut Vec<&'a Cell<'a>>) {
        match cell {
            Cell::List(items) => items.iter().for_each(|item| push(item, to)),
            cell => to.push(cell),
        }
    }
    let mut all = Vec::with_capacity(cells.len());
    cells.iter().for_each(|cell| push(cell, &mut all));
    all
}

/// Whether two cells hold the same text or number.
fn is_same(a: &Cell<'_>, b: &Cell<'_>) -> bool {
    let number = |cell| match numeric(cell, &CellFormat::DEFAULT) {
        Numeric::Whole(number) => Some(number as f64),
        Numeric::Real(number) => Some(number),
        Numeric::Missing | Numeric::Other => None,
    };
    a == b || number(a).is_some_and(|number_a| Some(number_a) == number(b))
}
