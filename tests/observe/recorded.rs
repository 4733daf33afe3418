//! What was measured on this thread, which runs one test and all its tasks.

use std::cell::RefCell;
use std::collections::BTreeMap;

use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

pub(crate) struct Recorded {
    snapshotter: Snapshotter,
    /// A snapshot empties what it reads.
    series: RefCell<BTreeMap<String, f64>>,
    units: RefCell<BTreeMap<String, String>>,
}

impl Recorded {
    pub(crate) fn by(recorder: &DebuggingRecorder) -> Self {
        Self {
            snapshotter: recorder.snapshotter(),
            series: RefCell::default(),
            units: RefCell::default(),
        }
    }

    /// Each time series whose name begins so, as `name{label=value,...}` with the labels in order, and its
    /// value: of a histogram how many there were.
    pub(crate) fn series(&self, begin: &str) -> Vec<(String, f64)> {
        self.read();
        let series = self.series.borrow();
        let named = series.iter().filter(|(name, _)| name.starts_with(begin));
        named.map(|(name, value)| (name.clone(), *value)).collect()
    }

    /// The value of the one series whose name begins so.
    #[track_caller]
    pub(crate) fn value(&self, begin: &str) -> f64 {
        match self.series(begin).as_slice() {
            [(_, value)] => *value,
            other => panic!("not one `{begin}`: {other:?}"),
        }
    }

    pub(crate) fn unit(&self, name: &str) -> Option<String> {
        self.read();
        self.units.borrow().get(name).cloned()
    }

    fn read(&self) {
        let mut series = self.series.borrow_mut();
        let mut units = self.units.borrow_mut();
        for (key, unit, description, value) in self.snapshotter.snapshot().into_vec() {
            let kind = key.kind();
            let (name, labels) = key.key().clone().into_parts();
            assert!(description.is_some(), "{} is not described", name.as_str());
            let unit = unit.map_or_else(String::new, |unit| unit.as_str().to_owned());
            units.insert(name.as_str().to_owned(), unit);
            let mut labels: Vec<_> = labels
                .iter()
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            labels.sort();
            let name = format!("{}{{{}}}", name.as_str(), labels.join(","));
            let more = match (kind, value) {
                (MetricKind::Counter, DebugValue::Counter(count)) => count as f64,
                (MetricKind::Gauge, DebugValue::Gauge(value)) => value.into_inner(),
                (MetricKind::Histogram, DebugValue::Histogram(values)) => {
                    assert!(
                        values
                            .iter()
                            .all(|value| (0.0..60.0).contains(&value.into_inner()))
                    );
                    values.len() as f64
                }
                (kind, value) => panic!("{kind:?} {value:?}"),
            };
            *series.entry(name).or_default() += more;
        }
    }
}

/// Records until the end of the block.
macro_rules! recorded {
    ($name:ident) => {
        let recorder = metrics_util::debugging::DebuggingRecorder::new();
        let $name = crate::recorded::Recorded::by(&recorder);
        let _local = metrics::set_default_local_recorder(&recorder);
    };
}
pub(crate) use recorded;
