//! Stages that choose a way by the request.

use super::Next;
use super::next::labels;
use super::stage::{Label, Stage};
use crate::contract::{App, Application, Request, Response};
use crate::features::PathBase;

/// `map`: a branch by path, which moves to the path base.
pub(super) struct Map {
    path: PathBase,
    branch: App,
    next: Next,
}

impl Map {
    pub(super) fn stage(path: PathBase, branch: App) -> Stage {
        let label = Label::new(format!("map {:?}", path.as_str())).with_branch(labels(&branch));
        Stage::new(label, move |next| App::new(Self { path, branch, next }))
    }
}

impl Application for Map {
    async fn call(&self, mut request: Request) -> Response {
        match self.path.take_off(&mut request) {
            true => self.branch.call(request).await,
            false => self.next.call_boxed(request).await,
        }
    }
}

/// `use_path_base`: a prefix that is taken off if it is there.
pub(super) struct PathBaseStage {
    path: PathBase,
    next: Next,
}

impl PathBaseStage {
    pub(super) fn stage(path: PathBase) -> Stage {
        let label = Label::new(format!("use_path_base {:?}", path.as_str()));
        Stage::new(label, move |next| App::new(Self { path, next }))
    }
}

impl Application for PathBaseStage {
    async fn call(&self, mut request: Request) -> Response {
        self.path.take_off(&mut request);
        self.next.call_boxed(request).await
    }
}

/// `map_when`: a branch by any test.
pub(super) struct Branch<T> {
    test: T,
    branch: App,
    next: Next,
}

impl<T: Fn(&Request) -> bool + Send + Sync + 'static> Branch<T> {
    pub(super) fn stage(test: T, branch: App) -> Stage {
        let label = Label::new("map_when").with_branch(labels(&branch));
        Stage::new(label, move |next| App::new(Self { test, branch, next }))
    }
}

impl<T: Fn(&Request) -> bool + Send + Sync + 'static> Application for Branch<T> {
    async fn call(&self, request: Request) -> Response {
        match (self.test)(&request) {
            true => self.branch.call(request).await,
            false => self.next.call_boxed(request).await,
        }
    }
}

/// `use_when`: a detour whose end is the rest of the pipeline.
pub(super) struct Detour<T> {
    test: T,
    detour: Next,
    next: Next,
}

impl<T: Fn(&Request) -> bool + Send + Sync + 'static> Detour<T> {
    pub(super) fn stage(test: T, stages: Vec<Stage>) -> Stage {
        let label = Label::new("use_when");
        let label = label.with_branch(stages.iter().map(|stage| stage.label().clone()).collect());
        Stage::new(label, move |next| {
            let detour = Stage::build(stages, next.clone());
            App::new(Self { test, detour, next })
        })
    }
}

impl<T: Fn(&Request) -> bool + Send + Sync + 'static> Application for Detour<T> {
    async fn call(&self, request: Request) -> Response {
        match (self.test)(&request) {
            true => self.detour.call_boxed(request).await,
            false => self.next.call_boxed(request).await,
        }
    }
}
