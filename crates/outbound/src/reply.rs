//! What the status of an HTTP answer means for a sending.

use crate::outcome::{Code, Retry, SendError};
use foghorn_domain::clock::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::time::Duration;

/// Nobody is asked again sooner, even who says "at once".
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// No pause that another side asks for is kept longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// `Ok` where the other side took it (2xx). `said` is what it said, and ends the detail.
pub(crate) fn verdict(status: StatusCode, headers: &HeaderMap, said: &str, now: Timestamp) -> Result<(), SendError> {
    if status.is_success() {
        return Ok(());
    }
    let detail = match said {
        "" => format!("answered {status}"),
        said => format!("answered {status}: {said}"),
    };
    let pause = retry_after(headers, now).map_or(Retry::Backoff, Retry::After);
    Err(match status.as_u16() {
        300..=399 => SendError::never(Code::Redirected, detail),
        401 | 403 | 407 => SendError::never(Code::LoginRefused, detail),
        410 => SendError::never(Code::Gone, detail),
        // Nothing was done: too early, too slow, too often.
        408 | 425 => SendError::later(Code::ServerError, detail),
        429 => SendError { retry: pause, ..SendError::later(Code::RateLimited, detail) },
        400..=499 => SendError::never(Code::Refused, detail),
        // It said "not now", and so did nothing.
        503 => SendError { retry: pause, ..SendError::later(Code::ServerError, detail) },
        // It may have broken after taking it, or a gateway may have lost the answer.
        500..=599 => SendError { retry: pause, ..SendError::unknown(Code::ServerError, detail) },
        _ => SendError::unknown(Code::BadAnswer, detail),
    })
}

/// The pause that an answer asks for (RFC 9110, section 10.2.3: seconds, or a date), between a second and an hour.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
            Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
        }
    };
    Some(pause.clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn now() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    #[test]
    fn each_status_says_whether_to_try_again_and_whether_it_may_have_landed() {
        let check = |status: u16, code: Code, retry: Retry, may_have_landed: bool| {
            let status = StatusCode::from_u16(status).unwrap();
            let error = verdict(status, &HeaderMap::new(), "", now()).unwrap_err();
            assert_eq!((error.code, error.retry, error.may_have_landed), (code, retry, may_have_landed), "{status}");
        };
        check(301, Code::Redirected, Retry::Never, false);
        check(400, Code::Refused, Retry::Never, false);
        check(401, Code::LoginRefused, Retry::Never, false);
        check(403, Code::LoginRefused, Retry::Never, false);
        check(404, Code::Refused, Retry::Never, false);
        check(408, Code::ServerError, Retry::Backoff, false);
        check(410, Code::Gone, Retry::Never, false);
        check(413, Code::Refused, Retry::Never, false);
        check(429, Code::RateLimited, Retry::Backoff, false);
        check(500, Code::ServerError, Retry::Backoff, true);
        check(502, Code::ServerError, Retry::Backoff, true);
        check(503, Code::ServerError, Retry::Backoff, false);
        check(504, Code::ServerError, Retry::Backoff, true);
        check(999, Code::BadAnswer, Retry::Backoff, true);
        for status in [200, 201, 202, 204] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(verdict(status, &HeaderMap::new(), "", now()), Ok(()), "{status}");
        }
    }

    #[test]
    fn a_pause_is_seconds_or_a_date_and_lasts_between_a_second_and_an_hour() {
        let check = |value: &str, expected: Option<u64>| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(value).unwrap())]);
            assert_eq!(retry_after(&headers, now()), expected.map(Duration::from_secs), "{value:?}");
        };
        check("0", Some(1));
        check("30", Some(30));
        check(" 30 ", Some(30));
        check("86400", Some(3600));
        check("Fri, 02 Jan 2026 03:05:05 GMT", Some(60));
        check("Fri, 02 Jan 2026 03:00:00 GMT", Some(1));
        check("Fri, 02 Jan 2099 03:00:00 GMT", Some(3600));
        check("-1", None);
        check("99999999999999999999999", None);
        check("soon", None);
        check("", None);
        assert_eq!(retry_after(&HeaderMap::new(), now()), None);
    }
}
