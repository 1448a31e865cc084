//! The folder that paths in a file of rows count from.
//!
//! serde hands a deserializer nothing of where its input comes from. So whoever reads a file says
//! it here, for the thread that reads, while it reads.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::Arc,
};

thread_local! {
    static FOLDER: RefCell<Option<Arc<Path>>> = const { RefCell::new(None) };
}

/// Runs `read` with relative paths counting from `folder`.
pub(crate) fn within<T>(folder: &Arc<Path>, read: impl FnOnce() -> T) -> T {
    /// Puts the folder back that was there before, also where `read` panics.
    struct Before(Option<Arc<Path>>);
    impl Drop for Before {
        fn drop(&mut self) {
            FOLDER.with(|place| *place.borrow_mut() = self.0.take());
        }
    }
    let before = FOLDER.with(|place| place.borrow_mut().replace(folder.clone()));
    let _before = Before(before);
    read()
}

/// The path that a row means.
pub(crate) fn resolve(path: &str) -> PathBuf {
    FOLDER.with(|place| match &*place.borrow() {
        Some(folder) => folder.join(path),
        None => path.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_count_from_the_folder_and_others_stay() {
        within(&Path::new("/data").into(), || {
            assert_eq!(resolve("a.png"), Path::new("/data/a.png"));
            assert_eq!(resolve("/b/a.png"), Path::new("/b/a.png"));
            within(&Path::new("/other").into(), || {
                assert_eq!(resolve("a.png"), Path::new("/other/a.png"))
            });
            assert_eq!(resolve("a.png"), Path::new("/data/a.png"));
        });
        assert_eq!(resolve("a.png"), Path::new("a.png"));
    }
}
