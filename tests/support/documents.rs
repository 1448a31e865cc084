//! The messages that the README and the pages in `docs` show, as cases of trybuild. Before a message
//! stands a comment that says what to write otherwise in the program above it:
//!
//! ````text
//! <!-- mistake: concat(a, b) => add(a, b) -->
//!
//! ```text
//! error: ..
//! ```
//! ````

use std::fs;

use super::pages::{case, tests, write, SHOWN};

const DOCUMENTS: [(&str, &str); 2] =
    [("readme", "../README.md"), ("from_keras", "../docs/from-keras.md")];

const FOLDER: &str = "documents";

/// A mistake in the program of a document.
struct Mistake {
    name: String,
    program: String,
    /// What the document shows, with the line break at its end.
    message: String,
}

/// Writes `ui/documents/NAME.rs` with its `.stderr`, and says how many there are.
pub fn write_cases() -> usize {
    let mistakes: Vec<Mistake> =
        DOCUMENTS.iter().flat_map(|(name, file)| mistakes(name, &read(file))).collect();
    for Mistake { name, program, message } in &mistakes {
        write(&case(FOLDER, name, "rs"), program);
        write(&case(FOLDER, name, "stderr"), &message.replace(SHOWN, &shown(name)));
    }
    mistakes.len()
}

/// Puts the messages that trybuild has written anew into the documents.
pub fn take_messages() {
    for (name, file) in DOCUMENTS {
        let mut text = read(file);
        for Mistake { name, message, .. } in mistakes(name, &text) {
            let said = fs::read_to_string(case(FOLDER, &name, "stderr")).unwrap();
            let said = said.replace(&shown(&name), SHOWN);
            text =
                text.replacen(&format!("```text\n{message}```"), &format!("```text\n{said}```"), 1);
        }
        write(&tests().join(file), &text);
    }
}

fn mistakes(document: &str, text: &str) -> Vec<Mistake> {
    let mut found = Vec::new();
    let (mut program, mut edit) = (String::new(), None);
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        rest = after;
        if let Some(mistake) = line.strip_prefix("<!-- mistake: ") {
            let mistake = mistake.strip_suffix(" -->").expect("the comment's end");
            edit = Some(mistake.split_once(" => ").expect("`OLD => NEW`"));
        }
        let Some(kind) = line.strip_prefix("```") else { continue };
        let (body, after) = rest.split_once("```\n").expect("the block's end");
        rest = after;
        match (kind, edit.take()) {
            ("text", Some((old, new))) => {
                assert_eq!(program.matches(old).count(), 1, "`{old}` in a program of {document}");
                found.push(Mistake {
                    name: format!("{document}_{}", found.len() + 1),
                    program: program.replace(old, new),
                    message: body.to_owned(),
                });
            }
            (_, Some((old, _))) => panic!("no message follows the mistake `{old}` of {document}"),
            (kind, None) if kind.starts_with("rust") => body.clone_into(&mut program),
            _ => {}
        }
    }
    found
}

fn read(file: &str) -> String {
    fs::read_to_string(tests().join(file)).unwrap()
}

fn shown(name: &str) -> String {
    format!("ui/{FOLDER}/{name}.rs")
}
