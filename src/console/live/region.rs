//! PURE: the bytes that put the region's rows on a screen and take them away again.
//!
//! The cursor stays on the region's first row. However a terminal reflows its lines when it is resized, the cursor
//! stays with that row, so that "erase from here on" always finds all of the region and nothing but it; counting rows
//! upwards would not. The first row is empty: there what a user types is echoed, and a shell begins when we are killed.

use std::fmt::Write as _;

/// To the first column, and nothing left from there to the end of the screen.
const CLEAR: &str = "\r\u{1b}[J";
/// Nothing left in this row behind the cursor.
const REST: &str = "\u{1b}[K";
/// What is too wide after all is cut by the terminal instead of wrapped, and the other way round.
const CUT: &str = "\u{1b}[?7l";
const WRAP: &str = "\u{1b}[?7h";

/// What of the region is on the screen.
#[derive(Debug, Default)]
pub(super) struct Region {
    shown: bool,
}

impl Region {
    /// What to write so that `above` stands for good above a region of these rows. Without rows there is no region.
    ///
    /// Each row is one of the screen's: at most as wide as it less one column, and without line ends.
    pub fn compose(&mut self, above: &str, rows: &[String]) -> String {
        let mut out = String::new();
        if self.shown && (!above.is_empty() || rows.is_empty()) {
            out.push_str(CLEAR);
        }
        out.push_str(above);
        self.shown = !rows.is_empty();
        if rows.is_empty() {
            return out;
        }
        if !above.is_empty() && !above.ends_with('\n') {
            out.push_str("\r\n");
        }
        out.push('\r');
        out.push_str(CUT);
        for (place, row) in rows.iter().enumerate() {
            if place > 0 {
                out.push_str("\r\n");
            }
            out.push_str(row);
            out.push_str(REST);
        }
        // Rows of a longer region before.
        out.push_str("\u{1b}[J");
        out.push_str(WRAP);
        out.push('\r');
        if rows.len() > 1 {
            // Writing to a string does not fail.
            let _ = write!(out, "\u{1b}[{}A", rows.len() - 1);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use super::*;

    /// A screen of 8 rows and 20 columns on which these steps were drawn one after the other.
    fn drawn(steps: &[(&str, &[&str])]) -> vt100::Parser {
        let mut screen = vt100::Parser::new(NonZero::new(8).unwrap(), NonZero::new(20).unwrap(), 100);
        let mut region = Region::default();
        for (above, rows) in steps {
            let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
            screen.process(region.compose(&above.replace('\n', "\r\n"), &rows).as_bytes());
        }
        screen
    }

    fn lines(screen: &vt100::Parser) -> Vec<String> {
        screen.screen().contents().lines().map(str::to_owned).collect()
    }

    #[test]
    fn finished_lines_scroll_above_and_the_region_stays_below() {
        let screen = drawn(&[
            ("one\n", &["", "a 1s", "b 1s", "0/3"]),
            ("", &["", "a 2s", "b 2s", "0/3"]),
            ("two\n", &["", "b 3s", "1/3"]),
            ("three\nfour\nfive\nsix\n", &["", "b 4s", "1/3"]),
        ]);
        assert_eq!(lines(&screen), ["two", "three", "four", "five", "six", "", "b 4s", "1/3"]);
        assert_eq!(screen.screen().cursor_position(), (5, 0));
    }

    #[test]
    fn nothing_of_it_is_left_after_the_end() {
        let screen = drawn(&[("one\n", &["", "a", "b", "0/3"]), ("two\n", &["", "a", "0/3"]), ("end\n", &[])]);
        assert_eq!(lines(&screen), ["one", "two", "end"]);
        assert_eq!(screen.screen().cursor_position(), (3, 0));
        assert!(!screen.screen().hide_cursor());
    }

    #[test]
    fn rows_are_cut_by_the_terminal_and_lines_are_wrapped() {
        let bytes = Region::default().compose("line\n", &[String::new(), "row".to_owned()]);
        let order = ["line", CUT, "row", WRAP].map(|piece| bytes.find(piece).unwrap());
        assert!(order.is_sorted(), "{bytes:?}");
        assert_eq!(bytes.matches("\u{1b}[?").count(), 2, "no other mode is touched: {bytes:?}");
    }

    #[test]
    fn a_line_that_has_no_end_is_not_painted_over() {
        assert_eq!(lines(&drawn(&[("really? ", &["", "0/3"])])), ["really? ", "", "0/3"]);
    }

    #[test]
    fn no_rows_and_no_region_before_are_plain_lines() {
        assert_eq!(Region::default().compose("one\n", &[]), "one\n");
    }
}
