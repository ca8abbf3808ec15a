//! Figures as a Markdown table: on the screen, and in `docs/performance.md` between its markers.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use super::machine;
use super::measure::Pairs;

/// What a figure counts.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    Seconds,
    Mebibytes,
}

/// What a ratio should be.
#[derive(Debug, Clone, Copy)]
pub enum Aim {
    AtMost(f64),
}

/// The figures of one part.
#[derive(Debug)]
pub struct Table {
    title: &'static str,
    floor: &'static str,
    rows: Vec<[String; 6]>,
}

impl Table {
    pub fn new(title: &'static str, floor: &'static str) -> Self {
        Self { title, floor, rows: Vec::new() }
    }

    /// Adds what was measured.
    pub fn row(&mut self, what: &str, pairs: &Pairs, unit: Unit, Aim::AtMost(most): Aim) {
        let ratio = pairs.ratio();
        let mark = if ratio <= most { "" } else { " (missed)" };
        self.rows.push([
            what.to_owned(),
            shown(pairs.ours(), unit),
            shown(pairs.floor(), unit),
            format!("{ratio:.2}{mark}"),
            format!("≤ {most}"),
            pairs.rounds().to_string(),
        ]);
    }

    /// The table for a screen, which is the table in Markdown with its columns in line.
    pub fn text(&self) -> String {
        let header = ["measured", "orchestra", self.floor, "ratio", "aim", "rounds"].map(str::to_owned);
        let all: Vec<&[String; 6]> = std::iter::once(&header).chain(&self.rows).collect();
        let widths: Vec<usize> =
            (0..6).map(|at| all.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
        let mut text = format!("**{}**\n\n", self.title);
        for (number, row) in all.iter().enumerate() {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!(" {cell:<width$} "));
            // Writing to a text cannot fail.
            let _ = writeln!(text, "|{}|", cells.collect::<Vec<_>>().join("|"));
            if number == 0 {
                let dashes = widths.iter().map(|width| "-".repeat(width + 2));
                let _ = writeln!(text, "|{}|", dashes.collect::<Vec<_>>().join("|"));
            }
        }
        text
    }

    /// Puts the table in place of the part's last one in `docs/performance.md`.
    pub fn write(&self, part: &str) -> Result<(), Box<dyn Error>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
        let document = std::fs::read_to_string(&path)?;
        let (begin, end) = (format!("<!-- figures of {part} -->\n"), "<!-- end of figures -->");
        let missing = || format!("{} has no `{}`", path.display(), begin.trim_end());
        let (before, rest) = document.split_once(&begin).ok_or_else(missing)?;
        let (_, after) = rest.split_once(end).ok_or_else(missing)?;
        let on = machine::line(&std::env::temp_dir());
        let made = format!("{}\n`just bench {part}`, {}, on {on}.\n", self.text(), machine::today());
        Ok(std::fs::write(&path, format!("{before}{begin}{made}{end}{after}"))?)
    }
}

fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds if value < 1.0 => format!("{:.2} ms", value * 1e3),
        Unit::Seconds => format!("{value:.3} s"),
        Unit::Mebibytes => format!("{value:.1} MiB"),
    }
}
