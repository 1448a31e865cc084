//! The command line that the examples share: `[FILE.csv] [--seeds N]`.

use std::path::PathBuf;

/// What the user asks for.
pub struct Arguments {
    /// A file of the user's own, in place of the rows that come with the example.
    pub file: Option<PathBuf>,
    /// How many seeds to average over.
    pub seeds: u64,
}

/// Reads the command line; explains it and ends the program where it makes no sense. `seeds` is how
/// many there are where nothing is said.
pub fn read(seeds: u64) -> Arguments {
    let mut arguments = Arguments { file: None, seeds };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--seeds" => match given.next().and_then(|number| number.parse().ok()) {
                Some(seeds) if seeds > 0 => arguments.seeds = seeds,
                _ => explain("--seeds needs a number of at least 1"),
            },
            option if option.starts_with('-') => explain(&format!("there is no option {option}")),
            _ if arguments.file.is_some() => explain("there is one file at most"),
            file => arguments.file = Some(file.into()),
        }
    }
    arguments
}

fn explain(mistake: &str) -> ! {
    eprintln!("{mistake}\nusage: [FILE.csv] [--seeds N]");
    std::process::exit(2);
}
