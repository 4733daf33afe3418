//! What values are, and how they are read and shown.

use std::fmt::Display;
use std::marker::PhantomData;
use std::time::Duration;

use super::key::{Key, Table, Where};
use crate::configuration::{Entry, Problems};
use crate::contract::Error;
use crate::hyper::options::MinDataRate;

/// What a value is, and how it is read and shown.
pub(super) trait Kind {
    type Value;
    const IS: &'static str;
    const OPTIONAL: bool = false;

    fn read(entry: &Entry) -> Result<Self::Value, Error>;
    fn shown(value: Self::Value) -> String;
}

/// A whole number from `LEAST` to `MOST`, which is a `T`.
pub(super) struct Count<T, const LEAST: u64 = 1, const MOST: u64 = { u64::MAX }>(PhantomData<T>);

/// A number of bytes from `LEAST` to `MOST`, which is a `T`.
pub(super) struct Size<T, const LEAST: u64 = 1, const MOST: u64 = { u64::MAX }>(PhantomData<T>);

/// A time of at least `LEAST` milliseconds.
pub(super) struct Time<const LEAST: u64 = 1>;

/// A [`MinDataRate`].
pub(super) struct Rate;

/// A `K`, or `none`.
pub(super) struct Optional<K>(PhantomData<K>);

impl<T, const LEAST: u64, const MOST: u64> Kind for Count<T, LEAST, MOST>
where
    T: TryFrom<u64> + Display,
{
    type Value = T;
    const IS: &'static str = "number";

    fn read(entry: &Entry) -> Result<T, Error> {
        fit(entry, entry.number(LEAST..=MOST)?)
    }

    fn shown(value: T) -> String {
        value.to_string()
    }
}

impl<T, const LEAST: u64, const MOST: u64> Kind for Size<T, LEAST, MOST>
where
    T: TryFrom<u64> + TryInto<u64> + Copy,
{
    type Value = T;
    const IS: &'static str = "size";

    fn read(entry: &Entry) -> Result<T, Error> {
        fit(entry, entry.size_within(LEAST..=MOST)?)
    }

    fn shown(value: T) -> String {
        let bytes: u64 = value.try_into().unwrap_or(u64::MAX);
        match bytes {
            0 => "0".into(),
            bytes if bytes % (1 << 20) == 0 => format!("{} MiB", bytes >> 20),
            bytes if bytes % (1 << 10) == 0 => format!("{} KiB", bytes >> 10),
            bytes if bytes % 1_000_000 == 0 => format!("{} MB", bytes / 1_000_000),
            bytes => bytes.to_string(),
        }
    }
}

impl<const LEAST: u64> Kind for Time<LEAST> {
    type Value = Duration;
    const IS: &'static str = "time";

    fn read(entry: &Entry) -> Result<Duration, Error> {
        let time = entry.duration()?;
        let least = Duration::from_millis(LEAST);
        match time < least {
            true => Err(entry.error(format_args!("it is too short; the least is {least:?}"))),
            false => Ok(time),
        }
    }

    fn shown(value: Duration) -> String {
        format!("{value:?}")
    }
}

impl<K: Kind> Kind for Optional<K> {
    type Value = Option<K::Value>;
    const IS: &'static str = K::IS;
    const OPTIONAL: bool = true;

    fn read(entry: &Entry) -> Result<Option<K::Value>, Error> {
        match entry.is_none() {
            true => Ok(None),
            false => K::read(entry).map(Some),
        }
    }

    fn shown(value: Option<K::Value>) -> String {
        value.map_or_else(|| "none".into(), K::shown)
    }
}

impl Kind for Rate {
    type Value = MinDataRate;
    const IS: &'static str = "rate";

    fn read(entry: &Entry) -> Result<MinDataRate, Error> {
        let mut problems = Problems::new();
        let rate = RATE.read(entry.table()?, MinDataRate::default(), &mut problems);
        problems.finish().map(|()| rate)
    }

    fn shown(value: MinDataRate) -> String {
        let (bytes, grace) = (value.bytes_per_second(), value.grace());
        format!("{bytes} B/s after {grace:?}")
    }
}

/// What a rate is made of.
pub(super) const RATE: Table<MinDataRate> = Table {
    what: "a part of a rate",
    keys: &[
        Key {
            name: "bytes_per_second",
            kestrel: Some("BytesPerSecond"),
            is: <Count<u32>>::IS,
            optional: false,
            about: "the slowest that a transfer may be",
            on: Where::All,
            read: |rate, entry, problems| {
                let bytes = problems.ok(<Count<u32>>::read(entry));
                MinDataRate::new(bytes.unwrap_or(rate.bytes_per_second()), rate.grace())
            },
            shown: |rate| Some(rate.bytes_per_second().to_string()),
        },
        Key {
            name: "grace",
            kestrel: Some("GracePeriod"),
            is: <Time>::IS,
            optional: false,
            about: "how long it may be slower",
            on: Where::All,
            read: |rate, entry, problems| {
                let grace = problems.ok(<Time>::read(entry));
                MinDataRate::new(rate.bytes_per_second(), grace.unwrap_or(rate.grace()))
            },
            shown: |rate| Some(format!("{:?}", rate.grace())),
        },
    ],
    kestrel: &[],
};

fn fit<T: TryFrom<u64>>(entry: &Entry, number: u64) -> Result<T, Error> {
    T::try_from(number)
        .map_err(|_| entry.error(format_args!("{number} is more than this machine can count")))
}
