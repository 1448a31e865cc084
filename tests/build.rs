//! Writes the right code of the error pages to where `pass/main.rs` includes it.

#[path = "support/pages.rs"]
mod pages;

use std::{env, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed={}", pages::folder().display());
    println!("cargo:rerun-if-changed=support/pages.rs");
    let out = env::var("OUT_DIR").unwrap();
    fs::write(Path::new(&out).join("pages.rs"), pages::right_code()).unwrap();
}
