//! A run whose every word is a stranger's: the report has the shape of any other run's, and the words are in it.

use pulldown_cmark::{Event, Options, Parser, TagEnd};
use quick_xml::Reader;

use super::sample::Story;
use super::{Facts, Liveness, Summary};
use crate::event::{CheckStatus, FailureClass, RunVerdict, Verdict};
use crate::kit::{hold, is_live, words};
use crate::plan::Role;
use crate::text;

fn told(said: &str) -> Summary {
    let roles = [("find", Role::Research), ("fix", Role::Implement), ("judge", Role::Review)];
    let mut story = Story::opening(&format!("x{said}"), &roles);
    story.base("unit", CheckStatus::Red);
    story.start("find").says("find", &format!("x{said}")).succeed("find", Verdict::Verified);
    story.start("fix").breaks("fix", FailureClass::Exited, &format!("x{said}"));
    story.start("fix").says("fix", &format!("x{said}")).check("fix", "unit", CheckStatus::Red);
    story.fail("fix", FailureClass::Rejected, &format!("x{said}"));
    story.end(RunVerdict::Failed);
    Summary::of(&story.events)
}

/// Headings, tables and lists of a document, and whatever in it could act.
fn shape(document: &str) -> (Vec<String>, usize) {
    let mut ends = Vec::new();
    let mut live = 0;
    for event in Parser::new_ext(document, Options::ENABLE_TABLES | Options::ENABLE_GFM | Options::ENABLE_FOOTNOTES) {
        match event {
            Event::End(end @ (TagEnd::Heading(_) | TagEnd::Table | TagEnd::TableRow | TagEnd::List(_))) => {
                ends.push(format!("{end:?}"));
            }
            Event::End(TagEnd::Link | TagEnd::Image) | Event::Html(_) | Event::InlineHtml(_) => live += 1,
            _ => {}
        }
    }
    (ends, live)
}

/// Elements and attributes of an XML document, and all its text.
fn elements(xml: &str) -> (Vec<String>, String) {
    let mut reader = Reader::from_str(xml);
    let (mut names, mut said) = (Vec::new(), String::new());
    loop {
        match reader.read_event().expect("well-formed") {
            quick_xml::events::Event::Eof => return (names, said),
            quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                names.push(tag.name().as_ref().to_owned());
                for attribute in tag.attributes() {
                    let attribute = attribute.expect("well-formed");
                    names.push(format!("@{}", attribute.key.as_ref()));
                    said.push_str(&attribute.value);
                }
            }
            quick_xml::events::Event::Comment(_)
            | quick_xml::events::Event::PI(_)
            | quick_xml::events::Event::DocType(_) => {
                names.push("alive".to_owned());
            }
            quick_xml::events::Event::Text(text) => said.push_str(&text),
            _ => {}
        }
    }
}

#[test]
fn a_report_has_the_shape_of_any_other_whatever_is_said_in_it() {
    let plain = told("");
    let facts = Facts { liveness: Liveness::Gone, diff: None, called: String::new() };
    let (page, xml) = (shape(&plain.markdown(&facts).unwrap()), elements(&plain.junit(&facts).unwrap()).0);
    hold(4, words(), |said| {
        let summary = told(&said);
        let markdown = summary.markdown(&facts).unwrap();
        assert!(!markdown.chars().any(is_live));
        assert_eq!(shape(&markdown), page, "{markdown}");
        let junit = summary.junit(&facts).unwrap();
        assert!(!junit.chars().any(is_live));
        assert_eq!(elements(&junit).0, xml, "{junit}");
        for line in summary.lines(&facts, summary.last_at()) {
            assert!(!line.chars().any(|c| is_live(c) || c == '\n'), "{line:?}");
        }
        let report = serde_json::to_string(&super::Report::of(&summary, &facts)).unwrap();
        assert!(!text::json(&report).chars().any(is_live));
    });
}
