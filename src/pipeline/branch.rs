//! Stages that choose a way by the request.

use super::Next;
use super::stage::{Label, Stage};
use crate::contract::{App, Application, Request, Response};
use crate::features::{PathBase, RequestExt};

/// `map`: a branch by path, which moves to the path base.
pub(super) struct Map {
    path: PathBase,
    branch: App,
    next: Next,
}

impl Map {
    pub(super) fn stage(path: PathBase, branch: App) -> Stage {
        let label = Label::new(format!("map {:?}", path.as_str())).with_branch(&branch);
        Stage::new(label, move |next| App::new(Self { path, branch, next }))
    }
}

impl Application for Map {
    async fn call(&self, mut request: Request) -> Response {
        match rebase(&mut request, &self.path) {
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
        rebase(&mut request, &self.path);
        self.next.call_boxed(request).await
    }
}

/// Moves `path` from the URI to the path base, and returns whether the URI began with it.
fn rebase(request: &mut Request, path: &PathBase) -> bool {
    // Neither `*` nor an authority is a path.
    if !request.uri().path().starts_with('/') {
        return path.as_str().is_empty();
    }
    let Some((matched, rest)) = PathBase::split(request.uri().path(), path.as_str()) else {
        return false;
    };
    if matched.is_empty() {
        return true;
    }
    let base = match request.feature::<PathBase>() {
        Some(base) => base.join(matched),
        None => PathBase::default().join(matched),
    };
    let uri = PathBase::strip(request.uri(), rest);
    *request.uri_mut() = uri;
    request.features_mut().insert(base);
    true
}

/// `map_when`: a branch by any test.
pub(super) struct Branch<T> {
    test: T,
    branch: App,
    next: Next,
}

impl<T: Fn(&Request) -> bool + Send + Sync + 'static> Branch<T> {
    pub(super) fn stage(test: T, branch: App) -> Stage {
        let label = Label::new("map_when").with_branch(&branch);
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
        let label = Label::new("use_when").with_branch(&stages);
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
