//! Pictures in files: how they are turned, how deep and how large they are, and where they may lie.

use std::{fs, path::Path};

use multi_input::{
    data::{read_csv, Csv, ImageLimits, JsonLines, Source, Table, Values},
    prelude::*,
    preprocess::Preprocessing,
    Result,
};
use serde_json::Value as Json;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Photo {
    #[input(resize(2, 2), rescale(1.0 / 255.0))]
    photo: Image<3>,

    #[from(photo)]
    #[branch(Flatten, Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy)]
    warm: bool,
}

#[multi_input_model]
pub struct Strip {
    #[input(center_crop(1, 3))]
    photo: Image<1>,

    #[from(photo)]
    #[branch(Flatten, Dense(1))]
    #[output(loss = mse)]
    depth: f32,
}

fn fixture() -> Json {
    serde_json::from_str(include_str!("../fixtures/images.json")).unwrap()
}

/// The bytes that a text of hexadecimal digits stands for.
fn bytes(hexadecimal: &Json) -> Vec<u8> {
    let digits = hexadecimal.as_str().unwrap();
    let byte = |place: usize| u8::from_str_radix(&digits[place..place + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

#[test]
fn all_exif_orientations_give_the_picture_that_pillow_gives() {
    let fixture = fixture();
    let upright: Vec<u8> = serde_json::from_value(fixture["upright"].clone()).unwrap();
    for (format, tolerance) in [("png", 0), ("jpeg", 4)] {
        let files = fixture[format].as_array().unwrap();
        assert_eq!(files.len(), 8);
        for (orientation, file) in (1..).zip(files) {
            let image = Image::<3>::decode(&bytes(file)).unwrap();
            assert_eq!((image.height(), image.width()), (16, 24), "{format} {orientation}");
            let pixels = image.pixels();
            let near = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= tolerance;
            assert!(pixels.iter().zip(&upright).all(near), "{format} {orientation}");
        }
    }
}

#[test]
fn sixteen_bits_are_kept_in_depth() {
    let image = Image::<1>::decode(&bytes(&fixture()["sixteen"])).unwrap();
    assert_eq!(image.pixels_u16(), Some(&[4095, 128, 65535][..]));
    assert_eq!(*image.pixels(), [16, 0, 255], "rounded to eight");
    let mut table = Table::of_samples(&Strip::GRAPH);
    let row = StripSample { photo: image, depth: 1.0 };
    table.push(|writer| Strip::write_sample(&row, writer)).unwrap();
    let fitted = Preprocessing::fit(&Strip::GRAPH, &table, &[0]).unwrap();
    let encoded = fitted.encode(&table, &[0], 0).unwrap();
    // 4095 / 65535 * 255 and 128 / 65535 * 255.
    assert_eq!(*encoded.columns[0].values, Values::Numbers(vec![15.933_852, 0.498_054_48, 255.0]));
}

/// A folder with pictures inside and outside of `photos`, and a table of the given cells.
fn folder(cells: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("photos/deep")).unwrap();
    let picture = bytes(&fixture()["png"][0]);
    for name in ["secret.png", "photos/a.png", "photos/deep/b.png"] {
        fs::write(path(name), &picture).unwrap();
    }
    #[cfg(unix)]
    for (to, name) in [("../secret.png", "photos/out.png"), ("deep/b.png", "photos/in.png")] {
        std::os::unix::fs::symlink(to, path(name)).unwrap();
    }
    let lines: Vec<String> = cells.iter().map(|cell| format!("{cell},true")).collect();
    fs::write(path("rows.csv"), format!("photo,warm\n{}\n", lines.join("\n"))).unwrap();
    let lines = cells.iter().map(|cell| format!("{{\"photo\": \"{cell}\", \"warm\": true}}\n"));
    fs::write(path("rows.jsonl"), lines.collect::<String>()).unwrap();
    folder
}

/// What every way of taking rows from a source says of the first that is wrong.
fn messages(source: &impl Source<Row = PhotoSample>) -> Vec<String> {
    let mut model = Photo::build(&Cpu::default(), Seed(1));
    let trainer = || Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    let text =
        |result: Result<()>| result.map_or_else(|error| error.to_string(), |_| "fine".into());
    vec![
        text(source.read_all().map(drop)),
        text(trainer().fit_from(&mut model, source).map(drop)),
        text(model.evaluate_from(source).map(drop)),
    ]
}

#[cfg(unix)]
#[test]
fn paths_can_be_confined_to_a_folder() {
    let good = folder(&["a.png", "deep/b.png", "./in.png"]);
    let photos = good.path().join("photos");
    let csv = Csv::new(good.path().join("rows.csv")).images_within(&photos);
    assert_eq!(messages(&csv), ["fine"; 3]);
    let json = JsonLines::new(good.path().join("rows.jsonl")).images_within(&photos);
    assert_eq!(messages(&json), ["fine"; 3]);

    let absolute = good.path().join("photos/a.png").display().to_string();
    for (cell, reason) in [
        ("../secret.png", "has `..` in it"),
        ("deep/../a.png", "has `..` in it"),
        (&*absolute, "is absolute"),
        ("out.png", "leads out of it by a symbolic link"),
        ("none.png", "cannot be read: No such file or directory (os error 2)"),
    ] {
        let bad = folder(&["a.png", cell]);
        let photos = bad.path().join("photos");
        let expected = format!(
            "field `photo`, column `photo`: expected the path of a file within `{}`, found \
             `{cell}`, which {reason}",
            photos.display()
        );
        let sources = ["rows.csv", "rows.jsonl"].map(|name| bad.path().join(name));
        let [csv, json] = &sources;
        let mut found = messages(&Csv::new(csv).images_within(&photos));
        found.extend(messages(&JsonLines::new(json).images_within(&photos)));
        let lines =
            [format!("{}, line 3: ", csv.display()), format!("{}, line 2: ", json.display())];
        for (place, message) in found.iter().enumerate() {
            let told = message.starts_with(&lines[place / 3]) && message.contains(&expected);
            assert!(told, "{message}\n{expected}");
        }
    }

    // Without it, a path means what it says, from the folder of the file.
    let free = folder(&["secret.png", "photos/deep/../out.png"]);
    assert_eq!(messages(&Csv::new(free.path().join("rows.csv"))), ["fine"; 3]);
}

#[test]
fn files_and_pictures_have_limits_that_can_be_set() {
    let folder = folder(&["photos/a.png"]);
    let path = folder.path().join("rows.csv");
    let limited = |limits: ImageLimits| messages(&Csv::new(&path).image_limits(limits));
    let photo = folder.path().join("photos/a.png");
    let size = fs::metadata(&photo).unwrap().len();
    let within = ImageLimits::default().pixels(384).bytes(size);
    assert_eq!(limited(within), ["fine"; 3]);
    let place = format!("{}, line 2: field `photo`, column `photo`: ", path.display());
    let found = format!(
        "{place}expected a picture of at most 383 pixels, as `ImageLimits::pixels` says, found `{}`, \
         which holds one of 16 x 24",
        photo.display()
    );
    assert_eq!(limited(within.pixels(383)), [found.as_str(); 3]);
    let found = format!(
        "{place}expected a file of at most {} bytes, as `ImageLimits::bytes` says, found `{}`, which \
         has {size} bytes",
        size - 1,
        photo.display()
    );
    assert_eq!(limited(within.bytes(size - 1)), [found.as_str(); 3]);
    // The last word counts, and both rules hold together.
    let both = Csv::new(&path).image_limits(within.pixels(1)).image_limits(within);
    assert_eq!(messages(&both.images_within(folder.path())), ["fine"; 3]);
    assert!(Image::<3>::open_with(&photo, &within.pixels(9)).is_err());
    assert!(Image::<3>::open(folder.path()).unwrap_err().found.contains("which is no file"));
}

/// Small and large pictures, streamed and in memory, one by one and together.
#[test]
fn streams_and_rows_in_memory_give_the_same_bits() {
    let folder = folder(&["photos/a.png", "photos/deep/b.png", "secret.png"].repeat(5));
    let path = folder.path().join("rows.csv");
    let rows: Vec<PhotoSample> = read_csv(&path).unwrap();
    assert_eq!((rows[0].photo.height(), rows[0].photo.width()), (16, 24), "a row has all pixels");
    let trainer = || {
        let trainer = Trainer::new(Adam::new(0.01)).epochs(2).batch_size(4);
        trainer.shuffle(Shuffle::Never).progress(Progress::silent())
    };
    let mut streamed = Photo::build(&Cpu::default(), Seed(1));
    trainer().fit_from(&mut streamed, &Csv::new(&path)).unwrap();
    let mut in_memory = Photo::build(&Cpu::default(), Seed(1));
    trainer().fit(&mut in_memory, &rows).unwrap();
    let inputs: Vec<PhotoInputs> = read_csv(&path).unwrap();
    let expected: Vec<f32> = in_memory.predict(&inputs).unwrap().iter().map(|o| o.warm).collect();
    let source = Csv::new(&path);
    let found = streamed.predict_from(&source).unwrap().map(|row| row.unwrap().warm);
    assert_eq!(found.collect::<Vec<_>>(), expected);
    let evaluated = streamed.evaluate_from(&Csv::new(Path::new(&path))).unwrap().loss();
    assert_eq!(evaluated, in_memory.evaluate(&rows).unwrap().loss());
}

/// The bytes of files in base64, alone.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Encoded {
    #[input(base64, resize(2, 2), missing = zeros, missing("none"))]
    photo: Option<Image<3>>,

    #[from(photo)]
    #[branch(Flatten, Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy)]
    warm: bool,
}

fn base64(bytes: &[u8]) -> String {
    use base64::{engine::general_purpose::STANDARD, Engine};
    STANDARD.encode(bytes)
}

#[test]
fn a_text_may_hold_a_file_as_a_data_url() {
    let picture = bytes(&fixture()["png"][0]);
    let url = format!("data:image/png;base64,{}", base64(&picture));
    let expected = Image::<3>::decode(&picture).unwrap();
    // Confining paths does not concern it.
    let folder = folder(&["photos/a.png", &url]);
    for name in ["rows.csv", "rows.jsonl"] {
        let path = folder.path().join(name);
        let quoted = fs::read_to_string(&path).unwrap().replace(&url, &format!("\"{url}\""));
        let text = if name == "rows.csv" { quoted } else { fs::read_to_string(&path).unwrap() };
        fs::write(&path, text).unwrap();
    }
    let [csv, json] = ["rows.csv", "rows.jsonl"].map(|name| folder.path().join(name));
    for rows in [
        Csv::<PhotoSample>::new(&csv).images_within(folder.path()).read_all().unwrap(),
        JsonLines::<PhotoSample>::new(&json).images_within(folder.path()).read_all().unwrap(),
    ] {
        assert_eq!((&rows[0].photo, &rows[1].photo), (&expected, &expected));
    }
    assert_eq!(messages(&Csv::new(&csv)), ["fine"; 3]);
    let limits = ImageLimits::default().bytes(picture.len() as u64 - 4);
    let found = messages(&JsonLines::new(&json).image_limits(limits));
    assert!(found[0].contains("at most"), "{found:?}");
    // A struct with the user's own `Deserialize` takes one too.
    let own: Image<3> = serde_json::from_str(&format!("\"{url}\"")).unwrap();
    assert_eq!(own, expected);
}

#[test]
fn base64_alone_is_read_where_the_field_says_so() {
    let picture = bytes(&fixture()["jpeg"][0]);
    let encoded = base64(&picture);
    let wrapped: Vec<&str> =
        encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    let write = |cells: &[&str]| {
        let lines: String = cells.iter().map(|cell| format!("\"{cell}\",true\n")).collect();
        fs::write(&path, format!("photo,warm\n{lines}")).unwrap();
    };
    let url = format!("data:image/jpeg;base64,{encoded}");
    write(&[&encoded, &wrapped.join("\r\n"), encoded.trim_end_matches('='), &url, "", "none"]);
    let rows: Vec<EncodedSample> = Csv::new(&path).read_all().unwrap();
    let expected = Image::<3>::decode(&picture).unwrap();
    let expected = [Some(&expected); 4].into_iter().chain([None, None]);
    assert!(rows.iter().map(|row| row.photo.as_ref()).eq(expected));
    let mut model = Encoded::build(&Cpu::default(), Seed(1));
    let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
    trainer.fit_from(&mut model, &Csv::<EncodedSample>::new(&path)).unwrap();

    let message = |cell: &str| {
        write(&[cell]);
        Csv::<EncodedSample>::new(&path).read_all().unwrap_err().to_string()
    };
    // A path is not guessed to be one, and base64 without the word is no path.
    assert!(message("a.png").contains("expected an image file in base64, found `a.png`"));
    assert!(message("AAAA").contains("expected a PNG or JPEG file, found something else"));
    assert!(message(&encoded[..400]).contains("a damaged JPEG file"));
    assert!(message("data:image/png,x").contains("expected a data URL in base64"));
    write(&[&encoded]);
    let plain = Csv::<PhotoSample>::new(&path).read_all().unwrap_err().to_string();
    let advice = "; `base64` in `#[input(...)]` reads it as the bytes of a file";
    assert!(plain.ends_with(advice) && plain.len() < 700, "{plain}");
    let confined = Csv::<PhotoSample>::new(&path).images_within(folder.path());
    let confined = confined.read_all().unwrap_err().to_string();
    assert!(confined.ends_with(advice) && confined.len() < 700, "{confined}");
}

#[test]
fn damaged_base64_gives_no_panic() {
    let encoded = base64(&bytes(&fixture()["png"][0]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    for place in (0..encoded.len()).step_by(7) {
        let mut damaged = encoded.clone();
        damaged.replace_range(place..place + 1, ["", "*", "A", "\u{e4}", "=="][place % 5]);
        let lines = format!(
            "{{\"photo\": \"{damaged}\", \"warm\": true}}\n{{\"photo\": \"data:;base64,{damaged}\", \"warm\": true}}\n"
        );
        fs::write(&path, lines).unwrap();
        for row in JsonLines::<EncodedSample>::new(&path).rows().unwrap() {
            let _ = row;
        }
    }
}
