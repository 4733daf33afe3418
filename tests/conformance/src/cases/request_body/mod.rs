//! S-BODY: the body of a request.

mod content;
mod expect;
mod flow;
mod limit;
mod unread;

use crate::Case;

pub(super) fn cases() -> Vec<Case> {
    [
        content::cases(),
        flow::cases(),
        limit::cases(),
        unread::cases(),
        expect::cases(),
    ]
    .concat()
}
