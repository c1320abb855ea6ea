//! A real language model, a small one, behind a real server: what it proves is the plumbing, not the judgement.
//!
//! Runs where `FOGHORN_TEST_MODEL_URL` names a server, and where `scripts/real-model.sh install` has been called;
//! elsewhere it says that it was skipped.

use foghorn_llm::ModelSettings;
use foghorn_testkit::{App, event};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const LINES: [&str; 4] = [
    "ERROR Database connection timeout after 30000ms: QueuePool limit of size 10 overflow 5 reached",
    "FATAL: remaining connection slots are reserved for non-replication superuser connections",
    "ERROR deadlock detected: process 17 waits for ShareLock on transaction 88",
    "ERROR canceling statement due to statement timeout: select sum(amount) from lines",
];

/// A server that can be asked; one that was started here ends with this.
struct RealModel {
    url: String,
    started: Option<Child>,
}

impl RealModel {
    /// The one that the environment names, or one from the packages that are installed.
    fn find() -> Option<Self> {
        if let Ok(url) = std::env::var("FOGHORN_TEST_MODEL_URL") {
            return Some(Self { url, started: None });
        }
        let packages = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("real-model");
        packages.is_dir().then(|| Self::start(&packages))
    }

    fn start(packages: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/real_model_server.py");
        let mut started = Command::new("python3")
            .args([script.as_path(), packages, Path::new("0")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(started.stdout.take().unwrap()).lines();
        let address = lines.map_while(Result::ok).find_map(|line| Some(line.strip_prefix("listening on ")?.to_owned()));
        let url = format!("{}/v1", address.expect("the model's server ended before it listened"));
        Self { url, started: Some(started) }
    }
}

impl Drop for RealModel {
    fn drop(&mut self) {
        if let Some(mut started) = self.started.take() {
            let _ = started.kill();
            let _ = started.wait();
        }
    }
}

/// Says it whether the test passes or not.
fn say(line: &str) {
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{line}").unwrap();
}

#[tokio::test]
async fn a_real_model_answers_what_fits_and_everybody_is_told() {
    let Some(server) = RealModel::find() else {
        return say("skipped: no real model is installed (`scripts/real-model.sh install` brings a small one)");
    };
    let runs: usize = std::env::var("FOGHORN_TEST_MODEL_RUNS").map_or(4, |runs| runs.parse().unwrap());
    let url = server.url.clone();
    let mut app = App::with_settings(App::clock(), move |settings| {
        let mut model = ModelSettings::new(url, "local");
        // It is slow, and that is not what is looked at here.
        model.call_deadline = Duration::from_secs(240);
        model.question_deadline = Duration::from_secs(480);
        model.concurrency = 1;
        settings.model = Some(model);
    });
    for run in 0..runs {
        let asked = Instant::now();
        app.send(event(&format!("service-{run}"), "log", LINES[run % LINES.len()])).await;
        app.settle().await;
        let id = i64::try_from(run + 1).unwrap();
        let kept = app.handles.store.analyses_of(id, 10).await.unwrap();
        let calls: Vec<&Value> = kept.iter().flat_map(|kept| kept.analysis.exchanges.as_array().unwrap()).collect();
        let outcomes: Vec<&str> = calls.iter().map(|call| call["outcome"].as_str().unwrap()).collect();
        say(&format!("incident {id}: {} after {:.0} s", outcomes.join(", "), asked.elapsed().as_secs_f64()));
        app.minutes_later(3).await;
    }
    let (mut told, mut answered) = (0, 0);
    for incident in app.incidents().await {
        let whole = app.incident(incident["id"].as_i64().unwrap()).await;
        told += usize::from(whole["notifications"][0]["status"] == "sent");
        answered += usize::from(whole["analysis"]["source"] == "model");
    }
    say(&format!("told {told} of {runs}, answered by the model {answered} of {runs}"));
    assert!(told == runs && answered * 5 >= runs * 4, "told {told}, answered {answered} of {runs}");
}
