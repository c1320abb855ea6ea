//! A real Prometheus and a real Alertmanager: a rule fires and resolves, the incident opens and ends.

use crate::process::Server;
use axum::body::Body;
use axum::http::Method;
use foghorn_testkit::App;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// A process that is killed when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A target that Prometheus scrapes, with one metric that says whether it is broken.
fn target(is_broken: Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.read(&mut [0; 4096]);
            let body = format!("shop_broken {}\n", u8::from(is_broken.load(Ordering::SeqCst)));
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    address
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A Prometheus that posts its alerts to `alertmanager`, and whose one rule fires while the target is broken.
fn prometheus(directory: &Path, target: SocketAddr, alertmanager: SocketAddr) -> Running {
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yml]\n\
         scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['{target}']}}]}}]\n\
         alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{alertmanager}']}}]}}]}}\n"
    );
    let rules = "groups: [{name: shop, rules: [{alert: ShopBroken, expr: shop_broken == 1, labels: {severity: critical, service: shop},\n\
                 annotations: {summary: 'the shop is broken'}}]}]\n";
    std::fs::write(directory.join("prometheus.yml"), config).unwrap();
    std::fs::write(directory.join("rules.yml"), rules).unwrap();
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", directory.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", directory.join("tsdb").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{}", free_port()))
        .arg("--rules.alert.resend-delay=1s")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("prometheus is installed by scripts/test");
    Running(child)
}

/// An Alertmanager that posts everything on to Foghorn's webhook.
fn alertmanager(directory: &Path, foghorn: SocketAddr) -> (Running, SocketAddr) {
    let config = format!(
        "route: {{receiver: foghorn, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}\n\
         receivers: [{{name: foghorn, webhook_configs: [{{url: 'http://{foghorn}/webhook/alertmanager', send_resolved: true}}]}}]\n"
    );
    std::fs::write(directory.join("alertmanager.yml"), config).unwrap();
    let address: SocketAddr = ([127, 0, 0, 1], free_port()).into();
    let child = Command::new("prometheus-alertmanager")
        .arg(format!("--config.file={}", directory.join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", directory.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--cluster.listen-address=")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("prometheus-alertmanager is installed by scripts/test");
    (Running(child), address)
}

/// Breaks the target, mends it, and watches the incident open and end. `reposts` is how often the same
/// alert is to be posted again before it is mended.
fn fires_and_resolves(foghorn: &Server, is_broken: &AtomicBool, reposts: f64) {
    is_broken.store(true, Ordering::SeqCst);
    foghorn.wait_until("the incident opens", |server| server.get("/api/v1/incidents")["total"] == 1);
    let incident = foghorn.get("/api/v1/incidents/1");
    assert_eq!((&incident["kind"], &incident["severity"]), (&"alert".into(), &"critical".into()));
    assert_eq!(incident["service"], "shop");
    foghorn.wait_until("the same alert is posted again", |server| {
        server.metric("foghorn_events_total{outcome=\"refreshed\"}") >= reposts
    });
    assert_eq!(foghorn.get("/api/v1/incidents/1")["event_count"], 1);
    is_broken.store(false, Ordering::SeqCst);
    foghorn.wait_until("the incident ends", |server| server.get("/api/v1/incidents/1")["status"] == "resolved");
    let incident = foghorn.get("/api/v1/incidents/1");
    assert_eq!(incident["ended_by"], "source");
    assert_eq!(incident["notifications"].as_array().unwrap().len(), 1);
}

#[test]
fn promtool_accepts_the_metrics() {
    let foghorn = Server::start();
    foghorn.run(&["simulate", "xss"]);
    foghorn.wait_until_idle();
    let (_, text) = foghorn.request_text("GET", "/metrics", "").unwrap();
    assert!(text.contains("# TYPE foghorn_events_total counter\n") && !text.contains("# EOF"), "{text}");
    assert!(text.contains("foghorn_stage_up{stage=\"triage\"} 1\n"), "{text}");
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is installed with prometheus by scripts/test");
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let verdict = promtool.wait_with_output().unwrap();
    let said = [verdict.stdout, verdict.stderr].concat();
    assert!(verdict.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

#[tokio::test]
async fn metrics_are_text_unless_openmetrics_is_asked_for() {
    let app = App::new();
    let answer = app.get("/metrics").await.expect(200);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2";
    let request = App::local(Method::GET, "/metrics").header("accept", accept);
    let answer = app.request(request.body(Body::empty()).unwrap()).await.expect(200);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    assert!(answer.text.ends_with("# EOF\n"));
}

#[test]
fn a_rule_of_prometheus_posted_straight_to_foghorn_opens_and_ends_an_incident() {
    let (foghorn, directory, is_broken) = (Server::start(), TempDir::new().unwrap(), Arc::new(AtomicBool::new(false)));
    let _prometheus = prometheus(directory.path(), target(Arc::clone(&is_broken)), foghorn.address);
    fires_and_resolves(&foghorn, &is_broken, 3.0);
}

#[test]
fn a_rule_of_prometheus_through_alertmanagers_webhook_opens_and_ends_an_incident() {
    let (foghorn, directory, is_broken) = (Server::start(), TempDir::new().unwrap(), Arc::new(AtomicBool::new(false)));
    let (_alertmanager, address) = alertmanager(directory.path(), foghorn.address);
    let _prometheus = prometheus(directory.path(), target(Arc::clone(&is_broken)), address);
    // An Alertmanager passes an alert on once and holds repeats back itself.
    fires_and_resolves(&foghorn, &is_broken, 0.0);
}
