//! Which image files rows may name, and how large they may be.
//!
//! serde does not tell a deserializer where its input comes from. Therefore a source sets these
//! rules for its reading thread while it reads.

use std::{
    cell::RefCell,
    fs::File,
    io::{self, Read},
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use multi_input_base::quote::Quoted;

use super::{base64, Image, ImageError};

/// Limits on the size of an image file and of the image in it: a file of a few bytes can decode to
/// an image that exhausts memory. A larger file is an error, before decoding.
///
/// ```
/// use multi_input::data::ImageLimits;
///
/// let limits = ImageLimits::default().pixels(400_000_000);
/// assert_eq!(limits, ImageLimits::default().bytes(1 << 28).pixels(400_000_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    pixels: u64,
    bytes: u64,
}

impl Default for ImageLimits {
    /// 100,000,000 pixels and 256 MiB. Pillow's `MAX_IMAGE_PIXELS` is about 90,000,000.
    fn default() -> ImageLimits {
        ImageLimits { pixels: 100_000_000, bytes: 1 << 28 }
    }
}

impl ImageLimits {
    /// Maximum of pixels of an image, height times width.
    #[must_use]
    pub fn pixels(self, max: u64) -> ImageLimits {
        ImageLimits { pixels: max, ..self }
    }

    /// Maximum of bytes of a file.
    #[must_use]
    pub fn bytes(self, max: u64) -> ImageLimits {
        ImageLimits { bytes: max, ..self }
    }

    pub(crate) fn check_bytes(&self, found: u64) -> Result<(), ImageError> {
        let max = self.bytes;
        match found <= max {
            true => Ok(()),
            false => Err(ImageError {
                expected: format!("at most {max} bytes, as `ImageLimits::bytes` says"),
                found: format!("{found} bytes"),
            }),
        }
    }

    /// Maximum of pixels of an image.
    #[cfg(feature = "image-formats")]
    pub(super) fn max_pixels(&self) -> u64 {
        self.pixels
    }

    #[cfg(feature = "images")]
    pub(crate) fn check_size(&self, height: usize, width: usize) -> Result<(), ImageError> {
        let max = self.pixels;
        match (height as u64).checked_mul(width as u64) {
            Some(pixels) if pixels <= max => Ok(()),
            _ => Err(ImageError {
                expected: format!(
                    "a picture of at most {max} pixels, as `ImageLimits::pixels` says"
                ),
                found: format!("one of {height} x {width}"),
            }),
        }
    }
}

/// The rules for paths in rows.
#[derive(Clone, Debug, Default)]
struct Rules {
    /// The base of relative paths.
    folder: Option<Arc<Path>>,
    /// Whether paths must stay within that folder.
    confined: bool,
    /// Whether there are no paths at all.
    forbidden: bool,
    limits: Option<ImageLimits>,
}

thread_local! {
    static RULES: RefCell<Rules> = RefCell::default();
}

/// Runs `read` with `folder` as the base of relative paths, unless paths are confined.
pub(crate) fn from_folder<T>(folder: &Arc<Path>, read: impl FnOnce() -> T) -> T {
    let rule = |rules: &mut Rules| {
        if !rules.confined {
            rules.folder = Some(folder.clone());
        }
    };
    with_rules(rule, read)
}

/// Runs `read` with paths confined to `folder`, unless they are confined already.
pub(crate) fn confined_to<T>(folder: &Arc<Path>, read: impl FnOnce() -> T) -> T {
    let rule = |rules: &mut Rules| {
        if !rules.confined {
            (rules.folder, rules.confined) = (Some(folder.clone()), true);
        }
    };
    with_rules(rule, read)
}

/// Runs `read` where a text is no path: a row of a request must not name a file of the server.
pub(crate) fn without_paths<T>(read: impl FnOnce() -> T) -> T {
    with_rules(|rules| rules.forbidden = true, read)
}

/// Runs `read` with these limits, unless limits are set already.
pub(crate) fn limited<T>(limits: ImageLimits, read: impl FnOnce() -> T) -> T {
    with_rules(|rules| _ = rules.limits.get_or_insert(limits), read)
}

fn with_rules<T>(rule: impl FnOnce(&mut Rules), read: impl FnOnce() -> T) -> T {
    /// Restores the previous rules, also after a panic.
    struct RestoreRules(Rules);
    impl Drop for RestoreRules {
        fn drop(&mut self) {
            RULES.with(|rules| rules.replace(std::mem::take(&mut self.0)));
        }
    }
    let before = RULES.with(|rules| rules.borrow().clone());
    RULES.with(|rules| rule(&mut rules.borrow_mut()));
    let _restore = RestoreRules(before);
    read()
}

/// The image of a text in a row: the path of a file, or a `data:` URL with the bytes of one.
pub(crate) fn of_text<const C: usize>(text: &str) -> Result<Image<C>, ImageError> {
    if let Some(encoded) = base64::of_data_url(text) {
        return of_base64(encoded?);
    }
    let rules = RULES.with(|rules| rules.borrow().clone());
    if rules.forbidden {
        let expected = "an image file in a `data:` URL".to_owned();
        return Err(ImageError { expected, found: Quoted(text).to_string() });
    }
    let open = || Image::open_with(rules.resolve(text)?, &rules.limits.unwrap_or_default());
    open().map_err(|error| match base64::looks_like_an_image(text) {
        true => {
            let advice = "; `base64` in `#[input(...)]` reads it as the bytes of a file";
            ImageError { found: format!("{}{advice}", error.found), ..error }
        }
        false => error,
    })
}

/// The image whose file's bytes a row holds in base64, alone or in a `data:` URL.
pub(crate) fn of_base64<const C: usize>(text: &str) -> Result<Image<C>, ImageError> {
    let encoded = base64::of_data_url(text).unwrap_or(Ok(text))?;
    let limits = RULES.with(|rules| rules.borrow().limits).unwrap_or_default();
    limits.check_bytes(base64::decoded_length(encoded))?;
    of_bytes(&base64::decoded(encoded)?)
}

/// The image whose file's bytes a row holds.
pub(crate) fn of_bytes<const C: usize>(bytes: &[u8]) -> Result<Image<C>, ImageError> {
    let limits = RULES.with(|rules| rules.borrow().limits).unwrap_or_default();
    Image::decode_with(bytes, &limits)
}

impl Rules {
    /// The file of a path in a row.
    fn resolve(&self, path: &str) -> Result<PathBuf, ImageError> {
        let Some(folder) = &self.folder else { return Ok(path.into()) };
        if !self.confined {
            return Ok(folder.join(path));
        }
        let refused = |reason: &str| ImageError {
            expected: format!("the path of a file within `{}`", folder.display()),
            found: format!("{}, which {reason}", Quoted(path)),
        };
        // A path that is lexically within the folder can still leave it through a symbolic link.
        for component in Path::new(path).components() {
            match component {
                Component::Normal(_) | Component::CurDir => {}
                Component::ParentDir => return Err(refused("has `..` in it")),
                Component::RootDir | Component::Prefix(_) => return Err(refused("is absolute")),
            }
        }
        let real = |path: &Path| {
            let unreadable = |error: io::Error| refused(&format!("cannot be read: {error}"));
            path.canonicalize().map_err(unreadable)
        };
        let file = real(&folder.join(path))?;
        match file.starts_with(real(folder)?) {
            true => Ok(file),
            false => Err(refused("leads out of it by a symbolic link")),
        }
    }
}

/// Reads a file, at most one byte beyond the limit.
pub(crate) fn read(path: &Path, limits: &ImageLimits) -> Result<Vec<u8>, ImageError> {
    let found = |what: String| format!("{}, {what}", Quoted(path.to_string_lossy()));
    let unreadable = |error: io::Error| {
        ImageError::not_an_image(found(format!("which cannot be read: {error}")))
    };
    // Opening a pipe would block until another process writes to it.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(ImageError::not_an_image(found("which is no file".to_owned())));
    }
    let within_limit = |bytes: u64| {
        limits.check_bytes(bytes).map_err(|error| ImageError {
            expected: format!("a file of {}", error.expected),
            found: found(format!("which has {}", error.found)),
        })
    };
    within_limit(metadata.len())?;
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(limits.bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    within_limit(bytes.len() as u64)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(path: &str) -> Result<PathBuf, String> {
        let rules = RULES.with(|rules| rules.borrow().clone());
        rules.resolve(path).map_err(|error| error.to_string())
    }

    #[test]
    fn relative_paths_count_from_the_folder_and_others_stay() {
        from_folder(&Path::new("/data").into(), || {
            assert_eq!(resolve("a.png").unwrap(), Path::new("/data/a.png"));
            assert_eq!(resolve("/b/a.png").unwrap(), Path::new("/b/a.png"));
            from_folder(&Path::new("/other").into(), || {
                assert_eq!(resolve("a.png").unwrap(), Path::new("/other/a.png"));
            });
            assert_eq!(resolve("a.png").unwrap(), Path::new("/data/a.png"));
        });
        assert_eq!(resolve("a.png").unwrap(), Path::new("a.png"));
    }

    #[test]
    fn the_outermost_rules_hold() {
        let [own, other] = [1, 2].map(|bytes| ImageLimits::default().bytes(bytes));
        limited(own, || {
            limited(other, || {
                assert_eq!(RULES.with(|rules| rules.borrow().limits), Some(own));
            });
        });
        let folder = tempfile::tempdir().unwrap();
        let confined: Arc<Path> = folder.path().into();
        confined_to(&confined, || {
            from_folder(&Path::new("/data").into(), || {
                let message = resolve("../a.png").unwrap_err();
                assert!(message.contains(&confined.display().to_string()), "{message}");
            });
        });
    }
}
