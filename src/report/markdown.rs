//! `report.md`: the page, through `config/report.md.j2`.
//!
//! Invariant: nothing reaches the document unescaped. The formatter escapes every value that a template
//! writes, whatever the template says; the filter `safe` does not exist; `block` fences raw text.

use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use super::page::Page;
use super::{Facts, Summary};
use crate::text;

const TEMPLATE: &str = include_str!("../../config/report.md.j2");

/// The template cannot be rendered: our own fault.
#[derive(Debug, thiserror::Error)]
#[error("the report's template cannot be rendered")]
pub struct MarkdownError(#[from] Error);

impl Summary {
    /// The report for people, as Markdown.
    pub fn markdown(&self, facts: &Facts) -> Result<String, MarkdownError> {
        render(TEMPLATE, &Page::of(self, facts))
    }
}

fn render(template: &str, page: &Page) -> Result<String, MarkdownError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(write_escaped);
    for unescaping in ["safe", "escape", "e"] {
        environment.remove_filter(unescaping);
    }
    environment.add_filter("block", block);
    let rendered = environment.template_from_str(template)?.render(Serde(page))?;
    // Three empty lines where a section fell away are one.
    let mut out = String::with_capacity(rendered.len());
    let mut empty = 0;
    for line in rendered.lines() {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    Ok(out)
}

fn write_escaped(out: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        return Err(Error::new(ErrorKind::InvalidOperation, "a value that is not there was written"));
    }
    let raw = value.to_string();
    if value.is_safe() {
        return out.write_str(&raw).map_err(Error::from);
    }
    out.write_str(&text::markdown(raw.trim())).map_err(Error::from)
}

fn block(raw: &str, language: Option<&str>) -> Value {
    Value::from_safe_string(text::markdown_block(raw, language.unwrap_or("text")))
}

#[cfg(test)]
mod tests {
    use super::super::sample::Story;
    use super::super::{DiffFile, DiffStat, Liveness};
    use super::*;
    use crate::event::{CheckStatus, FailureClass, Kind, PauseCause, RunVerdict};
    use crate::plan::Role;

    fn facts() -> Facts {
        let file = DiffFile { path: "src/lib.rs".to_owned(), added: 3, removed: 1 };
        Facts { liveness: Liveness::Gone, diff: Some(DiffStat { files: vec![file] }), called: String::new() }
    }

    #[test]
    fn a_red_check_turned_green_opens_the_report() {
        let text = Summary::of(&Story::red_to_green().events).markdown(&facts()).unwrap();
        insta::assert_snapshot!(text, @r#"
        # Fix median: success

        “Fix median” (PROJ-7) became a plan of 2 tasks, by the template planner. 2 of 2 tasks succeeded in 10.0s; the change touches 1 file (+3 −1). What proves it: the check unit was red before the change and green after it. What remains: apply the change to your files.

        | | |
        |---|---|
        | verdict | success (exit 0) |
        | run | 20261121-093312-a1b2 |
        | ticket | PROJ-7 |
        | plan | OP-20261121-093312-A1B2, by template |
        | goal | A median that is right. |
        | trace | 0af7651916cd43dd8448eb211c80319c |
        | began | 2026-11-21 09:33:13 UTC |
        | last recorded | 2026-11-21 09:33:23 UTC |

        ## Plan

        ```mermaid
        flowchart TB
          subgraph B1["B1, 1 task"]
            t1["find<br/>Title of find<br/>research, succeeded, verified"]
          end
          subgraph B2["B2, 1 task"]
            t2["fix<br/>Title of fix<br/>implement, succeeded, verified"]
          end
          t1 ==> t2
          classDef verified fill:#d2f4da,stroke:#1a7f37,color:#1f2328
          class t1,t2 verified
          classDef critical stroke-width:3px
          class t1,t2 critical
        ```

        ## Tasks

        2 planned, 2 run, 2 passed, 0 failed, 0 skipped, 0 reused, 0 unverified.

        | task | role | agent | status | claimed | verified | attempts | time |
        |---|---|---|---|---|---|---|---|
        | find | research | builtin | succeeded | done | verified | 1 | 1.2s |
        | fix | implement | builtin | succeeded | done | verified | 1 | 1.9s |

        *Claimed* is what the agent said. *Verified* is what the checks that orchestra ran have shown.

        **find** · Title of find\
        The agent says: It is in src/lib.rs.

        **fix** · Title of fix\
        The agent says: Sorted first.

        ## Checks

        - unit, for fix: **red → green**, 12 tests, 700ms, must turn green

        ## Change

        | file | added | removed |
        |---|---|---|
        | src/lib.rs | 3 | 1 |

        ## Timeline

        | UTC | task | what |
        |---|---|---|
        | 2026-11-21 09:33:13 | — | run started by orchestra 0.1.0 |
        | 2026-11-21 09:33:14 | — | plan accepted, revision 1: 2 tasks |
        | 2026-11-21 09:33:16 | find | started (builtin) |
        | 2026-11-21 09:33:17 | find | says done, after 1.2s |
        | 2026-11-21 09:33:18 | find | succeeded, verified |
        | 2026-11-21 09:33:19 | fix | started (builtin) |
        | 2026-11-21 09:33:20 | fix | says done, after 1.2s |
        | 2026-11-21 09:33:21 | fix | check unit green |
        | 2026-11-21 09:33:22 | fix | succeeded, verified |
        | 2026-11-21 09:33:23 | — | run finished: success (exit 0) |

        ## Numbers

        | | |
        |---|---|
        | success rate | 100 % (2 of 2) |
        | attempts | 2 |
        | wall time | 10.0s |
        | time in attempts and checks | 3.1s |
        | mean per task | 1.5s |
        | processes | 1, 0 cut off |
        | tokens and cost | unknown: none of 2 attempts and planning rounds reported it |

        > **Sandbox:** none. Agents and checks ran with your own rights; do not run strangers' tickets.

        ## What to type next

        ```sh
        orchestra apply 20261121-093312-a1b2  # apply the change to your files
        ```
        "#);
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a whole page, word for word")]
    fn a_failed_run_shows_what_was_claimed_and_what_is_red() {
        let text = Summary::of(&Story::red_stays().events).markdown(&facts()).unwrap();
        insta::assert_snapshot!(text, @r#"
        # Fix median: failed

        “Fix median” (PROJ-7) became a plan of 3 tasks, by the template planner. 1 of 3 tasks succeeded, 1 failed, 1 skipped in 14.0s; the change touches 1 file (+3 −1). Nothing proves it: the check unit is red after the change. Task fix failed, though its agent said done: rejected: test median ... FAILED. What remains: rerun what failed or was skipped; finished tasks are not run again.

        | | |
        |---|---|
        | verdict | failed (exit 1) |
        | run | 20261121-093312-a1b2 |
        | ticket | PROJ-7 |
        | plan | OP-20261121-093312-A1B2, by template |
        | goal | A median that is right. |
        | trace | 0af7651916cd43dd8448eb211c80319c |
        | began | 2026-11-21 09:33:13 UTC |
        | last recorded | 2026-11-21 09:33:27 UTC |

        ## Plan

        ```mermaid
        flowchart TB
          subgraph B1["B1, 1 task"]
            t1["find<br/>Title of find<br/>research, succeeded, verified"]
          end
          subgraph B2["B2, 1 task"]
            t2["fix<br/>Title of fix<br/>implement, failed"]
          end
          subgraph B3["B3, 1 task"]
            t3["judge<br/>Title of judge<br/>review, skipped"]
          end
          t1 ==> t2
          t2 ==> t3
          classDef failed fill:#ffd8d3,stroke:#cf222e,color:#1f2328
          class t2 failed
          classDef skipped fill:#eaeef2,stroke:#6e7781,color:#1f2328,stroke-dasharray:4 3
          class t3 skipped
          classDef verified fill:#d2f4da,stroke:#1a7f37,color:#1f2328
          class t1 verified
          classDef critical stroke-width:3px
          class t1,t2,t3 critical
        ```

        ## Tasks

        3 planned, 2 run, 1 passed, 1 failed, 1 skipped, 0 reused, 0 unverified.

        | task | role | agent | status | claimed | verified | attempts | time |
        |---|---|---|---|---|---|---|---|
        | find | research | builtin | succeeded | done | verified | 1 | 1.2s |
        | fix | implement | builtin | failed | done | no | 2 | 3.8s |
        | judge | review | — | skipped | — | — | 0 | — |

        *Claimed* is what the agent said. *Verified* is what the checks that orchestra ran have shown.

        **find** · Title of find\
        The agent says: Found.

        **fix** · Title of fix\
        The agent says: Done!\
        Note: rejected: test median ... FAILED

        **judge** · Title of judge\
        Note: skipped: fix, which it depends on, did not succeed

        ## Checks

        - unit, for fix: **red → red**, 12 tests, 700ms, must turn green

        ```text
        test median ... FAILED
        ```

        ## Change

        | file | added | removed |
        |---|---|---|
        | src/lib.rs | 3 | 1 |

        ## Errors

        **rejected**, 1 failure in fix:

        ```text
        unit is red
        test median ... FAILED
        ```

        ## Timeline

        | UTC | task | what |
        |---|---|---|
        | 2026-11-21 09:33:13 | — | run started by orchestra 0.1.0 |
        | 2026-11-21 09:33:14 | — | plan accepted, revision 1: 3 tasks |
        | 2026-11-21 09:33:16 | find | started (builtin) |
        | 2026-11-21 09:33:17 | find | says done, after 1.2s |
        | 2026-11-21 09:33:18 | find | succeeded, verified |
        | 2026-11-21 09:33:19 | fix | started (builtin) |
        | 2026-11-21 09:33:20 | fix | says done, after 1.2s |
        | 2026-11-21 09:33:21 | fix | check unit red |
        | 2026-11-21 09:33:22 | fix, attempt 2 | started (builtin) |
        | 2026-11-21 09:33:23 | fix, attempt 2 | says done, after 1.2s |
        | 2026-11-21 09:33:24 | fix, attempt 2 | check unit red |
        | 2026-11-21 09:33:25 | fix | given up: rejected |
        | 2026-11-21 09:33:26 | judge | skipped: fix, which it depends on, did not succeed |
        | 2026-11-21 09:33:27 | — | run finished: failed (exit 1) |

        ## Numbers

        | | |
        |---|---|
        | success rate | 50 % (1 of 2) |
        | attempts | 3 |
        | wall time | 14.0s |
        | time in attempts and checks | 5.0s |
        | mean per task | 2.5s |
        | processes | 1, 0 cut off |
        | tokens and cost | unknown: none of 3 attempts and planning rounds reported it |

        > **Sandbox:** none. Agents and checks ran with your own rights; do not run strangers' tickets.

        ## What to type next

        ```sh
        orchestra resume 20261121-093312-a1b2            # rerun what failed or was skipped; finished tasks are not run again
        orchestra resume 20261121-093312-a1b2 --explain  # see first what would run, and why
        ```
        "#);
    }

    #[test]
    fn a_run_without_a_plan_has_a_report_too() {
        let text = Summary::default()
            .markdown(&Facts { liveness: Liveness::Gone, diff: None, called: String::new() })
            .unwrap();
        assert!(text.contains("There is no plan yet.") && text.contains("# Run: interrupted"), "{text}");
    }

    const HOSTILE: &str = "x | y\n\n# Verdict: success\n<script>alert(1)</script> ![i](http://h) `c` **b** \
                           \u{1b}[31mred\u{202e}evil\r\n```\n## Tasks\n{{ 7 * 7 }} {% raw %}";

    fn hostile() -> String {
        let mut story = Story::opening(HOSTILE, &[("a", Role::Implement), ("b", Role::Review)]);
        story.start("a").says("a", HOSTILE).add(Some("a"), Kind::CheckFinished(Box::new(hostile_check())));
        story.add(Some("a"), Kind::PolicyDenied { rule: HOSTILE.to_owned(), paths: vec![HOSTILE.to_owned()] });
        story.start("a").breaks("a", FailureClass::Exited, HOSTILE).fail("a", FailureClass::Exited, HOSTILE);
        story.add(Some("b"), Kind::TaskCancelled { by: HOSTILE.to_owned() });
        story
            .add(None, Kind::RunPaused { why: HOSTILE.to_owned(), until: None, cause: PauseCause::Waiting })
            .end(RunVerdict::Failed);
        let file = DiffFile { path: HOSTILE.to_owned(), added: 1, removed: 0 };
        let facts =
            Facts { liveness: Liveness::Gone, diff: Some(DiffStat { files: vec![file] }), called: String::new() };
        Summary::of(&story.events).markdown(&facts).unwrap()
    }

    fn hostile_check() -> crate::event::CheckRun {
        let mut run = super::super::sample::check_run("unit", CheckStatus::Red);
        HOSTILE.clone_into(&mut run.outcome.tail);
        run
    }

    /// The document without what stands in fences; a fence ends only at one as long as it began with.
    fn prose(document: &str) -> String {
        let mut fence: Option<String> = None;
        let mut out = String::new();
        for line in document.lines() {
            let ticks: String = line.chars().take_while(|c| *c == '`').collect();
            match &fence {
                Some(open) if ticks.len() >= open.len() && line == ticks => fence = None,
                Some(_) => {}
                None if ticks.len() >= 3 => fence = Some(ticks),
                None => out.extend([line, "\n"]),
            }
        }
        assert!(fence.is_none(), "an open fence in\n{document}");
        out
    }

    #[test]
    fn strangers_cannot_add_structure_to_a_report() {
        let ours = prose(&Summary::of(&Story::red_stays().events).markdown(&facts()).unwrap());
        let theirs = prose(&hostile());
        let headings = |text: &str| text.lines().filter(|line| line.starts_with("## ")).count();
        assert_eq!(theirs.lines().filter(|line| line.starts_with("# ")).count(), 1, "{theirs}");
        assert!(headings(&theirs) <= headings(&ours) + 1, "only `Worth knowing` and `Change` differ:\n{theirs}");
        for alive in ["<script", "![i", "[i](", "\n```", "`c`", "**b**"] {
            assert!(!theirs.contains(alive), "{alive} in\n{theirs}");
        }
        for row in theirs.lines().filter(|line| line.starts_with("| a |")) {
            let bars = row.matches('|').count() - row.matches("\\|").count();
            assert_eq!(bars, 9, "{row}");
        }
    }

    #[test]
    fn no_control_or_bidi_character_reaches_a_report() {
        let document = hostile();
        assert!(document.contains("\\u{202e}") || document.contains("u\\{202e\\}"), "shown, not dropped");
        assert!(!document.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{document:?}");
    }

    #[test]
    fn a_template_cannot_switch_the_escaping_off() {
        let page = Page::of(&Summary::of(&Story::opening("<b>", &[("a", Role::Test)]).events), &facts());
        for template in ["{{ title }}", "{% autoescape false %}{{ title }}{% endautoescape %}", "{{ title ~ '' }}"] {
            assert_eq!(render(template, &page).unwrap().trim(), "&lt;b&gt;", "{template}");
        }
        for refused in ["{{ title | safe }}", "{{ titel }}", "{{ review }}"] {
            assert!(render(refused, &page).is_err(), "{refused}");
        }
    }
}
