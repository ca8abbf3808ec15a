//! Whether what a document shows is what a command prints, times and names of runs apart.

/// The shown lines that are not there, in the order in which they are shown. A line that is only `…` or `...` stands for any
/// lines, and `…` in a line for anything.
pub fn missing(shown: &str, printed: &str) -> Vec<String> {
    let printed: Vec<String> = printed.lines().map(plain).collect();
    let (mut from, mut missing) = (0, Vec::new());
    for line in shown.lines().filter(|line| !line.trim().is_empty() && !matches!(line.trim(), "…" | "...")) {
        let wanted = plain(line);
        match printed[from..].iter().position(|line| fits(&wanted, line)) {
            Some(at) => from += at + 1,
            None => missing.push(line.to_owned()),
        }
    }
    missing
}

fn fits(wanted: &str, line: &str) -> bool {
    let pieces: Vec<&str> = wanted.split('…').collect();
    let [first, .., last] = &pieces[..] else { return wanted == line };
    let Some(mut rest) = line.strip_prefix(first.trim_end()) else { return false };
    for piece in &pieces[1..pieces.len() - 1] {
        let piece = piece.trim();
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last.trim_start())
}

/// The line with one space between words, and with what differs from run to run under one name.
fn plain(line: &str) -> String {
    let words = line.split_whitespace().map(|word| {
        let core = word.trim_end_matches([',', '.', ';', ':', ')']);
        let (core, end) = word.split_at(core.len());
        let same = if is_time(core) {
            "TIME".to_owned()
        } else {
            core.split('/').map(|part| if is_run(part) { "RUN" } else { part }).collect::<Vec<_>>().join("/")
        };
        same + end
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `55ms`, `1.2s`, `2m10s`.
fn is_time(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.ends_with(['s', 'm', 'h'])
        && word.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'm' | 's' | 'h'))
}

/// `20261121-093312-a1b2`, or its beginning.
fn is_run(word: &str) -> bool {
    let mut parts = word.split('-');
    let number = |part: &str, digits| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.next().is_some_and(|day| number(day, 8))
        && parts.next().is_some_and(|time| number(time, 6))
        && parts.next().is_none_or(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[test]
fn lines_are_found_in_order_whatever_the_clock_said() {
    let printed = "▶ a  1\nrun 20261121-093312-a1b2: noise\n✓ a verified: b  55ms\n✓ success (exit 0)\n";
    assert_eq!(missing("▶ a 1\n…\n✓ a verified: b  1.2s\n", printed), Vec::<String>::new());
    assert_eq!(missing("run 20250101-000000-ffff: …\n✓ a … 2s\n", printed), Vec::<String>::new());
    assert_eq!(missing("✓ success (exit 0)\n▶ a  1\n", printed), ["▶ a  1"]);
    assert_eq!(missing("✓ a verified\n", printed), ["✓ a verified"]);
}
