use super::*;

fn read(bytes: &[u8], form: &TableForm) -> (Vec<u8>, Option<u8>) {
    let mut table = open_table(Cursor::new(bytes.to_vec()), form).unwrap();
    let mut text = Vec::new();
    table.text.read_to_end(&mut text).unwrap();
    (text, table.delimiter)
}

/// The text of a table, read in pieces of one byte as well.
fn text(bytes: &[u8], form: &TableForm) -> String {
    struct Slow(Cursor<Vec<u8>>);
    impl Read for Slow {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let length = to.len().min(1);
            self.0.read(&mut to[..length])
        }
    }
    let whole = read(bytes, form).0;
    let mut slowly = Vec::new();
    let slow = open_table(Slow(Cursor::new(bytes.to_vec())), form).unwrap();
    slow.text.take(1 << 20).read_to_end(&mut slowly).unwrap();
    assert_eq!(whole, slowly);
    String::from_utf8(whole).unwrap()
}

#[test]
fn lines_are_emptied_and_stay_lines() {
    let skipping = |skip_lines| TableForm { skip_lines, ..TableForm::default() };
    for (skipped, known) in [
        (0, "a\nb\r\nc\r\rd"),
        (1, "\nb\r\nc\r\rd"),
        (2, "\n\r\nc\r\rd"),
        (3, "\n\r\n\r\rd"),
        (4, "\n\r\n\r\rd"),
        (9, "\n\r\n\r\r"),
    ] {
        assert_eq!(text(b"a\nb\r\nc\r\rd", &skipping(skipped)), known, "{skipped}");
    }
    let declared = |start: &[u8]| read(start, &TableForm::default());
    assert_eq!(declared(b"\r\n\nsep=;\r\na;b"), (b"\r\n\n\r\na;b".to_vec(), Some(b';')));
    assert_eq!(declared(b"\"Sep=\t\"\na"), (b"\na".to_vec(), Some(b'\t')));
    for other in [&b"sep=;;\na"[..], b"sep=\na", b"a\nsep=;\n", b"sepia;b\n"] {
        assert_eq!(declared(other), (other.to_vec(), None));
    }
    let below = read(b"Title\nsep=|\na|b", &skipping(1));
    assert_eq!(below, (b"\n\na|b".to_vec(), Some(b'|')));
    let form = TableForm { delimiter: Delimiter::Byte(b'|'), ..TableForm::default() };
    assert_eq!(read(b"sep=;\na|b", &form), (b"\na|b".to_vec(), Some(b'|')));
}

#[test]
fn whitespace_becomes_tabs_outside_of_quotes() {
    let form = TableForm { delimiter: Delimiter::Whitespace, ..TableForm::default() };
    let table = b"  a  \tb \"c  \"\"d\"\"\n \"\t e\r\n\nf\"g  h\" \n\"x\"y  z";
    let known = "a\tb\t\"c  \"\"d\"\"\n \"\te\r\n\nf\"g\th\"\n\"x\"y\tz";
    assert_eq!(text(table, &form), known);
}

#[test]
fn comments_are_emptied_outside_of_quotes() {
    let table = "#a\nb,\"\n#c\n\",d\r\n#\"e\r#\rf,#g\n\"#\"";
    let without = |delimiter| {
        let mut text = String::new();
        let table = Cursor::new(table.as_bytes());
        without_comments(table, b'#', delimiter).read_to_string(&mut text).unwrap();
        text
    };
    assert_eq!(without(b','), "\nb,\"\n#c\n\",d\r\n\r\rf,#g\n\"#\"");
    let form =
        TableForm { delimiter: Delimiter::Whitespace, comment: Some(b'#'), ..Default::default() };
    let aligned = text(b"# \"a\n  #b\nc \"\n #d\" #e\n", &form);
    assert_eq!(aligned, "\n\nc\t\"\n #d\"\t#e\n");
    // A quote that does not begin a cell is literal.
    assert_eq!(without(b';'), "\nb,\"\n\n\",d\r\n#\"e\r\rf,#g\n\"#\"");
}

#[test]
fn rows_are_divided_as_the_csv_crate_divides_them() {
    let of = |text: &str, is_whole| -> Vec<(usize, Vec<String>)> {
        records(text.as_bytes(), b';', Some(b'#'), is_whole)
            .map(|row| (row.line, row.cells.into_iter().map(Into::into).collect()))
            .collect()
    };
    let row = |line, cells: &[&str]| (line, cells.iter().map(|cell| (*cell).to_owned()).collect());
    let table = "a; b ;\"c;\r\n\"\"d\"\"\"\r\n\n#x\n\"e\"f;;g\"h\rlast";
    let known = [row(1, &["a", "b", "c;\r\n\"d\""]), row(5, &["ef", "", "g\"h"])];
    assert_eq!(of(table, false), known);
    assert_eq!(of(table, true), [&known[..], &[row(6, &["last"])]].concat());
    assert_eq!(of("a;\"b", true), []);
    assert_eq!(of("#x", true), []);
}

#[test]
fn the_delimiter_divides_the_first_rows_equally() {
    let of = |text: &str| delimiters(text.as_bytes(), None, None, true);
    for delimiter in DELIMITERS {
        let text = "a,b,c\n1,2,3\n4,5,6\n".replace(',', &char::from(delimiter).to_string());
        assert_eq!(of(&text), [delimiter]);
    }
    assert_eq!(of("a;b,c\n1;2\n3;4,5\n"), b";", "the header alone has a comma");
    assert_eq!(of("a,b\n1,x;y\n2,z\n"), b",");
    assert_eq!(of("a;b\n1,5;2,5\n"), b";", "a decimal comma");
    assert_eq!(of("text\nhello, world\n"), b",", "one column");
    assert_eq!(of(""), b",");
    assert_eq!(of("a;b,c\n"), b",;", "nothing tells");
    assert_eq!(of("a;b,c\n1;2,3\n"), b",;");
    let with_names = |text: &str, count| delimiters(text.as_bytes(), None, Some(count), true);
    assert_eq!(with_names("1,5;2\n2,5;3\n", 2), b",;");
    assert_eq!(with_names("1,5;2\n2,5;3\n", 3), b",");
    assert_eq!(with_names("1,5;2;4\n2,5;3;5\n", 3), b";");
    assert_eq!(with_names("x;y\nz\n", 1), b",");
    let remark = delimiters(b"#a;b\na,b\n1,2\n", Some(b'#'), None, true);
    assert_eq!(remark, b",");
}

#[test]
fn lines_above_a_table_are_counted() {
    for (text, width, known) in [
        ("Report\n\na,b\n1,2\n", 1, Some(2)),
        ("Report,2024\na;b;c\n1;2;3\n", 2, Some(1)),
        ("a,b\n1,2\n3,4\n", 2, None),
        ("a\n1,2\n", 1, None),
        ("a,b\n1,2,3\n1,2\n", 2, None),
        ("a,b\nx,y,\nz,w,\n", 2, None),
        ("a,b\n\"1\",3,4\n\"2\",5,6\n", 2, None),
    ] {
        assert_eq!(preamble(width, text.as_bytes()), known, "{text}");
    }
}

#[test]
fn row_names_of_r_lack_a_name() {
    assert!(lacks_a_name(2, b',', b"a,b\n\"1\",3,4\n\"2\",5,6\n"));
    assert!(!lacks_a_name(2, b',', b"a,b\n1,3,4\n2,5\n"));
    assert!(!lacks_a_name(2, b',', b"a,b\n"));
}

#[test]
fn rows_of_numbers_are_no_names() {
    assert!(only_numbers(&["5.1", "3.5", "0"], b',').is_some());
    assert!(only_numbers(&["1", "2", "1"], b',').unwrap().contains("the row `1,2,1`"));
    assert_eq!(only_numbers(&["0", "1", "2"], b','), None);
    assert_eq!(only_numbers(&["label", "1.5"], b','), None);
}

#[cfg(feature = "compression")]
#[test]
fn compressed_text_is_read_and_a_part_of_it_is_an_error() {
    use std::io::Write;

    let gzip = |text: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let zstandard = |text: &[u8]| zstd::stream::encode_all(text, 3).unwrap();
    let table: String = (0..2000).map(|row| format!("{row},{}\n", row * 7 % 13)).collect();
    let (head, tail) = table.as_bytes().split_at(300);
    let form = TableForm { skip_lines: 1, ..TableForm::default() };
    for (format, whole) in [
        ("gzip", [gzip(head), gzip(tail)].concat()),
        ("Zstandard", [zstandard(head), zstandard(tail)].concat()),
    ] {
        assert_eq!(text(&whole, &form), table.replacen("0,0", "", 1), "{format}");
        for end in [whole.len() - 1, whole.len() - 9, whole.len() / 2, 20] {
            let cut = Cursor::new(whole[..end].to_vec());
            let mut text = Vec::new();
            let read = match open_table(cut, &form) {
                Ok(mut table) => table.text.read_to_end(&mut text).map(drop),
                Err(Unreadable::Io(error)) => Err(error),
                Err(Unreadable::Refused(found)) => panic!("{found}"),
            };
            let message = read.unwrap_err().to_string();
            let known = format!("its {format} compression is damaged or cut off: ");
            assert!(message.starts_with(&known), "{message}");
        }
    }
    let archive = gzip(&[&[b'a'; 257][..], b"ustar", &[0; 400]].concat());
    let refused = open_text(Cursor::new(archive), None).err().unwrap();
    assert!(matches!(refused, Unreadable::Refused(found) if found.contains("a tar archive")));
}

#[test]
fn a_table_begins_where_its_bytes_are_those_of_the_file() {
    let start = |bytes: &'static [u8], form: &TableForm| {
        let found = table_start(|| Ok(Cursor::new(bytes)), form).unwrap();
        if let Some(TextStart { byte, removed }) = found {
            let text = read(bytes, form).0;
            assert_eq!(text[(byte - removed) as usize..], bytes[byte as usize..]);
        }
        found.map(|TextStart { byte, removed }| (byte, removed))
    };
    let skipping = |skip_lines| TableForm { skip_lines, ..TableForm::default() };
    assert_eq!(start(b"a,b\n1,2", &skipping(0)), Some((0, 0)));
    assert_eq!(start(b"\xef\xbb\xbfa,b\n1,2", &skipping(0)), Some((3, 3)));
    assert_eq!(start(b"\xef\xbb\xbftitle\r\nof\na,b\n1,2", &skipping(2)), Some((13, 10)));
    assert_eq!(start(b"\nsep=;\r\na;b\n1;2", &skipping(0)), Some((8, 5)));
    assert_eq!(start(b"title\nsep=;\na;b\n1;2", &skipping(1)), Some((12, 10)));
    assert_eq!(start(b"a\nb", &skipping(9)), Some((3, 2)));
    assert_eq!(start(b"", &skipping(1)), Some((0, 0)));
    assert_eq!(start(b"\x1f\x8b\x08\0", &skipping(0)), None);
    assert_eq!(start(b"\xff\xfea\0", &skipping(0)), None);
    let latin = TableForm { encoding: Some("latin1".to_owned()), ..TableForm::default() };
    assert_eq!(start(b"a,b\n1,2", &latin), None);
    let aligned = TableForm { delimiter: Delimiter::Whitespace, ..TableForm::default() };
    assert_eq!(start(b"a  b\n1  2", &aligned), None);
}
