//! SVG drawing primitives.

use std::fmt::Write;

/// Colours of series, colour-blind safe (Okabe and Ito).
pub(crate) const COLOURS: [&str; 6] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
/// Colours of text and axes, and of grid lines.
pub(crate) const INK: &str = "#333333";
pub(crate) const FAINT: &str = "#dddddd";

/// Approximate width of a character in pixels, in the one font size.
pub(crate) const LETTER: f64 = 7.3;

/// Horizontal alignment of text relative to its point.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// An SVG image under construction.
pub(crate) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    pub(crate) fn new(width: f64, height: f64) -> Svg {
        Svg { width, height, body: String::new() }
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.element(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}"/>"#
        ));
    }

    pub(crate) fn rect(&mut self, at: (f64, f64), size: (f64, f64), fill: &str, stroke: &str) {
        let ((x, y), (width, height)) = (at, size);
        self.element(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{fill}" stroke="{stroke}" rx="2"/>"#
        ));
    }

    /// A line through all points.
    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], colour: &str, dashed: bool) {
        let coordinates: Vec<String> =
            points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let dashes = if dashed { r#" stroke-dasharray="6 4""# } else { "" };
        self.element(format_args!(
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>"#,
            coordinates.join(" ")
        ));
    }

    pub(crate) fn dot(&mut self, (x, y): (f64, f64), colour: &str) {
        self.element(format_args!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="2.5" fill="{colour}"/>"#));
    }

    /// A curve with an arrowhead, between two boxes.
    pub(crate) fn arrow(&mut self, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let bend = (x2 - x1) / 2.0;
        self.element(format_args!(
            r#"<path d="M{x1:.1},{y1:.1} C{:.1},{y1:.1} {:.1},{y2:.1} {:.1},{y2:.1}" fill="none" stroke="{INK}"/>"#,
            x1 + bend,
            x2 - bend,
            x2 - 6.0
        ));
        self.element(format_args!(r#"<path d="M{x2:.1},{y2:.1} l-7,-4 v8 z" fill="{INK}"/>"#));
    }

    pub(crate) fn text(&mut self, at: (f64, f64), anchor: Anchor, colour: &str, words: &str) {
        self.words(at, anchor, colour, "", words);
    }

    pub(crate) fn bold(&mut self, at: (f64, f64), anchor: Anchor, words: &str) {
        self.words(at, anchor, INK, r#" font-weight="bold""#, words);
    }

    fn words(&mut self, at: (f64, f64), anchor: Anchor, colour: &str, style: &str, words: &str) {
        let ((x, y), words) = (at, escape(words));
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.element(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" fill="{colour}"{style}>{words}</text>"#
        ));
    }

    /// Inserts another image at a position.
    pub(crate) fn insert(&mut self, (x, y): (f64, f64), other: Svg) {
        self.element(format_args!(r#"<g transform="translate({x:.1},{y:.1})">"#));
        self.body.push_str(&other.body);
        self.element(format_args!("</g>"));
    }

    fn element(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing into a `String` cannot fail.
        let _ = writeln!(self.body, "{element}");
    }

    /// The complete SVG file.
    pub(crate) fn finish(self) -> String {
        let Svg { width, height, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"ui-monospace, Menlo, Consolas, \
             monospace\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
        )
    }
}

/// Escapes text for SVG and HTML.
pub(crate) fn escape(words: &str) -> String {
    let mut escaped = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML forbids control characters.
            letter if letter.is_control() && letter != '\n' && letter != '\t' => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cannot_end_the_element_they_are_in() {
        assert_eq!(escape("a<b & \"c\">\u{1}"), "a&lt;b &amp; &quot;c&quot;&gt; ");
        let mut svg = Svg::new(10.0, 10.0);
        svg.text((1.0, 2.0), Anchor::Start, INK, "</text><script>");
        assert!(!svg.finish().contains("<script>"));
    }
}
