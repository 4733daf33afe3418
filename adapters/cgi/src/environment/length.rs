use http::Method;
use transom::features::ServerVariables;

use super::Refusal;

/// Where the body of a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    /// Behind so many bytes.
    Known(u64),
    /// Where the input does.
    UntilEnd,
}

/// How long the body of a request is, as far as a gateway tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    /// `None` if it is not known.
    pub(super) bytes: Option<u64>,
    /// Whether the client said so, as far as that can be told.
    pub(super) announced: bool,
}

/// Reads the length. Absent, empty and -1 mean that it is not known.
pub(super) fn length(variables: &ServerVariables, method: &Method) -> Result<Length, Refusal> {
    let own = read(variables, "CONTENT_LENGTH")?;
    let chunked = variables.get("HTTP_TRANSFER_ENCODING").is_some();
    let client = match chunked {
        true => None,
        false => read(variables, "HTTP_CONTENT_LENGTH")?,
    };
    // nginx, told not to wait for the body, says how much of it is there already.
    let bytes = own.max(client);
    // The protocols that cannot do without a length have one for each GET too.
    let usual = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    let announced = bytes.is_some_and(|bytes| bytes > 0 || usual || client.is_some()) && !chunked;
    Ok(Length { bytes, announced })
}

fn read(variables: &ServerVariables, name: &str) -> Result<Option<u64>, Refusal> {
    let value = variables.get(name).map_or(&[][..], |value| value);
    if value.is_empty() || value == b"-1" {
        return Ok(None);
    }
    // `parse` takes a sign, which no length has.
    let digits = value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| digits);
    match text.and_then(|text| text.parse().ok()) {
        Some(length) => Ok(Some(length)),
        None => Err(Refusal::malformed(format!("`{name}` is not a length"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &Method, all: &[(&'static str, &'static str)]) -> Result<Length, Refusal> {
        length(&all.iter().copied().collect(), method)
    }

    fn known(bytes: u64, announced: bool) -> Result<Length, Refusal> {
        let bytes = Some(bytes);
        Ok(Length { bytes, announced })
    }

    #[test]
    fn what_is_absent_empty_or_negative_is_not_known() {
        let unknown = Ok(Length {
            bytes: None,
            announced: false,
        });
        assert_eq!(of(&Method::POST, &[]), unknown);
        assert_eq!(of(&Method::POST, &[("CONTENT_LENGTH", "")]), unknown);
        assert_eq!(of(&Method::POST, &[("CONTENT_LENGTH", "-1")]), unknown);
        for wrong in ["+1", "1 ", "0x1", "-2", "99999999999999999999", "1,1"] {
            assert!(
                of(&Method::POST, &[("CONTENT_LENGTH", wrong)]).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_length_of_none_is_the_clients_where_it_can_be() {
        let zero = ("CONTENT_LENGTH", "0");
        assert_eq!(of(&Method::GET, &[zero]), known(0, false));
        assert_eq!(of(&Method::POST, &[zero]), known(0, true));
        let said = ("HTTP_CONTENT_LENGTH", "0");
        assert_eq!(of(&Method::GET, &[zero, said]), known(0, true));
    }

    #[test]
    fn the_clients_length_counts_where_the_gateway_has_less() {
        let said = ("HTTP_CONTENT_LENGTH", "5");
        for (own, expected) in [("", 5), ("0", 5), ("3", 5), ("5", 5), ("7", 7)] {
            assert_eq!(
                of(&Method::POST, &[("CONTENT_LENGTH", own), said]),
                known(expected, true),
                "{own}"
            );
        }
    }

    #[test]
    fn a_body_that_came_in_chunks_has_the_gateways_length_alone() {
        let chunked = ("HTTP_TRANSFER_ENCODING", "chunked");
        let said = ("HTTP_CONTENT_LENGTH", "5");
        assert_eq!(
            of(&Method::POST, &[("CONTENT_LENGTH", "7"), chunked, said]),
            known(7, false)
        );
    }
}
