//! The pen with which the story is written: each method puts down one event at a moment of the hour.

use crate::dice::Dice;
use crate::fault::Fault;
use crate::hour::Planned;
use crate::shop::{Level, Service};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::{EventStatus, NewEvent, Origin};
use foghorn_domain::severity::Severity;
use serde_json::{Value, json};

/// A part of the story while it is written.
pub(crate) struct Script {
    /// Moment 0 of the offsets.
    begins: Timestamp,
    /// This part's chance.
    pub(crate) dice: Dice,
    fault: Option<Fault>,
    planned: Vec<Planned>,
}

/// A request as the proxy saw it.
pub(crate) struct Request<'a> {
    pub(crate) client: &'a str,
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) status: u16,
    pub(crate) millis: i64,
    /// Who answered it, with the number of the machine.
    pub(crate) upstream: (Service, i64),
    pub(crate) trace: &'a str,
}

impl Script {
    /// An empty part. `fault` is what its events belong to, if they belong to one.
    pub(crate) fn new(begins: Timestamp, dice: Dice, fault: Option<Fault>) -> Self {
        Self { begins, dice, fault, planned: Vec::new() }
    }

    /// What was written, in the order of time.
    pub(crate) fn finish(mut self) -> Vec<Planned> {
        self.planned.sort_by_key(|planned| planned.offset);
        self.planned
    }

    /// A moment of the hour as a time.
    pub(crate) fn moment(&self, at: SignedDuration) -> Timestamp {
        self.begins + at
    }

    /// A line of a service's log, from its machine of that number.
    pub(crate) fn log(
        &mut self,
        at: SignedDuration,
        (service, machine): (Service, i64),
        level: Level,
        text: &str,
    ) -> &mut NewEvent {
        let process = match service {
            Service::Checkout => self.dice.between(1, 40),
            Service::Proxy => 31,
            Service::Web => 17 + machine,
            _ => self.dice.between(1000, 9999),
        };
        let line = service.line(self.begins + at, process, level, text);
        let event = self.put(at, NewEvent::new(service.name(), "log", line));
        event.metadata.insert("service".to_owned(), service.name().into());
        event.metadata.insert("host".to_owned(), host(service, machine).into());
        event
    }

    /// A line of the proxy's access log.
    pub(crate) fn access(&mut self, at: SignedDuration, request: &Request<'_>) -> &mut NewEvent {
        let Request { client, method, target, status, millis, upstream, trace } = request;
        let time = (self.begins + at).strftime("%d/%b/%Y:%H:%M:%S +0000");
        let bytes = self.dice.between(180, 60_000);
        let upstream = host(upstream.0, upstream.1);
        let line = format!(
            "{client} - - [{time}] \"{method} {target} HTTP/1.1\" {status} {bytes} {:.3} {upstream}:8080",
            *millis as f64 / 1000.0
        );
        let event = self.put(at, NewEvent::new("proxy", "log", line));
        let fields = [("service", "proxy"), ("host", "proxy-1"), ("upstream", &upstream), ("trace_id", trace)];
        for (name, value) in fields {
            event.metadata.insert(name.to_owned(), value.into());
        }
        event
    }

    /// One value of a number that is watched, under the strain of a fault perhaps.
    pub(crate) fn metric(
        &mut self,
        at: SignedDuration,
        service: Service,
        (name, unit): (&str, &str),
        value: f64,
        under: Option<Fault>,
    ) {
        let value = (value * 100.0).round() / 100.0;
        let event = self.put(at, NewEvent::new(service.name(), "metric", format!("{name} {value}{unit}")));
        for (field, value) in [
            ("service", service.name().into()),
            ("metric", name.into()),
            ("value", json!(value)),
            ("unit", unit.trim().into()),
        ] {
            event.metadata.insert(field.to_owned(), value);
        }
        if let Some(planned) = self.planned.last_mut() {
            planned.fault = under;
        }
    }

    /// A deploy.
    pub(crate) fn change(&mut self, at: SignedDuration, service: Service, version: &str, text: &str) {
        let event = self.put(at, NewEvent::new("deploys", "change", text));
        event.metadata.insert("service".to_owned(), service.name().into());
        event.metadata.insert("version".to_owned(), version.into());
    }

    /// An error that a service reports to an error tracker, with its stack.
    pub(crate) fn report(
        &mut self,
        at: SignedDuration,
        (service, machine): (Service, i64),
        version: &str,
        stack: &str,
    ) -> &mut NewEvent {
        let mut event = NewEvent::new(service.name(), "error", stack);
        event.origin = Origin::ErrorLog;
        let event = self.put(at, event);
        let fields = [("service", service.name()), ("host", &host(service, machine)), ("version", version)];
        for (name, value) in fields {
            event.metadata.insert(name.to_owned(), value.into());
        }
        event
    }

    /// An alert as Prometheus posts it.
    pub(crate) fn alert(&mut self, at: SignedDuration, alert: &Alert<'_>, since: SignedDuration, status: EventStatus) {
        let Alert { name, summary, severity, labels } = alert;
        let mut event = NewEvent::new("alertmanager", "alert", format!("{name}: {summary}"));
        event.origin = Origin::Alertmanager;
        event.status = Some(status);
        event.severity = Some(*severity);
        let mut all = vec![("alertname", *name), ("severity", severity.as_str())];
        all.extend_from_slice(labels);
        let service = all.iter().find(|(label, _)| *label == "service").map_or(*name, |(_, value)| value);
        event.dedup_key =
            Some(all.iter().map(|(label, value)| format!("{label}={value}")).collect::<Vec<_>>().join(","));
        event.episode = Some((self.begins + since).to_string());
        event.metadata.insert("service".to_owned(), service.into());
        event
            .metadata
            .insert("labels".to_owned(), all.iter().map(|(k, v)| ((*k).to_owned(), Value::from(*v))).collect());
        event.metadata.insert("annotations".to_owned(), json!({ "summary": summary }));
        self.put(at, event);
    }

    /// Any event.
    pub(crate) fn put(&mut self, at: SignedDuration, mut event: NewEvent) -> &mut NewEvent {
        event.event_timestamp = Some(self.begins + at);
        event.metadata.insert("environment".to_owned(), "production".into());
        let index = self.planned.len();
        self.planned.push(Planned { offset: at, fault: self.fault, event });
        &mut self.planned[index].event
    }
}

/// What an alert says whenever it is posted.
pub(crate) struct Alert<'a> {
    pub(crate) name: &'a str,
    pub(crate) summary: &'a str,
    pub(crate) severity: Severity,
    pub(crate) labels: &'a [(&'a str, &'a str)],
}

/// A machine's name: `web-2`; databases have one each, which is called after them.
pub(crate) fn host(service: Service, machine: i64) -> String {
    match service {
        Service::OrdersDb | Service::CatalogDb | Service::Sessions => service.name().to_owned(),
        _ => format!("{}-{machine}", service.name()),
    }
}

/// Marks an event as part of a request.
pub(crate) fn traced(event: &mut NewEvent, trace: &str) {
    event.metadata.insert("trace_id".to_owned(), trace.into());
}

/// Names the database that an event is about.
pub(crate) fn on_database(event: &mut NewEvent, database: Service) {
    event.metadata.insert("database".to_owned(), database.name().into());
}

/// So many seconds.
pub(crate) fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// A moment within a second.
pub(crate) fn millis(millis: i64) -> SignedDuration {
    SignedDuration::from_millis(millis)
}
