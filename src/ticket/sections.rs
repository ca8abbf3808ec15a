//! What the headings of a ticket announce: work, criteria, or neither.

/// What stands under a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Things to do.
    Work,
    /// Things that must hold at the end, one per list item.
    Criteria,
    /// What was expected instead of what happens: its first words are a criterion.
    Expected,
    /// Lists that are no work: steps to reproduce, platforms, declarations.
    Report,
    /// Nothing we know.
    Unknown,
}

const WORK: &[&str] = &[
    "task",
    "tasks",
    "task list",
    "todo",
    "todos",
    "to do",
    "to dos",
    "change",
    "changes",
    "work",
    "work items",
    "plan",
    "implementation",
    "subtasks",
    "sub tasks",
    "steps",
    "action items",
    "next steps",
    "what to do",
    "what needs to be done",
    "what needs doing",
    "deliverables",
    "proposed changes",
    "required changes",
    "changes required",
    "changes needed",
    "changes to make",
    "implementation plan",
    "implementation steps",
    "implementation tasks",
    "implementation details",
    "suggested changes",
    "work plan",
    "remaining work",
    "progress",
    "roadmap",
];
const CRITERIA: &[&str] = &[
    "acceptance criteria",
    "acceptance",
    "acceptance criterion",
    "definition of done",
    "done when",
    "success criteria",
    "criteria",
    "requirements",
    "acceptance tests",
    "exit criteria",
];
const REPORT_WORDS: &[&str] = &[
    "reproduce",
    "reproducing",
    "reproduction",
    "repro",
    "conduct",
    "platform",
    "platforms",
    "environment",
    "version",
    "versions",
    "prerequisites",
    "actual",
    "current",
    "screenshot",
    "screenshots",
    "log",
    "logs",
    "workaround",
    "workarounds",
    "performed",
    "configuration",
    "config",
    "system",
    "non-goals",
    "references",
    "related",
    "links",
    "submitting",
    "searched",
    "confirm",
    "contribute",
];

/// What the heading `text` announces.
pub(super) fn purpose(text: &str) -> Purpose {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !(c.is_alphanumeric() || c == '-'))
        .map(|word| word.trim_matches('-'))
        .filter(|w| !w.is_empty())
        .collect();
    let plain = words.join(" ").replace('-', " ");
    if WORK.contains(&plain.as_str()) {
        Purpose::Work
    } else if CRITERIA.contains(&plain.as_str()) {
        Purpose::Criteria
    } else if words.contains(&"expected") {
        Purpose::Expected
    } else if words.iter().any(|word| REPORT_WORDS.contains(word)) || plain == "out of scope" {
        Purpose::Report
    } else {
        Purpose::Unknown
    }
}

/// The label a paragraph ends with, as it stands above a list: a short line that ends in a colon or is bold
/// as a whole.
pub(super) fn label(paragraph: &str) -> Option<&str> {
    let line = paragraph.lines().next_back()?.trim();
    let bold = line.len() > 4 && line.starts_with("**") && line.ends_with("**") && line.matches("**").count() == 2;
    let short = line.chars().count() <= 60;
    (short && (bold || line.trim_end_matches('*').ends_with(':'))).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_whatever_their_dress() {
        for (heading, expected) in [
            ("✅ Tasks:", Purpose::Work),
            ("**To-Do**", Purpose::Work),
            ("Acceptance Criteria", Purpose::Criteria),
            ("What is the expected behavior?", Purpose::Expected),
            ("Steps to reproduce", Purpose::Report),
            ("Platforms:", Purpose::Report),
            ("Login dialog", Purpose::Unknown),
            ("", Purpose::Unknown),
        ] {
            assert_eq!(purpose(heading), expected, "{heading}");
        }
    }

    #[test]
    fn only_short_lines_with_a_colon_or_all_in_bold_are_labels() {
        assert_eq!(label("Some words.\nTasks:"), Some("Tasks:"));
        assert_eq!(label("**Changes**"), Some("**Changes**"));
        assert_eq!(label("**a** and **b**"), None);
        assert_eq!(label("Plain words"), None);
    }
}
