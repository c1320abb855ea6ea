//! Access logs of web servers: the common and combined log formats, a virtual host in front or not.

use super::{Header, timestamp};

/// Longest stretch in front of the time that is looked at, in bytes.
const MAX_FRONT: usize = 300;

/// `1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 …`: the message begins with the request.
pub(super) fn parse(line: &str) -> Option<Header<'_>> {
    let open = line.bytes().take(MAX_FRONT).position(|byte| byte == b'[')?;
    let words = line[..open].split_ascii_whitespace().count();
    if !(3..=5).contains(&words) {
        return None;
    }
    let found = timestamp::read(&line[open + 1..])?;
    let message = line[open + 1 + found.length..].strip_prefix(']')?.trim_start();
    let is_request = message.starts_with('"') && found.at.is_some();
    is_request.then(|| Header { timestamp: found.at, ..Header::bare(message) })
}
