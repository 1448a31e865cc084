#!/usr/bin/env python3
"""Changes one token of a valid program, again and again, and judges what the compiler answers.

    python3 tests/mistakes/mutate.py PROGRAM [--count N] [--seed S] [-v]

Only tokens of the annotated structs are changed, and no names of fields, which the rest of the program speaks of: one is
removed, doubled, replaced or inserted. The answer has to be a model, or at most two errors (a token that is removed may break what stands before and behind it), without anything of the
expansion. Where rustc cannot read the struct, it has spoken before the macro runs, and what follows is counted apart
(`unreadable`, and those of more than two errors among them). The last line has the figures; the exit status is 1 if another
change is answered otherwise.
"""

import argparse
import pathlib
import random
import re
import sys
from concurrent.futures import ThreadPoolExecutor

from judge import INTERNALS, TARGET, compile_program, metadata

TOKEN = re.compile(r'"[^"]*"|\d[\w.]*|\w+|=>|::|[^\s\w]')
WORDS = "Dense relu input merge from branch output shared present concat missing loss mse Option f32 u32 Class".split()
WORDS += "type async 0 1 1.5 -1 64u8 'x' \"rooms\" , = > < ; # ! () [] {} _ N".split()
MOST_ERRORS = 2

# How rustc's parser begins.
PARSER = re.compile(
    r"(?:un)?expected |attributes? |an inner attribute |path separator |mismatched |this file |unknown |missing |unclosed "
)


def models(text):
    """The spans of the annotated structs, from the attribute to the closing brace."""
    for start in re.finditer(r"#\[multi_input_model", text):
        open_brace = text.index("{", text.index("struct", start.start()))
        depth, end = 0, open_brace
        for end in range(open_brace, len(text)):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            if not depth:
                break
        yield open_brace + 1, end


def changed(text, rng):
    """The program with one token changed, and the change in words."""
    start, end = rng.choice(list(models(text)))
    is_name = lambda token: re.match(r"\s*:[^:]", text[token.end():]) and not text[:token.start()].endswith("::")
    token = rng.choice([token for token in TOKEN.finditer(text, start, end) if not is_name(token)])
    word, (at, to) = token.group(), token.span()
    line = text.count("\n", 0, at) + 1
    kind = rng.choice(["removed", "doubled", "replaced", "inserted"])
    new = {
        "removed": "",
        "doubled": f"{word} {word}",
        "replaced": rng.choice(WORDS),
        "inserted": f"{word} {rng.choice(WORDS)}",
    }[kind]
    # Spaces, so that what is new is a token.
    return f"{text[:at]} {new} {text[to:]}", f"line {line}: `{word}` {kind}: `{new}`"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    text, rng = options.program.read_text(), random.Random(options.seed)
    folder = TARGET / "mistakes/changed"
    folder.mkdir(parents=True, exist_ok=True)
    programs, found = [], metadata()
    for index in range(options.count):
        program, words = changed(text, rng)
        path = folder / f"change_{index}.rs"
        path.write_text(program)
        programs.append((path, words))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda p: compile_program(p[0], found, folder)[1], programs))
    counts = {"models": 0, "one": 0, "two": 0, "more": 0, "internals": 0, "unreadable": 0, "unreadable_more": 0}
    for (path, words), messages in zip(programs, answers):
        errors = [m for m in messages if m["level"].startswith("error") and "aborting due" not in m["message"]]
        shows = [m for m in errors if INTERNALS.search(m["rendered"] or "")]
        if errors and not errors[0].get("code") and PARSER.match(errors[0]["message"]):
            counts["unreadable"] += 1
            counts["unreadable_more"] += len(errors) > MOST_ERRORS
            continue
        counts[["models", "one", "two", "more"][min(len(errors), 3)]] += 1
        counts["internals"] += bool(shows)
        if len(errors) > MOST_ERRORS or shows or options.v:
            print(f"=== {path.stem}: {len(errors)} errors: {words}")
            print("".join(m["rendered"] or m["message"] for m in errors))
    print("result: " + " ".join([f"changes={options.count}"] + [f"{name}={n}" for name, n in counts.items()]))
    sys.exit(bool(counts["more"] or counts["internals"]))


if __name__ == "__main__":
    main()
