//! A certificate, as a file says it.

use std::path::{Path, PathBuf};

use super::key::{Table, field};
use crate::configuration::{Entry, Problems};
use crate::contract::Error;

/// Where a certificate is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CertificateValues {
    pub(super) path: PathBuf,
    /// In the same file, if absent.
    pub(super) key_path: Option<PathBuf>,
    pub(super) allow_expired: bool,
}

pub(super) const CERTIFICATE: Table<CertificateValues> = Table {
    what: "a part of a certificate",
    keys: &[
        field!(
            CertificateValues,
            path,
            Some("Path"),
            "path",
            path,
            "the certificate and those that lead from it, as PEM",
            |_| None
        ),
        field!(
            CertificateValues,
            key_path,
            Some("KeyPath"),
            "path",
            path,
            "the private key, as PEM",
            |_| Some("in `path`".into())
        ),
        field!(
            CertificateValues,
            allow_expired,
            Some("AllowInvalid"),
            "`true` or `false`",
            Entry::boolean,
            "whether it is served although it has expired or is not valid yet",
            |values| Some(values.allow_expired.to_string())
        ),
    ],
    kestrel: &[
        (
            "Password",
            "a private key has to be readable as it is; protect its file",
        ),
        (
            "Subject",
            "there is no store of certificates; name the file, with `path`",
        ),
        (
            "Store",
            "there is no store of certificates; name the file, with `path`",
        ),
        (
            "Location",
            "there is no store of certificates; name the file, with `path`",
        ),
    ],
};

impl CertificateValues {
    pub(super) fn of_entry(entry: &Entry) -> Result<Self, Error> {
        let table = entry.table().map_err(|_| {
            entry.error(
                "it is neither the name of a certificate nor a table with a `path`, like `{ path = \"site.pem\" }`",
            )
        })?;
        let mut problems = Problems::new();
        let sources = ["path", "subject"].map(|name| table.get(name));
        if let [Some(path), Some(subject)] = sources {
            problems.add(subject.error(format_args!(
                "{} is another source of the same certificate; there can be one",
                path.place()
            )));
            return problems.finish().map(|()| Self::default());
        }
        let values = CERTIFICATE.read(table, Self::default(), &mut problems);
        if table.get("path").is_none() && table.get("subject").is_none() {
            problems.add(entry.error("it has no `path`; write one, like `path = \"site.pem\"`"));
        }
        problems.finish().map(|()| values)
    }
}

/// A path, from the directory of the file that names it.
pub(super) fn path(entry: &Entry) -> Result<PathBuf, Error> {
    let path = Path::new(entry.text()?);
    let directory = entry.origin().file().and_then(Path::parent);
    Ok(directory.map_or_else(|| path.to_owned(), |directory| directory.join(path)))
}
