//! The server around the routes: connections with deadlines, and an orderly end.
//!
//! A connection that does not send a whole head within half a minute is closed, before its first request and
//! between two; a body must come at the pace of [`Paced`]. Once told to stop, the server takes no new
//! connections, lets the requests it holds finish and closes those that are idle.

use crate::paced::Paced;
use crate::router::routes;
use crate::state::{App, WebConfig};
use axum::Router;
use axum::body::Body;
use foghorn_pipeline::Handles;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::io::{Error, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::Service;

/// How long a head may take, and how long a connection may be idle.
const HEAD: Duration = Duration::from_secs(30);
/// Bytes that a connection reads ahead at most, and the longest head.
const READ_AHEAD: usize = 64 * 1024;
/// The pause after the system could not give a connection, for instance for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(500);

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Serves until told to stop, then finishes the requests it holds.
pub async fn serve(
    listener: TcpListener,
    pipeline: Handles,
    config: WebConfig,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    tokio::spawn(pipeline.keys.clone().keep_fresh(shutdown.clone()));
    let router = routes(App::new(pipeline, config, shutdown.clone()));
    take_connections(listener, router, HEAD, shutdown).await;
    Ok(())
}

async fn take_connections(listener: TcpListener, router: Router, head: Duration, shutdown: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(READ_AHEAD);
    let open = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => take(stream, peer, &http, &router, &open),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken just now");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    open.shutdown().await;
}

fn take(stream: TcpStream, peer: SocketAddr, http: &http1::Builder, router: &Router, open: &GracefulShutdown) {
    // Answers are written whole; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let router = router.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(|body| Body::new(Paced::new(body)));
        request.extensions_mut().insert(Peer(peer.ip()));
        // A router is always ready.
        router.clone().call(request)
    });
    let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

/// Faults of the connection that was to be taken; the next one may be well.
fn is_of_one_connection(error: &Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    /// A server of one page, which is at work until it is let go, and whose heads must come within a tenth
    /// of a second.
    struct Running {
        address: SocketAddr,
        stop: CancellationToken,
        is_at_work: Arc<Notify>,
        let_go: Arc<Notify>,
        server: JoinHandle<()>,
    }

    async fn start() -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let (is_at_work, let_go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (began, end) = (Arc::clone(&is_at_work), Arc::clone(&let_go));
        let page = async move || {
            began.notify_one();
            end.notified().await;
            "done"
        };
        let router = Router::new().route("/", get(page));
        let server = tokio::spawn(take_connections(listener, router, Duration::from_millis(100), stop.clone()));
        Running { address, stop, is_at_work, let_go, server }
    }

    const WHOLE: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

    /// What comes until the server closes the connection.
    async fn answer(address: SocketAddr, sent: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn half_a_head_and_an_idle_connection_are_closed_and_work_is_not() {
        let running = start().await;
        let asking = tokio::spawn(answer(running.address, WHOLE));
        running.is_at_work.notified().await;
        for sent in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\n"] {
            assert!(!answer(running.address, sent).await.contains("200 OK"), "{sent}");
        }
        // By now it has been at work for three times as long as a head may take.
        running.let_go.notify_one();
        assert!(asking.await.unwrap().ends_with("done"));
    }

    #[tokio::test]
    async fn a_stop_lets_requests_finish_and_takes_no_more() {
        let running = start().await;
        let asking = tokio::spawn(answer(running.address, WHOLE));
        running.is_at_work.notified().await;
        running.stop.cancel();
        while TcpStream::connect(running.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!running.server.is_finished());
        running.let_go.notify_one();
        running.server.await.unwrap();
        assert!(asking.await.unwrap().ends_with("done"));
    }
}
