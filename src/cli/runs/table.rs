//! Columns that fit: as wide as their cells, and where that is wider than the terminal, the least needed ones go first.

use crate::console::{columns as columns_of, fit as cut};
use crate::text::printable;

/// What stands between two columns.
const GAP: usize = 2;

/// A column: its name, and what may be done to it when there is too little room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) give: Give,
}

/// What a column gives when there is too little room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Give {
    /// Nothing: without it the others mean nothing.
    Nothing,
    /// It is left out, the lowest number first.
    All(u8),
    /// It is cut, down to this many characters, and left out after that before all others.
    Rest { at_least: usize },
}

/// Lines of at most `width` characters, the names of the columns first. Cells are cleaned here.
pub(super) fn lines<const N: usize>(columns: &[Column; N], rows: &[[String; N]], width: Option<usize>) -> Vec<String> {
    let names = columns.map(|column| column.name.to_owned());
    let cells: Vec<[String; N]> =
        std::iter::once(&names).chain(rows).map(|row| row.each_ref().map(|cell| printable(cell, 500))).collect();
    let mut widths: [usize; N] = [0; N];
    for row in &cells {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(columns_of(cell));
        }
    }
    // A column in which nobody has anything to say is left out as well.
    for (at, widest) in widths.iter_mut().enumerate() {
        let silent =
            columns[at].give != Give::Nothing && cells[1..].iter().all(|row| matches!(row[at].as_str(), "" | "-"));
        if silent && cells.len() > 1 {
            *widest = 0;
        }
    }
    if let Some(width) = width {
        fit(columns, &mut widths, width);
    }
    cells.iter().map(|row| line(row, &widths)).collect()
}

fn fit<const N: usize>(columns: &[Column; N], widths: &mut [usize; N], width: usize) {
    let taken = |widths: &[usize; N]| {
        let shown = widths.iter().filter(|width| **width > 0);
        shown.clone().sum::<usize>() + GAP * shown.count().saturating_sub(1)
    };
    let too_much = |widths: &[usize; N]| taken(widths).saturating_sub(width);
    for (at, column) in columns.iter().enumerate() {
        if let Give::Rest { at_least } = column.give {
            let over = too_much(widths);
            let left = widths[at].saturating_sub(over);
            widths[at] = if over == 0 || left >= at_least { left } else { 0 };
        }
    }
    let mut order: Vec<(u8, usize)> = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        if let Give::All(rank) = column.give {
            order.push((rank, at));
        }
    }
    order.sort_unstable();
    for (_, at) in order {
        if too_much(widths) == 0 {
            return;
        }
        widths[at] = 0;
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut out = String::new();
    for (cell, width) in row.iter().zip(widths).filter(|(_, width)| **width > 0) {
        let cell = cut(cell, *width, '…');
        let gap = (width + GAP).saturating_sub(cell.columns);
        out.push_str(&cell.text);
        out.extend(std::iter::repeat_n(' ', gap));
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column { name: "RUN", give: Give::Nothing },
        Column { name: "AGE", give: Give::All(1) },
        Column { name: "COST", give: Give::All(0) },
        Column { name: "TITLE", give: Give::Rest { at_least: 6 } },
    ];

    fn table(width: Option<usize>) -> String {
        let row = |cells: [&str; 4]| cells.map(str::to_owned);
        let rows = [row(["run-1", "2m", "$0.42", "Fix the median"]), row(["run-2", "3d", "-", "a\n\u{1b}[31m"])];
        lines(&COLUMNS, &rows, width).join("\n")
    }

    #[test]
    fn columns_are_as_wide_as_their_cells_and_cells_are_clean() {
        insta::assert_snapshot!(table(None), @r"
        RUN    AGE  COST   TITLE
        run-1  2m   $0.42  Fix the median
        run-2  3d   -      a \u{1b}[31m
        ");
    }

    #[test]
    fn what_is_needed_least_goes_first_and_no_line_is_too_long() {
        for width in 5..40 {
            let shown = table(Some(width));
            assert!(shown.lines().all(|line| line.chars().count() <= width), "{width}\n{shown}");
            assert!(shown.contains("run-1") && shown.contains("run-2"), "{width}\n{shown}");
        }
        assert!(table(Some(25)).contains("Fix t…"), "{}", table(Some(25)));
        assert_eq!(table(Some(16)).lines().next(), Some("RUN    AGE"));
        assert_eq!(table(Some(5)).lines().next(), Some("RUN"));
    }

    #[test]
    fn a_column_without_a_word_is_left_out() {
        let rows = [["run-1", "2m", "-", ""].map(str::to_owned)];
        assert_eq!(lines(&COLUMNS, &rows, None)[0], "RUN    AGE");
    }
}
