//! A body that must come at a pace: nothing for ten seconds ends it, and so does taking longer than half a
//! minute without at least 64 KiB a second. Whoever declares a body and does not send it holds a connection
//! for that long, and nothing else.

use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// The longest silence.
const SILENCE: Duration = Duration::from_secs(10);
/// What every body may take.
const WHOLE: Duration = Duration::from_secs(30);
/// What gives it longer: bytes a second, from the first on.
const RATE: u64 = 64 * 1024;

/// Reading ended because the sender was too slow.
#[derive(Debug)]
pub(crate) struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body came too slowly")
    }
}

impl std::error::Error for TooSlow {}

/// A body under a deadline.
pub(crate) struct Paced<B> {
    body: B,
    received: u64,
    /// Since the body is read.
    started: Option<Instant>,
    /// Since it is waited for, while it is.
    waiting: Option<Instant>,
    /// Made when a body makes wait for the first time; most never do.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B> Paced<B> {
    /// Watches over a body.
    pub(crate) fn new(body: B) -> Self {
        Self { body, received: 0, started: None, waiting: None, timer: None }
    }

    fn deadline(&self, now: Instant) -> Instant {
        let earned = Duration::from_secs(self.received / RATE);
        let whole = self.started.unwrap_or(now) + WHOLE.max(earned);
        whole.min(self.waiting.unwrap_or(now) + SILENCE)
    }
}

impl<B> HttpBody for Paced<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        let now = Instant::now();
        this.started.get_or_insert(now);
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.waiting = None;
            if let Some(Ok(frame)) = &frame {
                this.received += frame.data_ref().map_or(0, Bytes::len) as u64;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        this.waiting.get_or_insert(now);
        loop {
            let deadline = this.deadline(now);
            let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            ready!(timer.as_mut().poll(context));
            // It may have been set for an earlier wait.
            if timer.deadline() >= deadline {
                return Poll::Ready(Some(Err(TooSlow.into())));
            }
            timer.as_mut().reset(deadline);
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use futures_util::stream;
    use http_body_util::BodyExt;

    /// A body of so many pieces of so many bytes, with a pause before each, and how long it was read.
    async fn read(pieces: u32, bytes: usize, pause: Duration) -> (Duration, Result<usize, BoxError>) {
        let start = Instant::now();
        let stream = stream::unfold(0, move |sent| async move {
            if sent == pieces {
                return None;
            }
            tokio::time::sleep(pause).await;
            Some((Ok::<_, BoxError>(Bytes::from(vec![b'x'; bytes])), sent + 1))
        });
        // Boxed by `Body`: the stream itself cannot be moved.
        let result = Paced::new(Body::from_stream(stream)).collect().await;
        (start.elapsed(), result.map(|collected| collected.to_bytes().len()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_sender_is_waited_for_ten_seconds() {
        let (took, result) = read(2, 1, Duration::from_secs(60)).await;
        assert!(result.is_err_and(|error| error.is::<TooSlow>()));
        assert!(took >= SILENCE && took < SILENCE + Duration::from_secs(1), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_ends_after_half_a_minute() {
        let (took, result) = read(1000, 1, Duration::from_secs(4)).await;
        assert!(result.is_err_and(|error| error.is::<TooSlow>()));
        assert!(took >= WHOLE && took < WHOLE + Duration::from_secs(1), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_that_keeps_up_has_its_time() {
        let (took, result) = read(50, 400 * 1024, Duration::from_secs(5)).await;
        assert_eq!(result.ok(), Some(50 * 400 * 1024));
        assert!(took >= Duration::from_secs(250), "{took:?}");
    }
}
