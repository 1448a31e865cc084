//! Photographs, of which a model sees a thousandth: memory is what it sees of them, and one of them
//! as it is decoded.

use std::{fs, path::Path};

use multi_input::{
    data::{Csv, JsonLines},
    prelude::*,
};

use super::{answer_of, folder, peak_memory, ASKED};

/// As most take photographs: a part of one size out of the middle, which becomes small.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Photo {
    #[input(center_crop(750, 750), resize(32, 32), rescale(0.003921569))]
    photo: Image<3>,

    #[from(photo)]
    #[branch(Flatten, Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy, metrics(accuracy))]
    warm: bool,
}

/// As few do: so much of each that all of them are still large.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Large {
    #[input(resize(512, 512), rescale(0.003921569))]
    photo: Image<3>,

    #[from(photo)]
    #[branch(GlobalAveragePool2D, Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy)]
    warm: bool,
}

/// One photograph of this size, and tables of so many rows that name it.
fn write(folder: &Path, [height, width]: [usize; 2], rows: usize) {
    let pixel = |place: usize| (place * 31 + place / width * 17) as u8;
    let pixels: Vec<u8> = (0..height * width * 3).map(pixel).collect();
    let file = fs::File::create(folder.join("a.png")).unwrap();
    let mut encoder = png::Encoder::new(file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fastest);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    let warm = |row: usize| row.is_multiple_of(2);
    let lines: String = (0..rows).map(|row| format!("a.png,{}\n", warm(row))).collect();
    fs::write(folder.join("rows.csv"), format!("photo,warm\n{lines}")).unwrap();
    let line = |row| format!("{{\"photo\": \"a.png\", \"warm\": {}}}\n", warm(row));
    fs::write(folder.join("rows.jsonl"), (0..rows).map(line).collect::<String>()).unwrap();
}

/// The process that trains, evaluates and predicts. By itself it does nothing.
#[test]
fn child() {
    let Ok(asked) = std::env::var(ASKED) else { return };
    let (what, folder) = asked.split_once(' ').unwrap();
    let (csv, json) = (format!("{folder}/rows.csv"), format!("{folder}/rows.jsonl"));
    match what {
        "small" => {
            let mut model = Photo::build(&Cpu::default(), Seed(1));
            let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
            let trainer = trainer.validation_source(JsonLines::new(&json));
            trainer.fit_from(&mut model, &Csv::new(&csv)).unwrap();
            assert!(model.evaluate_from(&Csv::new(&csv)).unwrap().loss().is_finite());
            let rows = JsonLines::new(&json);
            let predicted = model.predict_from(&rows).unwrap();
            assert!(predicted.map(|row| row.unwrap().warm).all(f32::is_finite));
        }
        _ => {
            let mut model = Large::build(&Cpu::default(), Seed(1));
            let trainer = Trainer::new(Adam::new(0.01)).batch_size(4).progress(Progress::silent());
            trainer.fit_from(&mut model, &Csv::new(&csv)).unwrap();
        }
    }
    println!("answer: {}", peak_memory());
}

/// The most memory, in megabytes.
fn peak(what: &str, size: [usize; 2], rows: usize) -> f64 {
    let folder = folder();
    write(folder.path(), size, rows);
    let asked = format!("{what} {}", folder.path().display());
    answer_of("photographs::child", &asked).parse().unwrap()
}

#[test]
fn memory_does_not_grow_with_the_number_of_photographs() {
    const SIZE: [usize; 2] = [900, 800];
    let (few, many) = (peak("small", SIZE, 2), peak("small", SIZE, 40));
    println!("{few:.1} MB for 2 photographs of 2.2 MB, {many:.1} MB for 40");
    // Together they have 86 MB of pixels.
    assert!(many < few + 30.0, "{few} MB, then {many} MB");
}

/// 12 megapixels each, with default settings; and as much of each as makes 470 MB of all.
#[test]
#[ignore = "takes minutes: `just soak`"]
fn soak_150_photographs() {
    const SIZE: [usize; 2] = [3000, 4000];
    let (small, large) = (peak("small", SIZE, 150), peak("large", SIZE, 150));
    println!("result: photographs=150 peak_mb={small:.0} large_peak_mb={large:.0}");
    assert!(small < 300.0, "{small} MB");
    assert!(large < 400.0, "{large} MB");
}
