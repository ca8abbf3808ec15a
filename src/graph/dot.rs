//! A picture in the language of Graphviz, which draws what is too large for a page.
//!
//! Invariant: strangers' words stand in quotes only, where a quote, a backslash and an ampersand are escaped: the
//! backslash begins Graphviz's own replacements (`\N`), the ampersand an HTML entity.

use std::fmt::Write as _;

use super::Picture;
use super::drawing::Shown;
use super::mark::INK;
use crate::text;

/// Characters of a line in a box: Graphviz breaks none by itself.
const WIDTH: usize = 40;

impl Picture {
    /// The picture as a directed graph for `dot`, with `title` over it.
    pub fn dot(&self, title: &str) -> String {
        let mut out = String::from("digraph plan {\n");
        let title = quoted(&text::printable(title, 160));
        line(&mut out, format_args!("  graph [label={title}, labelloc=t, fontname=\"sans-serif\"];"));
        line(
            &mut out,
            format_args!(
                "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", fontcolor=\"{INK}\", \
                 fontname=\"sans-serif\"];"
            ),
        );
        for (at, (name, boxes)) in self.frames.iter().enumerate() {
            line(&mut out, format_args!("  subgraph cluster_{} {{", at + 1));
            line(&mut out, format_args!("    label={}; style=\"dashed\"; color=\"#6e7781\";", quoted(name)));
            for (task, shown) in boxes.iter().filter_map(|&task| Some((task, self.boxes.get(task as usize)?))) {
                line(&mut out, format_args!("    t{} [{}];", task + 1, attributes(shown)));
            }
            line(&mut out, format_args!("  }}"));
        }
        if self.frames.is_empty() {
            for (at, shown) in self.boxes.iter().enumerate() {
                line(&mut out, format_args!("  t{} [{}];", at + 1, attributes(shown)));
            }
        }
        for arrow in &self.arrows {
            let width = if arrow.is_critical { " [penwidth=3]" } else { "" };
            line(&mut out, format_args!("  t{} -> t{}{width};", arrow.from + 1, arrow.to + 1));
        }
        out.push_str("}\n");
        out
    }
}

fn attributes(shown: &Shown) -> String {
    let label: Vec<String> = shown.lines.iter().flat_map(|line| wrapped(line)).map(|line| escaped(&line)).collect();
    let mut out = format!("label=\"{}\"", label.join("\\n"));
    if let Some(mark) = shown.mark {
        let colours = mark.colours();
        let style = if colours.is_dashed { ", style=\"rounded,filled,dashed\"" } else { "" };
        let name = mark.as_str();
        let _ = write!(out, ", class=\"{name}\", fillcolor=\"{}\", color=\"{}\"{style}", colours.fill, colours.line);
    }
    if shown.is_critical {
        out.push_str(", penwidth=3");
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // A String takes everything.
    let _ = writeln!(out, "{text}");
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}

/// Broken at spaces; a word that is longer than a line is left whole.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::drawing::tests::{HOSTILE, diamond};
    use super::super::mark::Mark;
    use super::*;

    #[test]
    fn a_plan_is_a_directed_graph() {
        let marks = [Some(Mark::Verified), Some(Mark::Failed), None, Some(Mark::Skipped)];
        let mut drawing = diamond(marks);
        drawing.items[1].title = "Fix \"C:\\N\" & <b>, which is rather a long title for a box";
        insta::assert_snapshot!(drawing.picture().dot("A \"plan\""), @r##"
        digraph plan {
          graph [label="A \"plan\"", labelloc=t, fontname="sans-serif"];
          node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontcolor="#1f2328", fontname="sans-serif"];
          subgraph cluster_1 {
            label="B1, 1 task"; style="dashed"; color="#6e7781";
            t1 [label="find\nFind it\nimplement, verified", class="verified", fillcolor="#d2f4da", color="#1a7f37", penwidth=3];
          }
          subgraph cluster_2 {
            label="B2, 2 tasks, independent"; style="dashed"; color="#6e7781";
            t2 [label="fix\nFix \"C:\\N\" &amp; <b>, which is rather a long\ntitle for a box\nimplement, failed", class="failed", fillcolor="#ffd8d3", color="#cf222e", penwidth=3];
            t3 [label="docs\nimplement"];
          }
          subgraph cluster_3 {
            label="B3, 1 task"; style="dashed"; color="#6e7781";
            t4 [label="end\nimplement, skipped", class="skipped", fillcolor="#eaeef2", color="#6e7781", style="rounded,filled,dashed", penwidth=3];
          }
          t1 -> t2 [penwidth=3];
          t1 -> t3;
          t2 -> t4 [penwidth=3];
          t3 -> t4;
        }
        "##);
    }

    #[test]
    fn a_quote_never_ends_what_strangers_say() {
        let said = escaped(&text::printable(HOSTILE, 1000));
        let mut chars = said.chars();
        while let Some(c) = chars.next() {
            assert!(c != '"' && !c.is_control(), "{said}");
            if c == '\\' {
                assert!(matches!(chars.next(), Some('\\' | '"')), "{said}");
            }
        }
        assert_eq!(escaped("&lt;"), "&amp;lt;");
    }
}
