//! A fitted model without its types, as the server uses it.

use multi_input_base::Result;
use multi_input_data::{description::Description, json_row::RowMistake, Table};
use serde::Serialize;

/// Takes the predictions of a number of rows: for each output its numbers, row by row.
pub type TakeNumbers<'a> = dyn FnMut(&[Vec<f64>], usize) + 'a;

/// A fitted model. It reads rows from JSON and predicts tables of them.
pub trait Predictor: Send + Sync + 'static {
    /// Its inputs and outputs.
    fn description(&self) -> Description;

    /// Whether it can predict.
    ///
    /// # Errors
    /// The reason why not, such as a preprocessing that is not fitted.
    fn ready(&self) -> Result<()>;

    /// A table without rows.
    fn table(&self) -> Table;

    /// Appends a row, which is a JSON object.
    ///
    /// # Errors
    /// The first mistake of the row. The table then keeps the preceding rows only.
    fn read(&self, row: &str, table: &mut Table) -> std::result::Result<(), RowMistake>;

    /// Predicts the rows of a table in order, some of them at a time.
    ///
    /// # Errors
    /// [`Error::Value`](multi_input_base::Error::Value) with the index of the first row that the model
    /// does not accept; rows before it may have been predicted.
    fn predict(&self, rows: &Table, take: &mut TakeNumbers<'_>) -> Result<()>;

    /// Whether [`explain`](Predictor::explain) has rows to compare with.
    fn explains(&self) -> bool;

    /// Explains a number of the prediction for the first row of a table.
    ///
    /// # Errors
    /// As [`predict`](Predictor::predict), and for an element that does not exist.
    fn explain(&self, row: &Table, output: &str, element: Option<usize>) -> Result<Explanation>;
}

/// The shares of the inputs in a number of a prediction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The name of the output.
    pub output: String,
    /// The index of the class or of the element; `None` for an output of one number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<usize>,
    /// The explained number.
    pub prediction: f64,
    /// The mean of that number over the rows that the row is compared with.
    pub baseline: f64,
    /// The shares, which sum up to the difference between prediction and baseline.
    pub shares: Vec<Share>,
}

/// The share of an input or of one of its columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The name of the input or column.
    pub name: String,
    /// Its value in the row, as text.
    pub value: String,
    /// The share, in the unit of the prediction.
    pub share: f64,
    /// The standard error of a share that is estimated; 0 for an exact one.
    pub error: f64,
}
