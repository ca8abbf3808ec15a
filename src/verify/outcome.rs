//! PURE: reading test runners' output line by line: how many tests ran, and which failed. No runner is asked for; a line
//! that means something to one of them means nothing to the others.

use std::collections::BTreeSet;

use super::{node, suites};
use crate::text;

/// The most names of failing tests that are kept.
const NAMES: usize = 200;
/// The longest name that is kept, in characters.
const NAME: usize = 200;

/// What one line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// This test failed.
    Failed(String),
    /// So many tests ran; sums up over a run.
    Ran(u32),
    /// One test ran.
    One,
    /// A unit was tested, without a number.
    Tested,
    /// A unit has no tests.
    NoTests,
    /// The names that follow, indented, failed.
    ListBegins,
    /// A total that stands for all before it.
    Total(u32),
}

/// Reads output as it comes; what it holds does not grow with the output.
#[derive(Debug, Default)]
pub struct Reader {
    failing: BTreeSet<String>,
    counted: Option<u32>,
    total: Option<u32>,
    singles: u32,
    tested: bool,
    no_tests: bool,
    in_list: bool,
}

/// What the output of a check told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Names of failing tests, sorted; missing when the output is not that of a known runner.
    pub failing: Option<Vec<String>>,
    /// Tests that ran, ignored ones apart.
    pub tests: Option<u32>,
    says_empty: bool,
    tested: bool,
}

impl Reader {
    /// Takes one line, with or without its newline, colours and all.
    pub fn line(&mut self, line: &str) {
        let line = without_colours(line);
        let line = line.trim_end();
        if self.in_list {
            if let Some(name) = suites::listed(line) {
                self.fail(name);
                return;
            }
            self.in_list = line.is_empty();
        }
        for told in suites::tell(line).into_iter().chain(node::tell(line)) {
            self.take(told);
        }
    }

    /// What all lines together told.
    pub fn finish(self) -> Reading {
        let tests = self.total.or(self.counted).or((self.singles > 0).then_some(self.singles));
        let known = tests.is_some() || self.tested || self.no_tests || !self.failing.is_empty();
        Reading {
            failing: known.then(|| self.failing.into_iter().collect()),
            tests: tests.or((self.no_tests && !self.tested).then_some(0)),
            says_empty: self.no_tests,
            tested: self.tested,
        }
    }

    fn take(&mut self, told: Told) {
        match told {
            Told::Failed(name) => self.fail(&name),
            Told::Ran(count) => self.counted = Some(self.counted.unwrap_or(0).saturating_add(count)),
            Told::Total(count) => self.total = Some(self.total.unwrap_or(0).saturating_add(count)),
            Told::One => self.singles = self.singles.saturating_add(1),
            Told::Tested => self.tested = true,
            Told::NoTests => self.no_tests = true,
            Told::ListBegins => self.in_list = true,
        }
    }

    fn fail(&mut self, name: &str) {
        let name = text::printable(name.trim(), NAME);
        if !name.is_empty() && (self.failing.len() < NAMES || self.failing.contains(&name)) {
            self.failing.insert(name);
        }
    }
}

impl Reading {
    /// The runner counted, and came to nothing.
    pub(super) fn ran_nothing(&self) -> bool {
        self.tests == Some(0) && !self.tested
    }

    /// The runner said that it found no test.
    pub(super) fn says_empty(&self) -> bool {
        self.says_empty && self.ran_nothing() && self.failing.as_ref().is_none_or(Vec::is_empty)
    }
}

/// The text without ANSI colour and cursor sequences.
pub(super) fn without_colours(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
        } else if chars.next_if_eq(&'[').is_some() {
            // A control sequence ends at its first letter or `@`…`~` (ECMA-48, 5.4).
            for c in chars.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    break;
                }
            }
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Reading {
        let mut reader = Reader::default();
        text.lines().for_each(|line| reader.line(line));
        reader.finish()
    }

    fn failing(text: &str) -> (Vec<String>, Option<u32>) {
        let reading = read(text);
        (reading.failing.unwrap_or_default(), reading.tests)
    }

    #[test]
    fn cargo_test_is_read_over_all_its_binaries() {
        let text = "running 2 tests\ntest a::good ... ok\ntest a::bad ... FAILED\n\nfailures:\n\n---- a::bad stdout ----\n    indented panic text\n\nfailures:\n    a::bad\n    b::listed only\n\ntest result: FAILED. 1 passed; 1 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.00s\n   Doc-tests x\nrunning 0 tests\ntest result: ok. 0 passed; 0 failed; 0 ignored\n";
        assert_eq!(failing(text), (vec!["a::bad".to_owned(), "b::listed only".to_owned()], Some(2)));
    }

    #[test]
    fn nextest_is_read() {
        let text = "        FAIL [   0.004s] demo tests::bad\n     Summary [   0.010s] 3 tests run: 2 passed, 1 failed, 0 skipped\n";
        assert_eq!(failing(text), (vec!["demo tests::bad".to_owned()], Some(3)));
    }

    #[test]
    fn pytest_and_unittest_are_read() {
        let text = "FAILED tests/test_a.py::test_x[a b] - assert 1 == 2\nERROR tests/test_b.py\n==== 1 failed, 2 passed, 1 error, 4 skipped in 0.12s ====\n";
        assert_eq!(
            failing(text),
            (vec!["tests/test_a.py::test_x[a b]".to_owned(), "tests/test_b.py".to_owned()], Some(4))
        );
        assert!(read("======= no tests ran in 0.01s =======").ran_nothing());
        let text = "FAIL: test_x (m.T.test_x)\n-----\nRan 3 tests in 0.001s\n\nFAILED (failures=1)\n";
        assert_eq!(failing(text), (vec!["test_x (m.T.test_x)".to_owned()], Some(3)));
        assert!(read("Ran 0 tests in 0.000s").ran_nothing());
    }

    #[test]
    fn go_test_is_read_with_and_without_v() {
        let text = "--- FAIL: TestX (0.00s)\n    --- FAIL: TestX/sub (0.00s)\nFAIL\nFAIL\texample.com/a\t0.002s\nok  \texample.com/b\t0.001s\n";
        assert_eq!(failing(text), (vec!["TestX".to_owned(), "TestX/sub".to_owned()], None));
        assert!(
            read("?   \texample.com/a\t[no test files]\nok  \texample.com/b\t0.1s [no tests to run]").ran_nothing()
        );
        assert!(!read("?   \ta\t[no test files]\nok  \tb\t0.1s").ran_nothing());
    }

    #[test]
    fn tap_and_the_node_reporter_are_read() {
        let text =
            "TAP version 13\nok 1 - good\nnot ok 2 - bad one\nnot ok 3 - later # TODO\n# tests 3\n# pass 1\n# fail 1\n";
        assert_eq!(failing(text), (vec!["bad one".to_owned()], Some(3)));
        let text = "✔ good (0.5ms)\n✖ bad one (1.2ms)\nℹ tests 2\nℹ fail 1\n✖ failing tests:\n";
        assert_eq!(failing(text), (vec!["bad one".to_owned()], Some(2)));
        assert!(read("# tests 0\n# pass 0").ran_nothing());
    }

    #[test]
    fn jest_vitest_and_mocha_are_read() {
        let text = "FAIL src/a.test.js\n  ● suite › adds\n\nTests:       1 failed, 2 skipped, 2 passed, 5 total\n";
        assert_eq!(failing(text), (vec!["suite › adds".to_owned()], Some(3)));
        let text = " FAIL  src/a.test.ts > suite > adds\n      Tests  1 failed | 2 passed (3)\n";
        assert_eq!(failing(text), (vec!["src/a.test.ts > suite > adds".to_owned()], Some(3)));
        assert_eq!(failing("  2 passing (5ms)\n  1 failing\n").1, Some(3));
        assert!(read("No tests found, exiting with code 1").says_empty());
    }

    #[test]
    fn other_output_tells_nothing() {
        let reading = read("hello\nall good\n    indented\n");
        assert_eq!(reading, Reading::default());
        assert!(!reading.ran_nothing() && !reading.says_empty());
    }

    #[test]
    fn colours_names_without_end_and_floods_do_no_harm() {
        assert_eq!(failing("\u{1b}[1mtest \u{1b}[0ma ... \u{1b}[31mFAILED\u{1b}[m\n").0, ["a"]);
        let lines: Vec<String> = (0..5000).map(|n| format!("test t{n}{} ... FAILED", "x".repeat(500))).collect();
        let flood = lines.join("\n");
        let (names, _) = failing(&flood);
        assert_eq!(names.len(), 200);
        assert!(names.iter().all(|name| name.chars().count() <= 201));
    }
}
