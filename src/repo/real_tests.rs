//! Search on real tickets, each in a tree like the one it is about.
//!
//! What counts: the ticket is parsed as any other, its paths, identifiers, and prose become the query,
//! and the *first* hit must be a file that the ticket names by its path or the end of it. The tree holds
//! that file with contents that say nothing, and at least 20 others: files with the same name elsewhere,
//! a file that uses every identifier of the ticket, and a change log and a source file that repeat the
//! ticket's whole text.

use crate::ticket::{Source, Ticket};

use super::files::tests::tree;
use super::{Files, Found, Query, search};

struct Case {
    ticket: &'static str,
    text: &'static str,
    /// Files of the tree that the ticket names.
    named: &'static [&'static str],
    /// Files with the same name as those, or nearly.
    lures: &'static [&'static str],
}

macro_rules! ticket {
    ($name:literal) => {
        include_str!(concat!("../../tests/fixtures/tickets/", $name, ".md"))
    };
}

const CASES: &[Case] = &[
    Case {
        ticket: "ripgrep",
        text: ticket!("BurntSushi__ripgrep-2576"),
        named: &[],
        lures: &["crates/matcher/src/lib.rs", "crates/regex/src/literal.rs"],
    },
    Case {
        ticket: "biome",
        text: ticket!("biomejs__biome-2044"),
        named: &["src/js/test.js"],
        lures: &["packages/playground/test.js", "crates/biome_js_lexer/test.js", "src/js/tests.js"],
    },
    Case {
        ticket: "clap",
        text: ticket!("clap-rs__clap-2253"),
        named: &["src/main.rs"],
        lures: &["clap_derive/main.rs", "benches/main.rs", "src/app/main_args.rs"],
    },
    Case {
        ticket: "expensify",
        text: ticket!("expensify-28153_817"),
        named: &["contributingGuides/CONTRIBUTING.md"],
        lures: &["CONTRIBUTING.md", "docs/CONTRIBUTING.md", "contributingGuides/STYLE.md"],
    },
    Case {
        ticket: "lobehub",
        text: ticket!("injection-lobehub-10581"),
        named: &[".github/workflows/claude-issue-triage.yml"],
        lures: &[".github/workflows/claude.yml", ".github/workflows/issue-triage.yml", "docs/claude-issue-triage.md"],
    },
    Case {
        ticket: "nushell",
        text: ticket!("nushell__nushell-10395"),
        named: &["crates/nu-parser/src/parser.rs"],
        lures: &[
            "crates/nu-command/src/parser.rs",
            "crates/nu-cli/parser.rs",
            "crates/nu-parser/src/parse_keywords.rs",
        ],
    },
    Case {
        ticket: "axum",
        text: ticket!("tokio-rs__axum-1934"),
        named: &["axum/src/extract/matched_path.rs"],
        lures: &["examples/todos/src/main.rs", "examples/jwt/src/main.rs", "axum/src/routing/path_router.rs"],
    },
];

const OTHERS: &[&str] = &[
    "Cargo.toml",
    "README.md",
    "package.json",
    "build.rs",
    "src/lib.rs",
    "src/util.rs",
    "src/config.rs",
    "src/cli.rs",
    "src/error.rs",
    "src/io.rs",
    "src/net/client.rs",
    "src/net/server.rs",
    "src/ui/tooltip.tsx",
    "src/ui/app.tsx",
    "src/ui/name.ts",
    "tests/smoke.rs",
    "tests/parse.rs",
    "docs/guide.md",
    "docs/workflows.md",
    "scripts/release.sh",
];

fn found(case: &Case) -> Found {
    let ticket = Ticket::parse(case.text, Source::Stdin).unwrap();
    let uses_all: String = ticket.identifiers.iter().flat_map(|name| [name, "(", name, ");\n"]).collect();
    let mut files =
        vec![("CHANGELOG.md", ticket.body.as_str()), ("src/quote.rs", case.text), ("src/uses.rs", &uses_all)];
    files.extend(case.named.iter().map(|path| (*path, "nothing to see\n")));
    files.extend(case.lures.iter().chain(OTHERS).map(|path| (*path, "fn other() -> Result { parse(arguments) }\n")));
    assert!(files.len() - case.named.len() >= 20);
    let root = tree(&files);
    let query = Query::new(&ticket.paths, &ticket.identifiers, &ticket.prose());
    search(&Files::list(root.path()).unwrap(), &query, 5)
}

#[test]
fn of_seven_real_tickets_six_name_a_file_and_for_all_six_it_is_ranked_first() {
    let naming: Vec<&Case> = CASES.iter().filter(|case| !case.named.is_empty()).collect();
    let first: Vec<&str> = naming
        .iter()
        .filter(|case| found(case).hits.first().is_some_and(|hit| case.named.contains(&hit.path.as_str())))
        .map(|case| case.ticket)
        .collect();
    assert_eq!((CASES.len(), naming.len()), (7, 6));
    assert_eq!(first, ["biome", "clap", "expensify", "lobehub", "nushell", "axum"]);
}

#[test]
fn a_ticket_that_names_no_file_finds_what_defines_its_flag() {
    let case = &CASES[0];
    let ticket = Ticket::parse(case.text, Source::Stdin).unwrap();
    let mut files: Vec<(&str, &str)> =
        OTHERS.iter().map(|path| (*path, "fn other() -> Result { parse(arguments) }\n")).collect();
    files.push((
        "crates/core/flags/defs.rs",
        "struct WordRegexp;\nfn name_long() -> &'static str { \"word-regexp\" }\n",
    ));
    let root = tree(&files);
    let query = Query::new(&ticket.paths, &ticket.identifiers, &ticket.prose());
    let found = search(&Files::list(root.path()).unwrap(), &query, 5);
    assert_eq!(found.hits[0].path, "crates/core/flags/defs.rs");
}
