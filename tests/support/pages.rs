//! The pages of `multi_input::errors` as cases: for trybuild the wrong code of each with the message
//! that the page shows, and for a program the right code of all.
#![allow(dead_code)] // The build script needs the right code, `compile_fail` the wrong.

use std::{fs, path::PathBuf};

/// What the messages of the pages call their file.
pub const SHOWN: &str = "src/main.rs";

/// A page by its name and its code.
struct Page {
    name: String,
    file: PathBuf,
    text: String,
}

/// Writes `ui/pages/NAME.rs` with its `.stderr`.
pub fn write_cases() {
    for page in pages() {
        write(&case("pages", &page.name, "rs"), &page.block("compile_fail"));
        let message = page.block("text").replace(SHOWN, &format!("ui/pages/{}.rs", page.name));
        write(&case("pages", &page.name, "stderr"), &message);
    }
}

/// A module for each page.
pub fn right_code() -> String {
    let module = |page: Page| {
        let code = page.block("").replace('\n', "\n    ");
        format!("mod {} {{\n    {code}}}\n", page.name)
    };
    pages().into_iter().map(module).collect()
}

/// Puts the messages that trybuild has written anew into the pages.
pub fn take_messages() {
    for page in pages() {
        let message = fs::read_to_string(case("pages", &page.name, "stderr")).unwrap();
        let message = message.replace(&format!("ui/pages/{}.rs", page.name), SHOWN);
        let text = page.text.replace(
            &format!("```text\n{}```", page.block("text")),
            &format!("```text\n{message}```"),
        );
        write(&page.file, &text);
    }
}

impl Page {
    /// The lines of the first block that begins with three backticks and `kind`, without rustdoc's
    /// marks of lines to hide.
    fn block(&self, kind: &str) -> String {
        let start = format!("\n```{kind}\n");
        let mut from = 0;
        // A block's end looks like the start of one that says nothing.
        let body = loop {
            let at = from + self.text[from..].find("\n```").expect("every kind of block") + 1;
            let body = at + self.text[at..].find('\n').unwrap() + 1;
            if self.text[at - 1..].starts_with(&start) {
                break &self.text[body..];
            }
            from = body + self.text[body - 1..].find("\n```").unwrap() + 3;
        };
        let end = body.find("```").expect("the block's end");
        let lines = body[..end].lines().map(|line| line.strip_prefix("# ").unwrap_or(line));
        lines.map(|line| format!("{line}\n")).collect()
    }
}

fn pages() -> Vec<Page> {
    let folder = folder();
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| path.file_stem().is_some_and(|stem| stem != "index"))
        .collect();
    files.sort();
    let (index, list) = (folder.join("index.md"), folder.join("mod.rs"));
    let (index, list) = (fs::read_to_string(index).unwrap(), fs::read_to_string(list).unwrap());
    let page = |file: PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(index.contains(&format!("](mod@{name}) |")), "the index lacks {name}");
        assert!(list.contains(&format!("    {name},\n")), "mod.rs lacks {name}");
        Page { name, text: fs::read_to_string(&file).unwrap(), file }
    };
    files.into_iter().map(page).collect()
}

/// Where the pages are.
pub fn folder() -> PathBuf {
    tests().join("../runtime/src/errors")
}

pub fn tests() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// `ui/FOLDER/NAME.EXTENSION`.
pub fn case(folder: &str, name: &str, extension: &str) -> PathBuf {
    tests().join("ui").join(folder).join(name).with_extension(extension)
}

pub fn write(file: &PathBuf, text: &str) {
    if fs::read_to_string(file).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}
