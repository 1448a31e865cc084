//! EXIF orientation: cameras store pixels as the sensor reads them, with the orientation of the
//! camera as metadata.

/// The position of the upright image's pixels in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Orientation {
    /// Rows of the image are columns of the file. The other two fields refer to the file.
    transposed: bool,
    from_bottom: bool,
    from_right: bool,
}

impl Orientation {
    /// Decodes the EXIF value; an invalid value means upright.
    pub(super) fn of_number(number: u16) -> Orientation {
        let (transposed, from_bottom, from_right) = match number {
            2 => (false, false, true),
            3 => (false, true, true),
            4 => (false, true, false),
            5 => (true, false, false),
            6 => (true, true, false),
            7 => (true, true, true),
            8 => (true, false, true),
            _ => (false, false, false),
        };
        Orientation { transposed, from_bottom, from_right }
    }

    /// Reads EXIF data, which have TIFF's format; without an orientation the image is upright.
    pub(super) fn of_exif(exif: &[u8]) -> Orientation {
        let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        tag(tiff).map(Orientation::of_number).unwrap_or_default()
    }

    /// Returns the values of the upright image, and its height and width.
    pub(super) fn upright<T: Copy>(
        self,
        values: Vec<T>,
        [height, width, channels]: [usize; 3],
    ) -> (Vec<T>, [usize; 2]) {
        if self == Orientation::default() {
            return (values, [height, width]);
        }
        let Orientation { transposed, from_bottom, from_right } = self;
        let (rows, columns) = if transposed { (width, height) } else { (height, width) };
        let mut upright = Vec::with_capacity(values.len());
        for row in 0..rows {
            for column in 0..columns {
                let (row, column) = if transposed { (column, row) } else { (row, column) };
                let row = if from_bottom { height - 1 - row } else { row };
                let column = if from_right { width - 1 - column } else { column };
                let first = (row * width + column) * channels;
                upright.extend_from_slice(&values[first..first + channels]);
            }
        }
        (upright, [rows, columns])
    }
}

/// The value of the orientation tag in TIFF's first directory.
fn tag(tiff: &[u8]) -> Option<u16> {
    const ORIENTATION: u16 = 0x0112;
    const ENTRY: usize = 12;
    let (u16_of, u32_of): (fn([u8; 2]) -> u16, fn([u8; 4]) -> u32) = match tiff.first_chunk()? {
        b"II*\0" => (u16::from_le_bytes, u32::from_le_bytes),
        b"MM\0*" => (u16::from_be_bytes, u32::from_be_bytes),
        _ => return None,
    };
    let start = u32_of(*tiff.get(4..)?.first_chunk()?) as usize;
    let (count, entries) = tiff.get(start..)?.split_first_chunk()?;
    let mut entries = entries.chunks_exact(ENTRY).take(u16_of(*count).into());
    // Tag, type, count, value; a 16-bit value is in the first two of four bytes.
    let entry = entries.find(|entry| entry[..2] == tag_bytes(ORIENTATION, u16_of))?;
    Some(u16_of(*entry[8..].first_chunk()?))
}

/// The bytes of a tag in the file's byte order.
fn tag_bytes(tag: u16, u16_of: fn([u8; 2]) -> u16) -> [u8; 2] {
    let bytes = tag.to_le_bytes();
    match u16_of(bytes) == tag {
        true => bytes,
        false => tag.to_be_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `1 2 3` above `4 5 6` in the file, and the upright image for every orientation, as by
    /// `PIL.ImageOps.exif_transpose`.
    #[test]
    fn all_eight_orientations_are_as_in_pillow() {
        let upright: [&[&[u8]]; 8] = [
            &[&[1, 2, 3], &[4, 5, 6]],
            &[&[3, 2, 1], &[6, 5, 4]],
            &[&[6, 5, 4], &[3, 2, 1]],
            &[&[4, 5, 6], &[1, 2, 3]],
            &[&[1, 4], &[2, 5], &[3, 6]],
            &[&[4, 1], &[5, 2], &[6, 3]],
            &[&[6, 3], &[5, 2], &[4, 1]],
            &[&[3, 6], &[2, 5], &[1, 4]],
        ];
        for (number, rows) in (1..).zip(upright) {
            let orientation = Orientation::of_number(number);
            let (values, size) = orientation.upright((1..=6).collect(), [2, 3, 1]);
            assert_eq!((values, size), (rows.concat(), [rows.len(), rows[0].len()]), "{number}");
        }
    }

    #[test]
    fn both_orders_of_bytes_are_read_and_damage_means_upright() {
        let little = b"II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\0\0\0\0\0\0\0\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let rotated = Orientation::of_number(6);
        assert_eq!(Orientation::of_exif(little), rotated);
        assert_eq!(Orientation::of_exif(big), rotated);
        assert_eq!(Orientation::of_exif(&[b"Exif\0\0", &big[..]].concat()), rotated);
        for end in 0..big.len() - 10 {
            let _ = Orientation::of_exif(&big[..end]);
        }
        for wrong in [&b""[..], b"II*\0\xff\xff\xff\xff\0", b"JJ*\0\x08\0\0\0\0\0"] {
            assert_eq!(Orientation::of_exif(wrong), Orientation::default(), "{wrong:?}");
        }
        assert_eq!(Orientation::of_number(9), Orientation::default());
    }
}
