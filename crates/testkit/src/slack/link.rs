//! The other end of Socket Mode.

use super::Shared;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        connections.spawn(converse(stream, shared.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Says hello, sends what there is to deliver, and keeps what comes back. After a `disconnect` it hangs up.
async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let Ok(mut connection) = tokio_tungstenite::accept_async(stream).await else { return };
    let mut changes = shared.changes.subscribe();
    shared.record().connections += 1;
    shared.changed();
    let mut next = Some(json!({ "type": "hello", "num_connections": 1 }).to_string());
    loop {
        if let Some(text) = next.take() {
            let last = text.contains(r#""type":"disconnect""#);
            if connection.send(Message::text(text)).await.is_err() || last {
                let _ = connection.close(None).await;
                return;
            }
        }
        changes.mark_unchanged();
        next = shared.record().to_deliver.pop_front();
        if next.is_some() {
            continue;
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            message = connection.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    shared.record().acknowledgements.push(serde_json::from_str(&text).unwrap_or_default());
                    shared.changed();
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
}
