//! Rows of tables that say something and do nothing, as one piece of HTML: to bring each cell of them to life would keep a
//! phone from answering for a while.

/// Rows of cells. In each, the first so many cells are its headings.
pub fn rows<R: AsRef<[String]>>(rows: &[R], headings: usize) -> String {
    let mut html = String::new();
    for row in rows {
        html.push_str("<tr>");
        for (place, cell) in row.as_ref().iter().enumerate() {
            let (begin, end) = if place < headings { ("<th scope=\"row\">", "</th>") } else { ("<td>", "</td>") };
            html.push_str(begin);
            escape(cell, &mut html);
            html.push_str(end);
        }
        html.push_str("</tr>");
    }
    html
}

/// A text as HTML that says it, between tags and in the quotation marks of an attribute.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    escape(text, &mut html);
    html
}

fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_say_what_they_hold_whatever_that_is() {
        let html = rows(&[["<script>alert(1)</script>", "a & b &lt;"].map(str::to_owned)], 1);
        assert_eq!(
            html,
            "<tr><th scope=\"row\">&lt;script&gt;alert(1)&lt;/script&gt;</th><td>a &amp; b &amp;lt;</td></tr>"
        );
        assert_eq!(rows::<Vec<String>>(&[], 0), "");
    }
}
