//! Files as large as one wants, made row by row from a seed.

use std::{
    fs::File,
    io::{BufWriter, Result, Write},
    path::Path,
};

/// How many numbers a row has: the columns `x0` to `x47`.
pub const NUMBERS: usize = 48;

/// How many cities there are.
const CITIES: u64 = 50;

/// A row. Its numbers are thousandths, so that a CSV and a Parquet file hold the same ones.
pub struct Row {
    /// `None` is a blank.
    pub numbers: [Option<i64>; NUMBERS],
    pub city: String,
    /// What the first numbers and the city make of it.
    pub price: i64,
}

/// Endless rows, always the same for a seed.
pub fn rows(seed: u64) -> impl Iterator<Item = Row> {
    let mut state = seed;
    let mut draw = move |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    std::iter::repeat_with(move || {
        let mut numbers = std::array::from_fn(|_| Some(draw(20_000) as i64 - 10_000));
        if draw(50) == 0 {
            numbers[0] = None;
        }
        let city = draw(CITIES);
        let known = numbers.iter().take(4).flatten().sum::<i64>();
        Row { numbers, city: format!("city {city}"), price: known / 4 + 200 * city as i64 }
    })
}

/// Counts the bytes that went through.
struct Counted<W> {
    to: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let written = self.to.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> Result<()> {
        self.to.flush()
    }
}

/// Writes a CSV file of so many bytes, up to the end of a row, and says how many rows it has.
pub fn write_csv(path: &Path, bytes: u64) -> Result<usize> {
    let mut file = Counted { to: BufWriter::with_capacity(1 << 20, File::create(path)?), bytes: 0 };
    for column in 0..NUMBERS {
        write!(file, "x{column},")?;
    }
    writeln!(file, "city,price")?;
    let mut count = 0;
    let mut line = Vec::new();
    for row in rows(1) {
        line.clear();
        for number in row.numbers {
            if let Some(number) = number {
                thousandths(&mut line, number);
            }
            line.push(b',');
        }
        line.extend(row.city.as_bytes());
        line.push(b',');
        thousandths(&mut line, row.price);
        line.push(b'\n');
        file.write_all(&line)?;
        count += 1;
        if file.bytes >= bytes {
            break;
        }
    }
    file.flush()?;
    Ok(count)
}

/// `-1234` is -1.234. By hand, for a file of gigabytes is mostly this.
fn thousandths(line: &mut Vec<u8>, number: i64) {
    if number < 0 {
        line.push(b'-');
    }
    let number = number.unsigned_abs();
    let digit = |place: u64| b'0' + (number / place % 10) as u8;
    if number >= 10_000 {
        line.push(digit(10_000));
    }
    line.extend([digit(1000), b'.', digit(100), digit(10), digit(1)]);
}

/// The same as a Parquet file, compressed by Snappy in row groups of a million rows, as pandas and
/// polars write them.
#[cfg(feature = "parquet")]
pub fn write_parquet(path: &Path, bytes: u64) -> Result<usize> {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
    use parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties};

    const AT_ONCE: usize = 8192;
    let real = |number: i64| number as f64 / 1000.0;
    let table = |rows: &[Row]| -> RecordBatch {
        let numbers = (0..NUMBERS).map(|column| {
            let column = move |row: &Row| row.numbers[column].map(real);
            Arc::new(rows.iter().map(column).collect::<Float64Array>()) as ArrayRef
        });
        let city: StringArray = rows.iter().map(|row| Some(row.city.as_str())).collect();
        let price: Float64Array = rows.iter().map(|row| Some(real(row.price))).collect();
        let names = (0..NUMBERS).map(|column| format!("x{column}"));
        let others = [Arc::new(city) as ArrayRef, Arc::new(price)];
        let names = names.chain(["city".to_owned(), "price".to_owned()]);
        RecordBatch::try_from_iter_with_nullable(
            names.zip(numbers.chain(others)).map(|(name, column)| (name, column, true)),
        )
        .expect("all columns are of one length")
    };
    let compressed = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut all = rows(1);
    let mut next = || table(&all.by_ref().take(AT_ONCE).collect::<Vec<_>>());
    let mut rows = next();
    let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(compressed))?;
    let mut count = 0;
    loop {
        writer.write(&rows)?;
        count += AT_ONCE;
        if (writer.bytes_written() + writer.in_progress_size()) as u64 >= bytes {
            break;
        }
        rows = next();
    }
    writer.close()?;
    Ok(count)
}
