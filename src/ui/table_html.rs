//! Rows of static tables as one piece of HTML. Hydrating each cell would block a phone for a noticeable time.

/// Returns the HTML of table rows. The first `headings` cells of each row are row headings.
pub fn table_rows_html<R: AsRef<[String]>>(rows: &[R], headings: usize) -> String {
    let mut html = String::new();
    for row in rows {
        html.push_str("<tr>");
        for (index, cell) in row.as_ref().iter().enumerate() {
            let (begin, end) = if index < headings { ("<th scope=\"row\">", "</th>") } else { ("<td>", "</td>") };
            html.push_str(begin);
            push_escaped(cell, &mut html);
            html.push_str(end);
        }
        html.push_str("</tr>");
    }
    html
}

/// Escapes a text for HTML, both between tags and inside double-quoted attributes.
pub fn escape_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    push_escaped(text, &mut html);
    html
}

fn push_escaped(text: &str, html: &mut String) {
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
    fn markup_in_cells_is_escaped() {
        let html = table_rows_html(&[["<script>alert(1)</script>", "a & b &lt;"].map(str::to_owned)], 1);
        assert_eq!(
            html,
            "<tr><th scope=\"row\">&lt;script&gt;alert(1)&lt;/script&gt;</th><td>a &amp; b &amp;lt;</td></tr>"
        );
        assert_eq!(table_rows_html::<Vec<String>>(&[], 0), "");
    }
}
