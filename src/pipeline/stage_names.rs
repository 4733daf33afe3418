use std::fmt;
use std::sync::{Arc, OnceLock};

use super::stage::Label;

/// The names of the stages of a pipeline, which are there as soon as it is built. A clone is the same list.
///
/// ```
/// use transom::ApplicationBuilder;
///
/// let app = ApplicationBuilder::new();
/// let names = app.stage_names();
/// let app = app.map("/health", |health| health.build()).run_fn(|_| async { "hello" });
/// assert_eq!(names.iter().collect::<Vec<_>>(), ["map \"/health\"", "run_fn"]);
///
/// let map = names.stages().next().unwrap();
/// assert_eq!(map.branch().next().unwrap().name(), "404");
/// # drop(app);
/// ```
#[derive(Clone, Default)]
pub struct StageNames(Arc<OnceLock<Arc<[Label]>>>);

impl StageNames {
    /// Returns the names in the order in which a request meets the stages; none before the pipeline is built.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.labels().iter().map(Label::text)
    }

    /// As [`iter`](Self::iter), with the branches.
    pub fn stages(&self) -> impl Iterator<Item = NamedStage<'_>> {
        self.labels().iter().map(NamedStage)
    }

    pub(super) fn fill(&self, labels: Option<Arc<[Label]>>) {
        if let Some(labels) = labels {
            // Whoever built the pipeline had the builder, of which there is one.
            let _ = self.0.set(labels);
        }
    }

    fn labels(&self) -> &[Label] {
        self.0.get().map_or(&[], |labels| labels)
    }
}

impl fmt::Debug for StageNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A stage of a pipeline, by name; see [`StageNames::stages`].
#[derive(Clone, Copy)]
pub struct NamedStage<'a>(&'a Label);

impl<'a> NamedStage<'a> {
    /// Returns the name.
    pub fn name(self) -> &'a str {
        self.0.text()
    }

    /// Returns the stages of the branch, or of the detour, that begins here; none for other stages.
    pub fn branch(self) -> impl Iterator<Item = NamedStage<'a>> {
        self.0.branch().iter().map(NamedStage)
    }
}

/// Prints as in the whole pipeline.
impl fmt::Debug for NamedStage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
