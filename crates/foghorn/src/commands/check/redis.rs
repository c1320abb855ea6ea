//! Redis, where it is shared with other programs.

use super::outcome::{Outcome, ok, warn};
use crate::config::Config;
use foghorn_redis::{RedisClient, RedisFault};

const REDIS: &str = "redis";

/// One line where there is a Redis. That it cannot be used fails nothing: everything goes on without it.
pub(super) async fn check(config: &Config) -> Option<Outcome> {
    let address = &config.redis.settings.as_ref()?.address;
    let looked = async {
        let mut commands = RedisClient::new(address.clone())?.commands().await?;
        commands.ping().await?;
        if commands.is_full().await? { Err(RedisFault::Full) } else { Ok(()) }
    };
    Some(match looked.await {
        Ok(()) => ok(REDIS, format!("{address} answers and takes writes")),
        Err(fault) => warn(REDIS, format!("{address}: {fault}. Everything else goes on without it")),
    })
}
