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
/// # drop(app);
/// ```
#[derive(Clone, Default)]
pub struct StageNames(Arc<OnceLock<Arc<[Label]>>>);

impl StageNames {
    /// Returns the names in the order in which a request meets the stages; none before the pipeline is built.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0
            .get()
            .into_iter()
            .flat_map(|labels| labels.iter().map(Label::text))
    }

    pub(super) fn fill(&self, labels: Option<Arc<[Label]>>) {
        if let Some(labels) = labels {
            // Whoever built the pipeline had the builder, of which there is one.
            let _ = self.0.set(labels);
        }
    }
}

impl fmt::Debug for StageNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
