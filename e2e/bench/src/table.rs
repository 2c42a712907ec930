//! What was measured, round by round, and the table of it.

use std::fmt::Write;

/// The rows in their order, each with a value per round.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    unit: &'static str,
    wanted: Option<Wanted>,
    values: Vec<f64>,
}

/// What a row should reach.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Table {
    /// Notes a value of this round.
    pub fn note(&mut self, name: &str, unit: &'static str, wanted: Option<Wanted>, value: f64) {
        match self.rows.iter_mut().find(|row| row.name == name) {
            Some(row) => row.values.push(value),
            None => {
                self.rows.push(Row { name: name.to_owned(), unit, wanted, values: vec![value] });
            }
        }
    }

    /// The table in Markdown.
    pub fn to_markdown(&self) -> String {
        let mut text = String::from(
            "| what | min | median | max | unit | to reach |\n|---|---:|---:|---:|---|---|\n",
        );
        for row in &self.rows {
            let mut sorted = row.values.clone();
            sorted.sort_by(f64::total_cmp);
            let median = sorted[sorted.len() / 2];
            let [min, median, max] = [sorted[0], median, sorted[sorted.len() - 1]].map(shown);
            let _ = writeln!(
                text,
                "| {} | {min} | {median} | {max} | {} | {} |",
                row.name,
                row.unit,
                row.wanted.map_or(String::new(), |wanted| wanted.judge(&sorted))
            );
        }
        text
    }
}

impl Wanted {
    fn judge(self, sorted: &[f64]) -> String {
        let median = sorted[sorted.len() / 2];
        let (words, bound, is_reached) = match self {
            Self::AtLeast(bound) => ("at least", bound, median >= bound),
            Self::AtMost(bound) => ("at most", bound, median <= bound),
        };
        format!("{words} {}: {}", shown(bound), if is_reached { "yes" } else { "**no**" })
    }
}

/// Three significant digits or so.
fn shown(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
