use std::fmt::{self, Display};
use std::time::{Duration, SystemTime};

use super::report::{Count, Host, Limit, Report, Server, Stage, Statistics};
use super::units::{Grouped, Time, Value};
use crate::html::Escaped;

const STYLE: &str = include_str!("page.css");

/// A report as a page of HTML, without scripts and without anything from elsewhere.
pub(super) struct Page<'a>(pub(super) &'a Report);

impl Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            host,
            servers,
            pipeline,
        } = self.0;
        write!(
            f,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>Diagnostics</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<h1>Diagnostics</h1>\n"
        )?;
        contents(f, host.is_some(), servers.len())?;
        f.write_str("</header>\n<main>\n")?;
        if let Some(host) = host {
            section(f, host)?;
        }
        for (at, server) in servers.iter().enumerate() {
            let of = (servers.len() > 1).then_some(servers.len());
            self::server(f, server, at + 1, of)?;
        }
        f.write_str(
            "<section aria-labelledby=\"pipeline\">\n<h2 id=\"pipeline\">Pipeline</h2>\n\
             <p class=\"note\">In the order in which a request meets the stages.</p>\n",
        )?;
        stages(f, pipeline)?;
        f.write_str("</section>\n</main>\n")?;
        let now = httpdate::fmt_http_date(SystemTime::now());
        write!(
            f,
            "<footer>As of {now}; the request for this page is one of those in flight. \
             With <code>Accept: application/json</code> it is JSON.</footer>\n</body>\n</html>\n"
        )
    }
}

fn contents(f: &mut fmt::Formatter<'_>, host: bool, servers: usize) -> fmt::Result {
    f.write_str("<nav aria-label=\"On this page\">\n<ul>\n")?;
    if host {
        f.write_str("<li><a href=\"#host\">Host</a></li>\n")?;
    }
    for at in 1..=servers {
        match servers {
            1 => f.write_str("<li><a href=\"#server-1\">Server</a></li>\n")?,
            _ => writeln!(f, "<li><a href=\"#server-{at}\">Server {at}</a></li>")?,
        }
    }
    f.write_str("<li><a href=\"#pipeline\">Pipeline</a></li>\n</ul>\n</nav>\n")
}

fn section(f: &mut fmt::Formatter<'_>, host: &Host) -> fmt::Result {
    f.write_str(
        "<section aria-labelledby=\"host\">\n<h2 id=\"host\">Host</h2>\n\
         <table class=\"facts\">\n<caption class=\"unseen\">The host</caption>\n",
    )?;
    if let Some(environment) = &host.environment {
        row(f, "Environment", Escaped(environment))?;
    }
    let state = host.state;
    row(
        f,
        "State",
        format_args!("<span class=\"{state}\">{state}</span>"),
    )?;
    if let Some(at) = host.started_at {
        row(f, "Started", httpdate::fmt_http_date(at))?;
    }
    if let Some(uptime) = host.uptime {
        row(f, "Up for", Time(Duration::from_secs(uptime.as_secs())))?;
    }
    f.write_str("</table>\n</section>\n")
}

fn server(
    f: &mut fmt::Formatter<'_>,
    server: &Server,
    at: usize,
    of: Option<usize>,
) -> fmt::Result {
    write!(
        f,
        "<section aria-labelledby=\"server-{at}\">\n<h2 id=\"server-{at}\">Server"
    )?;
    if let Some(of) = of {
        write!(f, " {at} of {of}")?;
    }
    match (&server.name, &server.version) {
        (Some(name), Some(version)) => {
            let (name, version) = (Escaped(name), Escaped(version));
            writeln!(f, ": {name} <span class=\"version\">{version}</span></h2>")?;
        }
        _ => f.write_str("</h2>\n")?,
    }
    if let Some(adapter) = &server.adapter {
        let (name, version) = (Escaped(adapter.name), Escaped(adapter.version));
        writeln!(f, "<p class=\"note\">By {name} {version}.</p>")?;
    }
    f.write_str("<div class=\"columns\">\n<div>\n")?;
    addresses(f, server)?;
    match &server.statistics {
        Some(statistics) => self::statistics(f, statistics)?,
        None => {
            f.write_str("<h3>Live</h3>\n<p class=\"none\">This server keeps no statistics.</p>\n")?;
        }
    }
    f.write_str("<h3>Features</h3>\n<ul class=\"names\">\n")?;
    for feature in &server.features {
        writeln!(f, "<li>{}</li>", Escaped(feature))?;
    }
    f.write_str("</ul>\n</div>\n<div>\n")?;
    match &server.limits {
        Some(limits) => self::limits(f, limits)?,
        None => {
            f.write_str("<h3>Limits</h3>\n<p class=\"none\">This server lists none.</p>\n")?;
        }
    }
    f.write_str("</div>\n</div>\n</section>\n")
}

fn addresses(f: &mut fmt::Formatter<'_>, server: &Server) -> fmt::Result {
    f.write_str("<h3>Listens on</h3>\n")?;
    list(f, &server.addresses)?;
    let asked_for = &server.requested_addresses;
    if asked_for.is_empty() || *asked_for == server.addresses {
        return Ok(());
    }
    f.write_str("<h3>Was asked for</h3>\n")?;
    list(f, asked_for)
}

fn list(f: &mut fmt::Formatter<'_>, addresses: &[String]) -> fmt::Result {
    if addresses.is_empty() {
        return f.write_str("<p class=\"none\">No address.</p>\n");
    }
    f.write_str("<ul class=\"names\">\n")?;
    for address in addresses {
        writeln!(f, "<li>{}</li>", Escaped(address))?;
    }
    f.write_str("</ul>\n")
}

fn statistics(f: &mut fmt::Formatter<'_>, statistics: &Statistics) -> fmt::Result {
    let Statistics {
        connections,
        requests,
        upgraded,
        rejections,
    } = statistics;
    f.write_str(
        "<table>\n<caption>Live</caption>\n<thead><tr><td></td><th scope=\"col\">now</th>\
         <th scope=\"col\">in all</th></tr></thead>\n<tbody>\n",
    )?;
    for (name, Count { now, total }) in [
        ("Connections", connections),
        ("Requests", requests),
        ("Upgraded connections", upgraded),
    ] {
        let (now, total) = (Grouped(*now as u64), Grouped(*total));
        writeln!(
            f,
            "<tr><th scope=\"row\">{name}</th><td>{now}</td><td>{total}</td></tr>"
        )?;
    }
    f.write_str("</tbody>\n</table>\n")?;
    if rejections.causes.is_empty() {
        return f.write_str("<h3>Rejected</h3>\n<p class=\"none\">Nothing yet.</p>\n");
    }
    f.write_str(
        "<table>\n<caption>Rejected</caption>\n<thead><tr><th scope=\"col\">cause</th>\
         <th scope=\"col\">in all</th></tr></thead>\n<tbody>\n",
    )?;
    for rejection in &rejections.causes {
        let (cause, count) = (Words(rejection.cause), Grouped(rejection.count));
        writeln!(
            f,
            "<tr><th scope=\"row\"><code>{cause}</code></th><td>{count}</td></tr>"
        )?;
    }
    let total = Grouped(rejections.total);
    write!(
        f,
        "</tbody>\n<tfoot><tr><th scope=\"row\">All causes</th><td>{total}</td></tr></tfoot>\n</table>\n"
    )
}

fn limits(f: &mut fmt::Formatter<'_>, limits: &[Limit]) -> fmt::Result {
    f.write_str(
        "<table>\n<caption>Limits</caption>\n<thead><tr><th scope=\"col\">name</th>\
         <th scope=\"col\">value</th></tr></thead>\n<tbody>\n",
    )?;
    for Limit(limit) in limits {
        let name = Words(limit.name());
        write!(f, "<tr><th scope=\"row\"><code>{name}</code></th>")?;
        match limit.value() {
            Some(value) => writeln!(f, "<td>{}</td></tr>", Value(value))?,
            None => f.write_str("<td class=\"none\">none</td></tr>\n")?,
        }
    }
    f.write_str("</tbody>\n</table>\n")
}

fn stages(f: &mut fmt::Formatter<'_>, stages: &[Stage]) -> fmt::Result {
    f.write_str("<ol class=\"stages\">\n")?;
    for stage in stages {
        write!(f, "<li>{}", Escaped(&stage.name))?;
        if !stage.branch.is_empty() {
            f.write_str("\n")?;
            self::stages(f, &stage.branch)?;
        }
        f.write_str("</li>\n")?;
    }
    f.write_str("</ol>\n")
}

/// What is displayed has to be escaped already.
fn row(f: &mut fmt::Formatter<'_>, name: &str, value: impl Display) -> fmt::Result {
    writeln!(f, "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>")
}

/// A name of several words, which may go on in the next line after each of them.
struct Words<'a>(&'a str);

impl Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for word in self.0.split_inclusive(['_', '.']) {
            let end = if word.ends_with(['_', '.']) {
                "<wbr>"
            } else {
                ""
            };
            write!(f, "{}{end}", Escaped(word))?;
        }
        Ok(())
    }
}
