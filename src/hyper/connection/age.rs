//! How long a connection may last.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use tokio::time::Instant;

use crate::hyper::options::Limits;

/// How long a connection may last: when it reaches its age it stops as if the server did, and what is still
/// in flight after the grace is cut.
pub(in crate::hyper) struct Age {
    deadline: Option<Instant>,
    grace: Option<Duration>,
    reached: bool,
}

impl Age {
    /// Returns the age of a connection that begins now.
    pub(in crate::hyper) fn new(limits: &Limits) -> Self {
        let age = limits.max_connection_age().map(jittered);
        Self {
            deadline: age.map(|age| Instant::now() + age),
            grace: limits.max_connection_age_grace(),
            reached: false,
        }
    }

    /// Returns when the connection reaches its age; after that, when the grace ends.
    #[inline]
    pub(in crate::hyper) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Says that the deadline has come. Returns whether it was that of the grace.
    pub(in crate::hyper) fn pass(&mut self) -> bool {
        let over = std::mem::replace(&mut self.reached, true);
        self.deadline = self.grace.map(|grace| Instant::now() + grace);
        over
    }

    #[inline]
    pub(in crate::hyper) fn is_reached(&self) -> bool {
        self.reached
    }
}

/// Returns `age` give or take a tenth: clients that came together must not all have to come back together.
fn jittered(age: Duration) -> Duration {
    // The standard library's only source of numbers that nobody foresees.
    let random = RandomState::new().hash_one(0) % 2001;
    let thousandths = 9000 + u32::try_from(random).unwrap_or_default();
    age.saturating_mul(thousandths) / 10_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_lie_within_a_tenth_and_apart() {
        let age = Duration::from_secs(1000);
        let ages: Vec<_> = (0..200).map(|_| jittered(age).as_millis()).collect();
        assert!(ages.iter().all(|age| (900_000..=1_100_000).contains(age)));
        assert!(ages.iter().min() < ages.iter().max());
        assert!(ages.iter().any(|age| *age < 1_000_000) && ages.iter().any(|age| *age > 1_000_000));
    }

    #[tokio::test(start_paused = true)]
    async fn an_age_is_followed_by_its_grace() {
        let limits = Limits::default().with_max_connection_age(Some(Duration::from_secs(100)));
        let mut age = Age::new(&limits);
        assert!(!age.is_reached());
        assert!(!age.pass() && age.is_reached());
        assert_eq!(
            age.deadline(),
            Some(Instant::now() + Duration::from_secs(30))
        );
        assert!(age.pass());
        assert_eq!(Age::new(&Limits::default()).deadline(), None);
    }
}
