//! A picture as Mermaid, which Markdown viewers draw.
//!
//! Invariant: a stranger's word is never syntax. Boxes have names of ours, and of a label every character but letters,
//! digits and single joints between them stands as its number, `#35;`: quotes and brackets, the word for a directive,
//! lists and emphasis that newer versions read out of labels, and what would look like such a number itself.

use std::fmt::Write as _;

use super::Picture;
use super::drawing::Shown;
use super::mark::{INK, Mark};

impl Picture {
    /// The picture as a Mermaid flowchart.
    pub fn mermaid(&self) -> String {
        let mut out = String::from("flowchart TB\n");
        for (at, (name, boxes)) in self.frames.iter().enumerate() {
            line(&mut out, format_args!("  subgraph B{}[\"{}\"]", at + 1, label(name)));
            for (task, shown) in boxes.iter().filter_map(|&task| Some((task, self.boxes.get(task as usize)?))) {
                line(&mut out, format_args!("    t{}[\"{}\"]", task + 1, lines(shown)));
            }
            line(&mut out, format_args!("  end"));
        }
        if self.frames.is_empty() {
            for (at, shown) in self.boxes.iter().enumerate() {
                line(&mut out, format_args!("  t{}[\"{}\"]", at + 1, lines(shown)));
            }
        }
        for arrow in &self.arrows {
            let shaft = if arrow.is_critical { "==>" } else { "-->" };
            line(&mut out, format_args!("  t{} {shaft} t{}", arrow.from + 1, arrow.to + 1));
        }
        for mark in Mark::ALL {
            let colours = mark.colours();
            let dashes = if colours.is_dashed { ",stroke-dasharray:4 3" } else { "" };
            let style = format!("fill:{},stroke:{},color:{INK}{dashes}", colours.fill, colours.line);
            self.class(&mut out, mark.as_str(), &style, |shown| shown.mark == Some(mark));
        }
        self.class(&mut out, "critical", "stroke-width:3px", |shown| shown.is_critical);
        out
    }

    fn class(&self, out: &mut String, name: &str, style: &str, has: impl Fn(&Shown) -> bool) {
        let names: Vec<String> = (1..)
            .zip(&self.boxes)
            .filter(|(_, shown)| has(shown))
            .map(|(at, _): (usize, _)| format!("t{at}"))
            .collect();
        if !names.is_empty() {
            line(out, format_args!("  classDef {name} {style}"));
            line(out, format_args!("  class {} {name}", names.join(",")));
        }
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // A String takes everything.
    let _ = writeln!(out, "{text}");
}

fn lines(shown: &Shown) -> String {
    shown.lines.iter().map(|line| label(line)).collect::<Vec<_>>().join("<br/>")
}

/// Text as it may stand within the quotes of a label.
fn label(text: &str) -> String {
    // U+FB02 begins Mermaid's own stand-in for such a number.
    let is_plain = |c: char| c.is_alphanumeric() && c != '\u{fb02}';
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let is_joint =
            matches!(c, '-' | '.' | '_' | '/') && is_plain(before) && chars.peek().copied().is_some_and(is_plain);
        if is_plain(c) || matches!(c, ' ' | ',') || is_joint {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::drawing::tests::{HOSTILE, diamond};
    use super::*;

    #[test]
    fn a_plan_is_a_flowchart() {
        let marks = [Mark::Verified, Mark::Failed, Mark::Verified, Mark::Skipped].map(Some);
        let mut drawing = diamond(marks);
        drawing.items[1].title = "Fix #12: re-read \"x\"";
        insta::assert_snapshot!(drawing.picture().mermaid(), @r#"
        flowchart TB
          subgraph B1["B1, 1 task"]
            t1["find<br/>Find it<br/>implement, verified"]
          end
          subgraph B2["B2, 2 tasks, independent"]
            t2["fix<br/>Fix #35;12#58; re-read #34;x#34;<br/>implement, failed"]
            t3["docs<br/>implement, verified"]
          end
          subgraph B3["B3, 1 task"]
            t4["end<br/>implement, skipped"]
          end
          t1 ==> t2
          t1 --> t3
          t2 ==> t4
          t3 --> t4
          classDef failed fill:#ffd8d3,stroke:#cf222e,color:#1f2328
          class t2 failed
          classDef skipped fill:#eaeef2,stroke:#6e7781,color:#1f2328,stroke-dasharray:4 3
          class t4 skipped
          classDef verified fill:#d2f4da,stroke:#1a7f37,color:#1f2328
          class t1,t3 verified
          classDef critical stroke-width:3px
          class t1,t2,t4 critical
        "#);
    }

    #[test]
    fn no_word_of_a_stranger_is_syntax() {
        let said = label(HOSTILE);
        let mut rest = said.as_str();
        while let Some((plain, number)) = rest.split_once('#') {
            assert!(plain.chars().all(|c| c.is_alphanumeric() || " ,-._/".contains(c)), "{plain:?} in {said}");
            let (digits, after) = number.split_once(';').unwrap();
            assert!(char::from_u32(digits.parse().unwrap()).is_some());
            rest = after;
        }
        assert_eq!(label("a-b_c.d/e -x 1. y -"), "a-b_c.d/e #45;x 1#46; y #45;");
        assert_eq!(label("ﬂ°60¶ß #35;"), "#64258;#176;60#182;ß #35;35#59;");
    }
}
