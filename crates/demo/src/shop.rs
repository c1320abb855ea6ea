//! The shop: its services, the machines they run on, and the way each writes its log.

use foghorn_domain::clock::Timestamp;
use serde_json::json;

/// A service of the shop, its databases and its watchers included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// In front of everything.
    Proxy,
    /// Pages.
    Web,
    /// Baskets.
    Cart,
    /// Orders.
    Checkout,
    /// Money.
    Payments,
    /// Products and search.
    Catalog,
    /// Log-ins.
    Auth,
    /// PostgreSQL: orders, payments, saved baskets.
    OrdersDb,
    /// MySQL: products.
    CatalogDb,
    /// Redis: sessions.
    Sessions,
}

/// How bad a service itself calls a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Nothing to see.
    Info,
    /// Worth a look some day.
    Warning,
    /// Something failed.
    Error,
    /// Nothing goes any more.
    Fatal,
}

impl Service {
    /// Everything that writes a log.
    pub const ALL: [Self; 10] = [
        Self::Proxy,
        Self::Web,
        Self::Cart,
        Self::Checkout,
        Self::Payments,
        Self::Catalog,
        Self::Auth,
        Self::OrdersDb,
        Self::CatalogDb,
        Self::Sessions,
    ];

    /// The name, lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Web => "web",
            Self::Cart => "cart",
            Self::Checkout => "checkout",
            Self::Payments => "payments",
            Self::Catalog => "catalog",
            Self::Auth => "auth",
            Self::OrdersDb => "orders-db",
            Self::CatalogDb => "catalog-db",
            Self::Sessions => "sessions",
        }
    }

    /// Its machines are numbered from 1 to this.
    pub fn instances(self) -> i64 {
        match self {
            Self::Web => 3,
            Self::Cart | Self::Checkout | Self::Payments | Self::Catalog | Self::Auth => 2,
            Self::Proxy | Self::OrdersDb | Self::CatalogDb | Self::Sessions => 1,
        }
    }

    /// The line as the service writes it, with time and level in the manner of its language or engine. For
    /// services that write key and value, `text` holds the pairs behind the level.
    pub(crate) fn line(self, at: Timestamp, process: i64, level: Level, text: &str) -> String {
        let time = |format: &str| at.strftime(format).to_string();
        match self {
            // The proxy's access lines bring their own form.
            Self::Proxy => format!("{} [{}] {process}#{process}: {text}", time("%Y/%m/%d %H:%M:%S"), lower(level)),
            Self::Web => {
                json!({"level": lower(level), "time": time("%Y-%m-%dT%H:%M:%S.%3fZ"), "pid": process, "msg": text})
                    .to_string()
            }
            Self::Cart | Self::Auth => {
                format!("time={} level={} {text}", time("%Y-%m-%dT%H:%M:%S.%3fZ"), lower(level))
            }
            Self::Checkout => {
                let word = match level {
                    Level::Info => "INFO ",
                    Level::Warning => "WARN ",
                    Level::Error | Level::Fatal => "ERROR",
                };
                format!("{} {word} [http-nio-8080-exec-{process}] {text}", time("%Y-%m-%d %H:%M:%S,%3f"))
            }
            Self::Payments | Self::Catalog => {
                let word = match level {
                    Level::Info => "INFO",
                    Level::Warning => "WARNING",
                    Level::Error | Level::Fatal => "ERROR",
                };
                format!("{} {word} {text}", time("%Y-%m-%d %H:%M:%S,%3f"))
            }
            Self::OrdersDb => {
                let word = match level {
                    Level::Info => "LOG",
                    Level::Warning => "WARNING",
                    Level::Error => "ERROR",
                    Level::Fatal => "FATAL",
                };
                format!("{} UTC [{process}] {word}:  {text}", time("%Y-%m-%d %H:%M:%S.%3f"))
            }
            Self::CatalogDb => {
                let word = match level {
                    Level::Info => "Note",
                    Level::Warning => "Warning",
                    Level::Error | Level::Fatal => "ERROR",
                };
                format!("{} {process} [{word}] {text}", time("%Y-%m-%dT%H:%M:%S.%6fZ"))
            }
            Self::Sessions => {
                let mark = if level == Level::Info { '*' } else { '#' };
                format!("1:M {} {mark} {text}", time("%d %b %Y %H:%M:%S.%3f"))
            }
        }
    }
}

fn lower(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warning => "warn",
        Level::Error => "error",
        Level::Fatal => "fatal",
    }
}
