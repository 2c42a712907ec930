//! A look inside the file: `cart sql "SELECT * FROM carts"`.
//!
//! It uses the same SQLite as the service that writes the file, because an older `sqlite3`
//! program may not know what a newer one has done to a live file. The connection is
//! read-only, so nobody breaks a shop by looking at it.

use std::io::IsTerminal;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// Nothing was asked.
    #[error("the query is empty: try \"SELECT name FROM sqlite_schema\"")]
    NoQuery,
    /// The file cannot be opened. It is not created either.
    #[error("cannot open {path}: {cause}; DATABASE_PATH says which file to open")]
    Unusable {
        /// `DATABASE_PATH` as given.
        path: String,
        /// What SQLite said.
        cause: rusqlite::Error,
    },
    /// It would write, here or elsewhere.
    #[error("this only reads: a statement that writes is refused")]
    Writes,
    /// SQLite refused the query.
    #[error("{0}")]
    Refused(#[from] rusqlite::Error),
}

/// Runs one read-only query and returns its rows as an aligned table.
///
/// # Errors
///
/// [`ShellError`] if the file cannot be opened, the query is wrong, or it would write.
pub fn table(path: &Path, query: &str) -> Result<String, ShellError> {
    if query.trim().is_empty() {
        return Err(ShellError::NoQuery);
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|cause| ShellError::Unusable { path: path.display().to_string(), cause })?;
    connection.pragma_update(None, "query_only", "ON")?;
    let mut statement = connection.prepare(query)?;
    // `VACUUM INTO` would leave a file before SQLite refuses it.
    if !statement.readonly() {
        return Err(ShellError::Writes);
    }
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let columns = names.len();
    let mut lines = vec![names];
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let cells = (0..columns).map(|column| row.get_ref(column).map(cell));
        lines.push(cells.collect::<rusqlite::Result<_>>()?);
    }
    Ok(align(&lines))
}

/// The table as whoever reads it should get it: another program gets every byte; a person gets
/// it without what a terminal takes for commands, because cells hold what clients have sent.
pub fn for_reader(table: String) -> String {
    if std::io::stdout().is_terminal() { without_commands(&table) } else { table }
}

fn without_commands(table: &str) -> String {
    let mut shown = String::with_capacity(table.len());
    for letter in table.chars() {
        if letter.is_control() && letter != '\n' {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => format!("<{} bytes>", bytes.len()),
    }
}

fn align(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for (position, line) in lines.iter().enumerate() {
        push_line(&mut text, line, &widths);
        if position == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            push_line(&mut text, &rules, &widths);
        }
    }
    text
}

fn push_line(text: &mut String, cells: &[String], widths: &[usize]) {
    let padded: Vec<String> =
        cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
    text.push_str(padded.join("  ").trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_does_not_command_the_terminal() {
        let shown = without_commands("name\n----\n\u{1b}[2J\u{7}caf\u{e9}\n");
        assert_eq!(shown, "name\n----\n\\u{1b}[2J\\u{7}caf\u{e9}\n");
    }
}
