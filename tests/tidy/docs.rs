//! What the documents say against what the code says.

use std::collections::BTreeSet;

use crate::source::Source;

/// Two columns of every table in a Markdown document whose header has both titles.
pub fn rows(document: &str, key: &str, value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut columns: Option<(usize, usize)> = None;
    for line in document.lines() {
        let Some(cells) = cells(line) else {
            columns = None;
            continue;
        };
        let place = |title: &str| cells.iter().position(|cell| cell == title);
        match columns {
            None => columns = place(key).zip(place(value)),
            Some((left, right)) => {
                let pair = cells.get(left).zip(cells.get(right));
                found.extend(pair.map(|(l, r)| (l.replace('`', ""), r.clone())));
            }
        }
    }
    // The line of dashes under a header.
    found.retain(|(left, _)| !left.trim_matches([':', '-']).is_empty());
    found
}

fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(|cell| cell.trim().to_owned()).collect())
}

/// Everything that stands between backticks.
pub fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The first words of a column, split at commas: `129, 130, 143` are three.
pub fn column(document: &str, key: &str) -> BTreeSet<String> {
    let cells = rows(document, key, key).into_iter().map(|(left, _)| left);
    cells.flat_map(|cell| cell.split(", ").map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The numbers an enum gives its variants: `Verified = 0,`.
pub fn discriminants(source: &Source) -> BTreeSet<String> {
    let lines = body(source, "enum").into_iter();
    lines.filter_map(|line| line.trim_end_matches(',').split_once(" = ").map(|(_, n)| n.trim().to_owned())).collect()
}

/// The names the journal uses: `#[serde(rename = "run.started")]` on the variants of an enum.
pub fn renames(source: &Source) -> BTreeSet<String> {
    source
        .text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("#[serde(rename = \"")?.split('"').next())
        .filter(|name| name.contains('.'))
        .map(str::to_owned)
        .collect()
}

/// The names that an enum's variants are shown by: `Self::TimedOut => "timed-out",`.
pub fn names(source: &Source) -> BTreeSet<String> {
    let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
    let is_arm =
        |line: usize| lines.get(line - 1).is_some_and(|text| text.starts_with("Self::") && text.contains(" => "));
    let shown = source.literals.iter().filter(|(line, _)| source.ships(*line) && is_arm(*line));
    shown.map(|(_, text)| text.clone()).collect()
}

/// The words of all headings below the one with this title, up to the next of its level.
pub fn headings(document: &str, title: &str) -> Vec<String> {
    let below = document.lines().skip_while(|line| *line != format!("## {title}")).skip(1);
    let section = below.take_while(|line| !line.starts_with("## "));
    section.filter_map(|line| line.strip_prefix("### ")).map(str::to_owned).collect()
}

/// The lines between the braces of the first item with that keyword.
fn body(source: &Source, keyword: &str) -> Vec<String> {
    let mut lines = source.shipped.lines().skip_while(|line| !line.contains(&format!("{keyword} "))).skip(1);
    lines.by_ref().take_while(|line| *line != "}").map(|line| line.trim().to_owned()).collect()
}

/// The direct dependencies that a manifest names.
pub fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut counts = false;
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            counts = section.trim_end_matches(']').ends_with("dependencies");
        } else if let Some((name, _)) = line.split_once('=').filter(|_| counts && !line.starts_with('#')) {
            found.insert(name.trim().to_owned());
        }
    }
    found
}

/// The environment variables of ours that shipped code names.
pub fn variables(source: &Source) -> BTreeSet<String> {
    let shipped = source.literals.iter().filter(|(line, _)| source.ships(*line));
    shipped.flat_map(|(_, text)| ours(text)).collect()
}

/// The literals of shipped code that are names as variables have them.
pub fn environment(source: &Source) -> BTreeSet<String> {
    let is_name = |text: &str| {
        text.len() > 1
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            && !text.ends_with('_')
    };
    // `POSIX` is a locale, and a value.
    let shipped = source.literals.iter().filter(|(line, text)| source.ships(*line) && is_name(text) && text != "POSIX");
    shipped.map(|(_, text)| text.clone()).collect()
}

/// Every `ORCHESTRA_…` in a text.
pub fn ours(text: &str) -> BTreeSet<String> {
    const PREFIX: &str = "ORCHESTRA_";
    text.match_indices(PREFIX)
        .map(|(at, _)| {
            let rest = &text[at..];
            let end = rest.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
            rest[..end.unwrap_or(rest.len())].to_owned()
        })
        .filter(|name| name != PREFIX)
        .collect()
}

/// The relative links of a Markdown document, without their anchors.
pub fn links(document: &str) -> Vec<String> {
    document
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://") && !target.starts_with('#') && !target.starts_with("mailto:"))
        .map(|target| target.split('#').next().unwrap_or(target).to_owned())
        .collect()
}

/// Lines that name a home folder, which exists on one machine only.
pub fn machine_paths(path: &str, text: &str) -> Vec<String> {
    let homes = ["home", "Users"].map(|folder| format!("/{folder}/"));
    let superuser = ["/ro", "ot/"].concat();
    let names_home = |line: &str| {
        homes.iter().any(|home| {
            line.match_indices(home.as_str()).any(|(at, _)| {
                let owner = line[at + home.len()..].split('/').next().unwrap_or_default();
                // Names that stand for anyone.
                !matches!(owner, "user" | "you" | "me" | "alice")
                    && owner.chars().next().is_some_and(char::is_alphanumeric)
            })
        })
    };
    text.lines()
        .enumerate()
        .filter(|(_, line)| names_home(line) || line.contains(&superuser))
        .map(|(at, line)| format!("{path}:{}: {}", at + 1, line.trim()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn only_the_tables_with_the_right_header_are_read() {
        let document =
            "| x | y |\n|---|---|\n| 9 | no |\n\n| code | fault |\n|--:|---|\n| `1` | work |\n| 129, 130 | caller |\n";
        assert_eq!(column(document, "code"), set(&["1", "129", "130"]));
        assert_eq!(rows(document, "code", "fault")[0].1, "work");
    }

    #[test]
    fn an_enums_numbers_and_names_are_read() {
        let code = "/// Why 7 = x.\n#[repr(u8)]\npub enum Exit {\n    /// All done = good.\n    Verified = 0,\n    Hangup = 129,\n}\nconst A: u8 = 5;\n";
        assert_eq!(discriminants(&Source::new("src/cli/exit.rs", code)), set(&["0", "129"]));
        let code = "enum Kind {\n    #[serde(rename = \"run.started\")]\n    Started,\n    #[serde(rename = \"type\")]\n    X,\n}";
        assert_eq!(renames(&Source::new("src/event/kind.rs", code)), set(&["run.started"]));
    }

    #[test]
    fn what_variants_are_shown_by_and_the_headings_of_a_section_are_read() {
        let code =
            "const A: &str = \"no\";\nimpl X {\n    match self {\n        Self::TimedOut => \"timed-out\",\n    }\n}\n";
        assert_eq!(names(&Source::new("src/event/failure.rs", code)), set(&["timed-out"]));
        assert_eq!(headings("## A\n### x\n## B\n### y\nz\n### `w`\n## C\n### v\n", "B"), ["y", "`w`"]);
    }

    #[test]
    fn a_manifests_dependencies_are_read() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\na = \"1\"\n# b = \"1\"\n[target.'cfg(unix)'.dependencies]\nc = { version = \"1\" }\n[lints.rust]\nd = \"warn\"\n";
        assert_eq!(dependencies(manifest), set(&["a", "c"]));
    }

    #[test]
    fn a_variable_counts_where_it_ships() {
        let code = "const A: &str = \"ORCHESTRA_LOG\";\n// \"ORCHESTRA_NO\"\n#[cfg(test)]\nmod tests {\n const B: &str = \"ORCHESTRA_TEST\";\n}\n";
        assert_eq!(variables(&Source::new("src/sys/env.rs", code)), set(&["ORCHESTRA_LOG"]));
        assert_eq!(
            ours("`ORCHESTRA_CFG__`<PATH> and ORCHESTRA_LOG, not ORCHESTRA_"),
            set(&["ORCHESTRA_CFG__", "ORCHESTRA_LOG"])
        );
    }

    #[test]
    fn names_of_variables_are_told_from_other_literals() {
        let code = "const A: [&str; 5] = [\"TZ\", \"GO111_X\", \"LC_\", \"a\", \"dumb\"];\n#[cfg(test)]\nmod tests {\n const B: &str = \"NO\";\n}\n";
        assert_eq!(environment(&Source::new("src/policy/environment.rs", code)), set(&["TZ", "GO111_X"]));
    }

    #[test]
    fn links_inside_the_project_are_found() {
        assert_eq!(links("[a](b.md#c) [d](https://e) [f](#g)"), ["b.md"]);
    }

    #[test]
    fn a_home_folder_is_found() {
        let bad = ["/ho", "me/someone/x"].concat();
        assert_eq!(machine_paths("a", &format!("fine\n{bad}")), [format!("a:2: {bad}")]);
        assert_eq!(machine_paths("a", &["/ro", "ot/.cargo"].concat()).len(), 1);
        assert_eq!(machine_paths("a", &["/ho", "me/user/x and /ho", "me/<name>"].concat()), Vec::<String>::new());
    }
}
