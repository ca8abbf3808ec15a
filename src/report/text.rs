//! The page as plain lines for a terminal, at most 100 columns wide where words allow it.

use super::page::{Page, TaskLine};
use super::{Facts, Status, Summary, TaskStatus, hints, words};
use crate::money::Usd;
use crate::text;
use crate::time::Timestamp;

/// The widest line.
const WIDTH: usize = 100;
/// Lines shown of a red check's output, or of an error's detail.
const TAIL: usize = 8;

impl Summary {
    /// How the run stands at `now`, for a terminal: clean lines without their line ends.
    pub fn lines(&self, facts: &Facts, now: Timestamp) -> Vec<String> {
        let page = Page::of(self, facts);
        let status = Status::of(self, facts, now);
        let mut out = vec![format!("{}: {}", page.title, page.verdict), String::new()];
        out.extend(wrap(&page.synthesis, WIDTH));
        if let Some(narrative) = &page.narrative {
            let head = format!("in the words of the model {}, which nothing has checked", narrative.by);
            section(&mut out, &head, narrative.lines.iter().flat_map(|line| wrap(line, WIDTH - 2)));
        }
        out.push(String::new());
        out.extend(page.facts.iter().map(|fact| format!("{:<14}{}", fact.label, fact.value)));
        section(&mut out, "running now", status.current.iter().map(running));
        section(&mut out, "waits for a person", status.waiting.iter().cloned());
        tasks(&mut out, &page);
        section(&mut out, "batches", batches(&status));
        section(&mut out, "checks", page.checks.iter().flat_map(check));
        if let Some(diff) = &page.diff {
            let more = (diff.more > 0).then(|| format!("and {} more", diff.more));
            let files = diff.files.iter().map(|file| format!("{}  +{} −{}", file.path, file.added, file.removed));
            section(&mut out, "change", files.chain(more));
        }
        let artifact = |it: &super::page::ArtifactLine| format!("{}  {}  from {}", it.path, it.size, it.task);
        section(&mut out, "artifacts", page.artifacts.iter().map(artifact));
        let hints = self.errors().iter().map(|group| hints::of(group.class));
        section(&mut out, "errors", page.errors.iter().zip(hints).flat_map(error));
        let concern = |it: &super::page::ConcernLine| {
            let task = if it.task.is_empty() { String::new() } else { format!(", {}", it.task) };
            format!("{}{task}: {}", it.kind, it.text)
        };
        section(&mut out, "worth knowing", page.concerns.iter().map(concern));
        section(&mut out, "numbers", page.metrics.iter().map(|it| format!("{:<30}{}", it.label, it.value)));
        section(&mut out, "limits", limits(&status).into_iter());
        if !page.warning.is_empty() {
            out.push(String::new());
            out.extend(wrap(&format!("sandbox: {}", page.warning), WIDTH));
        }
        section(
            &mut out,
            "what to type next",
            self.next_steps(facts).iter().flat_map(|step| [step.command.clone(), format!("    {}", step.why)]),
        );
        out.iter().map(|line| text::clean(line).into_owned()).collect()
    }
}

fn section(out: &mut Vec<String>, title: &str, lines: impl Iterator<Item = String>) {
    let before = out.len();
    out.extend(lines.map(|line| format!("  {line}")));
    if out.len() > before {
        out.insert(before, String::new());
        out.insert(before + 1, title.to_owned());
    }
}

fn error((it, hint): (&super::page::ErrorLine, &str)) -> impl Iterator<Item = String> {
    let head = format!("{}: {} in {}", it.class, it.count, it.tasks);
    std::iter::once(head).chain(tail(&it.detail)).chain(std::iter::once(format!("  hint: {hint}")))
}

fn running(it: &super::Current) -> String {
    let agent = it.agent.as_deref().unwrap_or("—");
    let elapsed = it.elapsed_ms.map_or_else(String::new, |ms| format!(", for {}", words::millis(ms)));
    format!("{}  {}, attempt {} by {agent}{elapsed}", it.task, it.status.as_str(), it.attempt)
}

/// A line or a few for each batch: its tasks by how far they are.
fn batches(status: &Status) -> impl Iterator<Item = String> {
    const ORDER: [TaskStatus; 9] = [
        TaskStatus::Running,
        TaskStatus::Checking,
        TaskStatus::Interrupted,
        TaskStatus::Failed,
        TaskStatus::Succeeded,
        TaskStatus::Pending,
        TaskStatus::Skipped,
        TaskStatus::Cancelled,
        TaskStatus::Replaced,
    ];
    /// Tasks of one batch and one status that are named; the table above has all of them.
    const NAMED: usize = 20;
    let line = |batch: &super::BatchStatus| {
        let mut parts = Vec::new();
        for status in ORDER {
            let tasks: Vec<&str> =
                batch.tasks.iter().filter(|task| task.status == status).map(|task| task.id.as_str()).collect();
            if tasks.is_empty() {
                continue;
            }
            let more = tasks.len().saturating_sub(NAMED);
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            parts.push(format!("{}: {}{rest}", status.as_str(), tasks[..tasks.len() - more].join(", ")));
        }
        let lines = wrap(&parts.join("; "), WIDTH - 8);
        let name = |n: usize| if n == 0 { batch.name.as_str() } else { "" };
        lines.iter().enumerate().map(|(n, line)| format!("{:<4} {line}", name(n))).collect()
    };
    status.batches.iter().map(line).collect::<Vec<Vec<String>>>().into_iter().flatten()
}

/// What was used of each limit.
fn limits(status: &Status) -> Vec<String> {
    let budget = &status.budget;
    let mut lines = Vec::new();
    if let (Some(used), Some(limit)) = (budget.time_ms.used, budget.time_ms.limit) {
        lines.push(format!("{:<30}{} of {}", "wall time", words::millis(used), words::millis(limit)));
    }
    if let (Some(used), Some(limit)) = (budget.launches.used, budget.launches.limit) {
        lines.push(format!("{:<30}{used} of {limit}", "launches"));
    }
    let untold = budget.untold;
    if let (Some(used), Some(limit)) =
        (budget.usd.used.or((untold.usd > Usd::ZERO).then_some(Usd::ZERO)), budget.usd.limit)
    {
        let more = if untold.usd > Usd::ZERO { format!(", and ${} untold", untold.usd) } else { String::new() };
        lines.push(format!("{:<30}${used}{more} of ${limit}", "money"));
    }
    if let (Some(used), Some(limit)) = (budget.tokens.used.or((untold.tokens > 0).then_some(0)), budget.tokens.limit) {
        let more = if untold.tokens > 0 { format!(", and {} untold", untold.tokens) } else { String::new() };
        lines.push(format!("{:<30}{used}{more} of {limit}", "tokens"));
    }
    if let (Some(used), Some(limit)) = (budget.run_bytes.used, budget.run_bytes.limit) {
        lines.push(format!("{:<30}{} of {}", "run directory", words::bytes(used), words::bytes(limit)));
    }
    lines
}

fn check(it: &super::page::CheckLine) -> impl Iterator<Item = String> {
    let head = format!("{}  {}  (for {}){}", it.name, it.change, it.of, it.detail);
    std::iter::once(head).chain(tail(&it.tail))
}

/// The last lines of a longer text, set off with a bar.
fn tail(detail: &str) -> impl Iterator<Item = String> {
    words::last_lines(detail, TAIL).into_iter().map(|line| format!("  | {}", text::printable(line, WIDTH - 6)))
}

fn tasks(out: &mut Vec<String>, page: &Page) {
    if page.tasks.is_empty() {
        return;
    }
    let cells = |task: &TaskLine| {
        let agent = text::printable(&task.agent, 12);
        let (claimed, verified) = (task.claimed.clone(), task.verified.to_owned());
        let (status, attempts) = (task.status.clone(), task.attempts.to_string());
        [task.id.clone(), task.role.to_owned(), agent, status, claimed, verified, attempts, task.time.clone()]
    };
    let head = ["task", "role", "agent", "status", "claimed", "verified", "tries", "time"].map(str::to_owned);
    let rows: Vec<[String; 8]> = std::iter::once(head).chain(page.tasks.iter().map(cells)).collect();
    let mut widths = [0; 8];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    // Ids are the only column that strangers can make wide.
    let others: usize = widths[1..].iter().map(|width| width + 2).sum();
    widths[0] = widths[0].min(WIDTH.saturating_sub(others + 2).max(12));
    let row = |row: &[String; 8]| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // One less, so that the mark of a cut fits in.
            let cell = if cell.chars().count() > width { text::printable(cell, width - 1) } else { cell.clone() };
            line.extend([cell.as_str(), &" ".repeat(width.saturating_sub(cell.chars().count()) + 2)]);
        }
        line.trim_end().to_owned()
    };
    section(out, "tasks", rows.iter().map(row));
    out.push(format!("  {}", page.census));
    for task in page.tasks.iter().filter(|task| !task.note.is_empty()) {
        let lines = wrap(&format!("{}: {}", task.id, task.note), WIDTH - 4);
        out.extend(lines.iter().enumerate().map(|(n, line)| format!("{}{line}", if n == 0 { "  " } else { "    " })));
    }
}

/// Breaks at spaces; a word longer than a line keeps its own.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::super::sample::Story;
    use super::super::{DiffFile, DiffStat, Liveness};
    use super::*;
    use crate::plan::Role;

    fn facts() -> Facts {
        let file = DiffFile { path: "src/lib.rs".to_owned(), added: 3, removed: 1 };
        Facts { liveness: Liveness::Gone, diff: Some(DiffStat { files: vec![file] }), called: String::new() }
    }

    #[test]
    fn a_failed_run_fits_a_terminal() {
        let lines = Summary::of(&Story::red_stays().events).lines(&facts(), Timestamp::from_millis(0));
        insta::assert_snapshot!(lines.join("\n"), @r#"
        Fix median: failed

        “Fix median” (PROJ-7) became a plan of 3 tasks, by the template planner. 1 of 3 tasks succeeded, 1
        failed, 1 skipped in 14.0s; the change touches 1 file (+3 −1). Nothing proves it: the check unit is
        red after the change. Task fix failed, though its agent said done: rejected: test median ... FAILED.
        What remains: rerun what failed or was skipped; finished tasks are not run again.

        verdict       failed (exit 1)
        run           20261121-093312-a1b2
        ticket        PROJ-7
        plan          OP-20261121-093312-A1B2, by template
        goal          A median that is right.
        trace         0af7651916cd43dd8448eb211c80319c
        began         2026-11-21 09:33:13 UTC
        last recorded 2026-11-21 09:33:27 UTC

        tasks
          task   role       agent    status     claimed  verified  tries  time
          find   research   builtin  succeeded  done     verified  1      1.2s
          fix    implement  builtin  failed     done     no        2      3.8s
          judge  review     —        skipped    —        —         0      —
          3 planned, 2 run, 1 passed, 1 failed, 1 skipped, 0 reused, 0 unverified
          fix: rejected: test median ... FAILED
          judge: skipped: fix, which it depends on, did not succeed

        batches
          B1   succeeded: find
          B2   failed: fix
          B3   skipped: judge

        checks
          unit  red → red  (for fix), 12 tests, 700ms, must turn green
            | test median ... FAILED

        change
          src/lib.rs  +3 −1

        errors
          rejected: 1 failure in fix
            | unit is red
            | test median ... FAILED
            hint: a check is red, or the work went beyond its scope; see the check's output

        numbers
          success rate                  50 % (1 of 2)
          attempts                      3
          wall time                     14.0s
          time in attempts and checks   5.0s
          mean per task                 2.5s
          processes                     1, 0 cut off
          tokens and cost               unknown: none of 3 attempts and planning rounds reported it

        limits
          wall time                     14.0s of 1h00m
          launches                      3 of 200

        sandbox: none. Agents and checks ran with your own rights; do not run strangers' tickets.

        what to type next
          orchestra resume 20261121-093312-a1b2
              rerun what failed or was skipped; finished tasks are not run again
          orchestra resume 20261121-093312-a1b2 --explain
              see first what would run, and why
        "#);
    }

    #[test]
    fn long_ids_and_hostile_words_keep_the_columns() {
        let long = "x".repeat(64);
        let mut story = Story::opening("a\u{1b}[31m\u{202e}\nb", &[(&long, Role::Implement), ("b", Role::Test)]);
        story.start(&long).says(&long, "\u{1b}]0;title\u{7}");
        let lines = Summary::of(&story.events).lines(&facts(), Timestamp::from_millis(0));
        for line in &lines {
            assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
        }
        let table = lines.iter().filter(|line| line.contains("implement") || line.contains("  test  "));
        assert!(table.clone().count() == 2 && table.clone().all(|line| line.chars().count() <= WIDTH), "{lines:#?}");
    }
}
