//! Embedding tables that start at vectors of a file: `Embedding(.., from = "vectors.txt")`.
//!
//! The file is read in the run that fits the vocabulary, before its first step. The vectors of a
//! table that training or a file has reached stay as long as the vocabulary is kept.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    str::SplitAsciiWhitespace,
};

use multi_input_base::{Error, Notice, NoticeKind, Result};
use multi_input_data::preprocess::{FittedFields, Preprocessing};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::sharded::TableShare;

use crate::{
    definition::Graph,
    untyped::{parameters, tables, Coverage, LookUp, UntypedModel},
};

/// The vectors of a file for the rows of a table.
pub(super) struct Vectors {
    look_up: LookUp,
    input: &'static str,
    file: &'static str,
    /// The rows of the table with their vectors.
    rows: Vec<(usize, Vec<f64>)>,
    /// The number of rows that stand for an entry, if the vocabulary was learned.
    entries: Option<usize>,
    /// Whether the table had vectors before, for another vocabulary.
    was_started: bool,
}

/// The tables that start at vectors of a file, with the input whose vocabulary they index and the
/// file.
fn wanted(
    graph: &'static Graph,
    kept: &FittedFields,
    coverage: Option<&Coverage>,
) -> Vec<(LookUp, &'static str, &'static str)> {
    let of_look_up = |look_up: LookUp| {
        if look_up.node != look_up.owner {
            return None;
        }
        let file = graph.node(look_up.owner)?.layers.first()?.vectors?;
        let input = graph.inputs.get(look_up.column)?.name;
        let stays = kept.contains(input) && was_started(coverage, look_up.owner);
        (!stays).then_some((look_up, input, file))
    };
    LookUp::all(graph).into_iter().filter_map(of_look_up).collect()
}

/// Whether training, or the vectors of a file, have reached a table, or may have.
fn was_started(coverage: Option<&Coverage>, owner: &str) -> bool {
    coverage.is_none_or(|coverage| coverage.table(owner).is_some())
}

/// Opens every file, so that a missing one is reported before rows are read.
///
/// # Errors
/// [`Error::File`].
pub(super) fn check_files(
    graph: &'static Graph,
    kept: &FittedFields,
    coverage: Option<&Coverage>,
) -> Result<()> {
    wanted(graph, kept, coverage).into_iter().try_for_each(|(_, _, file)| open(file).map(drop))
}

/// Reads the vectors of all entries of the vocabularies.
///
/// # Errors
/// [`Error::File`], and [`Error::Line`] for a line that is no word with a vector of the right width.
pub(super) fn read(
    graph: &'static Graph,
    fitted: &Preprocessing,
    kept: &FittedFields,
    coverage: Option<&Coverage>,
) -> Result<Vec<Vectors>> {
    let of_table = |(look_up, input, file): (LookUp, &'static str, &'static str)| {
        let index_of = |word: &str| fitted.index_of(input, word).map(|index| index as usize);
        let rows = read_rows(Path::new(file), open(file)?, &look_up, &index_of)?;
        let entries = fitted.vocabulary_of(input).map(|size| size.entries);
        let was_started = was_started(coverage, look_up.owner);
        Ok(Vectors { look_up, input, file, rows, entries, was_started })
    };
    wanted(graph, kept, coverage).into_iter().map(of_table).collect()
}

impl Vectors {
    /// Sets the rows of the tables, which count as trained ones.
    pub(super) fn write<E: Element, D: Backend<E>>(
        all: &[Vectors],
        model: &mut UntypedModel<E, D>,
    ) -> Result<()> {
        if all.is_empty() {
            return Ok(());
        }
        let names = parameters::list(&model.module).into_iter().map(|tensor| tensor.name);
        let names: Vec<String> = names.collect();
        let names = || names.iter().map(String::as_str);
        let tables = tables(&LookUp::all(model.graph()), names());
        let divided = model.divided_tensors(names());
        let own = model.divided.as_ref().map_or(TableShare::WHOLE, |divided| divided.share);
        parameters::edit(&mut model.module, |index, weights| {
            let Some(look_up) = &tables[index] else { return };
            let share = if divided[index].is_some() { own } else { TableShare::WHOLE };
            for vectors in all.iter().filter(|vectors| vectors.look_up.owner == look_up.owner) {
                for (row, vector) in &vectors.rows {
                    let Some(row) = share.held(*row) else { continue };
                    let start = row * look_up.width;
                    let row = weights[start..].iter_mut().take(look_up.width);
                    row.zip(vector).for_each(|(weight, number)| *weight = E::of(*number));
                }
            }
        })?;
        if let Some(coverage) = &mut model.coverage {
            for vectors in all {
                let rows = vectors.rows.iter().map(|(row, _)| *row);
                coverage.add_rows(vectors.look_up.owner, rows);
            }
        }
        Ok(())
    }

    /// Says how many entries the file has.
    pub(super) fn notice(&self) -> Notice {
        let (found, file) = (self.rows.len(), self.file);
        let entries = match self.entries {
            Some(entries) => {
                let share = 100.0 * found as f64 / entries.max(1) as f64;
                format!("{found} of {entries} entries of the vocabulary ({share:.1} %)")
            }
            None => {
                let rows = self.look_up.rows;
                let share = 100.0 * found as f64 / rows.max(1) as f64;
                format!("{found} of {rows} ids of the tokenizer ({share:.1} %)")
            }
        };
        let others = match self.was_started {
            true => "keep what an earlier run has left in their rows",
            false => "start at random, as without a file",
        };
        let message = format!(
            "the embedding of `{}` starts at the vectors of {entries} in {file}; the others {others}",
            self.look_up.owner
        );
        Notice::new(NoticeKind::PretrainedVectors, message).about(self.input)
    }
}

fn open(file: &str) -> Result<BufReader<File>> {
    let failed = |source| Error::File { action: "read", path: file.into(), source };
    File::open(file).map(BufReader::new).map_err(failed)
}

/// The vectors of the words that `index_of` knows, each at most once: the first line of a word
/// counts.
fn read_rows(
    path: &Path,
    mut file: impl BufRead,
    look_up: &LookUp,
    index_of: &dyn Fn(&str) -> Option<usize>,
) -> Result<Vec<(usize, Vec<f64>)>> {
    let failed = |source| Error::File { action: "read", path: path.into(), source };
    let width = look_up.width;
    let (mut bytes, mut rows, mut known) = (Vec::new(), Vec::new(), vec![false; look_up.rows]);
    for line in 1.. {
        bytes.clear();
        if file.read_until(b'\n', &mut bytes).map_err(failed)? == 0 {
            break;
        }
        let wrong = |message| Error::Line { path: path.into(), line, message };
        // A word that is no UTF-8 is in no vocabulary.
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_start_matches('\u{feff}').trim_end();
        if text.is_empty() || line == 1 && is_header(text, width).map_err(wrong)? {
            continue;
        }
        let (word, numbers) = split(text, width).map_err(wrong)?;
        let row = index_of(word).filter(|row| known.get(*row) == Some(&false));
        if let Some(row) = row {
            known[row] = true;
            rows.push((row, vector(numbers, word).map_err(wrong)?));
        }
    }
    Ok(rows)
}

/// Whether the first line is word2vec's header: the number of words and the width of the vectors.
fn is_header(text: &str, width: usize) -> std::result::Result<bool, String> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse::<usize>);
    let (Some(Ok(_)), Some(Ok(found)), None) = (numbers.next(), numbers.next(), numbers.next())
    else {
        return Ok(false);
    };
    match found == width {
        true => Ok(true),
        // A vector of one number, which happens to be whole.
        false if width == 1 => Ok(false),
        false => Err(format!(
            "expected vectors of {width} numbers, as the embedding has, but the header says {found}"
        )),
    }
}

/// A word, and the numbers after it. Some words of GloVe's files hold spaces.
fn split(
    text: &str,
    width: usize,
) -> std::result::Result<(&str, SplitAsciiWhitespace<'_>), String> {
    let mut rest = text;
    for _ in 0..width {
        rest = match rest.rfind([' ', '\t']) {
            Some(end) => rest[..end].trim_end_matches([' ', '\t']),
            None => return Err(mismatch(text, width)),
        };
    }
    let mut word = rest.split_ascii_whitespace();
    let (first, second) = (word.next(), word.next());
    let is_number = |text: &str| text.parse::<f64>().is_ok();
    // More numbers than the width are no part of a word.
    if first.is_none() || second.is_some_and(is_number) {
        return Err(mismatch(text, width));
    }
    Ok((rest, text[rest.len()..].split_ascii_whitespace()))
}

fn mismatch(text: &str, width: usize) -> String {
    let found = text.split_ascii_whitespace().count().saturating_sub(1);
    format!(
        "expected a word and {width} numbers, as wide as the embedding is, found {found} numbers"
    )
}

fn vector(numbers: SplitAsciiWhitespace<'_>, word: &str) -> std::result::Result<Vec<f64>, String> {
    let number = |text: &str| match text.parse::<f64>() {
        Ok(number) if (number as f32).is_finite() => Ok(number),
        _ => Err(format!("expected finite numbers after `{word}`, found `{text}`")),
    };
    numbers.map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<(usize, Vec<f64>)>> {
        let look_up = LookUp::for_test("review", [6, 2], 2);
        let known = ["the", "of", ". .", "5"];
        let index_of =
            |word: &str| known.iter().position(|known| *known == word).map(|index| index + 2);
        read_rows(Path::new("vectors.txt"), text.as_bytes(), &look_up, &index_of)
    }

    #[test]
    fn words_with_their_vectors_are_read() {
        let expected = vec![(2, vec![0.5, -1.0]), (4, vec![1.0, 2.0]), (3, vec![3.0, 4e-1])];
        let text = "the 0.5 -1\nunknown 1 1\n. . 1 2\n\nof\t3 0.4 \r\nthe 9 9\n";
        assert_eq!(rows(text).unwrap(), expected);
        assert_eq!(rows(&format!("6 2\n{text}")).unwrap(), expected);
        assert_eq!(rows(&format!("\u{feff}{text}")).unwrap(), expected);
        // Not a header, because three tokens are a word and its vector.
        assert_eq!(rows("5 1 2\n").unwrap(), [(5, vec![1.0, 2.0])]);
        assert_eq!(rows("").unwrap(), []);
    }

    #[test]
    fn a_word_that_is_no_text_is_in_no_vocabulary() {
        let look_up = LookUp::for_test("review", [3, 1], 2);
        let file = &b"caf\xe9 1\nthe 2\n"[..];
        let found = read_rows(Path::new("v"), file, &look_up, &|word| (word == "the").then_some(2));
        assert_eq!(found.unwrap(), [(2, vec![2.0])]);
    }

    #[test]
    fn a_line_of_another_width_is_an_error() {
        let error = |text: &str| rows(text).unwrap_err().to_string();
        assert_eq!(
            error("the 1 2\nof 1\n"),
            "vectors.txt, line 2: expected a word and 2 numbers, as wide as the embedding is, found \
             1 numbers"
        );
        assert!(error("the 1 2 3\n").ends_with("found 3 numbers"));
        assert!(error("the\n").ends_with("found 0 numbers"));
        assert_eq!(
            error("400000 300\nthe 1 2\n"),
            "vectors.txt, line 1: expected vectors of 2 numbers, as the embedding has, but the \
             header says 300"
        );
        assert_eq!(
            error("the 1 x\n"),
            "vectors.txt, line 1: expected finite numbers after `the`, found `x`"
        );
        assert!(error("the 1 1e99\n").ends_with("found `1e99`"));
        assert!(error("the nan 1\n").ends_with("found `nan`"));
    }
}
