//! PURE: text in the columns of a terminal.

use unicode_width::UnicodeWidthChar;

/// Marks of no width that are kept in a row: letters have two or three, a text that means to bury its lines has many.
const MARKS: usize = 3;

/// A text that fits, and the columns it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// What fits of it.
    pub text: String,
    /// How many columns that takes.
    pub columns: usize,
}

/// The columns that `text` takes at most.
///
/// Terminals disagree about joined emoji and variation selectors: what is counted here is the widest that any of them
/// shows.
pub fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// At most `max` columns of `text`, a cut shown by `cut`, which is one column wide.
pub fn fit(text: &str, max: usize, cut: char) -> Fitted {
    let mut fitted = Fitted { text: String::new(), columns: 0 };
    // Where a cut still finds room for its sign.
    let mut short = (0, 0);
    let mut marks = 0;
    for c in text.chars() {
        let width = width(c);
        marks = if width == 0 { marks + 1 } else { 0 };
        if marks > MARKS {
            continue;
        }
        if fitted.columns + width > max {
            fitted.text.truncate(short.0);
            fitted.columns = short.1;
            if max > 0 {
                fitted.text.push(cut);
                fitted.columns += 1;
            }
            return fitted;
        }
        fitted.text.push(c);
        fitted.columns += width;
        if fitted.columns < max {
            short = (fitted.text.len(), fitted.columns);
        }
    }
    fitted
}

fn width(c: char) -> usize {
    match c {
        // It asks for a picture, which is wide where the sign alone was not.
        '\u{fe0f}' => 1,
        c => c.width().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(text: &str, max: usize) -> (String, usize) {
        let Fitted { text, columns } = fit(text, max, '…');
        (text, columns)
    }

    #[test]
    fn a_cut_never_takes_more_columns_than_there_are() {
        for (text, max, shown) in [
            ("median", 6, "median"),
            ("median", 5, "medi…"),
            ("median", 1, "…"),
            ("median", 0, ""),
            ("中文字", 6, "中文字"),
            ("中文字", 5, "中文…"),
            ("中文字", 4, "中…"),
            ("中文字", 3, "中…"),
            ("中文字", 2, "…"),
            ("a中", 2, "a…"),
            ("👨\u{200d}👩\u{200d}👧", 4, "👨\u{200d}…"),
            ("❤\u{fe0f}", 1, "…"),
            ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"),
        ] {
            let (fit, took) = fitted(text, max);
            assert_eq!(fit, shown, "{text} in {max}");
            assert!(took <= max && columns(&fit) == took, "{text} in {max}: {took}");
        }
    }

    #[test]
    fn marks_without_a_width_are_not_piled_up() {
        let zalgo = format!("a{}b", "\u{301}".repeat(1000));
        assert_eq!(fitted(&zalgo, 10), (format!("a{}b", "\u{301}".repeat(3)), 2));
    }

    proptest::proptest! {
        #[test]
        fn whatever_it_is_it_fits(text: String, max in 0_usize..40) {
            let fit = fit(&text, max, '…');
            proptest::prop_assert!(fit.columns <= max);
            proptest::prop_assert!(columns(&fit.text) == fit.columns);
        }
    }
}
