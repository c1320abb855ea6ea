//! Pages asked for as browsers do, at a steady rate: what is due is asked for, whether or not the last page came.

use anyhow::Context;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A page that takes longer has failed.
const GIVE_UP: Duration = Duration::from_secs(30);

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Visits {
    /// From when a page was due to its first byte, shortest first.
    pub(super) first_bytes: Vec<Duration>,
    /// The most bytes that one page took on the wire, compressed, with its head.
    pub(super) largest: usize,
    /// Answers other than 200.
    pub(super) failed: u64,
}

/// Visits pages of one kind, each with another number from 1 to `most`.
pub(super) async fn visit(
    address: SocketAddr,
    rate: u32,
    seconds: Duration,
    most: u64,
    page: fn(u64) -> String,
) -> anyhow::Result<Visits> {
    let (started, pause) = (Instant::now(), Duration::from_secs(1) / rate);
    let mut under_way = JoinSet::new();
    for index in 0..rate * seconds.as_secs() as u32 {
        let due = started + pause * index;
        tokio::time::sleep_until(due.into()).await;
        // Steps of a number without a divisor in common with `most` reach every page before one is repeated.
        let path = page(1 + u64::from(index).wrapping_mul(7_919) % most.max(1));
        under_way.spawn(async move { tokio::time::timeout(GIVE_UP, get(address, &path, due)).await });
    }
    let mut visits = Visits::default();
    while let Some(done) = under_way.join_next().await {
        match done.context("a visit ended early")? {
            Ok(Ok((200, first_byte, bytes))) => {
                visits.first_bytes.push(first_byte);
                visits.largest = visits.largest.max(bytes);
            }
            _ => visits.failed += 1,
        }
    }
    visits.first_bytes.sort_unstable();
    Ok(visits)
}

/// Status, time to the first byte, and bytes.
async fn get(address: SocketAddr, path: &str, due: Instant) -> anyhow::Result<(u16, Duration, usize)> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: text/html\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut first = [0];
    stream.read_exact(&mut first).await?;
    let first_byte = due.elapsed();
    let mut rest = Vec::new();
    stream.take(64 * 1024 * 1024).read_to_end(&mut rest).await?;
    let line = rest.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let status = std::str::from_utf8(line).ok().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    Ok((status.context("no HTTP was answered")?, first_byte, 1 + rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn visits_tell_pages_from_failures_and_count_their_bytes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = vec![0; 1024];
                let length = stream.read(&mut asked).await.unwrap();
                let is_first = asked[..length].starts_with(b"GET /1 ");
                let answer: &[u8] =
                    if is_first { b"HTTP/1.1 200 OK\r\n\r\npage" } else { b"HTTP/1.1 503 Busy\r\n\r\n" };
                stream.write_all(answer).await.unwrap();
            }
        });
        let visits = visit(address, 2, Duration::from_secs(1), 2, |number| format!("/{number}")).await.unwrap();
        assert_eq!((visits.first_bytes.len(), visits.failed, visits.largest), (1, 1, 23));
    }
}
