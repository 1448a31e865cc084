//! HTML elements of the report page.

use crate::plot::svg::escape;

/// A self-contained HTML page under construction.
pub(super) struct Html {
    title: String,
    body: String,
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;color:#333;max-width:1000px;\
margin:2em auto;padding:0 1em}h1{font-size:1.6em}h2{font-size:1.2em;margin-top:2em;\
border-bottom:1px solid #ddd}pre,td,th{font:13px/1.4 ui-monospace,Menlo,Consolas,monospace}\
pre,div{overflow-x:auto}table{border-collapse:collapse}td,th{padding:.25em .8em;text-align:right;\
border-bottom:1px solid #eee}th{text-align:right}td:first-child,th:first-child{text-align:left}";

impl Html {
    pub(super) fn new(title: &str) -> Html {
        Html { title: escape(title), body: String::new() }
    }

    pub(super) fn heading(&mut self, words: &str) {
        self.body += &format!("<h2>{}</h2>\n", escape(words));
    }

    pub(super) fn paragraph(&mut self, words: &str) {
        self.body += &format!("<p>{}</p>\n", escape(words));
    }

    /// Preformatted text.
    pub(super) fn verbatim(&mut self, words: &str) {
        self.body += &format!("<pre>{}</pre>\n", escape(words));
    }

    /// Inserts an SVG image.
    pub(super) fn picture(&mut self, svg: &str) {
        self.body += &format!("<div>{svg}</div>\n");
    }

    pub(super) fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let cell = |tag: &str, words: &str| format!("<{tag}>{}</{tag}>", escape(words));
        let head: String = head.iter().map(|words| cell("th", words)).collect();
        self.body += &format!("<div><table>\n<tr>{head}</tr>\n");
        for row in rows {
            let cells: String = row.iter().map(|words| cell("td", words)).collect();
            self.body += &format!("<tr>{cells}</tr>\n");
        }
        self.body += "</table></div>\n";
    }

    /// The complete page. The empty icon stops browsers from requesting one.
    pub(super) fn finish(self) -> String {
        let Html { title, body } = self;
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <link rel=\"icon\" href=\"data:,\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
        )
    }
}
