use std::fmt::{self, Write as _};

use super::report::{Report, Table};
use crate::html::Escaped;

const STYLE: &str = include_str!("page.css");

/// A report as a page of HTML, without scripts and without anything from elsewhere.
pub(super) struct Page<'a>(pub(super) &'a Report);

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let error = report.causes.first().map_or("", String::as_str);
        let reason = report.status.canonical_reason().unwrap_or_default();
        let (status, error) = (report.status.as_u16(), Escaped(error));
        let (method, path) = (Escaped(&report.method), Escaped(&report.path));
        write!(
            f,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{status}: {error}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<p class=\"status\">{status} {reason}</p>\n<h1>{error}</h1>\n\
             <p class=\"target\">{method} {path}</p>\n</header>\n<main>\n"
        )?;
        causes(f, &report.causes[1.min(report.causes.len())..])?;
        backtrace(f, report)?;
        pipeline(f, report)?;
        let mut tables = report.tables.iter();
        for table in tables.by_ref().take(3) {
            section(f, table)?;
        }
        f.write_str("<div class=\"pair\">\n")?;
        for table in tables {
            section(f, table)?;
        }
        f.write_str("</div>\n")?;
        features(f, &report.features)?;
        f.write_str(
            "</main>\n<footer>Shown because the environment is Development. In any other there is no such page.</footer>\n\
             </body>\n</html>\n",
        )
    }
}

fn causes(f: &mut fmt::Formatter<'_>, causes: &[String]) -> fmt::Result {
    if causes.is_empty() {
        return Ok(());
    }
    f.write_str("<section id=\"causes\">\n<h2>Caused by</h2>\n<ol>\n")?;
    for cause in causes {
        writeln!(f, "<li>{}</li>", Escaped(cause))?;
    }
    f.write_str("</ol>\n</section>\n")
}

fn backtrace(f: &mut fmt::Formatter<'_>, report: &Report) -> fmt::Result {
    let debug = Escaped(&report.debug);
    write!(
        f,
        "<section id=\"error\">\n<details>\n<summary>The error, in full</summary>\n<pre tabindex=\"0\">{debug}</pre>\n</details>\n"
    )?;
    match &report.backtrace {
        Some(trace) => write!(
            f,
            "<details open>\n<summary>Backtrace</summary>\n<pre id=\"backtrace\" tabindex=\"0\">{}</pre>\n</details>\n",
            Escaped(trace)
        )?,
        None => f.write_str(
            "<p class=\"none\">No backtrace was captured; <code>RUST_BACKTRACE=1</code> asks for one. A panic's is in the log.</p>\n",
        )?,
    }
    f.write_str("</section>\n")
}

fn pipeline(f: &mut fmt::Formatter<'_>, report: &Report) -> fmt::Result {
    if report.stages.is_empty() {
        return Ok(());
    }
    f.write_str("<section id=\"pipeline\">\n<h2>Pipeline</h2>\n<ol class=\"stages\">\n")?;
    for (name, failed) in &report.stages {
        let (class, mark) = match failed {
            true => (" class=\"failed\"", " \u{2190} failed"),
            false => ("", ""),
        };
        writeln!(f, "<li{class}>{}{mark}</li>", Escaped(name))?;
    }
    f.write_str("</ol>\n")?;
    if let Some(stage) = &report.elsewhere {
        let stage = Escaped(stage);
        writeln!(f, "<p>Failed: <code class=\"failed\">{stage}</code></p>")?;
    }
    f.write_str("</section>\n")
}

fn section(f: &mut fmt::Formatter<'_>, table: &Table) -> fmt::Result {
    writeln!(f, "<section>\n<h2>{}</h2>", table.title)?;
    if table.rows.is_empty() {
        return f.write_str("<p class=\"none\">None.</p>\n</section>\n");
    }
    f.write_str("<table>\n")?;
    for (name, value) in &table.rows {
        write!(f, "<tr><th scope=\"row\">{}</th>", Escaped(name))?;
        match value {
            Some(value) => writeln!(f, "<td>{}</td></tr>", Escaped(value))?,
            None => writeln!(f, "<td class=\"masked\">not shown</td></tr>")?,
        }
    }
    f.write_str("</table>\n</section>\n")
}

fn features(f: &mut fmt::Formatter<'_>, names: &[&str]) -> fmt::Result {
    if names.is_empty() {
        return Ok(());
    }
    f.write_str(
        "<section>\n<details>\n<summary>Features of the request</summary>\n<pre tabindex=\"0\">",
    )?;
    for name in names {
        writeln!(f, "{}", Escaped(name))?;
    }
    f.write_str("</pre>\n</details>\n</section>\n")
}

/// A report as text, for whoever has no browser.
pub(super) struct Text<'a>(pub(super) &'a Report);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let error = report.causes.first().map_or("", String::as_str);
        writeln!(f, "{}: {error}", report.status)?;
        for cause in report.causes.iter().skip(1) {
            writeln!(f, "  caused by: {cause}")?;
        }
        for table in &report.tables {
            writeln!(f, "\n{}", table.title)?;
            for (name, value) in &table.rows {
                let value = value.as_deref().unwrap_or("(not shown)");
                writeln!(f, "  {name}: {value}")?;
            }
        }
        if !report.stages.is_empty() {
            f.write_str("\nPipeline\n")?;
        }
        for (name, failed) in &report.stages {
            writeln!(f, "  {name}{}", if *failed { "  <- failed" } else { "" })?;
        }
        match &report.backtrace {
            Some(backtrace) => write!(f, "\nBacktrace\n{backtrace}"),
            None => f.write_char('\n'),
        }
    }
}
