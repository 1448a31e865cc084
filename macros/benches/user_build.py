#!/usr/bin/env python3
"""What a release rebuild costs in a crate of a user's own, after an edit of the model.

    python3 macros/benches/user_build.py                 # this checkout
    python3 macros/benches/user_build.py --vs OTHER_DIR  # in turns with another checkout

For two programs, a model of numbers and a category and an image + text model, each trained, evaluated, saved and
used: the seconds of processor time of `cargo build --release` after the width of a layer is changed,
and of `cargo check`; the median of --rounds. Then, with the first model, the training steps a
second of a debug build, with nothing in its profile, with `[profile.dev.package."*"] opt-level = 3`, and
without the debug assertions of dependencies as well, as a share of those of the release build. The programs
lie in `target/user_build`, outside of the workspace, because a workspace's profiles do not travel.
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
OPTIMISED = '\n[profile.dev.package."*"]\nopt-level = 3\n'
UNASSERTED = OPTIMISED + "debug-assertions = false\n"

PRICE = """
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
pub struct HousePrice {
    #[input(standardize)]
    #[branch(Dense(WIDTH, relu), Dense(32, relu))]
    measurements: [f32; 10],

    #[input]
    #[branch(Embedding(100, 16), Flatten)]
    district: u32,

    #[merge(concat(measurements, district))]
    joined: [f32; 48],

    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    price: f32,
}

fn main() -> multi_input::Result<()> {
    let row = |i: usize| {
        let x = |j: usize| ((i * (j + 3)) as f32 * 0.7).sin();
        HousePriceSample {
            measurements: std::array::from_fn(x),
            district: (i % 100) as u32,
            price: 3.0 * x(0) + x(1),
        }
    };
    let rows: Vec<HousePriceSample> = (0..3200).map(row).collect();
    let (train, test) = rows.split(0.8, Seed(7));
    let mut model = HousePrice::build(&Cpu::default(), Seed(7));
    let epochs = std::env::args().nth(1).map_or(1, |text| text.parse().unwrap());
    let start = std::time::Instant::now();
    let history = Trainer::new(Adam::new(1e-3))
        .epochs(epochs)
        .batch_size(32)
        .validation_split(0.2)
        .progress(Progress::silent())
        .callback(EarlyStopping::on(Monitor::val_loss()).patience(1000).restore_best())
        .fit(&mut model, &train)?;
    let steps = epochs * (2560 * 8 / 10 / 32);
    eprintln!("steps_per_second={:.1}", steps as f64 / start.elapsed().as_secs_f64());
    println!("{history}\\n{}", model.evaluate(&test)?);
    let rows = [HousePriceInputs { measurements: [0.0; 10], district: 3 }];
    println!("{}", model.predict(&rows)?[0].price);
    model.save(std::env::temp_dir().join("house.safetensors"))
}
"""

POST = """
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
pub struct Post {
    #[input(resize(16, 16), rescale(1.0 / 255.0))]
    #[branch(Conv2D(WIDTH, 3, relu), MaxPool2D(2), Flatten)]
    photo: Image<3>,

    #[input(words(vocabulary = 1000, length = 20))]
    #[branch(Embedding(1000, 16), LSTM(32))]
    caption: String,

    #[merge(concat(photo, caption))]
    #[branch(Dense(10, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy))]
    topic: Class<10>,
}

fn main() -> multi_input::Result<()> {
    let train: Vec<PostSample> = read_csv("posts.csv")?;
    let mut model = Post::build(&Cpu::default(), Seed(7));
    let history = Trainer::new(Adam::new(1e-3)).epochs(5).fit(&mut model, &train)?;
    println!("{history}\\n{}", model.evaluate(&train)?);
    model.save("post.safetensors")
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vs", type=Path, metavar="DIR", help="another checkout")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-debug", action="store_true", help="leave the debug builds out")
    options = parser.parse_args()
    sides = [Side("this", ROOT)]
    if options.vs:
        sides.append(Side("other", options.vs.resolve()))
    for side in sides:
        print(f"building what {side.name} depends on ...", file=sys.stderr)
        side.write("price", 64)
        side.write("post", 8)
        side.cargo("build", "--release")
        side.cargo("check")
    results = {}
    for round in range(options.rounds):
        for program in ("price", "post"):
            for command in (("build", "--release"), ("check",)):
                for side in sides:
                    side.write(program, 65 + round if program == "price" else 9 + round)
                    key = (program, command[0], side.name)
                    took = side.cargo(*command, "--bin", program)
                    results.setdefault(key, []).append(took)
    for (program, command, name), seconds in results.items():
        print(f"{program} cargo {command} {name}: {statistics.median(seconds):.2f} s")
    if not options.no_debug:
        for side in sides:
            side.debug_speed()


class Side:
    def __init__(self, name: str, root: Path):
        self.name, self.root = name, root
        self.folder = ROOT / "target" / "user_build" / name
        (self.folder / "src" / "bin").mkdir(parents=True, exist_ok=True)
        self.manifest("")

    def manifest(self, profile: str) -> None:
        text = f"""
[package]
name = "user-build"
version = "0.0.0"
edition = "2021"

[workspace]

[dependencies]
multi-input = {{ path = "{self.root}/runtime", features = ["images"] }}
{profile}"""
        (self.folder / "Cargo.toml").write_text(text)

    def write(self, program: str, width: int) -> None:
        text = {"price": PRICE, "post": POST}[program].replace("WIDTH", str(width))
        (self.folder / "src" / "bin" / f"{program}.rs").write_text(text)

    def cargo(self, *arguments: str) -> float:
        """Seconds of processor time."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run(
            ["cargo", *arguments], cwd=self.folder, capture_output=True, text=True
        )
        if run.returncode:
            sys.exit(run.stderr)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def steps_per_second(self, profile: str, epochs: int) -> float:
        folder = "release" if profile == "release" else "debug"
        program = self.folder / "target" / folder / "price"
        run = subprocess.run([program, str(epochs)], capture_output=True, text=True, check=True)
        return float(re.search(r"steps_per_second=([\d.]+)", run.stderr)[1])

    def debug_speed(self) -> None:
        self.write("price", 64)
        self.cargo("build", "--release", "--bin", "price")
        release = self.steps_per_second("release", 50)
        print(f"{self.name} release: {release:.0f} steps a second")
        profiles = (
            ("no profile", ""),
            ('package."*" opt-level = 3', OPTIMISED),
            ('package."*" opt-level = 3, debug-assertions = false', UNASSERTED),
        )
        for name, profile in profiles:
            self.manifest(profile)
            self.cargo("build", "--bin", "price")
            debug = self.steps_per_second("debug", 2)
            print(f"{self.name} debug, {name}: {debug:.0f} steps a second, {debug / release:.3f}")
        self.manifest("")


if __name__ == "__main__":
    main()
