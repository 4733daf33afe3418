use std::fmt;
use std::time::Duration;

/// When the kernel did what with a request, as far as it says so.
///
/// On Windows, `RequestInfo::timings` has those of a request.
///
/// ```
/// use std::time::Duration;
/// use transom_http_sys::{RequestStage, RequestTimings};
///
/// // `HTTP_REQUEST_TIMING_INFO`: a count, and as many counters, here of a clock that ticks ten times a second.
/// let mut info = [2_u64.to_ne_bytes(); 3];
/// info[1] = 100_u64.to_ne_bytes(); // `ConnectionStart`
/// info[2] = 115_u64.to_ne_bytes(); // `DataStart`
/// let timings = RequestTimings::parse(info.as_flattened(), 10).unwrap();
///
/// let [start, data] = [RequestStage::ConnectionStart, RequestStage::DataStart];
/// assert_eq!(timings.elapsed(start, data), Some(Duration::from_millis(1500)));
/// assert_eq!(timings.counter(RequestStage::RequestRoutingEnd), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(alias = "IHttpSysRequestTimingFeature")]
pub struct RequestTimings {
    /// By stage; 0 is none.
    counters: Vec<u64>,
    /// How many ticks a second has.
    frequency: u64,
}

impl RequestTimings {
    /// Reads `HTTP_REQUEST_TIMING_INFO`, whose counters tick `frequency` times a second. `None` if it is none.
    pub fn parse(info: &[u8], frequency: u64) -> Option<Self> {
        let (count, counters) = info.split_first_chunk::<8>()?;
        // It has 32 bits, and as many behind it that say nothing.
        let [a, b, c, d, ..] = *count;
        let count = u32::from_ne_bytes([a, b, c, d]) as usize;
        let (counters, _) = counters.as_chunks::<8>();
        let counters = counters.iter().take(count);
        (frequency != 0).then(|| Self {
            counters: counters.copied().map(u64::from_ne_bytes).collect(),
            frequency,
        })
    }

    /// Returns the performance counter of a stage; `None` if the request has not been through it.
    #[doc(alias = "TryGetTimestamp")]
    pub fn counter(&self, stage: RequestStage) -> Option<u64> {
        let counter = self.counters.get(stage as usize)?;
        (*counter != 0).then_some(*counter)
    }

    /// Returns the time from one stage to a later one; `None` if the request has not been through both, in this order.
    #[doc(alias = "TryGetElapsedTime")]
    pub fn elapsed(&self, from: RequestStage, to: RequestStage) -> Option<Duration> {
        let ticks = self.counter(to)?.checked_sub(self.counter(from)?)?;
        let whole = Duration::from_secs(ticks / self.frequency);
        let rest = u128::from(ticks % self.frequency) * 1_000_000_000 / u128::from(self.frequency);
        // Less than a second.
        Some(whole + Duration::from_nanos(rest as u64))
    }
}

macro_rules! stages {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What the kernel does with a request, in the order in which it counts.
        ///
        /// ```
        /// use transom_http_sys::RequestStage;
        ///
        /// assert_eq!(RequestStage::RequestHeaderParseStart.to_string(), "RequestHeaderParseStart");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[doc(alias = "HttpSysRequestTimingType")]
        #[doc(alias = "HTTP_REQUEST_TIMING_TYPE")]
        pub enum RequestStage {
            $($(#[$doc])* $name,)*
        }

        impl RequestStage {
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

stages! {
    /// The connection began.
    ConnectionStart,
    /// The first byte came.
    DataStart,
    /// The certificate of the server is loaded.
    TlsCertificateLoadStart,
    /// ... and was.
    TlsCertificateLoadEnd,
    /// The first leg of the TLS handshake begins.
    TlsHandshakeLeg1Start,
    /// ... and ended.
    TlsHandshakeLeg1End,
    /// The second leg of the TLS handshake begins.
    TlsHandshakeLeg2Start,
    /// ... and ended.
    TlsHandshakeLeg2End,
    /// What TLS agreed on is asked for.
    TlsAttributesQueryStart,
    /// ... and was.
    TlsAttributesQueryEnd,
    /// The certificate of the client is asked for.
    TlsClientCertQueryStart,
    /// ... and was.
    TlsClientCertQueryEnd,
    /// The stream of HTTP/2 began.
    Http2StreamStart,
    /// Its fields are decoded.
    Http2HeaderDecodeStart,
    /// ... and were.
    Http2HeaderDecodeEnd,
    /// The head is parsed. Of most requests this is the beginning.
    RequestHeaderParseStart,
    /// ... and was.
    RequestHeaderParseEnd,
    /// Whose request it is is looked up.
    RequestRoutingStart,
    /// ... and was.
    RequestRoutingEnd,
    /// It was queued for somebody who inspects it.
    RequestQueuedForInspection,
    /// ... handed to him.
    RequestDeliveredForInspection,
    /// ... and came back.
    RequestReturnedAfterInspection,
    /// It was queued for somebody who may hand it on.
    RequestQueuedForDelegation,
    /// ... handed to him.
    RequestDeliveredForDelegation,
    /// ... and was handed on.
    RequestReturnedAfterDelegation,
    /// It was queued for who answers it.
    RequestQueuedForIO,
    /// ... and handed to him.
    RequestDeliveredForIO,
    /// The stream of HTTP/3 began.
    Http3StreamStart,
    /// Its fields are decoded.
    Http3HeaderDecodeStart,
    /// ... and were.
    Http3HeaderDecodeEnd,
}

impl fmt::Display for RequestStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(count: u32, counters: &[u64]) -> Vec<u8> {
        let mut info = count.to_ne_bytes().to_vec();
        // The padding has no meaning.
        info.extend([0xAA; 4]);
        info.extend(counters.iter().flat_map(|counter| counter.to_ne_bytes()));
        info
    }

    #[test]
    fn each_stage_has_its_counter() {
        let counters: Vec<u64> = (1..=30).collect();
        let timings = RequestTimings::parse(&info(30, &counters), 1).unwrap();
        let all = RequestStage::ALL;
        assert_eq!(all.len(), 30);
        let read: Vec<_> = all
            .iter()
            .filter_map(|stage| timings.counter(*stage))
            .collect();
        assert_eq!(read, counters);
    }

    #[test]
    fn what_is_not_there_is_not_read() {
        let [start, data, load] = [0, 1, 2].map(|index| RequestStage::ALL[index]);
        // More than are said, fewer than are said, half of one, a system that knows more stages.
        for (bytes, expected) in [
            (info(1, &[5, 6]), [Some(5), None, None]),
            (info(9, &[5, 6]), [Some(5), Some(6), None]),
            (info(u32::MAX, &[5, 0, 7]), [Some(5), None, Some(7)]),
            (info(2, &[5, 6])[..20].to_vec(), [Some(5), None, None]),
            (info(40, &[9; 40]), [Some(9); 3]),
            (info(0, &[]), [None; 3]),
        ] {
            let timings = RequestTimings::parse(&bytes, 1).unwrap();
            assert_eq!(
                [start, data, load].map(|stage| timings.counter(stage)),
                expected
            );
        }
        assert_eq!(RequestTimings::parse(&[0; 7], 1), None);
        assert_eq!(RequestTimings::parse(&info(1, &[5]), 0), None);
    }

    #[test]
    fn time_goes_forward() {
        let [start, data] = [RequestStage::ConnectionStart, RequestStage::DataStart];
        let second = 10_000_000;
        for (from, to, elapsed) in [
            (1, 1, Some(Duration::ZERO)),
            (1, 2, Some(Duration::from_nanos(100))),
            (1, 1 + 3 * second, Some(Duration::from_secs(3))),
            (
                1,
                u64::MAX,
                Some(Duration::new(1_844_674_407_370, 955_161_400)),
            ),
            (2, 1, None),
            (0, 1, None),
            (1, 0, None),
        ] {
            let timings = RequestTimings::parse(&info(2, &[from, to]), second).unwrap();
            assert_eq!(timings.elapsed(start, data), elapsed, "{from} to {to}");
        }
    }
}
