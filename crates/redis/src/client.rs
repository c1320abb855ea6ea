//! Connections.

use crate::{RedisAddress, RedisFault};
use futures_util::StreamExt;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, Client, cmd};
use std::time::Duration;

/// How long a connection may take to stand, and a command to be answered.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Opens connections.
#[derive(Clone)]
pub struct RedisClient {
    client: Client,
    address: RedisAddress,
}

impl RedisClient {
    /// A client for an address. Nothing is connected yet.
    pub fn new(address: RedisAddress) -> Result<Self, RedisFault> {
        if address.is_tls() {
            // Whoever has chosen before has chosen the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        Ok(Self { client: Client::open(address.connection_info())?, address })
    }

    /// Where it is.
    pub fn address(&self) -> &RedisAddress {
        &self.address
    }

    /// A connection for commands; clones share it.
    pub async fn commands(&self) -> Result<Commands, RedisFault> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ANSWER_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN));
        Ok(Commands(self.client.get_multiplexed_async_connection_with_config(&config).await?))
    }

    /// A connection that hears what is said on channels.
    pub async fn listen(&self, channels: &[&str]) -> Result<Listener, RedisFault> {
        let opened = async {
            let mut subscribed = self.client.get_async_pubsub().await?;
            for channel in channels {
                subscribed.subscribe(channel).await?;
            }
            Ok::<_, redis::RedisError>(subscribed)
        };
        match tokio::time::timeout(ANSWER_WITHIN, opened).await {
            Ok(subscribed) => Ok(Listener(subscribed?)),
            Err(_) => Err(RedisFault::Away("no answer within 5 s".to_owned())),
        }
    }
}

/// A connection for commands.
#[derive(Clone)]
pub struct Commands(MultiplexedConnection);

impl Commands {
    /// Whether it answers.
    pub async fn ping(&mut self) -> Result<(), RedisFault> {
        Ok(cmd("PING").query_async::<()>(&mut self.0).await?)
    }

    /// Whether its memory is full and it makes no room by itself, so that it takes no writes.
    pub async fn is_full(&mut self) -> Result<bool, RedisFault> {
        let info: String = cmd("INFO").arg("memory").query_async(&mut self.0).await?;
        let said = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let bytes = |name: &str| said(name).and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(0);
        let most = bytes("maxmemory");
        let makes_room = said("maxmemory_policy").is_some_and(|policy| policy.trim() != "noeviction");
        Ok(most > 0 && !makes_room && bytes("used_memory") >= most)
    }

    /// Says something on a channel.
    pub async fn publish(&mut self, channel: &str, body: &str) -> Result<(), RedisFault> {
        Ok(cmd("PUBLISH").arg(channel).arg(body).query_async::<()>(&mut self.0).await?)
    }

    /// Puts entries at the left of a list, the first one first, and keeps the list this short.
    pub async fn push_bounded(&mut self, list: &str, bodies: &[String], most: usize) -> Result<(), RedisFault> {
        let mut pipe = redis::pipe();
        pipe.atomic().cmd("LPUSH").arg(list).arg(bodies).ignore().cmd("LTRIM").arg(list).arg(0).arg(most - 1).ignore();
        Ok(pipe.query_async::<()>(&mut self.0).await?)
    }

    /// Takes entries from the right of a list for good.
    pub async fn pop(&mut self, list: &str, most: usize) -> Result<Vec<Vec<u8>>, RedisFault> {
        let popped: Option<Vec<Vec<u8>>> = cmd("RPOP").arg(list).arg(most).query_async(&mut self.0).await?;
        Ok(popped.unwrap_or_default())
    }

    /// Moves the rightmost entry of a queue to a list of what is being handled; waits for one, for a second.
    pub async fn take(&mut self, queue: &str, handled: &str) -> Result<Option<Vec<u8>>, RedisFault> {
        let mut command = cmd("BLMOVE");
        command.arg(queue).arg(handled).arg("RIGHT").arg("LEFT").arg(1);
        Ok(command.query_async(&mut self.0).await?)
    }

    /// The rightmost entry of a queue, left where it is: for a server that takes no writes, not even moves.
    pub async fn look(&mut self, queue: &str) -> Result<Option<Vec<u8>>, RedisFault> {
        Ok(cmd("LINDEX").arg(queue).arg(-1).query_async(&mut self.0).await?)
    }

    /// Removes an entry that was handled, the rightmost of equal ones.
    pub async fn remove(&mut self, list: &str, body: &[u8]) -> Result<(), RedisFault> {
        Ok(cmd("LREM").arg(list).arg(-1).arg(body).query_async::<()>(&mut self.0).await?)
    }

    /// Puts back what somebody began to handle and did not end, so that it is handled next. Returns how many.
    pub async fn put_back(&mut self, handled: &str, queue: &str) -> Result<usize, RedisFault> {
        let count: usize = cmd("LLEN").arg(handled).query_async(&mut self.0).await?;
        for _ in 0..count {
            let mut command = cmd("LMOVE");
            let _: Option<Vec<u8>> =
                command.arg(handled).arg(queue).arg("LEFT").arg("RIGHT").query_async(&mut self.0).await?;
        }
        Ok(count)
    }
}

/// A connection that hears.
pub struct Listener(PubSub);

impl Listener {
    /// The next thing that is said, with its channel; `None` where the connection is lost.
    pub async fn next(&mut self) -> Option<(String, Vec<u8>)> {
        let message = self.0.on_message().next().await?;
        Some((message.get_channel_name().to_owned(), message.get_payload_bytes().to_vec()))
    }
}
