use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many rejections there were, by cause. The causes are not known beforehand, but they are few: the first get
/// counters of their own, the others share one. Counting takes no lock, for a server may be flooded with what it
/// rejects.
#[derive(Default)]
pub(super) struct Rejections {
    causes: [Counter; CAUSES],
    others: AtomicU64,
}

#[derive(Default)]
struct Counter {
    /// Set once, by the first rejection that finds it free.
    cause: OnceLock<&'static str>,
    count: AtomicU64,
}

/// How many causes have counters of their own.
const CAUSES: usize = 32;

/// What the others are called.
const OTHER: &str = "other";

impl Rejections {
    pub(super) fn count(&self, cause: &'static str) {
        let mut counters = self.causes.iter();
        // All before the one that was free hold other causes.
        let own = counters.find(|counter| *counter.cause.get_or_init(|| cause) == cause);
        let count = own.map_or(&self.others, |counter| &counter.count);
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns each cause with its number, in the order in which they first came.
    pub(super) fn by_cause(&self) -> Vec<(&'static str, u64)> {
        let own = self.causes.iter().map_while(|counter| {
            let cause = *counter.cause.get()?;
            Some((cause, counter.count.load(Ordering::Relaxed)))
        });
        let others = (OTHER, self.others.load(Ordering::Relaxed));
        // One whose cause was just set may not be counted yet.
        own.chain([others])
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

impl fmt::Debug for Rejections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.by_cause()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_causes_than_there_are_counters_share_the_last() {
        let names: Vec<&'static str> = (0..CAUSES + 2)
            .map(|at| &*Box::leak(format!("cause_{at}").into_boxed_str()))
            .collect();
        let rejections = Rejections::default();
        for name in names.iter().chain(&names) {
            rejections.count(name);
        }
        let counted = rejections.by_cause();
        let own: Vec<_> = names[..CAUSES].iter().map(|name| (*name, 2)).collect();
        assert_eq!(counted[..CAUSES], own);
        assert_eq!(counted[CAUSES..], [(OTHER, 4)]);
    }

    #[test]
    fn threads_that_meet_at_a_free_counter_lose_nothing() {
        let rejections = Rejections::default();
        let names = ["a", "b", "c", "d"];
        std::thread::scope(|scope| {
            for first in 0..names.len() {
                let rejections = &rejections;
                scope.spawn(move || {
                    for at in 0..1000 {
                        rejections.count(names[(first + at) % names.len()]);
                    }
                });
            }
        });
        let mut counted = rejections.by_cause();
        counted.sort_unstable();
        assert_eq!(counted, names.map(|name| (name, 1000)));
    }
}
