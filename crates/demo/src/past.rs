//! What the shop has been through before the hour: incidents with the answers people found, so that there is
//! something to remember.
//!
//! The first day is the one on which Foghorn was set up; what the services usually say, the complaints nobody
//! minds included, is known from then on.

use crate::dice::Dice;
use crate::fault::{Fault, attack, flapping, latency, pool};
use crate::hands::{Deed, Hand, Whom};
use crate::hour::Planned;
use crate::script::{Alert, Script, on_database, seconds};
use crate::shop::{Level, Service};
use crate::traffic::{self, complaints};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::EventStatus;
use foghorn_domain::severity::Severity;

/// An incident of the past, or a stretch of days on which nothing happened.
#[derive(Clone, Debug)]
pub struct PastIncident {
    /// What people would call it.
    pub title: &'static str,
    /// When it began.
    pub begins: Timestamp,
    /// What was heard, with offsets from its beginning.
    pub events: Vec<Planned>,
    /// What people did, with offsets from its beginning.
    pub hands: Vec<Hand>,
}

/// The past of the shop, oldest first, as it lies before an hour that begins at `hour`.
pub fn past_incidents(seed: u64, hour: Timestamp) -> Vec<PastIncident> {
    PASTS
        .iter()
        .map(|past| {
            let begins = hour - SignedDuration::from_hours(past.hours_ago);
            let mut script = Script::new(begins, Dice::new(seed, past.title), past.fault);
            (past.write)(&mut script);
            let mut events = script.finish();
            if past.fault.is_none() && past.answers.is_empty() {
                events.extend(traffic::healthy(seed ^ 0x0da7, begins, SignedDuration::from_mins(6), 1, &[]));
                events.sort_by_key(|planned| planned.offset);
            }
            let hands = past.answers.iter().map(|(second, whom, who, deed)| Hand {
                at: seconds(*second),
                fault: past.fault,
                whom: *whom,
                who,
                deed: *deed,
            });
            PastIncident { title: past.title, begins, events, hands: hands.collect() }
        })
        .collect()
}

/// A past incident, as it is written down here.
struct Past {
    title: &'static str,
    hours_ago: i64,
    fault: Option<Fault>,
    write: fn(&mut Script),
    /// Seconds after its beginning, which, who, what.
    answers: &'static [(i64, Whom, &'static str, Deed)],
}

const PASTS: [Past; 12] = [
    Past { title: "the first morning", hours_ago: 22 * 24, fault: None, write: complain, answers: &[] },
    Past {
        title: "pool exhausted by a stuck import",
        hours_ago: 22 * 24 - 4,
        fault: Some(Fault::PoolExhaustion),
        write: |script| pool::write(script, SignedDuration::ZERO, 90),
        answers: &[
            (60, Whom::Told, "ben", Deed::Acknowledge),
            (120, Whom::Open, "ben", Deed::Close("over since the import was stopped")),
            (
                130,
                Whom::Told,
                "ben",
                Deed::WriteDown("stopped the stuck stock import and restarted checkout to free its connections"),
            ),
        ],
    },
    Past {
        title: "slow products",
        hours_ago: 22 * 24 - 9,
        fault: Some(Fault::LatencyClimb),
        write: |script| latency::write(script, SignedDuration::ZERO, 120),
        answers: &[
            (90, Whom::Told, "ben", Deed::Acknowledge),
            (190, Whom::Open, "ben", Deed::Close("ended with the slow queries")),
            (
                200,
                Whom::Told,
                "ben",
                Deed::WriteDown(
                    "ended the nightly export that was still scanning product_views; it now reads from the replica",
                ),
            ),
        ],
    },
    Past {
        title: "a check that failed once",
        hours_ago: 22 * 24 - 12,
        fault: Some(Fault::FlappingCheck),
        write: |script| {
            flapping::fail_once(script, seconds(4));
            flapping::recover(script, seconds(24), seconds(4));
        },
        answers: &[],
    },
    Past {
        title: "a store of sessions without room",
        hours_ago: 18 * 24 + 3,
        fault: None,
        write: |script| {
            repeat(
                script,
                5,
                (Service::Auth, Level::Error),
                Service::Sessions,
                "msg=\"session not written\" err=\"OOM command not allowed when used memory > 'maxmemory'\" redis=sessions:6379",
            )
        },
        answers: &[(
            120,
            Whom::Open,
            "dana",
            Deed::Resolve("set maxmemory-policy to allkeys-lru and removed sessions older than 30 days"),
        )],
    },
    Past {
        title: "a full disk",
        hours_ago: 15 * 24 + 7,
        fault: None,
        write: |script| {
            repeat(
                script,
                4,
                (Service::OrdersDb, Level::Error),
                Service::OrdersDb,
                "could not extend file \"base/16401/24601\": No space left on device",
            )
        },
        answers: &[(
            300,
            Whom::Open,
            "ana",
            Deed::Resolve("grew the volume of orders-db to 200 GB and dropped the tables of the 2019 migration"),
        )],
    },
    Past {
        title: "another scanner",
        hours_ago: 13 * 24 + 11,
        fault: Some(Fault::AttackWave),
        write: |script| attack::write(script, SignedDuration::ZERO, 60),
        answers: &[
            (50, Whom::Told, "chen", Deed::Acknowledge),
            (150, Whom::Told, "chen", Deed::Resolve("blocked the client at the proxy and reported it to its network")),
            (160, Whom::Open, "chen", Deed::Close("the same scanner")),
        ],
    },
    Past {
        title: "pool exhausted on a sales day",
        hours_ago: 9 * 24 + 2,
        fault: Some(Fault::PoolExhaustion),
        write: |script| pool::write(script, SignedDuration::ZERO, 100),
        answers: &[
            (45, Whom::Told, "ana", Deed::Acknowledge),
            (
                150,
                Whom::Told,
                "ana",
                Deed::Resolve("raised max_connections to 200 and capped the pool of checkout at 40"),
            ),
            (160, Whom::Open, "ana", Deed::Close("the same")),
        ],
    },
    Past {
        title: "a certificate about to end",
        hours_ago: 7 * 24 + 5,
        fault: None,
        write: |script| {
            script.alert(seconds(5), &CERTIFICATE, seconds(5), EventStatus::Firing);
            script.alert(seconds(400), &CERTIFICATE, seconds(5), EventStatus::Resolved);
        },
        answers: &[
            (60, Whom::Told, "dana", Deed::Acknowledge),
            (
                420,
                Whom::Told,
                "dana",
                Deed::WriteDown("renewed the certificate by hand; the renewal job had lost its DNS token"),
            ),
        ],
    },
    Past {
        title: "an acquirer that was down",
        hours_ago: 6 * 24 + 1,
        fault: None,
        write: |script| {
            for second in [5, 14, 31, 62] {
                let stack = "payments.gateway.AcquirerError: acquirer answered 503\n  File \"/srv/payments/gateway.py\", line 118, in capture\n  File \"/srv/payments/charge.py\", line 44, in charge";
                script.report(seconds(second), (Service::Payments, 1), "v1.9.2", stack);
            }
        },
        answers: &[(
            180,
            Whom::Open,
            "dana",
            Deed::Resolve("switched card payments to the second acquirer until the first was back"),
        )],
    },
    Past {
        title: "deadlocks between orders and refunds",
        hours_ago: 4 * 24 + 6,
        fault: None,
        write: |script| {
            repeat(
                script,
                3,
                (Service::OrdersDb, Level::Error),
                Service::OrdersDb,
                "deadlock detected while updating relation orders",
            )
        },
        answers: &[(
            240,
            Whom::Open,
            "ben",
            Deed::Resolve("refunds now lock orders in the order of their ids, as checkout does"),
        )],
    },
    Past {
        title: "complaints nobody minds",
        hours_ago: 2 * 24,
        fault: None,
        write: complain,
        answers: &[(90, Whom::Open, "dana", Deed::Dismiss("happens every day; nobody has to do anything"))],
    },
];

const CERTIFICATE: Alert<'static> = Alert {
    name: "CertificateExpiresSoon",
    summary: "the certificate of shop.example ends in 6 days",
    severity: Severity::Warning,
    labels: &[("service", "proxy"), ("instance", "proxy-1:9115")],
};

/// Each of the complaints.
fn complain(script: &mut Script) {
    for (index, (service, text)) in complaints::COMPLAINTS.iter().enumerate() {
        let text = text(&mut script.dice);
        script.log(seconds(5 + index as i64), (*service, 1), Level::Error, &text);
    }
}

/// The same line a few times, about a database.
fn repeat(script: &mut Script, times: i64, (service, level): (Service, Level), database: Service, text: &str) {
    for time in 0..times {
        on_database(script.log(seconds(5 + 17 * time), (service, 1), level, text), database);
    }
}
