#!/usr/bin/env python3
"""What a model costs to compile, by its number of branches, beside the same model by hand in dfdx.

    python3 macros/benches/compile_cost.py            # 2, 8, 32 and 128 branches; 2 and 8 by hand
    python3 macros/benches/compile_cost.py --passes 8 # where rustc's time goes, for one size

Each program holds one model, whose branches are `Dense(16, relu)` on ten numbers, concatenated
under a `Dense(1)`, and calls its forward pass. The programs lie in `target/compile_cost`, which
this script writes. Figures are seconds of processor time, in the profile that cargo has by
default, of `cargo check` and `cargo build` after an edit of the model, the size of its first input
(what it depends on is built before): the median of three, less what an empty program costs.
`expansion` is what rustc spends on macros, a part of either.
"""

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "target" / "compile_cost"
SIZES = [2, 8, 32, 128]
BY_HAND = [2, 8]
ROUNDS = 3
EMPTY = "fn main() {}\n"

MANIFEST = f"""
[package]
name = "compile-cost"
version = "0.0.0"
edition = "2021"

[workspace]

[dependencies]
multi-input = {{ path = "{ROOT}/runtime" }}
dfdx = {{ version = "=0.13.0", default-features = false, features = ["std", "fast-alloc", "cpu"] }}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passes", type=int, metavar="BRANCHES", help="rustc's own table")
    options = parser.parse_args()
    if options.passes:
        write({f"ours_{options.passes}": ours(options.passes)})
        cargo("check")
        print(passes(f"ours_{options.passes}"))
        return

    programs = {("ours", n): ours for n in SIZES} | {("hand", n): by_hand for n in BY_HAND}
    texts = {f"{side}_{n}": program(n) for (side, n), program in programs.items()}
    write({"empty": EMPTY} | texts)
    print("building what they depend on ...", file=sys.stderr)
    cargo("check")
    cargo("build")
    # What cargo and an empty program cost is no cost of a model.
    empty = [EMPTY, f"{EMPTY}// edited\n"]
    nothing = {command: seconds(command, "empty", empty) for command in ("check", "build")}
    print("| branches | expansion | check | build | by hand: check | build |")
    print("|---:|---:|---:|---:|---:|---:|")
    for n in SIZES:
        row = [str(n), f"{expansion(f'ours_{n}'):.2f}"]
        for side in ("ours", "hand"):
            program = programs.get((side, n))
            for command in ("check", "build"):
                if not program:
                    row.append("")
                    continue
                edits = [program(n, 11), program(n)]
                cost = seconds(command, f"{side}_{n}", edits) - nothing[command]
                row.append(f"{cost:.2f}")
        print(f"| {' | '.join(row)} |", flush=True)


def ours(branches: int, first: int = 10) -> str:
    nodes = "".join(
        f"    #[input]\n    #[branch(Dense(16, relu))]\n    input_{i}: [f32; {10 if i else first}],\n"
        for i in range(branches)
    )
    names = ", ".join(f"input_{i}" for i in range(branches))
    batch = " ".join(f"input_{i}: device.zeros()," for i in range(branches))
    return f"""
use dfdx::prelude::*;
use multi_input::multi_input_model;

#[multi_input_model]
pub struct Price {{
{nodes}
    #[merge(concat({names}))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}}

fn main() {{
    let device = Cpu::default();
    let model = device.build_module::<Price, f32>();
    let batch = PriceBatch::<Const<32>, _, _> {{ {batch} tape: NoneTape }};
    println!("{{:?}}", model.forward(batch).price.array());
}}
"""


def by_hand(branches: int, first: int = 10) -> str:
    """The same in dfdx alone: tuples of modules, of at most six elements, and `concat_along`."""
    every = range(branches)
    width = 16 * branches
    # A tuple of fields has at most six elements.
    groups = [every[i : i + 6] for i in range(0, branches, 6)]
    sizes = [first, *(10 for _ in every[1:])]
    fields = "".join(f"    input_{i}: (Linear<{sizes[i]}, 16, E, D>, ReLU),\n" for i in every)
    inputs = "".join(f"    input_{i}: Tensor<(B, Const<{sizes[i]}>), f32, D>,\n" for i in every)
    field = 'Self::module("{0}", |s| &s.{0}, |s| &mut s.{0})'
    visit = " ".join(
        "(" + " ".join(field.format(f"input_{i}") + "," for i in group) + ")," for group in groups
    )
    built = " ".join("(" + " ".join(f"input_{i}," for i in g) + ")," for g in groups)
    names = ", ".join(f"input_{i}" for i in every)
    steps = "".join(
        f"""        let x = self.input_{i}.try_forward(batch.input_{i}.put_tape(tape))?;
        let (x, tape) = x.split_tape();
        let x_{i} = x.realize::<(usize, usize)>();
"""
        for i in every
    )
    join = "".join(
        f"        let joined = (joined, x_{i}).try_concat_along(Axis::<1>)?;\n" for i in every[1:]
    )
    batch = " ".join(f"input_{i}: device.zeros()," for i in every)
    return f"""
use dfdx::{{
    nn::modules::{{Linear, ReLU}},
    prelude::*,
}};

pub struct Price;

pub struct PriceModel<E: Dtype, D: Storage<E>> {{
{fields}    price: Linear<{width}, 1, E, D>,
}}

pub struct PriceBatch<B: Dim, D: Device<f32>, T = NoneTape> {{
{inputs}    tape: T,
}}

impl<D: Device<f32>> BuildOnDevice<D, f32> for Price {{
    type Built = PriceModel<f32, D>;
}}

impl<D: Device<f32>> TensorCollection<f32, D> for PriceModel<f32, D> {{
    type To<E2: Dtype, D2: Device<E2>> = PriceModel<E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, f32, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {{
        visitor.visit_fields(
            (({visit}), {field.format("price")}),
            |(({built}), price)| PriceModel {{ {names}, price }},
        )
    }}
}}

impl<B: Dim, D: Device<f32>, T: Tape<f32, D>> Module<PriceBatch<B, D, T>> for PriceModel<f32, D> {{
    type Output = Tensor<(B, Const<1>), f32, D, T>;
    type Error = D::Err;

    fn try_forward(&self, batch: PriceBatch<B, D, T>) -> Result<Self::Output, D::Err> {{
        let tape = batch.tape;
{steps}        let joined = x_0.put_tape(tape);
{join}        let Ok(joined) = joined.try_realize::<(B, Const<{width}>)>() else {{ unreachable!() }};
        self.price.try_forward(joined)
    }}
}}

fn main() {{
    let device = Cpu::default();
    let model = device.build_module::<Price, f32>();
    let batch = PriceBatch::<Const<32>, _> {{ {batch} tape: NoneTape }};
    println!("{{:?}}", model.forward(batch).array());
}}
"""


def write(programs: dict[str, str]) -> None:
    """The crate with one program for each entry."""
    (FOLDER / "src" / "bin").mkdir(parents=True, exist_ok=True)
    (FOLDER / "Cargo.toml").write_text(MANIFEST.lstrip())
    for old in (FOLDER / "src" / "bin").iterdir():
        old.unlink()
    for name, text in programs.items():
        (FOLDER / "src" / "bin" / f"{name}.rs").write_text(text.lstrip())


def cargo(command: str, *arguments: str) -> str:
    # The bootstrap variable lets a stable rustc print its passes; it is set throughout, so that
    # what is built serves every command.
    settings = {"RUSTC_BOOTSTRAP": "1", "CARGO_TARGET_DIR": str(FOLDER / "target")}
    result = subprocess.run(
        ["cargo", command, *arguments],
        cwd=FOLDER,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        sys.exit(result.stdout)
    return result.stdout


def seconds(command: str, name: str, edits: list[str]) -> float:
    """Processor time after an edit, the median of the rounds."""

    def once(number: int) -> float:
        (FOLDER / "src" / "bin" / f"{name}.rs").write_text(edits[number % 2].lstrip())
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        cargo(command, "--bin", name)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return statistics.median(once(number) for number in range(ROUNDS))


def passes(name: str) -> str:
    (FOLDER / "src" / "bin" / f"{name}.rs").touch()
    arguments = ["--profile", "check", "--bin", name, "--", "-Ztime-passes"]
    return cargo("rustc", *arguments)


def expansion(name: str) -> float:
    """Seconds that rustc spends on expanding macros."""
    found = re.search(r"time:\s+([\d.]+).*\bmacro_expand_crate", passes(name))
    return float(found.group(1)) if found else float("nan")


if __name__ == "__main__":
    main()
