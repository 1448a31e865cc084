//! What must not compile, with what the compiler says (`ui/<topic>/*.stderr`); what must is in `pass`.
//!
//! `ui/pages` is made here from the pages of `multi_input::errors`, and `ui/documents` from the README
//! and the pages in `docs`, so that their messages are what the compiler says today.
//!
//! After a change of a message: `just bless`, and read every line of the difference.

#[path = "../support/documents.rs"]
mod documents;
#[path = "../support/pages.rs"]
mod pages;

use std::{collections::BTreeMap, fs, path::Path, sync::Once};

static MADE: Once = Once::new();

fn make_cases() {
    copy_data();
    pages::write_cases();
    assert!(documents::write_cases() > 5, "the documents show too few messages");
}

/// Copies the data files of `ui/data` to where the crate that trybuild makes finds them: paths count
/// from the folder of its manifest.
fn copy_data() {
    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().nth(3).unwrap();
    let to = target.join("tests/trybuild/multi-input-tests/data");
    fs::create_dir_all(&to).unwrap();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/data/files")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn messages_are_as_written() {
    MADE.call_once(make_cases);
    let cases = trybuild::TestCases::new();
    // Without a pass case trybuild checks rather than builds, all of them in one run of cargo. So a
    // mistake that rustc finds only while it generates code, as an editor does not, fails here.
    cases.compile_fail("ui/*/*.rs");
    // Calls: rustc adds the signature whose bound is not met, so they are not as short.
    cases.compile_fail("calls/*.rs");
    // It runs the cases now.
    drop(cases);
    if std::env::var("TRYBUILD").is_ok_and(|mode| mode == "overwrite") {
        pages::take_messages();
        documents::take_messages();
    }
}

/// How a message reads: in few lines, in the user's file, in words of the user's model. Prints
/// what it found, topic by topic: `cargo test -p multi-input-tests --test compile_fail -- --nocapture short`.
#[test]
fn messages_are_short_and_speak_of_the_users_model() {
    MADE.call_once(make_cases);
    let mut table: BTreeMap<String, Topic> = BTreeMap::new();
    for case in cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")) {
        case.check_words();
        let topic = table.entry(case.topic.clone()).or_default();
        topic.cases += 1;
        for error in case.message.trim_end().split("\n\nerror") {
            case.check_error(error);
            topic.errors += 1;
            topic.lines = topic.lines.max(error.lines().count());
            topic.fields += usize::from(case.names_a_field(error));
        }
    }
    println!(
        "{:<10} {:>5} {:>6} {:>10} {:>14}",
        "topic", "cases", "errors", "most lines", "name a field"
    );
    for (name, Topic { cases, errors, lines, fields }) in &table {
        println!("{name:<10} {cases:>5} {errors:>6} {lines:>10} {fields:>14}");
    }
    let count: usize = table.values().map(|topic| topic.cases).sum();
    println!("{count} cases");
    assert!(count >= 200, "only {count} cases are left");
}

/// A call that a setting does not take is answered at the user's token and in words of the model,
/// before whatever rustc adds of signatures.
#[test]
fn calls_are_answered_in_words_of_the_model() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("calls");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let messages = files.filter(|path| path.extension().is_some_and(|kind| kind == "stderr"));
    for path in messages {
        for error in fs::read_to_string(&path).unwrap().trim_end().split("\n\nerror") {
            let (first, rest) = error.split_once('\n').unwrap();
            assert!(first.contains("[E0277]: ") && first.contains('`'), "{first}");
            assert!(rest.trim_start().starts_with("--> calls/"), "{rest}");
            assert!(!error.contains("private::") && error.lines().count() <= 18, "{error}");
        }
    }
}

/// What the messages of one topic amount to.
#[derive(Default)]
struct Topic {
    cases: usize,
    errors: usize,
    lines: usize,
    fields: usize,
}

/// A mistake and what the compiler says of it.
struct Case {
    topic: String,
    name: String,
    source: String,
    message: String,
}

impl Case {
    fn check_words(&self) {
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
        let Case { name, message, .. } = self;
        // What a module of one's own has to implement is in dfdx's words.
        let message = message.replace("`impl Module<Tensor<(B, Const<", "");
        for word in FOREIGN {
            assert!(!message.contains(word), "{name} speaks of {word}:\n{message}");
        }
    }

    fn check_error(&self, error: &str) {
        let (name, lines) = (&self.name, error.lines().count());
        assert!(lines <= 12, "{name} takes {lines} lines:\n{error}");
        // The caret is in the user's file, and under something.
        assert!(error.contains("--> ui/"), "{name} points outside of the user's file:\n{error}");
        assert!(error.contains('^'), "{name} points at nothing:\n{error}");
        // rustc has words of its own for a constant or a row's field that does not exist.
        let error = error.trim_start_matches("error");
        // So it has for a constant of the user's that fails; those of our checks are called `_`.
        let fails = error.starts_with("[E0080]") && !error.contains("evaluation of `_` failed");
        let ours =
            !fails && [":", "[E0080]", "[E0277]"].iter().any(|start| error.starts_with(start));
        let said = !ours || self.names_a_field(error) || !self.points_into_the_model(error);
        assert!(said, "{name} names no field:\n{error}");
    }

    /// Whether the message's first line has some field of the source in backticks.
    fn names_a_field(&self, error: &str) -> bool {
        let first = error.lines().next().unwrap_or_default();
        let names = |field: &str| first.contains(&format!("`{field}`"));
        // `House::summary` is one too.
        self.fields().any(|field| names(field) || first.contains(&format!("::{field}`")))
    }

    /// Whether the caret is on a line between braces.
    fn points_into_the_model(&self, error: &str) -> bool {
        let place = error.lines().find_map(|line| line.split_once(".rs:"));
        let line = place.and_then(|(_, place)| place.split(':').next()?.parse::<usize>().ok());
        let text = line.and_then(|line| self.source.lines().nth(line - 1)).unwrap_or_default();
        text.starts_with("    ")
    }

    /// The words before a colon at the start of a line: fields, for the most part.
    fn fields(&self) -> impl Iterator<Item = &str> {
        self.source.lines().filter_map(|line| {
            let line = line.trim_start();
            Some(line.strip_prefix("pub ").unwrap_or(line).split_once(':')?.0)
        })
    }
}

/// Every case under `folder`.
fn cases(folder: &Path) -> Vec<Case> {
    let topics = fs::read_dir(folder).unwrap().map(|topic| topic.unwrap().path());
    let files = topics.flat_map(|topic| fs::read_dir(topic).unwrap());
    let messages = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "stderr"));
    let case = |path: std::path::PathBuf| Case {
        topic: path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned(),
        name: path.display().to_string(),
        source: fs::read_to_string(path.with_extension("rs")).unwrap(),
        message: fs::read_to_string(&path).unwrap(),
    };
    messages.map(case).collect()
}
