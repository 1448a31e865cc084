use multi_input_spec::Size;
use syn::parse_str;

use super::super::number::{NumberExpr, SizeExpr};
use super::*;

fn size(text: &str) -> Result<Size, String> {
    let expr: Expr = parse_str(text).unwrap();
    SizeExpr::read(&expr).map(|size| size.value).map_err(|error| error.to_string())
}

#[test]
fn arithmetic_on_literals_is_that_of_rustc() {
    for (text, value) in [
        ("64", 64),
        ("64usize", 64),
        ("1_000", 1000),
        ("0x10 + 0o10 + 0b10", 26),
        ("2 * (8 + 1)", 18),
        ("7 / 2", 3),
        ("17 % 9", 8),
        ("1 << 40", 1 << 40),
        ("1 << 2 + 1", 8),
        ("256 >> 3", 32),
        ("(0xff & 0x0f) | 16 ^ 1", 31),
        ("!0 >> 58", 63),
        ("{ 8 }", 8),
        ("const { 8 }", 8),
    ] {
        assert_eq!(size(text), Ok(Size::Known(value)), "{text}");
    }
}

#[test]
fn every_constant_expression_is_read() {
    for text in [
        "WIDTH",
        "config::WIDTH",
        "crate::config::WIDTH",
        "<X as Trait>::N",
        "T::<4>::N",
        "CFG.width",
        "S.0",
        "W[0]",
        "CFG.widths[1].0",
        "[8, 4][1]",
        "(8, 4).0",
        "Config { width: 8 }.width",
        "f(4)",
        "m::f::<3>(4)",
        "N.pow(2)",
        "usize::MAX.min(64)",
        "N as usize",
        "8.0 as usize",
        "*R",
        "-K as usize",
        "!MASK",
        "WIDTH + 16",
        "1 << N",
        "N & 7 | 8",
        "(WIDTH)",
        "w!()",
        "env!(\"WIDTH\").len()",
        "size_of::<u64>()",
        "if BIG { 16 } else { 8 }",
        "match K { 0 => 4, _ => 8 }",
        "{ let a = N; a * 2 }",
        "const { let a = N; a * 2 }",
        "unsafe { N }",
        "loop { break 8 }",
        "*&8",
        "2 * *&WIDTH",
        "{ struct A; impl A { const N: usize = 3; fn f(self) -> Self { self } } A::N }",
    ] {
        assert_eq!(size(text), Ok(Size::Unknown), "{text}");
        let number = NumberExpr::read(&parse_str(text).unwrap());
        assert!(number.is_ok_and(|number| number.value.is_nan()), "{text}");
    }
}

#[test]
fn what_is_no_constant_is_refused_in_its_words() {
    for (text, said) in [
        ("0", "a size is at least 1, this is 0"),
        ("-3", "a size is at least 1, this is -3"),
        ("8 - 16", "a size is at least 1, this is -8"),
        ("8 - 16 + 20", "`8 - 16 + 20` has the part `8 - 16`, which is below 0"),
        ("64 / 0", "`64 / 0` divides by zero"),
        ("64 % 0", "`64 % 0` divides by zero"),
        ("1 << 64", "`1 << 64` shifts by more than the 63 bits that a `usize` can be shifted by"),
        ("1 << 63", "no machine holds a size like this"),
        ("18446744073709551615 + 1", "`18446744073709551615 + 1` is more than a `usize` holds"),
        ("8i32", "a size is a `usize`, no `i32`: write `8`"),
        ("2 * 8u8", "a size is a `usize`, no `u8`: write `8`"),
        ("Self::N", "`Self` stands for no type here: write the name of the type"),
        ("f(Self::N)", "`Self` stands for no type here: write the name of the type"),
        ("crate", "expected a size, a whole number or a constant; found `crate`"),
        ("\"64\"", "expected a size, a whole number or a constant; found `\"64\"`"),
        ("1.5", "expected a size, a whole number or a constant; found `1.5`"),
        ("1..8", "expected a size, a whole number or a constant; found `1..8`"),
        ("&8", "expected a size, a whole number or a constant; found `&8`"),
        ("(8, 4)", "expected a size, a whole number or a constant; found `(8, 4)`"),
        ("true", "expected a size, a whole number or a constant; found `true`"),
    ] {
        assert_eq!(size(text), Err(said.to_owned()), "{text}");
    }
}
