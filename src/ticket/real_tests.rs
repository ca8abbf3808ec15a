//! Tests on real tickets, as their trackers exported them, and on texts made to hurt.

use proptest::prelude::*;

use super::*;

fn markdown(text: &str) -> Ticket {
    Ticket::parse(text, Source::Stdin).unwrap()
}

struct Real {
    text: &'static str,
    title: &'static str,
    /// All paths, in order.
    paths: &'static [&'static str],
    /// Identifiers that must be among those found.
    identifiers: &'static [&'static str],
    /// Work items at the top, and how many stand below each.
    items: &'static [(&'static str, usize)],
    acceptance: &'static [&'static str],
    code_blocks: usize,
}

const REAL: &[Real] = &[
    Real {
        text: include_str!("../../tests/fixtures/tickets/BurntSushi__ripgrep-2576.md"),
        title: "Incomplete matches when using the `--word-regexp` flag",
        paths: &[],
        identifiers: &["--word-regexp"],
        items: &[],
        acceptance: &[
            "I would expect that the flag usage would work similarly as wrapping the pattern with `\\b` (as the manual indicates), so…",
        ],
        code_blocks: 2,
    },
    Real {
        text: include_str!("../../tests/fixtures/tickets/biomejs__biome-2044.md"),
        title: "🐛 Including smart-quote `‘` with escape `\\` confuses the JS lexer",
        paths: &["src/js/test.js", "client.LpXbfsP5.js", "PlaygroundLoader.O4NTypk8.js"],
        identifiers: &["BIOME_LOG_DIR", "RangeError", "computeSlot"],
        items: &[],
        acceptance: &["It should work just fine, the same as"],
        code_blocks: 7,
    },
    Real {
        text: include_str!("../../tests/fixtures/tickets/clap-rs__clap-2253.md"),
        title: "Global args on subcommands do not get propagated to sub-subcommands",
        paths: &["src/main.rs"],
        identifiers: &[
            "arg1",
            "sub1",
            "SubCommand",
            "with_name",
            "get_global_values",
            "ArgMatcher",
            "propagate_settings",
        ],
        items: &[],
        acceptance: &["Subcommand matches gets value."],
        code_blocks: 5,
    },
    Real {
        text: include_str!("../../tests/fixtures/tickets/expensify-28153_817.md"),
        title: "[HOLD for payment 2023-10-23] [HOLD for payment 2023-10-23] [HOLD for payment 2023-10-20] [HOLD for payment 2023-10-20]…",
        paths: &["contributingGuides/CONTRIBUTING.md"],
        identifiers: &[],
        items: &[],
        acceptance: &["App should center align 3 dot long username text in tooltip as it does on normal tooltip"],
        code_blocks: 0,
    },
    Real {
        text: include_str!("../../tests/fixtures/tickets/injection-lobehub-10581.md"),
        title: "🔒 fix(security): prevent prompt injection in Claude workflows",
        paths: &["claude-issue-triage.yml"],
        identifiers: &["GITHUB_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "Bash"],
        items: &[("claude-issue-triage.yml (High Risk → Fixed)", 2)],
        acceptance: &[],
        code_blocks: 1,
    },
    Real {
        text: include_str!("../../tests/fixtures/tickets/nushell__nushell-10395.md"),
        title: "Syntax-hightlight panics with index out of bounds due to custom function with many arguments",
        paths: &["env.nu", "config.nu", "crates/nu-parser/src/parser.rs"],
        identifiers: &[
            "parse_multispan_value",
            "parse_internal_call",
            "NuHighlighter",
            "evaluate_repl",
            "rust_version",
        ],
        items: &[],
        acceptance: &["i expect nu to let me fill out the command and run the function"],
        code_blocks: 1,
    },
    Real {
        text: include_str!("../../tests/fixtures/tickets/tokio-rs__axum-1934.md"),
        title: "Axum 0.6.15 seems to break ServeDir completely",
        paths: &["src/main.rs", "src/extract/matched_path.rs"],
        identifiers: &["ServeDir", "MatchedPath", "nest_service", "fallback_service"],
        items: &[],
        acceptance: &["as in `v0.6.12`"],
        code_blocks: 4,
    },
];

#[test]
fn real_tickets_are_understood() {
    for real in REAL {
        let ticket = markdown(real.text);
        let name = real.title;
        assert_eq!(ticket.title, real.title);
        assert_eq!(ticket.paths, real.paths, "{name}");
        for identifier in real.identifiers {
            assert!(
                ticket.identifiers.iter().any(|found| found == identifier),
                "{name}: {identifier} in {:?}",
                ticket.identifiers
            );
        }
        let items: Vec<_> = ticket.items.iter().map(|item| (item.text.as_str(), item.children.len())).collect();
        assert_eq!(items, real.items, "{name}");
        assert_eq!(ticket.acceptance, real.acceptance, "{name}");
        assert_eq!(ticket.code.len(), real.code_blocks, "{name}");
        assert!(ticket.diffs.is_empty() && !ticket.body.contains('\r'), "{name}");
    }
}

#[test]
fn escaped_line_breaks_are_read_and_remembered_as_written() {
    let ticket = markdown(REAL[3].text);
    assert!(ticket.body.contains("\n## Expected Result:\nApp should"));
    assert!(ticket.text.contains("\\n## Expected Result:\\n"));
    assert_eq!(markdown("# T\n\nSplit `a\\n\\nb`\nat blank lines").body, "Split `a\\n\\nb`\nat blank lines");
}

#[test]
fn front_matter_gives_the_fields_and_tolerates_others() {
    let text = "\u{feff}---\r\ntitle: \"Fix: it\"\r\nkey: OPS-7\r\nurl: https://x.test/7\r\nlabels: [bug, {name: p1, color: red}]\r\nassignee: {a: [1]}\r\n---\r\n# Fix: it\r\n\r\nBody 🐛\r\n";
    let ticket = markdown(text);
    assert_eq!(ticket.title, "Fix: it");
    assert_eq!((ticket.key.as_deref(), ticket.url.as_deref()), (Some("OPS-7"), Some("https://x.test/7")));
    assert_eq!(ticket.labels, ["bug", "p1"]);
    assert_eq!(ticket.body, "Body 🐛");
    for (given, key) in
        [("number: 42", "42"), ("id: abc", "abc"), ("ref: '#9'", "#9"), ("id: 1\nnumber: 2", "2"), ("key:", "")]
    {
        let ticket = markdown(&format!("---\n{given}\nlabels: a, b\n---\nText\n"));
        assert_eq!(ticket.key.as_deref().unwrap_or(""), key, "{given}");
        assert_eq!(ticket.labels, ["a", "b"]);
    }
    assert_eq!(markdown("---\n\nprose between rules\n\n---\n").key, None);
}

#[test]
fn broken_front_matter_is_refused_with_its_place() {
    let fault = |text: &str| Ticket::parse(text, Source::File("t.md".into())).unwrap_err();
    let twice = fault("---\ntitle: a\ntitle: b\n---\nx");
    assert!(twice.to_string().starts_with("t.md:3:1: "), "{twice}");
    assert!(matches!(fault("---\ntitle: a\nbody"), TicketError::FrontMatterOpen { .. }));
    assert!(matches!(fault("---\ntitle: [a\n---\nx"), TicketError::FrontMatter { .. }));
    assert!(matches!(fault("---\ntitle: {a: b}\n---\nx"), TicketError::FrontMatter { .. }));
    let bomb = "---\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n---\nx";
    assert!(matches!(fault(bomb), TicketError::FrontMatter { .. }));
}

#[test]
fn json_as_trackers_print_it_is_a_ticket() {
    let ticket = markdown(
        r###"{"number": 12, "title": "T", "url": "https://x.test/12", "labels": [{"id": "L", "name": "bug"}, "p1"], "body": "## Tasks\r\n- [ ] a\r\n", "state": {"x": [1]}}"###,
    );
    assert_eq!((ticket.key.as_deref(), ticket.title.as_str(), ticket.labels.len()), (Some("12"), "T", 2));
    assert_eq!((ticket.body.as_str(), ticket.items.len()), ("## Tasks\n- [ ] a", 1));
    assert_eq!(markdown(r#"{"key": "A-1", "body": "Do this. Then that.", "labels": null}"#).title, "Do this");
    assert_eq!(markdown("{curly} text is text").title, "{curly} text is text");
}

#[test]
fn broken_json_is_refused_with_its_place() {
    let fault = |text: &str| Ticket::parse(text, Source::File("t.json".into())).unwrap_err();
    assert_eq!(
        fault("{\"title\": \"a\",\n \"title\": \"b\"}").to_string(),
        "t.json:2:8: the JSON ticket cannot be used"
    );
    for text in ["{\"title\": ", "[{\"title\": \"a\"}]", "{\"title\": [1]}", "prose", "{\"title\": \"a\"} x"] {
        assert!(matches!(fault(text), TicketError::Json { .. }), "{text}");
    }
    let deep = "{\"title\":\"a\",\"x\":".to_owned() + &"[".repeat(200_000);
    assert!(matches!(fault(&deep), TicketError::Json { .. }));
    assert!(matches!(fault("{\"body\": \"a\\u0000b\"}"), TicketError::Nul { .. }));
    assert!(matches!(fault("{\"title\": \" \", \"body\": \"\"}"), TicketError::Empty { .. }));
}

#[test]
fn a_title_is_found_where_none_was_given() {
    for (text, title) in [
        ("Fix the off-by-one in median()", "Fix the off-by-one in median()"),
        ("Fix e.g. this. And that.", "Fix e.g. this"),
        ("## Summary\n\nThe parser fails. Often.", "The parser fails"),
        ("## Crash on start\n\nIt crashes.", "Crash on start"),
        ("Intro words\n\n# Later heading", "Intro words"),
        ("- [ ] only an item", "only an item"),
        ("```\n\nonly code\n```", "only code"),
        ("Setext\n======\n\nx", "Setext"),
    ] {
        assert_eq!(markdown(text).title, title);
    }
}

#[test]
fn diffs_are_kept_exactly_fenced_or_not() {
    let diff = "diff --git a/src/lib.rs b/src/lib.rs\n--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1,2 +1,2 @@\n fn a() {\n-    1\t \n+    2\n";
    let bare = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n";
    let text = format!(
        "# T\n\n```diff\n{diff}```\n\nAnd raw:\n\n{bare}\nThe end.\n\n```\n{bare}```\n~~~patch\n- maybe\n+ this\n~~~\n"
    );
    let ticket = markdown(&text);
    let texts: Vec<&str> = ticket.diffs.iter().map(|diff| diff.text.as_str()).collect();
    assert_eq!(texts, [diff, bare, bare, "- maybe\n+ this\n"]);
    assert_eq!(ticket.diffs[0].files, ["src/lib.rs"]);
    assert!(ticket.diffs[3].files.is_empty() && ticket.code.is_empty());
    assert_eq!(ticket.paths, ["src/lib.rs", "x.py"]);
    assert!(ticket.body.contains("The end."));
}

#[test]
fn prose_is_the_ticket_without_its_code() {
    let prose = markdown("# Title\n\nWords `in`\n\n```\ncode\n```\n- item\n## More\n").prose();
    assert_eq!(prose, "Title\nWords `in`\nitem\nMore");
}

#[test]
fn a_stored_ticket_reads_back_and_its_text_parses_to_itself() {
    for real in REAL {
        let ticket = markdown(real.text);
        let stored = serde_json::to_string(&ticket).unwrap();
        assert_eq!(serde_json::from_str::<Ticket>(&stored).unwrap(), ticket);
        assert_eq!(markdown(&ticket.text), ticket);
    }
    assert_eq!(markdown("x").with_key("K-1").key.as_deref(), Some("K-1"));
}

/// Every text here is long, and made of what is dear to some parser. A quadratic step at this size takes many seconds.
#[test]
fn hostile_texts_are_read_in_linear_time() {
    let size = MAX_BYTES / 32;
    for piece in [
        "a",
        "`",
        "``` `",
        "```\n",
        "- ",
        "- [ ] a\n",
        "> ",
        "#",
        "# a\n",
        "[",
        "![](",
        "<!--\n",
        "<!-- ",
        "<pre>\n",
        "</pre ",
        "diff --git a/x b/x\n",
        "@@ -1,9 +1,9 @@\n",
        "--- a\n+++ b\n@@ -1 +1 @@\n",
        "a::",
        "a/",
        "/",
        "https://",
        ".rs ",
        "\u{202e}\u{7}\u{1b}[31m",
        "\\n\\n",
        "**",
        "x:\n",
        "1. ",
        "  - a\n   - b\n",
        "a\n-\n",
        "---\n",
        "🐛",
        "_",
        "()",
        "a: b\n",
    ] {
        let text = "x\n".to_owned() + &piece.repeat(size / piece.len());
        let started = crate::sys::clock::monotonic();
        let ticket = markdown(&text);
        assert!(started.elapsed().as_secs() < 5, "{piece:?} took {:?}", started.elapsed());
        assert!(ticket.title.chars().count() <= 121);
    }
}

/// Texts that are likely to be taken for structure.
fn structured() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "\n",
        "\r\n",
        "\r",
        "# ",
        "## Tasks",
        "- ",
        "- [ ] ",
        "1. ",
        "  ",
        "\t",
        "```",
        "```diff",
        "~~~",
        "---",
        "===",
        "<!--",
        "-->",
        "<pre>",
        "</pre>",
        "diff --git a/x b/y",
        "--- a/x",
        "+++ b/x",
        "@@ -1,2 +1 @@",
        "`",
        "**",
        "::",
        "(",
        ")",
        "/",
        ".rs",
        "https://",
        "\\n",
        "{",
        "}",
        "\"",
        ":",
        "é",
        "🐛",
        "\u{feff}",
        "Expected: ",
        "word",
        " ",
    ]);
    prop::collection::vec(prop_oneof![4 => piece.prop_map(str::to_owned), 1 => ".{0,4}"], 0..60)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_panics(text in prop_oneof![structured(), any::<String>()]) {
        for source in [Source::Text, Source::File("t.json".into())] {
            if let Ok(ticket) = Ticket::parse(&text, source.clone()) {
                prop_assert!(!ticket.title.is_empty() || !ticket.body.is_empty());
                prop_assert_eq!(Ticket::parse(&ticket.text, source).unwrap(), ticket);
            }
        }
    }

    #[test]
    fn line_ends_and_a_mark_change_nothing(text in structured()) {
        let unix = text.replace(['\r', '\u{feff}'], "");
        let windows = format!("\u{feff}{}", unix.replace('\n', "\r\n"));
        match (Ticket::parse(&unix, Source::Text), Ticket::parse(&windows, Source::Text)) {
            (Ok(a), Ok(b)) => prop_assert_eq!(a, b),
            (a, b) => prop_assert_eq!(a.is_err(), b.is_err()),
        }
    }
}
