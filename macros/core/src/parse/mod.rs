//! Tokens to [`RawModel`]: the contents of each attribute, each checked on its own.
//!
//! A reader does not stop at the first mistake: it reports the mistake, leaves a gap (`None`, or a
//! branch marked `broken`) and continues. Later stages treat a gap as unknown.

mod argument;
mod attribute;
mod average;
mod branch;
mod cells;
mod claim;
mod data_file;
mod data_type;
mod derived;
mod input;
mod merge;
mod metric;
mod model;
mod number;
mod output;
mod own;
mod part;
mod rename;
mod serde;
mod tokenizer;
mod typed;
mod wraps;

pub(crate) use argument::{Argument, PaddingExpr, AUTO};
pub(crate) use attribute::is_ours;
pub(crate) use average::{AverageExpr, LabelExpr};
pub(crate) use branch::{Branch, Layer, LayerKind};
pub(crate) use cells::{CellOptions, ColumnNames, Dates};
pub(crate) use claim::Claim;
pub(crate) use data_file::{track, DataFile};
pub(crate) use data_type::{Date, Element, FieldType};
pub(crate) use derived::{Derived, DerivedBy, Operation};
pub(crate) use input::{Input, Missing, Step};
pub(crate) use merge::{Merge, Operand};
pub(crate) use metric::{MetricCall, OutputMetric};
pub(crate) use model::{parse, Field, Head, RawModel, Source};
pub(crate) use number::{const_argument, NumberExpr, SizeExpr};
pub(crate) use output::{LossCall, LossWeight, NamedLoss, Output};
pub(crate) use own::Own;
pub(crate) use part::{Part, Whole};
pub(crate) use serde::{Columns, Derives};
pub(crate) use typed::Typed;
pub(crate) use wraps::{wrapped, Newtype};
