//! Who may name whom. `docs/architecture.md` shows the same table, and the two are compared.

use std::collections::BTreeMap;

use crate::source::{Named, Source, Token, named, tokens};

/// The rooms everyone may name.
pub const LEAVES: [&str; 4] = ["ids", "time", "money", "text"];

/// Each room in reading order with the rooms it may name besides the leaves. What is not listed is forbidden.
pub const TABLE: [(&str, &[&str]); 27] = [
    ("ids", &[]),
    ("time", &[]),
    ("money", &[]),
    ("text", &[]),
    ("sys", &[]),
    ("ticket", &["sys"]),
    ("plan", &[]),
    ("graph", &["plan"]),
    ("message", &["plan"]),
    ("event", &["plan", "message"]),
    ("policy", &["plan"]),
    ("run", &["plan", "graph", "message", "event", "policy"]),
    ("report", &["plan", "graph", "message", "event", "run"]),
    ("store", &["plan", "event", "sys"]),
    ("process", &["policy", "sys"]),
    ("repo", &["plan", "sys"]),
    ("workspace", &["plan", "policy", "process", "sys"]),
    ("prompt", &["ticket", "plan", "message"]),
    ("model", &["event", "policy", "sys"]),
    ("verify", &["plan", "event", "policy", "process", "workspace", "repo"]),
    ("planner", &["ticket", "plan", "event", "model", "prompt", "repo"]),
    ("agent", &["sys", "plan", "message", "event", "model", "prompt", "policy", "process", "repo", "workspace"]),
    (
        "dispatch",
        &[
            "sys",
            "ticket",
            "plan",
            "graph",
            "message",
            "event",
            "policy",
            "run",
            "store",
            "process",
            "repo",
            "workspace",
            "prompt",
            "model",
            "verify",
            "planner",
            "agent",
        ],
    ),
    ("config", &["sys"]),
    ("console", &["event", "run", "report"]),
    (
        "cli",
        &[
            "sys",
            "ticket",
            "plan",
            "graph",
            "message",
            "event",
            "policy",
            "run",
            "report",
            "store",
            "process",
            "repo",
            "workspace",
            "prompt",
            "model",
            "verify",
            "planner",
            "agent",
            "dispatch",
            "config",
            "console",
        ],
    ),
    ("main", &["process", "cli"]),
];

/// Rooms without I/O, async, clock, environment or randomness.
pub const PURE: [&str; 8] = ["text", "plan", "graph", "message", "event", "policy", "run", "report"];

/// The config room may name any room, but only its `Options`, and
const OPTIONS: &str = "Options";

/// these closed sets, which the user writes and the rooms read: `docs/design/002-what-config-names.md`.
pub const SETTINGS: [(&str, &str); 11] = [
    ("agent", "Spec"),
    ("event", "Ask"),
    ("message", "Score"),
    ("model", "Spec"),
    ("plan", "Check"),
    ("plan", "CheckKind"),
    ("plan", "Expect"),
    ("plan", "Role"),
    ("planner", "Workflow"),
    ("store", "SyncMode"),
    ("workspace", "WorkspaceMode"),
];

/// Every path of `source` that leads into a room it may not name.
pub fn violations(source: &Source) -> Vec<String> {
    let module = source.module();
    let room = module.first().map_or("lib", String::as_str);
    named(&source.shipped)
        .iter()
        .filter_map(|path| inside(&module, path).map(|inner| (path, inner)))
        .filter_map(|(path, inner)| {
            let fault = fault(room, inner)?;
            Some(format!("{}:{}: `{}` {fault}", source.path, path.line, path.segments.join("::")))
        })
        .collect()
}

/// The part of a path that counts from the crate's root, or `None` if it stays at home or leaves the crate.
fn inside<'a>(module: &[String], path: &'a Named) -> Option<&'a [String]> {
    let first = path.segments.first()?.as_str();
    if first == "crate" || first == "orchestra" {
        return Some(&path.segments[1..]);
    }
    let ups = path.segments.iter().take_while(|segment| *segment == "super" || *segment == "self").count();
    let climbed = path.segments.iter().take(ups).filter(|segment| *segment == "super").count();
    (climbed > 0 && climbed >= module.len()).then(|| &path.segments[ups..])
}

fn fault(room: &str, inner: &[String]) -> Option<String> {
    let Some(target) = inner.first().map(String::as_str) else {
        return Some("names the whole crate".to_owned());
    };
    let Some((_, may_name)) = TABLE.iter().find(|(name, _)| *name == room) else {
        return Some(format!("stands in `{room}`, which has no row in the table of tests/tidy/layers.rs"));
    };
    if !TABLE.iter().any(|(name, _)| *name == target) {
        return Some(format!("names `{target}` at the crate's root, which is no room"));
    }
    let setting = |segment: &String| segment == OPTIONS || SETTINGS.contains(&(target, segment.as_str()));
    let takes_setting = room == "config" && inner.get(1).is_some_and(setting);
    let allowed = target == room || LEAVES.contains(&target) || may_name.contains(&target) || takes_setting;
    (!allowed).then(|| format!("is forbidden: `{room}` may not name `{target}`"))
}

/// What a pure room may not touch, named by path or by keyword.
pub fn impurities(source: &Source) -> Vec<String> {
    let module = source.module();
    if !module.first().is_some_and(|room| PURE.contains(&room.as_str())) {
        return Vec::new();
    }
    let words = tokens(&source.shipped).into_iter().filter_map(|(line, token)| match token {
        Token::Word(word) if word == "async" || word == "await" => Some((line, word)),
        Token::Word(_) | Token::Colons | Token::Mark(_) => None,
    });
    let paths = named(&source.shipped).into_iter().filter(|path| touches_world(&path.segments));
    words
        .chain(paths.map(|path| (path.line, path.segments.join("::"))))
        .map(|(line, what)| format!("{}:{line}: `{what}` in a pure room", source.path))
        .collect()
}

fn touches_world(segments: &[String]) -> bool {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["std", "time", inner @ ..] => matches!(inner.first(), None | Some(&("*" | "Instant" | "SystemTime"))),
        ["std", "fs" | "env" | "io" | "net" | "os" | "process" | "thread", ..]
        | ["tokio" | "tokio_util" | "futures_util" | "rustix" | "tempfile" | "ignore" | "tracing", ..]
        | [.., "Timestamp" | "Zoned", "now"] => true,
        _ => false,
    }
}

/// The rooms that `src/lib.rs` declares, in its order.
pub fn declared(lib: &Source) -> Vec<String> {
    let tokens = tokens(&lib.shipped);
    tokens
        .windows(2)
        .filter_map(|pair| match (&pair[0].1, &pair[1].1) {
            (Token::Word(keyword), Token::Word(name)) if keyword == "mod" => Some(name.clone()),
            _ => None,
        })
        .collect()
}

/// The table as the document shows it: room → the rooms it may name.
pub fn documented(document: &str) -> BTreeMap<String, Vec<String>> {
    crate::docs::rows(document, "room", "may name")
        .into_iter()
        .map(|(room, names)| (room, crate::docs::quoted(&names)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(path: &str, code: &str) -> Vec<String> {
        violations(&Source::new(path, code))
    }

    #[test]
    fn a_forbidden_room_is_named_with_file_and_line() {
        let found = faults("src/plan/task.rs", "use std::fmt;\nuse crate::run::State;\n");
        assert_eq!(found, ["src/plan/task.rs:2: `crate::run::State` is forbidden: `plan` may not name `run`"]);
    }

    #[test]
    fn groups_supers_and_the_crates_own_name_are_seen() {
        assert_eq!(faults("src/plan/task.rs", "use crate::{ids::TaskId, event::{Kind, Event}};").len(), 2);
        assert_eq!(faults("src/plan/task.rs", "use super::super::run::State;").len(), 1);
        assert_eq!(faults("src/plan/mod.rs", "fn f() { super::run::go() }").len(), 1);
        assert_eq!(faults("src/main.rs", "fn main() { orchestra::dispatch::go() }").len(), 1);
        assert_eq!(faults("src/plan/mod.rs", "use crate::*;").len(), 1);
        assert_eq!(faults("src/lib.rs", "pub use crate::run::State;").len(), 1);
        assert_eq!(faults("src/attic/mod.rs", "use crate::plan::Plan;").len(), 1);
    }

    #[test]
    fn what_the_table_lists_is_allowed() {
        let code = "use crate::{ids::RunId, plan::{Plan, Task}, event};\nuse super::decide;\nuse self::inner::x;";
        assert_eq!(faults("src/run/state.rs", code), Vec::<String>::new());
        assert_eq!(faults("src/main.rs", "fn main() { orchestra::cli::main() }"), Vec::<String>::new());
    }

    #[test]
    fn tests_may_name_anything() {
        let code = "#[cfg(test)]\nmod tests { use crate::dispatch::go; }";
        assert_eq!(faults("src/plan/task.rs", code), Vec::<String>::new());
    }

    #[test]
    fn config_may_name_the_options_of_a_room_and_the_listed_sets_and_nothing_else_of_it() {
        assert_eq!(faults("src/config/shape.rs", "use crate::plan::{Expect, Role};"), Vec::<String>::new());
        assert_eq!(faults("src/config/shape.rs", "use crate::plan::{Expect, Plan};").len(), 1);
        assert_eq!(faults("src/report/page.rs", "use crate::workspace::WorkspaceMode;").len(), 1);
        assert_eq!(faults("src/config/build.rs", "use crate::dispatch::Options;"), Vec::<String>::new());
        assert_eq!(faults("src/config/build.rs", "use crate::dispatch::{Options, go};").len(), 1);
        assert_eq!(faults("src/config/build.rs", "use crate::dispatch;").len(), 1, "the whole room");
    }

    #[test]
    fn a_pure_room_neither_reads_clocks_nor_files_nor_waits() {
        let code = "use std::{fs, time::{Duration, Instant}};\nasync fn f() {}\nfn g() { jiff::Timestamp::now() }";
        assert_eq!(impurities(&Source::new("src/run/state.rs", code)).len(), 4);
        assert_eq!(impurities(&Source::new("src/run/state.rs", "use std::{fmt, time::Duration};")).len(), 0);
        assert_eq!(impurities(&Source::new("src/store/journal.rs", code)).len(), 0);
    }
}
