#!/usr/bin/env python3
"""Writes a crate of random models, which trains, predicts and exports them; `just onnx` runs it.

    python3 tests/onnx/generate.py --seed 1 --models 50

The crate lies in `target/onnx/crate`, outside of the workspace. Each model has rows to train on and rows to
predict, as JSON lines beside it; the latter hold categories that training lacks. The program writes for each
model `NAME.onnx`, `NAME.predicted.jsonl`, and `NAME.encoded.jsonl` with what enters the file behind its
preprocessing. The three models of the article that the crate was made for are among them. Every layer, merge, step, loss and activation of the tables in
`runtime/src/multi_input_model.md` is in some model, or the generator fails; a choice that was made often is
made less often, so that some fifty models suffice; more are added until all is covered.
"""

import argparse
import json
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE / "random"))

import article  # noqa: E402
from choose import Chooser  # noqa: E402
from models import compose  # noqa: E402

# These need a file of a tokenizer.
LEFT_OUT = {"tokenizer"}
# How a row of each table of the documentation is found in the definition of a model.
TABLES = {
    "layers": r"\b{}\b",
    "activations": r"\b{}\b",
    "merges": r"#\[merge\({}\(",
    "steps": r"#\[input\(.*\b{}\b",
    "random steps": r"#\[input\(.*\b{}\b",
    "derivations": r"#\[derived\({}\(",
    "losses": r"loss = {}\b",
}
# What no table lists.
OTHERS = {
    "a target by `standardize`": r"#\[output\(.*standardize",
    "a target by `min_max`": r"#\[output\(.*min_max",
    "a target by `robust`": r"#\[output\(.*robust",
    "a target by `log1p`": r"#\[output\(.*log1p",
    "a target by `rescale`": r"#\[output\(.*rescale",
    "labels": r"#\[output\(.*categories",
    "an output without a loss": r"#\[output\]",
    "`missing = zeros`": "missing = zeros",
    "`missing = mean`": "missing = mean",
    "`missing = learned`": "missing = learned",
    "`present`": r"present\(",
    "arithmetic": r"#\[derived\((?!crossed)",
    "a shared branch": r"#\[branch\(shared",
    "a shared vocabulary": r"#\[input\(.*shared = ",
    "a frozen branch": r"frozen\)\]",
    "a mask of category 0": r"Embedding\(.*, mask\)",
    "padding in front": r"pad\(\d+, before",
    "padding behind": r"pad\(\d+, after",
}

MANIFEST = """[package]
name = "random-models"
version = "0.0.0"
edition = "2021"

[workspace]

[dependencies]
multi-input = {{ path = "{root}/runtime", features = ["images", "onnx"] }}
multi-input-data = {{ path = "{root}/runtime/data" }}
serde = {{ version = "1", features = ["derive"] }}
serde_json = "1"
"""

# What every model shares; the types of rows are those of a module.
PROGRAM = """#![allow(deprecated, dead_code, unused_imports)]
//! Random models {first} to {last} of seed {seed}.

use std::{{fs, io::Write, path::Path}};

use multi_input_data::{{
    preprocess::{{push_inputs, Preprocessing}},
    schema::RowTypes,
    Table, Values,
}};
use serde_json::{{json, Value}};

type Mistake = Box<dyn std::error::Error>;

fn lines<T: for<'a> serde::Deserialize<'a>>(path: &Path) -> std::result::Result<Vec<T>, Mistake> {{
    let text = fs::read_to_string(path)?;
    let read = |(index, line): (usize, &str)| {{
        serde_json::from_str(line).map_err(|error| format!("{{}}:{{}}: {{error}}", path.display(), index + 1).into())
    }};
    text.lines().enumerate().map(read).collect()
}}

fn write_lines<T: serde::Serialize>(path: &Path, rows: &[T]) -> std::result::Result<(), Mistake> {{
    let mut file = std::io::BufWriter::new(fs::File::create(path)?);
    for row in rows {{
        serde_json::to_writer(&mut file, row)?;
        file.write_all(b"\\n")?;
    }}
    Ok(file.flush()?)
}}

/// The raw values of rows.
fn table<M: RowTypes>(rows: &[M::Inputs]) -> std::result::Result<Table, Mistake> {{
    let mut table = Table::of_inputs(&M::SCHEMA);
    for row in rows {{
        push_inputs::<M>(&mut table, row)?;
    }}
    Ok(table)
}}

/// What enters a file behind its preprocessing, a row an object.
fn encoded(
    fitted: Option<&Preprocessing>,
    table: &Table,
    names: &[&str],
) -> std::result::Result<Vec<Value>, Mistake> {{
    let mut rows = vec![json!({{}}); table.rows];
    let Some(fitted) = fitted.filter(|_| !names.is_empty()) else {{ return Ok(rows) }};
    let all: Vec<usize> = (0..table.rows).collect();
    for column in fitted.encode(table, &all, 0)?.columns {{
        if !names.contains(&column.name) {{
            continue;
        }}
        for (index, row) in rows.iter_mut().enumerate() {{
            if column.present.as_ref().is_some_and(|present| !present[index]) {{
                continue;
            }}
            let range = index * column.width..(index + 1) * column.width;
            row[column.name] = match &*column.values {{
                Values::Categories(values) => json!(&values[range]),
                Values::Numbers(values) => json!(&values[range]),
                other => return Err(format!("{{}}: {{other:?}}", column.name).into()),
            }};
            if let Some(lengths) = &column.lengths {{
                row[format!("{{}}.length", column.name)] = json!(lengths.of_rows[index]);
            }}
        }}
    }}
    Ok(rows)
}}

/// Trains, predicts and exports one model.
macro_rules! run {{
    ($model:ident, $sample:ident, $inputs:ident, $dtype:ty, $encoded:expr, $folder:expr) => {{{{
        let file = |end: &str| $folder.join(format!("{{}}{{end}}", stringify!($model)));
        let train: Vec<$sample> = lines(&file(".train.jsonl"))?;
        let rows: Vec<$inputs> = lines(&file(".rows.jsonl"))?;
        let mut model = Model::<$model, $dtype>::build(&Cpu::default(), Seed(7));
        let trainer = Trainer::new(Adam::new(1e-2)).epochs(2).batch_size(16).progress(Progress::silent());
        trainer.fit(&mut model, &train)?;
        write_lines(&file(".predicted.jsonl"), &model.predict(&rows)?)?;
        let raw = table::<$model>(&rows)?;
        write_lines(&file(".encoded.jsonl"), &encoded(model.preprocessing(), &raw, &$encoded)?)?;
        model.export_onnx(file(".onnx"))?;
        Ok(())
    }}}};
}}

{modules}
fn main() {{
    let folder = std::env::args().nth(1).expect("the folder of the rows");
    let folder = Path::new(&folder);
    let only = std::env::args().nth(2);
    let models: &[(&str, fn(&Path) -> std::result::Result<(), Mistake>)] = &[{table}];
    let mut failed = 0;
    for (name, run) in models {{
        if only.as_ref().is_some_and(|only| only != name) {{
            continue;
        }}
        if let Err(error) = run(folder) {{
            failed += 1;
            println!("{{name}}: {{error}}");
        }}
    }}
    std::process::exit(i32::from(failed > 0));
}}
"""

MODULE = """mod {module} {{
    use multi_input::{{data::chrono::{{DateTime, NaiveDate, NaiveDateTime, Utc}}, prelude::*}};

    use super::*;

    {model}
    pub fn run(folder: &Path) -> std::result::Result<(), Mistake> {{
        run!({name}, {name}Sample, {name}Inputs, {dtype}, {encoded}, folder)
    }}
}}

"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--models", type=int, default=50)
    parser.add_argument("--programs", type=int, default=2, help="programs that are compiled side by side")
    parser.add_argument("--train", type=int, default=40, help="rows to train on")
    parser.add_argument("--rows", type=int, default=24, help="rows to predict")
    parser.add_argument("--folder", type=Path, default=ROOT / "target" / "onnx")
    options = parser.parse_args()

    chooser = Chooser(options.seed)
    models = []
    # More models than asked for, where some name is in none of them.
    while len(models) < options.models or (len(models) < 2 * options.models and uncovered(models)):
        dtype = "f64" if chooser.chance(0.25) else "f32"
        models.append(compose(chooser, f"M{len(models):03}", dtype, encoded=chooser.chance(0.3)))
    missing = uncovered(models)
    models += article.models(chooser)
    write_rows(options, chooser, models)
    write_crate(options, models)
    print(f"seed={options.seed} models={len(models)} inputs={sum(len(model.inputs) for model in models)}")
    if missing:
        sys.exit(f"no model has {', '.join(missing)}; take more models, or another seed")


def write_rows(options, chooser, models):
    folder = options.folder / "models"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for model in models:
        dump(folder / f"{model.name}.train.jsonl", model.rows(options.train, chooser))
        known = model.rows(options.rows // 2, chooser, targets=False)
        new = model.rows(options.rows - len(known), chooser, new=True, targets=False)
        dump(folder / f"{model.name}.rows.jsonl", known + new)


def dump(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def write_crate(options, models):
    crate = options.folder / "crate"
    programs = crate / "src" / "bin"
    shutil.rmtree(programs, ignore_errors=True)
    programs.mkdir(parents=True)
    manifest = MANIFEST.format(root=ROOT) + "\n" + profiles()
    (crate / "Cargo.toml").write_text(manifest)
    shutil.copy(ROOT / "Cargo.lock", crate / "Cargo.lock")
    for index in range(options.programs):
        own = models[index :: options.programs]
        modules = "".join(
            MODULE.format(module=model.name.lower(), name=model.name, model=model.declaration(), dtype=model.dtype, encoded=json.dumps(model.encoded))
            for model in own
        )
        table = ", ".join(f'("{model.name}", {model.name.lower()}::run)' for model in own)
        text = PROGRAM.format(first=own[0].name, last=own[-1].name, seed=options.seed, modules=modules, table=table)
        (programs / f"random_{index}.rs").write_text(text)


def profiles():
    """The profiles of the workspace, so that what it has compiled is taken."""
    text = (ROOT / "Cargo.toml").read_text()
    text = text[text.index("[profile.dev]") :]
    return "\n".join(line for line in text.splitlines() if not line.startswith("multi-input-long"))


def uncovered(models):
    """What the documentation's tables list and no model has."""
    text = (ROOT / "runtime" / "src" / "multi_input_model.md").read_text()
    definitions = "".join(model.declaration() for model in models)
    wanted = dict(OTHERS)
    for table, pattern in TABLES.items():
        (rows,) = re.findall(f"<!-- {table}: from macros/spec -->\n(.*?)<!-- end -->", text, re.DOTALL)
        names = re.findall(r"^\| \[?`([A-Za-z0-9_]+)", rows, re.MULTILINE)
        wanted |= {f"`{name}`": pattern.format(name) for name in names if name not in LEFT_OUT}
    return [what for what, pattern in wanted.items() if not re.search(pattern, definitions)]


if __name__ == "__main__":
    main()
