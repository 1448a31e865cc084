//! Image files as binary data in columns of Parquet, Arrow and SQLite.

use std::{fs::File, path::Path, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, FixedSizeBinaryArray,
    LargeBinaryArray, NullArray, RecordBatch, StringArray, StructArray,
};
use multi_input::{
    data::{Arrow, ImageLimits, Parquet, Postgres, Source, Sqlite},
    prelude::*,
    Result,
};
use parquet::arrow::ArrowWriter;
use serde_json::Value as Json;

use super::postgresql::Server;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Photo {
    #[input(resize(2, 2), missing = zeros)]
    image: Option<Image<3>>,

    #[from(image)]
    #[branch(Flatten, Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy)]
    warm: bool,
}

/// A PNG and a JPEG file.
fn pictures() -> [Vec<u8>; 2] {
    let fixture: Json = serde_json::from_str(include_str!("../../fixtures/images.json")).unwrap();
    [&fixture["png"][0], &fixture["jpeg"][0]].map(|hexadecimal| {
        let digits = hexadecimal.as_str().unwrap();
        let byte = |place: usize| u8::from_str_radix(&digits[place..place + 2], 16).unwrap();
        (0..digits.len()).step_by(2).map(byte).collect()
    })
}

fn write(folder: &Path, image: ArrayRef) {
    let warm: ArrayRef = Arc::new(BooleanArray::from(vec![true; image.len()]));
    let columns = [("image", image, true), ("warm", warm, true)];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let file = File::create(folder.join("rows.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let file = File::create(folder.join("rows.arrow")).unwrap();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
}

fn images<S: Source<Row = PhotoSample>>(source: S) -> Result<Vec<Option<Image<3>>>> {
    Ok(source.images_within("/nowhere").read_all()?.into_iter().map(|row| row.image).collect())
}

/// The columns of all binary types: a PNG file, a JPEG file, nothing.
fn columns() -> Vec<(&'static str, ArrayRef)> {
    let [png, jpeg] = pictures();
    let all = [Some(&png[..]), Some(&jpeg[..]), None];
    let structs = |bytes: ArrayRef, path: ArrayRef| -> ArrayRef {
        Arc::new(StructArray::try_from(vec![("bytes", bytes), ("path", path)]).unwrap())
    };
    let bytes: ArrayRef = Arc::new(BinaryArray::from(all.to_vec()));
    let paths: ArrayRef = Arc::new(StringArray::from(vec![Some("a.png"), None, None]));
    vec![
        ("Binary", bytes.clone()),
        ("LargeBinary", Arc::new(LargeBinaryArray::from(all.to_vec()))),
        ("BinaryView", Arc::new(BinaryViewArray::from(all.to_vec()))),
        ("a struct, as of Hugging Face", structs(bytes.clone(), paths)),
        ("a struct without paths", structs(bytes, Arc::new(NullArray::new(3)))),
    ]
}

#[test]
fn binary_columns_hold_image_files() {
    let expected = pictures().map(|picture| Some(Image::<3>::decode(&picture).unwrap()));
    for (name, column) in columns() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), column);
        let [parquet, arrow] = ["rows.parquet", "rows.arrow"].map(|file| folder.path().join(file));
        let of_parquet = images(Parquet::new(&parquet)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let of_arrow = images(Arrow::new(&arrow)).unwrap_or_else(|e| panic!("{name}: {e}"));
        for images in [of_parquet, of_arrow] {
            assert_eq!((&images[..2], &images[2]), (&expected[..], &None), "{name}");
        }
        let mut model = Photo::build(&Cpu::default(), Seed(1));
        let trainer = Trainer::new(Adam::new(0.01)).progress(Progress::silent());
        trainer.fit_from(&mut model, &Parquet::<PhotoSample>::new(&parquet)).unwrap();
        let limits = ImageLimits::default().pixels(383);
        let error = Parquet::<PhotoSample>::new(&parquet).image_limits(limits).read_all();
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("field `image`, column `image`: expected a picture of at most 383"),
            "{error}"
        );
    }
    let [png, _] = pictures();
    let folder = tempfile::tempdir().unwrap();
    let fixed = FixedSizeBinaryArray::try_from_iter([&png, &png].into_iter()).unwrap();
    write(folder.path(), Arc::new(fixed));
    let images = images(Parquet::new(folder.path().join("rows.parquet"))).unwrap();
    assert_eq!(images, [expected[0].clone(), expected[0].clone()]);
}

#[test]
fn a_struct_without_bytes_names_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let [png, _] = pictures();
    std::fs::write(folder.path().join("a.png"), &png).unwrap();
    let none: ArrayRef = Arc::new(BinaryArray::from(vec![None, Some(&b"no image"[..])]));
    let path: ArrayRef = Arc::new(StringArray::from(vec!["a.png", "b.png"]));
    let column = StructArray::try_from(vec![("bytes", none), ("path", path)]).unwrap();
    write(folder.path(), Arc::new(column));
    let file = folder.path().join("rows.parquet");
    let source = Parquet::<PhotoSample>::new(&file);
    let mut rows = source.rows().unwrap();
    let first = rows.next().unwrap().unwrap();
    assert_eq!(first.image, Some(Image::decode(&png).unwrap()));
    let error = rows.next().unwrap().unwrap_err().to_string();
    assert!(error.contains("row 1: field `image`, column `image`: expected a"), "{error}");
    assert!(error.contains("found something else"), "{error}");
    // Other structs are no images.
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a.png"]));
    write(folder.path(), Arc::new(StructArray::try_from(vec![("path", text)]).unwrap()));
    let error = Parquet::<PhotoSample>::new(&file).read_all().unwrap_err().to_string();
    assert!(error.contains("found a value of type Struct"), "{error}");
}

#[test]
fn a_blob_holds_an_image_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("CREATE TABLE photos (image BLOB, warm INTEGER)", []).unwrap();
    let [png, jpeg] = pictures();
    for image in [Some(&png), Some(&jpeg), None] {
        connection.execute("INSERT INTO photos VALUES (?1, 1)", [image]).unwrap();
    }
    let query = "SELECT * FROM photos";
    let found = images(Sqlite::new(&path, query)).unwrap();
    let expected = [&png, &jpeg].map(|file| Some(Image::<3>::decode(file).unwrap()));
    assert_eq!((&found[..2], &found[2]), (&expected[..], &None));
    // Large ones take many places in the queue, and a reader may leave at any time.
    let large = vec![0_u8; 80 << 20];
    connection.execute("INSERT INTO photos VALUES (?1, 0)", [&large]).unwrap();
    let error = images(Sqlite::new(&path, query)).unwrap_err().to_string();
    assert!(error.contains("row 3") && error.contains("found something else"), "{error}");
    let first = Sqlite::<PhotoSample>::new(&path, query).rows().unwrap().next().unwrap();
    assert!(first.unwrap().image.is_some());
}

#[test]
fn a_bytea_holds_an_image_file() {
    let Some(server) = Server::start() else {
        eprintln!("PostgreSQL is not installed (Debian: postgresql); nothing was tested");
        return;
    };
    let mut client = postgres::Client::connect(&server.address(), postgres::NoTls).unwrap();
    client.batch_execute("CREATE TABLE photos (image bytea, warm bool)").unwrap();
    let [png, _] = pictures();
    for image in [Some(&png[..]), None] {
        client.execute("INSERT INTO photos VALUES ($1, true)", &[&image]).unwrap();
    }
    let found = images(Postgres::new(server.address(), "SELECT * FROM photos")).unwrap();
    assert_eq!(found, [Some(Image::decode(&png).unwrap()), None]);
}

#[test]
fn damaged_binary_gives_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = super::Random(3);
    for picture in pictures() {
        let damaged: Vec<Vec<u8>> =
            (0..super::SHORT).map(|_| random.mutate(&picture, &[b"\0", b"\xff\xd8"])).collect();
        let damaged: Vec<&[u8]> = damaged.iter().map(Vec::as_slice).collect();
        write(folder.path(), Arc::new(BinaryArray::from(damaged)));
        let source = Parquet::<PhotoSample>::new(folder.path().join("rows.parquet"));
        assert_eq!(source.rows().unwrap().count(), super::SHORT);
    }
}
