//! Figures as a Markdown table: on the screen, and in `docs/performance.md` between its markers.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use super::machine;
use super::measure::{Pairs, median};

/// What a figure counts.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    Seconds,
    Mebibytes,
    Bytes,
    Number,
    Exponent,
}

/// What a figure, or its ratio to another, should be.
#[derive(Debug, Clone, Copy)]
pub enum Aim {
    AtMost(f64),
    /// It is told, and nothing is asked of it.
    None,
}

/// The figures of one part.
#[derive(Debug)]
pub struct Table {
    title: &'static str,
    rows: Vec<[String; COLUMNS.len()]>,
}

const COLUMNS: [&str; 7] = ["measured", "orchestra", "beside", "its figure", "ratio", "aim", "rounds"];
const NONE: &str = "–";

impl Table {
    pub fn new(title: &'static str) -> Self {
        Self { title, rows: Vec::new() }
    }

    /// Adds what was measured beside something else: the ratio has the aim.
    pub fn row(&mut self, what: &str, beside: &str, pairs: &Pairs, (unit, aim): (Unit, Aim)) {
        let ratio = pairs.ratio();
        self.rows.push([
            what.to_owned(),
            shown(pairs.ours(), unit),
            beside.to_owned(),
            shown(pairs.floor(), unit),
            format!("{ratio:.2}{}", mark(ratio, aim)),
            match aim {
                Aim::AtMost(most) => format!("≤ {most}"),
                Aim::None => NONE.to_owned(),
            },
            pairs.rounds().to_string(),
        ]);
    }

    /// Adds what was measured for itself: the figure has the aim.
    pub fn figure(&mut self, what: &str, values: &[f64], (unit, aim): (Unit, Aim)) {
        let value = median(values.to_vec());
        self.rows.push([
            what.to_owned(),
            format!("{}{}", shown(value, unit), mark(value, aim)),
            NONE.to_owned(),
            NONE.to_owned(),
            NONE.to_owned(),
            match aim {
                Aim::AtMost(most) => format!("≤ {}", shown(most, unit)),
                Aim::None => NONE.to_owned(),
            },
            values.len().to_string(),
        ]);
    }

    /// The table for a screen, which is the table in Markdown with its columns in line.
    pub fn text(&self) -> String {
        let header = COLUMNS.map(str::to_owned);
        let all: Vec<&[String; COLUMNS.len()]> = std::iter::once(&header).chain(&self.rows).collect();
        let widths: Vec<usize> =
            (0..COLUMNS.len()).map(|at| all.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
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

fn mark(value: f64, aim: Aim) -> &'static str {
    match aim {
        Aim::AtMost(most) if value > most => " (missed)",
        Aim::AtMost(_) | Aim::None => "",
    }
}

fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds if value < 1.0 => format!("{:.2} ms", value * 1e3),
        Unit::Seconds => format!("{value:.3} s"),
        Unit::Mebibytes => format!("{value:.1} MiB"),
        Unit::Bytes => format!("{value:.0} B"),
        Unit::Number => format!("{value:.0}"),
        Unit::Exponent => format!("{value:.2}"),
    }
}
