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
    /// Connections that stay open in silence.
    silent: Arc<watch::Sender<usize>>,
}

impl Wire {
    pub(crate) async fn to(database: &str) -> Self {
        let (host, path) = database.trim_start_matches("postgresql://postgres@").split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, silent) = (Arc::new(watch::channel(State::Whole).0), Arc::new(watch::channel(0).0));
        let (states, count, host) = (Arc::clone(&state), Arc::clone(&silent), host.to_owned());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (host, states, count) = (host.clone(), Arc::clone(&states), Arc::clone(&count));
                tokio::spawn(async move {
                    let mut end_of_silence = states.subscribe();
                    let Some(open) = carry(near, host, states).await else { return };
                    count.send_modify(|silent| *silent += 1);
                    let _ = end_of_silence.wait_for(|state| *state != State::Silent).await;
                    drop(open);
                    count.send_modify(|silent| *silent -= 1);
                });
            }
        });
        Self { url: format!("postgresql://postgres@127.0.0.1:{port}/{path}"), state, silent }
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

    /// What was silent breaks; new connections are whole.
    pub(crate) async fn mend(&self) {
        self.state.send_replace(State::Whole);
        let _ = self.silent.subscribe().wait_for(|silent| *silent == 0).await;
    }
}

/// Carries bytes until the connection breaks, or falls silent: then it is the answer.
async fn carry(
    mut near: TcpStream,
    host: String,
    states: Arc<watch::Sender<State>>,
) -> Option<(TcpStream, Option<TcpStream>)> {
    let mut state = states.subscribe();
    let first = *state.borrow_and_update();
    match first {
        State::Cut => return None,
        State::Silent => return Some((near, None)),
        State::Whole | State::LosesACommit => {}
    }
    let mut far = TcpStream::connect(host).await.unwrap();
    let (mut out, mut back) = ([0; 16 * 1024], [0; 16 * 1024]);
    loop {
        let loses_a_commit = *state.borrow() == State::LosesACommit;
        tokio::select! {
            biased;
            _ = state.changed() => match *state.borrow_and_update() {
                State::Cut => return None,
                State::Silent => return Some((near, Some(far))),
                State::Whole | State::LosesACommit => {}
            },
            read = near.read(&mut out) => {
                let Ok(length @ 1..) = read else { return None };
                if loses_a_commit && out[..length].windows(6).any(|word| word == b"COMMIT") {
                    states.send_replace(State::Silent);
                }
                if far.write_all(&out[..length]).await.is_err() {
                    return None;
                }
            }
            read = far.read(&mut back) => {
                let Ok(length @ 1..) = read else { return None };
                if near.write_all(&back[..length]).await.is_err() {
                    return None;
                }
            }
        }
    }
}
