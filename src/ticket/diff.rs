//! Unified diffs in a text: where one begins, how far it goes, and which files it touches.
//!
//! Hunks are walked by the counts in their headers, so that a removed line `-- a/b` is never taken for
//! a file name.

/// Whether a diff that stands in the text as it is begins with the first of `lines`.
pub(super) fn begins(lines: &[&str]) -> bool {
    match lines {
        [first, ..] if first.starts_with("diff --git ") => true,
        [first, second, third, ..] => {
            first.starts_with("--- ") && second.starts_with("+++ ") && hunk_counts(third).is_some()
        }
        _ => false,
    }
}

/// Whether a block without a language is a diff: it begins like one, blank lines apart.
pub(super) fn looks_like(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().skip_while(|line| line.trim().is_empty()).take(3).collect();
    begins(&lines)
}

/// How many of `lines` belong to the diff that begins with the first.
pub(super) fn extent(lines: &[&str]) -> usize {
    let mut at = 0;
    while at < lines.len() {
        match part(&lines[at..]) {
            // A second `diff --git` begins a diff of its own only after other text, so go on.
            Part::Nothing => break,
            Part::Lines(count) | Part::File(count, _) => at += count,
        }
    }
    at
}

/// The files a diff touches, without `a/` and `b/`; none where it only illustrates.
pub(super) fn files(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut at = 0;
    while at < lines.len() {
        match part(&lines[at..]) {
            Part::Nothing => at += 1,
            Part::Lines(count) => at += count,
            Part::File(count, name) => {
                at += count;
                if seen.insert(name.clone()) {
                    found.push(name);
                }
            }
        }
    }
    found
}

/// Whether `line` names files and versions rather than content.
pub(super) fn is_header(line: &str) -> bool {
    ["diff --git ", "--- ", "+++ "].iter().chain(EXTENDED_HEADERS).any(|header| line.starts_with(header))
}

enum Part {
    Nothing,
    Lines(usize),
    File(usize, String),
}

const EXTENDED_HEADERS: &[&str] = &[
    "index ",
    "old mode ",
    "new mode ",
    "deleted file mode ",
    "new file mode ",
    "similarity index ",
    "dissimilarity index ",
    "rename from ",
    "copy from ",
    "Binary files ",
];

/// What the first of `lines` is in a diff, and how many lines it takes along.
fn part(lines: &[&str]) -> Part {
    let Some(first) = lines.first() else { return Part::Nothing };
    if let Some(counts) = hunk_counts(first) {
        return Part::Lines(1 + hunk_length(&lines[1..], counts));
    }
    if let Some(names) = first.strip_prefix("diff --git ") {
        // The names follow again in `+++` and `rename to`; only a change of mode or a binary has none of those.
        let again = lines[1..]
            .iter()
            .take_while(|line| !line.starts_with("diff --git ") && hunk_counts(line).is_none())
            .take(8)
            .any(|line| line.starts_with("+++ ") || line.starts_with("rename to ") || line.starts_with("copy to "));
        return match names.rfind(" b/").filter(|_| !again) {
            Some(space) => Part::File(1, names[space + 3..].trim_end_matches('"').to_owned()),
            None => Part::Lines(1),
        };
    }
    if let Some(old) = first.strip_prefix("--- ")
        && let Some(new) = lines.get(1).and_then(|line| line.strip_prefix("+++ "))
    {
        return named(2, [new, old]);
    }
    if let Some(new) = first.strip_prefix("rename to ").or_else(|| first.strip_prefix("copy to ")) {
        return named(1, [new, new]);
    }
    if first.starts_with("GIT binary patch") {
        return Part::Lines(lines.iter().take_while(|line| !line.trim().is_empty()).count());
    }
    if EXTENDED_HEADERS.iter().any(|header| first.starts_with(header)) { Part::Lines(1) } else { Part::Nothing }
}

fn named(count: usize, names: [&str; 2]) -> Part {
    let name = names.into_iter().map(file_name).find(|name| !name.is_empty() && *name != "/dev/null");
    name.map_or(Part::Lines(count), |name| Part::File(count, name.to_owned()))
}

/// The name in a `---` or `+++` line: before a tab and its date, without quotes and prefix.
fn file_name(rest: &str) -> &str {
    let name = rest.split('\t').next().unwrap_or(rest).trim().trim_matches('"');
    name.strip_prefix("a/").or_else(|| name.strip_prefix("b/")).unwrap_or(name)
}

/// The old and new line counts of `@@ -1,2 +3,4 @@`.
fn hunk_counts(line: &str) -> Option<(u32, u32)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let count = |range: &str| match range.split_once(',') {
        Some((start, count)) => start.parse::<u32>().ok().and(count.parse().ok()),
        None => range.parse::<u32>().ok().map(|_| 1),
    };
    Some((count(old)?, count(new)?))
}

/// How many lines a hunk with these counts really takes.
fn hunk_length(lines: &[&str], (mut old, mut new): (u32, u32)) -> usize {
    let mut length = 0;
    for line in lines {
        match line.as_bytes().first() {
            Some(b'\\') => {}
            _ if old == 0 && new == 0 => break,
            // Mail and editors strip the blank that stands for an empty line.
            Some(b' ') | None if old > 0 && new > 0 => (old, new) = (old - 1, new - 1),
            Some(b'-') if old > 0 => old -= 1,
            Some(b'+') if new > 0 => new -= 1,
            _ => break,
        }
        length += 1;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_FILES: &str = "diff --git a/src/a.rs b/src/a.rs\nindex 1..2 100644\n--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1,3 +1,2 @@\n x\n--- a/not-a-file\n \n\\ No newline at end of file\ndiff --git a/logo.png b/logo.png\nBinary files differ\n";

    #[test]
    fn a_raw_diff_ends_where_its_counts_say() {
        let text = format!("{TWO_FILES}\nAnd then prose.\n");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(extent(&lines), TWO_FILES.lines().count());
    }

    #[test]
    fn files_are_the_new_names_and_never_removed_lines() {
        assert_eq!(files(TWO_FILES), ["src/a.rs", "logo.png"]);
        assert_eq!(files("--- a/old.py\t2024-01-01\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"), ["old.py"]);
        assert_eq!(files("diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n"), ["y"]);
        assert!(files("- old line\n+ new line\n").is_empty());
    }

    #[test]
    fn hostile_counts_only_cost_the_lines_there_are() {
        assert_eq!(extent(&["diff --git a/x b/x", "@@ -1,4294967295 +1,4294967295 @@", " a"]), 3);
        assert_eq!(hunk_counts("@@ -1,99999999999 +1 @@"), None);
    }
}
