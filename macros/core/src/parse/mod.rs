//! Tokens to [`RawModel`]: the contents of each attribute, each checked on its own.
//!
//! A reader does not stop at the first mistake: it reports the mistake, leaves a gap (`None`, or a
//! branch marked `broken`) and continues. Later stages treat a gap as unknown.

mod argument;
mod arithmetic;
mod attribute;
mod average;
mod branch;
mod budget;
mod cells;
mod claim;
mod data_file;
mod data_type;
mod derived;
mod flow;
mod foreign;
mod given;
mod input;
mod item;
mod literal;
mod lock;
mod meant;
mod merge;
mod metric;
mod model;
mod number;
mod output;
mod own;
mod part;
mod quoted;
mod rename;
mod renamed;
mod serde;
mod slip;
mod stage;
mod tokenizer;
mod tokens;
mod typed;
mod word;
mod wraps;

pub(crate) use argument::{Argument, ConstantExpr, PaddingExpr, AUTO};
pub(crate) use attribute::is_ours;
pub(crate) use average::{AverageExpr, LabelExpr};
pub(crate) use branch::{Branch, Layer, LayerKind};
pub(crate) use budget::Limit;
pub(crate) use cells::{CellOptions, ColumnNames, Dates};
pub(crate) use claim::Claim;
pub(crate) use data_file::{absolute, track, DataFile};
pub(crate) use data_type::{Date, Element, FieldType};
pub(crate) use derived::{Derived, DerivedBy, Operation};
pub(crate) use flow::{InputRules, Listed};
pub(crate) use input::{Input, Missing, Step};
pub(crate) use literal::without_quotes;
pub(crate) use merge::{Merge, Operand};
pub(crate) use metric::{MetricCall, OutputMetric};
pub(crate) use model::{parse, Field, Head, NoModel, RawModel, Source};
pub(crate) use number::{const_argument, NumberExpr, SizeExpr};
pub(crate) use output::{LossCall, LossWeight, NamedLoss, Output};
pub(crate) use own::Own;
pub(crate) use part::{Part, Whole};
pub(crate) use serde::{Columns, Derives};
pub(crate) use stage::{KnownAt, Stages};
pub(crate) use typed::Typed;
pub(crate) use wraps::{wrapped, Newtype};
