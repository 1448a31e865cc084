//! The bytes of a file in a text: base64, alone or in a `data:` URL.

use multi_input_base::quote::Quoted;

use super::ImageError;

/// The base64 of a `data:` URL, `data:image/png;base64,...`; `None` for any other text.
pub(super) fn of_data_url(text: &str) -> Option<Result<&str, ImageError>> {
    const SCHEME: &str = "data:";
    let start = text.get(..SCHEME.len())?;
    if !start.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    let error = || ImageError {
        expected: "a data URL in base64, `data:image/png;base64,...`".to_owned(),
        found: Quoted(text).to_string(),
    };
    let parts = text[SCHEME.len()..].split_once(',').filter(|(head, _)| {
        let parameter = head.rsplit(';').next().unwrap_or_default();
        head.contains(';') && parameter.trim().eq_ignore_ascii_case("base64")
    });
    Some(parts.map(|(_, encoded)| encoded).ok_or_else(error))
}

/// The most bytes that a text in base64 can encode.
pub(super) fn decoded_length(encoded: &str) -> u64 {
    encoded.len() as u64 / 4 * 3
}

/// Whether a text begins as the base64 of a PNG, JPEG, GIF, WebP or TIFF file does.
pub(super) fn looks_like_an_image(text: &str) -> bool {
    ["iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR", "SUkqA", "TU0AK"]
        .into_iter()
        .any(|start| text.starts_with(start))
}

/// The bytes of a text in base64, with or without padding, in the standard or the URL-safe
/// alphabet. White space, as of lines of 76 characters, is skipped.
///
/// # Errors
/// Where the text is no base64.
#[cfg(feature = "images")]
pub(super) fn decoded(encoded: &str) -> Result<Vec<u8>, ImageError> {
    use std::borrow::Cow;

    use base64::{
        alphabet::{STANDARD, URL_SAFE},
        engine::{DecodePaddingMode::Indifferent, GeneralPurpose, GeneralPurposeConfig},
        Engine,
    };
    let encoded = match encoded.contains(|letter: char| letter.is_ascii_whitespace()) {
        true => Cow::Owned(encoded.split_ascii_whitespace().collect::<String>()),
        false => Cow::Borrowed(encoded),
    };
    let alphabet = if encoded.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(Indifferent);
    let decoded = GeneralPurpose::new(alphabet, config).decode(encoded.as_bytes());
    decoded.map_err(|error| ImageError {
        expected: "an image file in base64".to_owned(),
        found: format!("{}: {error}", Quoted(&encoded)),
    })
}

/// Without the feature `images` there is nothing to decode the bytes with.
#[cfg(not(feature = "images"))]
pub(super) fn decoded(_: &str) -> Result<Vec<u8>, ImageError> {
    Ok(Vec::new())
}

#[cfg(all(test, feature = "images"))]
mod tests {
    use super::*;

    #[test]
    fn a_data_url_has_its_base64_behind_the_comma() {
        let of = |text| of_data_url(text).map(|encoded| encoded.map_err(|e| e.to_string()));
        assert_eq!(of("data:image/png;base64,AAAA"), Some(Ok("AAAA")));
        assert_eq!(of("DATA:image/png;charset=x;Base64,AA,AA"), Some(Ok("AA,AA")));
        assert_eq!(of("data:;base64,"), Some(Ok("")));
        for other in ["", "data", "photos/data:1.png", "dat\u{e4}:;base64,", "/9j/"] {
            assert_eq!(of(other), None, "{other}");
        }
        for wrong in
            ["data:image/svg+xml,<svg/>", "data:image/png;base64", "data:base64,AA", "data:"]
        {
            let message = of(wrong).unwrap().unwrap_err();
            assert!(message.starts_with("expected a data URL in base64"), "{message}");
        }
    }

    #[test]
    fn base64_of_either_alphabet_is_decoded() {
        for text in ["+/8AAQ==", "+/8AAQ", "-_8AAQ==", "-_8AAQ", "+/8A\r\nAQ==\n", " +/8 AAQ"] {
            assert_eq!(decoded(text).unwrap(), [251, 255, 0, 1], "{text}");
        }
        for wrong in ["+/8AAR==", "a", "ab*d", "\u{e4}", "+_8A", "AAA=A"] {
            let message = decoded(wrong).unwrap_err().to_string();
            assert!(message.starts_with("expected an image file in base64, found"), "{message}");
        }
        assert_eq!(decoded("").unwrap().len(), 0);
        for bytes in [
            &b"\x89PNG\r\n\x1a\n"[..],
            b"\xff\xd8\xff\xe0",
            b"GIF89a",
            b"RIFF\0\0\0\0WEBP",
            b"II*\0",
            b"MM\0*",
        ] {
            use base64::{engine::general_purpose::STANDARD, Engine};
            assert!(looks_like_an_image(&STANDARD.encode([bytes, &[0; 6]].concat())), "{bytes:?}");
        }
        assert!(!looks_like_an_image("photos/1.png"));
    }
}
