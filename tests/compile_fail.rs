//! What must not compile, with what the compiler says (`ui/<topic>/*.stderr`), and what must.
//!
//! After a change of a message: `TRYBUILD=overwrite cargo test -p multi-input-tests --test
//! compile_fail`, and read every line of the difference.

use std::{fs, path::Path};

#[test]
fn messages_are_as_written_and_the_rest_compiles() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*/*.rs");
    // A pass case makes trybuild build rather than check, so that every constant is evaluated.
    cases.pass("pass/*.rs");
}

/// How a message reads: in few lines, in the user's file, in words of the user's model.
#[test]
fn messages_are_short_and_speak_of_the_users_model() {
    const FOREIGN: [&str; 9] = [
        "Const<",
        "TryMatMul",
        "dfdx::shapes",
        "dfdx::tensor",
        "SHAPE_",
        "private::",
        "_stub",
        "$WORKSPACE",
        "this error originates",
    ];
    let mut count = 0;
    for (name, text) in messages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")) {
        for word in FOREIGN {
            assert!(!text.contains(word), "{name} speaks of {word}:\n{text}");
        }
        for error in text.trim_end().split("\n\nerror") {
            let lines = error.lines().count();
            assert!(lines <= 12, "{name} takes {lines} lines:\n{error}");
            assert!(
                error.contains("--> ui/"),
                "{name} points outside of the user's file:\n{error}"
            );
        }
        count += 1;
    }
    assert!(count >= 120, "only {count} cases are left");
}

/// Every `.stderr` under `folder`, by its path.
fn messages(folder: &Path) -> Vec<(String, String)> {
    let topics = fs::read_dir(folder).unwrap().map(|topic| topic.unwrap().path());
    let files = topics.flat_map(|topic| fs::read_dir(topic).unwrap());
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "stderr"))
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect()
}
