//! PURE: lines of TAP, `node --test`, jest, vitest and mocha.

use super::outcome::Told;
use super::suites::sum;

/// What a line tells.
pub(super) fn tell(line: &str) -> Vec<Told> {
    tap(line)
        .or_else(|| node(line))
        .or_else(|| jest(line))
        .or_else(|| vitest(line))
        .or_else(|| mocha(line))
        .unwrap_or_default()
}

/// Source: the TAP 14 specification, "Test Points" and "Directives".
fn tap(line: &str) -> Option<Vec<Told>> {
    let line = line.trim_start();
    let (failed, rest) = match line.strip_prefix("not ok ") {
        Some(rest) => (true, rest),
        None => (false, line.strip_prefix("ok ")?),
    };
    let (number, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    number.parse::<u32>().ok()?;
    let (name, directive) = rest.split_once(" # ").unwrap_or((rest, ""));
    let directive = directive.to_ascii_uppercase();
    if directive.starts_with("SKIP") {
        return Some(Vec::new());
    }
    if failed && !directive.starts_with("TODO") {
        let name = name.trim_start_matches("- ").trim();
        let name = if name.is_empty() { number } else { name };
        return Some(vec![Told::One, Told::Failed(name.to_owned())]);
    }
    Some(vec![Told::One])
}

/// Node's own totals, in TAP and in its `spec` reporter.
fn node(line: &str) -> Option<Vec<Told>> {
    let total = line.strip_prefix("# tests ").or_else(|| line.strip_prefix("ℹ tests "));
    if let Some(count) = total.and_then(|count| count.trim().parse().ok()) {
        return Some(vec![Told::Total(count)]);
    }
    let (name, time) = line.trim_start().strip_prefix("✖ ")?.rsplit_once(" (")?;
    time.ends_with("ms)").then(|| vec![Told::Failed(name.to_owned())])
}

fn jest(line: &str) -> Option<Vec<Told>> {
    if line.starts_with("No tests found, exiting with code ")
        || line.starts_with("No test files found, exiting with code ")
    {
        return Some(vec![Told::NoTests]);
    }
    if let Some(counts) = line.strip_prefix("Tests:").filter(|counts| counts.ends_with(" total")) {
        return Some(vec![Told::Total(sum(counts, &[" passed", " failed"]))]);
    }
    let name = line.strip_prefix("  ● ").filter(|name| name.contains(" › "))?;
    Some(vec![Told::Failed(name.to_owned())])
}

fn vitest(line: &str) -> Option<Vec<Told>> {
    if let Some(name) = line.trim_start().strip_prefix("FAIL  ").filter(|name| name.contains(" > ")) {
        return Some(vec![Told::Failed(name.to_owned())]);
    }
    let counts = line.trim_start().strip_prefix("Tests  ").filter(|counts| counts.ends_with(')'))?;
    let counts = counts.rsplit_once(" (")?.0;
    Some(vec![Told::Total(sum(counts, &[" passed", " failed"]))])
}

fn mocha(line: &str) -> Option<Vec<Told>> {
    let (count, rest) = line.strip_prefix("  ")?.split_once(' ')?;
    let is_total = (rest.starts_with("passing (") && rest.ends_with(')')) || rest == "failing";
    is_total.then(|| count.parse().ok().map(|count| vec![Told::Ran(count)]))?
}
