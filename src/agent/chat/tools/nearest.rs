//! PURE: the line that was probably meant, where a text is not in a file.

use crate::text::printable;

/// Lines that are compared.
const LINES: usize = 5000;
/// Longer ones are not.
const LONG: usize = 300;
/// How alike a line must be to be worth naming.
const ALIKE: f64 = 0.6;

/// What to say of the line of `file` that is most like the first line of `old`; nothing where none is.
pub(super) fn nearest(file: &str, old: &str) -> String {
    let Some(wanted) = old.lines().map(str::trim).find(|line| !line.is_empty()) else { return String::new() };
    let lines = || (1_usize..).zip(file.lines().map(str::trim)).take(LINES);
    if let Some((number, line)) =
        lines().find(|(_, line)| *line == wanted || (old.lines().count() == 1 && line.contains(wanted)))
    {
        let line = printable(line, LONG);
        return format!(
            "; its first line is like line {number}, `{line}`: see whether what differs is white space, or a line after it"
        );
    }
    if wanted.len() > LONG {
        return String::new();
    }
    let likeness = |line: &str| strsim::normalized_levenshtein(line, wanted);
    let near = lines()
        .filter(|(_, line)| !line.is_empty() && line.len() <= LONG)
        .map(|(number, line)| (likeness(line), number, line))
        .filter(|(like, _, _)| *like >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    near.map(|(_, number, line)| format!("; the nearest is line {number}: `{}`", printable(line, LONG)))
        .unwrap_or_default()
}
