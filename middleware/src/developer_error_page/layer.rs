use std::sync::Arc;

use tower_layer::Layer;
use transom::ApplicationBuilder;
use transom::hosting::HostEnvironment;
use transom::pipeline::StageNames;

use super::DeveloperErrorPage;
use super::secrets::Secrets;

/// Shows developers what failed. See the [module](super).
#[doc(alias = "UseDeveloperExceptionPage")]
#[derive(Clone, Debug)]
pub struct DeveloperErrorPageLayer {
    /// `None` where nothing may be shown.
    options: Option<Arc<Options>>,
}

#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) stages: StageNames,
    pub(super) secrets: Secrets,
}

impl DeveloperErrorPageLayer {
    /// Shows what fails in this pipeline, if its host runs in `Development`. Without a host it shows nothing.
    pub fn of(app: &ApplicationBuilder) -> Self {
        let environment = app.server_features().get::<HostEnvironment>();
        let layer = Self::in_environment(&environment.cloned().unwrap_or_default());
        layer.with_stages(app.stage_names())
    }

    /// Shows what fails if the environment is `Development`, and nothing else: for where no host of Transom is.
    pub fn in_environment(environment: &HostEnvironment) -> Self {
        let options = || {
            Arc::new(Options {
                stages: StageNames::default(),
                secrets: Secrets::default(),
            })
        };
        Self {
            options: environment.is_development().then(options),
        }
    }

    /// Sets the stages to show. [`of`](Self::of) has those of its pipeline; others have none.
    #[must_use]
    pub fn with_stages(mut self, stages: StageNames) -> Self {
        if let Some(options) = &mut self.options {
            Arc::make_mut(options).stages = stages;
        }
        self
    }

    /// Adds a field of the head, or of the query, whose value is not shown: every one with `part` in its name, ASCII
    /// case ignored. See [which are](super#secrets) without that.
    #[must_use]
    pub fn with_secret(mut self, part: &str) -> Self {
        if let Some(options) = &mut self.options {
            Arc::make_mut(options).secrets.add(part);
        }
        self
    }
}

impl<S> Layer<S> for DeveloperErrorPageLayer {
    type Service = DeveloperErrorPage<S>;

    fn layer(&self, inner: S) -> DeveloperErrorPage<S> {
        DeveloperErrorPage::new(inner, self.options.clone())
    }
}
