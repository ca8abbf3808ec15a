//! What strangers say, as it is shown: it never comes alive, and it is still what they said.

use orchestra::graph::Drawing;
use orchestra::ids::PlanId;
use orchestra::plan::{Draft, Plan};
use orchestra::text::{self, Redactor};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::kit::{changed_text, hold, is_live, words};
use crate::plans::FULL;

#[test]
fn text_for_a_terminal_is_clean_once_and_for_all() {
    hold(1, (words(), 0usize..40), |(said, most)| {
        let clean = text::clean(&said).into_owned();
        assert!(!clean.chars().any(is_live), "{clean:?}");
        assert_eq!(text::clean(&clean), clean);
        let line = text::printable(&said, most);
        assert!(!line.chars().any(|c| is_live(c) || c.is_control()), "{line:?}");
        assert!(line.chars().count() <= most + 1);
        let bare = text::bare(&said);
        assert!(!bare.chars().any(|c| is_live(c) || c.is_control()), "{bare:?}");
        assert_eq!(text::bare(&bare), bare);
        assert!(said.starts_with(text::clip(&said, most)) && said.ends_with(text::tail(&said, most)));
    });
}

#[test]
fn json_that_was_made_safe_is_the_same_json() {
    hold(1, (words(), words()), |(key, value)| {
        let json = serde_json::json!({ key: [value, 1.5, null] });
        let safe = text::json(&json.to_string()).into_owned();
        assert!(!safe.chars().any(|c| is_live(c) || c.is_control()), "{safe:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), json);
    });
}

/// What a reader of Markdown sees of `document`, and everything in it that is not text.
fn seen(document: &str) -> (String, Vec<String>) {
    let (mut plain, mut structure) = (String::new(), Vec::new());
    // Every reader's own notion of letters raised, lowered or joined is not structure.
    let taste = Options::ENABLE_SMART_PUNCTUATION | Options::ENABLE_SUPERSCRIPT | Options::ENABLE_SUBSCRIPT;
    for event in Parser::new_ext(document, Options::all() - taste) {
        match event {
            Event::Text(text) => plain.push_str(&text),
            Event::Start(tag) => structure.push(format!("{tag:?}")),
            Event::End(_) => {}
            other => structure.push(format!("{other:?}")),
        }
    }
    (plain, structure)
}

#[test]
fn words_in_markdown_are_words_wherever_they_stand() {
    hold(1, words(), |said| {
        let escaped = text::markdown(&said);
        assert!(!escaped.chars().any(|c| is_live(c) || c.is_control()), "{escaped:?}");
        let words = text::clean(&said).replace(['\n', '\t'], " ");
        for (before, after) in [
            ("", "\n"),
            ("- ", "\n"),
            ("## ", "\n"),
            ("a ", " b\n"),
            ("> ", "\n"),
            ("| a | b |\n|---|---|\n| c | ", " |\n"),
        ] {
            let (plain, structure) = seen(&format!("{before}{escaped}{after}"));
            let (expected, same) = seen(&format!("{before}x{after}"));
            let is_empty = words.trim().is_empty();
            assert!(structure == same || is_empty, "{structure:?} in {before}{escaped:?}");
            let expected = expected.replacen('x', &words, 1);
            // What a reader makes of spaces is its own affair.
            let letters = |text: &str| text.replace([' ', '\n', '\u{2060}'], "");
            assert_eq!(letters(&plain), letters(&expected), "{before}{escaped:?}");
        }
    });
}

#[test]
fn a_block_in_markdown_ends_where_it_ends() {
    hold(1, words(), |said| {
        let block = text::markdown_block(&said, "text");
        let document = format!("# a\n\n{block}\n# b\n");
        let mut blocks = Vec::new();
        let mut headings = 0;
        let mut within = false;
        for event in Parser::new_ext(&document, Options::all()) {
            match event {
                Event::Start(Tag::CodeBlock(_)) => {
                    within = true;
                    blocks.push(String::new());
                }
                Event::Text(text) if within => blocks.last_mut().unwrap().push_str(&text),
                Event::End(pulldown_cmark::TagEnd::CodeBlock) => within = false,
                Event::Start(Tag::Heading { .. }) => headings += 1,
                _ => {}
            }
        }
        assert_eq!((blocks.len(), headings), (1, 2), "{document:?}");
        assert_eq!(blocks[0].trim_end_matches('\n'), text::clean(&said).trim_end_matches('\n'));
    });
}

fn titled(titles: &[String]) -> Option<Plan> {
    let mut draft: Draft = serde_json::from_str(FULL).unwrap();
    draft.plan_id = PlanId::new("OP-20261121-093312-A1B2").unwrap();
    for (task, title) in draft.tasks.iter_mut().zip(titles) {
        title.clone_into(&mut task.title);
    }
    Plan::try_from(draft).ok()
}

/// Labels blanked: what is left of a drawing is its structure.
fn skeleton(drawing: &str) -> Vec<String> {
    let blank = |line: &str| match (line.find('"'), line.rfind('"')) {
        (Some(begin), Some(end)) if begin < end => format!("{}{}", &line[..begin], &line[end..]),
        _ => line.to_owned(),
    };
    drawing.lines().map(blank).collect()
}

#[test]
fn titles_are_no_syntax_of_a_drawing() {
    let plain = titled(&["p", "q", "r", "s"].map(str::to_owned)).unwrap();
    let plain = Drawing::of(&plain).unwrap().picture();
    hold(2, prop::collection::vec(words(), 4), |titles| {
        let Some(drawn) = titled(&titles) else { return };
        let picture = Drawing::of(&drawn).unwrap().picture();
        let (mermaid, dot) = (picture.mermaid(), picture.dot(&titles[0]));
        assert_eq!(skeleton(&mermaid), skeleton(&plain.mermaid()));
        assert!(!mermaid.chars().chain(dot.chars()).any(is_live));
        for line in mermaid.lines().filter_map(|line| line.split_once("[\"").map(|(_, label)| label)) {
            let label = line.trim_end_matches("\"]").replace("<br/>", "");
            assert!(!label.contains(['"', '[', ']', '{', '}', '<', '>', '`', '%', '\\', '&']), "{label:?}");
        }
        for line in dot.lines() {
            let strings = line.replace("\\\\", "").replace("\\\"", "");
            assert_eq!(strings.matches('"').count() % 2, 0, "{line}");
        }
        assert_eq!(dot.lines().count(), plain.dot("p").lines().count());
    });
}

#[test]
fn a_secret_is_taken_out_however_the_text_comes_in_pieces() {
    let secret = "sk-\"1234567\"";
    let said = changed_text([format!("key {secret} and {} end", secret.repeat(2)), secret.replace('"', "\\\"")]);
    hold(1, (said, prop::collection::vec(1usize..9, 0..40)), |(said, pieces)| {
        let new =
            || Redactor::new([("KEY".to_owned(), secret.to_owned()), ("LONG".to_owned(), format!("{secret}{secret}"))]);
        let whole = new().text(&said);
        assert!(!whole.contains(secret), "{whole}");
        let (mut redactor, mut out, mut rest) = (new(), Vec::new(), said.as_bytes());
        for piece in pieces {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            out.extend(redactor.push(now));
            rest = later;
        }
        out.extend(redactor.push(rest));
        out.extend(redactor.finish());
        assert_eq!(String::from_utf8_lossy(&out), whole);
    });
}
