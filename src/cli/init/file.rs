//! PURE: the text of a first configuration: what a beginner would change, each with a line that says what it is.
//!
//! Whatever it sets counts at once, also when the file is only found: it repeats what counts already. What names commands
//! stands there as a comment, since a file that is only found may not bring any.

use std::fmt::Write as _;

use crate::config::Config;
use crate::plan::{Check, CheckKind, Expect};

/// What the text is made from.
pub(super) struct Facts<'a> {
    /// What kind of project it is, in words.
    pub project: &'a str,
    /// What counts without the file.
    pub config: &'a Config,
    /// The checks that were found.
    pub checks: &'a [Check],
    /// Coding agents on `PATH`.
    pub agents: &'a [&'a str],
}

/// The text, ready to be used as it is.
pub(super) fn text(facts: &Facts<'_>) -> String {
    let Facts { project, config, checks, agents } = facts;
    let mut out = format!(
        "# How orchestra works on this project ({project}). All settings and their sources: orchestra config show --origin\n\
         version: 1\n\n"
    );
    let planner = match config.planner.r#use {
        crate::config::PlannerUse::Auto => "auto",
        crate::config::PlannerUse::Template => "template",
        crate::config::PlannerUse::Model => "model",
    };
    section(
        &mut out,
        "planner:",
        &[
            (
                "use",
                planner.to_owned(),
                "auto: a model if you bring one, else the template; template: a fixed workflow, no model",
            ),
            ("max_tasks", config.planner.max_tasks.to_string(), "maximum number of tasks in a plan"),
        ],
    );
    out.push_str("# The agent for each role: a name under `agents`, or builtin, which has no model and only applies diffs in the ticket.\n");
    section(
        &mut out,
        "roles:",
        &[
            ("research", config.roles.research.to_string(), "finds the code that the ticket is about"),
            ("implement", config.roles.implement.to_string(), "changes it"),
            ("test", config.roles.test.to_string(), "writes tests"),
            ("review", config.roles.review.to_string(), "reads the change"),
        ],
    );
    section(
        &mut out,
        "limits:",
        &[
            ("run", config.limits.run.to_string(), "time limit of a run"),
            ("task", config.limits.task.to_string(), "time limit of one attempt at a task"),
            ("idle", config.limits.idle.to_string(), "maximum time without output of an agent"),
            ("launches", config.limits.launches.to_string(), "maximum number of agent launches in a run"),
        ],
    );
    out.push_str(
        "# The settings below run commands. They apply only if you trust this file by naming it: --config orchestra.yaml\n\n",
    );
    out.push_str(MODEL);
    agents_block(&mut out, agents);
    checks_block(&mut out, checks);
    out
}

/// How a model is brought, ready to be uncommented.
const MODEL: &str = "\
# A language model of yours, which then plans; `implement: chat` under `roles` has it change the code as well. docs/models.md has more.
# models: {main: {anthropic: {model: claude-sonnet-5-5}}}   # or openai; the key stays in ANTHROPIC_API_KEY or OPENAI_API_KEY

";

/// A section whose comments stand in one column.
fn section(out: &mut String, name: &str, lines: &[(&str, String, &str)]) {
    let width = lines.iter().map(|(key, value, _)| key.len() + value.len() + 2).max().unwrap_or(0);
    writeln_to(out, format_args!("{name}"));
    for (key, value, comment) in lines {
        let setting = format!("{key}: {value}");
        writeln_to(out, format_args!("  {setting:<width$}   # {comment}"));
    }
    out.push('\n');
}

fn agents_block(out: &mut String, agents: &[&str]) {
    out.push_str("# Your own agent: any program that takes a prompt and edits files.");
    if !agents.is_empty() {
        writeln_to(out, format_args!(" Found here: {}; see its own help for", agents.join(", ")));
        out.push_str("# non-interactive use.");
    }
    out.push_str(
        "\n# agents:\n\
         #   mine:\n\
         #     command:\n\
         #       argv: [my-agent, --prompt-file, \"{prompt_file}\"]   # the program and its arguments; no shell\n\
         #       pass_env: [MY_AGENT_API_KEY]                       # other variables of yours are not passed on\n\n",
    );
}

fn checks_block(out: &mut String, checks: &[Check]) {
    if checks.is_empty() {
        out.push_str(
            "# Checks: none were detected, and unchecked work does not count as done. Name a command that proves that the project works:\n\
             # checks:\n\
             #   unit: {run: [make, test]}\n",
        );
        return;
    }
    out.push_str("# Checks: these were detected, and are used unless you set your own here.\n# checks:\n");
    for check in checks {
        let mut keys =
            vec![format!("run: [{}]", check.run.iter().map(|word| scalar(word)).collect::<Vec<_>>().join(", "))];
        keys.extend(check.timeout.map(|timeout| format!("timeout: {timeout}")));
        keys.extend((check.expect == Expect::Change).then(|| "expect: change".to_owned()));
        keys.extend((check.kind == CheckKind::Build).then(|| "kind: build".to_owned()));
        writeln_to(out, format_args!("#   {}: {{{}}}", scalar(check.name.as_str()), keys.join(", ")));
    }
}

/// A text as YAML in a flow list: as it is where it can be nothing else, else in double quotes, as JSON has them.
fn scalar(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_./+=".contains(c);
    let starts = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '/')
        || text.trim_start_matches(['-', '.']).starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let is_other = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    // `.inf` and `.nan` are numbers.
    let plain = starts
        && text.chars().all(is_word)
        && !is_other
        && !matches!(text.get(..2), Some(".i" | ".I" | ".n" | ".N" | "-."));
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Writing to a `String` cannot fail.
fn writeln_to(out: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(out, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_and_everything_else_is_quoted() {
        for (text, shown) in [
            ("cargo", "cargo"),
            ("--all-targets", "--all-targets"),
            ("./...", "./..."),
            ("/usr/bin/x", "/usr/bin/x"),
            ("true", "\"true\""),
            ("12", "\"12\""),
            ("1e3", "\"1e3\""),
            (".inf", "\".inf\""),
            ("-.inf", "\"-.inf\""),
            ("", "\"\""),
            ("-", "\"-\""),
            ("a b", "\"a b\""),
            ("a: b", "\"a: b\""),
            ("{x}", "\"{x}\""),
            ("it's \"x\"\n", "\"it's \\\"x\\\"\\n\""),
        ] {
            assert_eq!(scalar(text), shown);
            let back: Vec<String> = serde_yaml::from_str(&format!("[{shown}]")).unwrap();
            assert_eq!(back, [text], "{shown}");
        }
    }
}
