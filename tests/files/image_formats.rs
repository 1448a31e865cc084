//! WebP, GIF, BMP and TIFF files give the pixels that Pillow reads in them
//! (`fixtures/image_formats.py`), within the limits, and damaged ones an error.

use std::fs;

use multi_input::{
    data::{Csv, ImageLimits, Source},
    prelude::*,
};
use serde_json::Value as Json;

#[path = "../support/mutate.rs"]
mod mutate;

use mutate::{Random, LONG, SHORT};

#[multi_input_model(allow(linear_stack))]
#[derive(Clone, Debug, PartialEq)]
pub struct Photo {
    #[input(resize(4, 4), rescale(1.0 / 255.0))]
    #[branch(Flatten)]
    photo: Image<3>,
    #[from(photo)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn fixture() -> Json {
    serde_json::from_str(include_str!("../fixtures/image_formats.json")).unwrap()
}

/// The bytes that a text of hexadecimal digits stands for.
fn bytes(hexadecimal: &Json) -> Vec<u8> {
    let digits = hexadecimal.as_str().unwrap();
    let byte = |place: usize| u8::from_str_radix(&digits[place..place + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// The files by name.
fn files() -> Vec<(String, Json)> {
    let Json::Object(files) = fixture()["files"].take() else { panic!("no files") };
    files.into_iter().collect()
}

/// An image with the channels of the file.
fn check<const C: usize>(name: &str, file: &Json) {
    let image =
        Image::<C>::decode(&bytes(&file["bytes"])).unwrap_or_else(|e| panic!("{name}: {e}"));
    let size = [image.height(), image.width()].map(|size| size as u64);
    assert_eq!(size, ["height", "width"].map(|side| file[side].as_u64().unwrap()), "{name}");
    let pixels: Vec<u16> = serde_json::from_value(file["pixels"].clone()).unwrap();
    let found: Vec<u16> = match image.pixels_u16() {
        Some(values) => values.to_vec(),
        None => image.pixels().iter().map(|value| u16::from(*value)).collect(),
    };
    assert_eq!(image.pixels_u16().is_some(), file["depth"] == 16, "{name}");
    let lossy = file["lossy"].as_u64().unwrap() as u16;
    let near = found.iter().zip(&pixels).all(|(one, other)| one.abs_diff(*other) <= lossy);
    assert!(near && found.len() == pixels.len(), "{name}: {found:?} instead of {pixels:?}");
}

#[test]
fn every_file_has_the_pixels_that_pillow_reads() {
    for (name, file) in files() {
        match file["channels"].as_u64().unwrap() {
            1 => check::<1>(&name, &file),
            3 => check::<3>(&name, &file),
            4 => check::<4>(&name, &file),
            other => panic!("{name} has {other} channels"),
        }
    }
}

#[test]
fn limits_hold_before_decoding() {
    for (name, file) in files() {
        let (bytes, side) = (bytes(&file["bytes"]), |side: &str| file[side].as_u64().unwrap());
        let pixels = side("height") * side("width");
        let message = |limits: ImageLimits| Image::<3>::decode_with(&bytes, &limits);
        assert!(message(ImageLimits::default().pixels(pixels)).is_ok(), "{name}");
        let error = message(ImageLimits::default().pixels(pixels - 1)).unwrap_err().to_string();
        assert!(error.contains("as `ImageLimits::pixels` says"), "{name}: {error}");
        let error = message(ImageLimits::default().bytes(9)).unwrap_err().to_string();
        assert!(error.contains("at most 9 bytes"), "{name}: {error}");
    }
}

/// Headers that promise a picture of gigabytes.
#[test]
fn a_header_of_a_huge_picture_is_refused() {
    let mut bmp = bytes(&fixture()["files"]["bmp"]["bytes"]);
    bmp[18..22].copy_from_slice(&60_000_u32.to_le_bytes());
    bmp[22..26].copy_from_slice(&60_000_u32.to_le_bytes());
    let mut gif = bytes(&fixture()["files"]["gif"]["bytes"]);
    gif[6..10].copy_from_slice(&[0xff; 4]);
    for file in [bmp, gif] {
        let error = Image::<3>::decode(&file).unwrap_err().to_string();
        assert!(error.contains("at most 100000000 pixels"), "{error}");
    }
}

#[test]
fn what_cannot_be_decoded_is_named() {
    let message = |bytes: &[u8]| Image::<3>::decode(bytes).unwrap_err().to_string();
    let expected = "expected a PNG, JPEG, WebP, GIF, BMP or TIFF file, found ";
    assert_eq!(message(b"GIF"), format!("{expected}something else"));
    assert_eq!(message(&bytes(&fixture()["avif"])), format!("{expected}an AVIF file"));
    for name in ["floats", "tiff_palette"] {
        let found = message(&bytes(&fixture()[name]));
        let start = format!("{expected}a TIFF file that cannot be decoded");
        assert!(found.starts_with(&start), "{found}");
    }
    for (start, name) in [
        (&b"GIF89a"[..], "GIF"),
        (b"II*\0", "TIFF"),
        (b"RIFF\0\0\0\0WEBP", "WebP"),
        (b"BM\0\0\0\0\0\0\0\0", "BMP"),
    ] {
        let found = message(start);
        assert!(found.starts_with(&format!("{expected}a damaged {name} file")), "{found}");
    }
}

#[test]
fn a_row_may_name_any_format() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = "photo,price\n".to_owned();
    for (name, file) in files() {
        fs::write(folder.path().join(&name), bytes(&file["bytes"])).unwrap();
        lines += &format!("{name},1\n");
    }
    let path = folder.path().join("rows.csv");
    fs::write(&path, lines).unwrap();
    let rows: Vec<PhotoSample> =
        Csv::new(&path).images_within(folder.path()).rows().unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), files().len());
    let mut model = Photo::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    trainer.fit_from(&mut model, &Csv::<PhotoSample>::new(&path)).unwrap();
}

/// Damaged files of every format: an image or an error, but no panic.
fn mutations(count: usize) {
    let mut random = Random(11);
    for (name, file) in files() {
        let whole = bytes(&file["bytes"]);
        for end in 0..whole.len() {
            let _ = Image::<3>::decode(&whole[..end]);
        }
        let pieces: [&[u8]; 4] = [b"\0", b"\xff\xff\xff\xff", b"\x80\0\0\0", &name.as_bytes()[..2]];
        for _ in 0..count {
            let damaged = random.mutate(&whole, &pieces);
            let limits = ImageLimits::default().pixels(1 << 22);
            let _ = Image::<3>::decode_with(&damaged, &limits);
        }
    }
}

#[test]
fn damaged_files_give_no_panic() {
    mutations(SHORT);
}

#[test]
#[ignore = "minutes"]
fn soak_damaged_files_give_no_panic() {
    mutations(LONG);
}
