//! One connection, from its opening to its end.

use super::ACKNOWLEDGE_WITHIN;
use super::envelope::{Delivery, Envelope, acknowledgement};
use crate::error::SlackError;
use crate::interaction::{MAX_BODY, PayloadError};
use futures_util::{Sink, SinkExt, StreamExt};
use serde_json::Value;
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_util::sync::CancellationToken;

/// How long opening may take.
const OPEN_WITHIN: Duration = Duration::from_secs(15);
/// Slack sends a ping every few seconds. After this silence Foghorn sends one itself, and after as much again the
/// connection counts as broken, which a cable that was pulled would otherwise never say.
const SILENCE: Duration = Duration::from_secs(45);
/// The most handlers at work at once; further envelopes wait in the connection.
const MOST_AT_WORK: usize = 64;

/// How a connection ended.
pub(super) enum Ended {
    /// We were asked to stop.
    Shutdown,
    /// Slack asked for another connection.
    Renew,
    /// It broke.
    Broken {
        /// Whether anything had come over it.
        was_useful: bool,
    },
}

/// Opens a connection and serves it until it ends.
pub(super) async fn serve<Handler, Answer>(
    address: &str,
    handler: &Handler,
    shutdown: &CancellationToken,
) -> Result<Ended, SlackError>
where
    Handler: Fn(Delivery) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Option<Value>> + Send + 'static,
{
    let limits = WebSocketConfig::default().max_message_size(Some(MAX_BODY)).max_frame_size(Some(MAX_BODY));
    let opened = tokio::select! {
        () = shutdown.cancelled() => return Ok(Ended::Shutdown),
        opened = timeout(OPEN_WITHIN, connect_async_with_config(address, Some(limits), true)) => opened,
    };
    let (connection, _) = opened.map_err(|_| SlackError::Timeout)?.map_err(|_| SlackError::Unreachable)?;
    let (mut outgoing, mut incoming) = connection.split();
    let mut at_work: JoinSet<String> = JoinSet::new();
    let (mut was_useful, mut heard, mut asked) = (false, Instant::now(), false);
    let ended = loop {
        let text = tokio::select! {
            () = shutdown.cancelled() => break Ended::Shutdown,
            Some(answered) = at_work.join_next(), if !at_work.is_empty() => {
                let Ok(answered) = answered else { continue };
                if !send(&mut outgoing, Message::text(answered)).await {
                    break Ended::Broken { was_useful };
                }
                continue;
            }
            () = tokio::time::sleep_until(heard + SILENCE) => {
                if asked || !send(&mut outgoing, Message::Ping(Vec::new().into())).await {
                    break Ended::Broken { was_useful };
                }
                (heard, asked) = (Instant::now(), true);
                continue;
            }
            message = incoming.next(), if at_work.len() < MOST_AT_WORK => match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(_)) | Err(_)) | None => break Ended::Broken { was_useful },
                // A ping is answered by the library with the next thing sent.
                Some(Ok(_)) => {
                    (heard, asked) = (Instant::now(), false);
                    if !flush(&mut outgoing).await {
                        break Ended::Broken { was_useful };
                    }
                    continue;
                }
            },
        };
        (heard, asked) = (Instant::now(), false);
        match Envelope::read(&text) {
            Envelope::Hello => was_useful = true,
            Envelope::Disconnect => break Ended::Renew,
            Envelope::Unknown => tracing::debug!(bytes = text.len(), "Slack sent something unknown"),
            Envelope::Payload { id, takes_answer, delivery } => {
                was_useful = true;
                at_work.spawn(work(id, takes_answer, delivery, handler.clone()));
            }
        }
    };
    finish(outgoing, at_work).await;
    Ok(ended)
}

/// Runs the handler and makes the acknowledgement.
async fn work<Handler, Answer>(
    id: String,
    takes_answer: bool,
    delivery: Option<Box<Result<Delivery, PayloadError>>>,
    handler: Handler,
) -> String
where
    Handler: Fn(Delivery) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Option<Value>> + Send + 'static,
{
    let answer = match delivery.map(|delivery| *delivery) {
        Some(Ok(delivery)) => {
            // The handler goes on after its time: what it does to an incident must not stop half way.
            let handling = tokio::spawn(async move { handler(delivery).await });
            timeout(ACKNOWLEDGE_WITHIN, handling).await.ok().and_then(Result::ok).flatten()
        }
        Some(Err(error)) => {
            tracing::warn!(%error, "A payload from Slack cannot be read");
            None
        }
        None => None,
    };
    acknowledgement(&id, answer.filter(|_| takes_answer))
}

/// Sends the acknowledgements that are still due, and closes.
async fn finish(mut outgoing: impl Sink<Message> + Unpin, mut at_work: JoinSet<String>) {
    while let Some(answered) = at_work.join_next().await {
        let Ok(answered) = answered else { continue };
        if !send(&mut outgoing, Message::text(answered)).await {
            break;
        }
    }
    let _ = timeout(Duration::from_secs(1), outgoing.close()).await;
}

/// Whether it went out in time.
async fn send(outgoing: &mut (impl Sink<Message> + Unpin), message: Message) -> bool {
    matches!(timeout(ACKNOWLEDGE_WITHIN, outgoing.send(message)).await, Ok(Ok(())))
}

async fn flush(outgoing: &mut (impl Sink<Message> + Unpin)) -> bool {
    matches!(timeout(ACKNOWLEDGE_WITHIN, outgoing.flush()).await, Ok(Ok(())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interaction::Interaction;
    use serde_json::json;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::net::TcpListener;

    fn closed_form() -> Option<Box<Result<Delivery, PayloadError>>> {
        let closed = Interaction::Ignored { kind: "view_closed".to_owned() };
        Some(Box::new(Ok(Delivery::Interaction(closed))))
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_handler_is_acknowledged_in_time_and_finishes() {
        let finished = Arc::new(AtomicBool::new(false));
        let seen = finished.clone();
        let slow = move |_| {
            let finished = finished.clone();
            async move {
                tokio::time::sleep(2 * ACKNOWLEDGE_WITHIN).await;
                finished.store(true, Ordering::SeqCst);
                Some(json!({ "text": "too late" }))
            }
        };
        let began = Instant::now();
        assert_eq!(work("e1".to_owned(), true, closed_form(), slow).await, r#"{"envelope_id":"e1"}"#);
        assert_eq!(began.elapsed(), ACKNOWLEDGE_WITHIN);
        assert!(!seen.load(Ordering::SeqCst));
        tokio::time::sleep(2 * ACKNOWLEDGE_WITHIN).await;
        assert!(seen.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_acknowledged_too() {
        let handler = |_| async { panic!("as a test") };
        assert_eq!(work("e1".to_owned(), true, closed_form(), handler).await, r#"{"envelope_id":"e1"}"#);
    }

    #[tokio::test]
    async fn a_server_that_speaks_no_tls_is_unreachable() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("wss://{}/link", listener.local_addr().unwrap());
        let hang_up = tokio::spawn(async move { drop(listener.accept().await) });
        let handler = |_| async { None };
        let error = serve(&address, &handler, &CancellationToken::new()).await.err();
        assert_eq!(error, Some(SlackError::Unreachable));
        hang_up.await.unwrap();
    }
}
