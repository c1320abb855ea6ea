//! A wire to the database that can be cut, can fall silent, and can lose the answer to a commit.

use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Whole,
    /// Connections break, and new ones are refused.
    Cut,
    /// Connections stay, new ones are taken, and nothing comes through.
    Silent,
    /// It falls silent when the next commit has passed.
    LosesACommit,
}

/// See the module.
pub(crate) struct Wire {
    /// The database's address, by this wire.
    pub(crate) url: String,
    state: Arc<watch::Sender<State>>,
}

impl Wire {
    pub(crate) async fn to(database: &str) -> Self {
        let (host, path) = database.trim_start_matches("postgresql://postgres@").split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(watch::channel(State::Whole).0);
        let (states, host) = (Arc::clone(&state), host.to_owned());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, host.clone(), Arc::clone(&states)));
            }
        });
        Self { url: format!("postgresql://postgres@127.0.0.1:{port}/{path}"), state }
    }

    pub(crate) fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub(crate) fn silence(&self) {
        self.state.send_replace(State::Silent);
    }

    pub(crate) fn lose_the_answer_to_a_commit(&self) {
        self.state.send_replace(State::LosesACommit);
    }

    pub(crate) fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

async fn carry(mut near: TcpStream, host: String, states: Arc<watch::Sender<State>>) {
    let mut state = states.subscribe();
    let first = *state.borrow_and_update();
    if first == State::Cut {
        return;
    }
    if first == State::Silent {
        let _ = state.wait_for(|state| *state != State::Silent).await;
        return;
    }
    let mut far = TcpStream::connect(host).await.unwrap();
    let (mut out, mut back) = ([0; 16 * 1024], [0; 16 * 1024]);
    loop {
        let loses_a_commit = *state.borrow() == State::LosesACommit;
        tokio::select! {
            biased;
            _ = state.changed() => match *state.borrow_and_update() {
                State::Cut => return,
                State::Silent => break,
                State::Whole | State::LosesACommit => {}
            },
            read = near.read(&mut out) => {
                let Ok(length @ 1..) = read else { return };
                if loses_a_commit && out[..length].windows(6).any(|word| word == b"COMMIT") {
                    states.send_replace(State::Silent);
                }
                if far.write_all(&out[..length]).await.is_err() {
                    return;
                }
            }
            read = far.read(&mut back) => {
                let Ok(length @ 1..) = read else { return };
                if near.write_all(&back[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
    // Silent: both ends stay open until it is mended.
    let _ = state.wait_for(|state| *state != State::Silent).await;
}
