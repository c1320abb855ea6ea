//! A wire to Postgres that can be cut in the middle of a statement, and let through again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes bytes on until it is cut.
pub(super) struct Wire {
    port: u16,
    /// Grows with each cut: connections of an earlier number end.
    cut: watch::Sender<u64>,
    passed: Arc<AtomicU64>,
}

impl Wire {
    /// A wire to a port of this machine.
    pub(super) async fn to(server: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let (cut, cuts) = watch::channel(0);
        let passed = Arc::new(AtomicU64::new(0));
        let counted = passed.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (mut cuts, counted) = (cuts.clone(), counted.clone());
                cuts.mark_unchanged();
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
                    let (client_in, client_out) = client.into_split();
                    let (server_in, server_out) = server.into_split();
                    tokio::select! {
                        () = pass(client_in, server_out, &counted) => {}
                        () = pass(server_in, client_out, &counted) => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        Ok(Self { port, cut, passed })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection there is, once so many more bytes have gone through: somewhere inside a statement.
    pub(super) async fn cut_after(&self, bytes: u64) {
        let from = self.passed.load(Ordering::Relaxed);
        for _ in 0..200 {
            if self.passed.load(Ordering::Relaxed) >= from + bytes {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        self.cut.send_modify(|number| *number += 1);
    }
}

async fn pass(mut from: tokio::net::tcp::OwnedReadHalf, mut to: tokio::net::tcp::OwnedWriteHalf, passed: &AtomicU64) {
    // Small, so that a cut falls inside of statements and not only between them.
    let mut buffer = vec![0; 1024];
    while let Ok(read) = from.read(&mut buffer).await
        && read > 0
    {
        let Some(bytes) = buffer.get(..read) else { return };
        if to.write_all(bytes).await.is_err() {
            return;
        }
        passed.fetch_add(read as u64, Ordering::Relaxed);
    }
}
