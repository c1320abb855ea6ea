//! Planted secrets: none may be in a prompt, a message, an audit row, what is kept of the model, what an assistant
//! is told, or Foghorn's own log; and ordinary lines stay as they are.
//!
//! A line with a secret comes in as an event, once more as one that cannot be read, and is written down by a person
//! as what fixed the incident. Every fifth question to the model fails, with an answer that repeats the question.

use super::interface::Interface;
use super::measure::{Measure, Wanted};
use super::overheard::Overheard;
use super::workshop::Workshop;
use foghorn_domain::prompt::identifiers::Placeholders;
use foghorn_domain::redaction::redact_cow;
use foghorn_llm::{Script, Scripted};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Secrets that are planted.
const PLANTED: usize = 500;
/// Lines between two looks at what came of them.
const BATCH: usize = 25;
/// Where drawing begins; another seed plants other secrets.
const SEED: u64 = 20_260_102;

/// How a secret is written.
const MANNERS: [&str; 4] = ["plain", "percent", "base64", "split"];

/// A kind of secret: a line with `@@` in its place, and how it is made.
type Kind = (&'static str, &'static str, fn(&mut Draw) -> String);

const KINDS: [Kind; 15] = [
    ("aws access key", "ERROR upload to bucket failed, key @@ was refused", |draw| format!("AKIA{}", draw.upper(16))),
    ("github token", "ERROR git clone with @@ failed: 403", |draw| format!("ghp_{}", draw.mixed(36))),
    ("gitlab token", "ERROR runner registration with @@ failed", |draw| format!("glpat-{}", draw.mixed(20))),
    ("slack token", "ERROR chat.postMessage with @@: invalid_auth", |draw| {
        format!("xoxb-{}-{}-{}", draw.digits(12), draw.digits(12), draw.mixed(24))
    }),
    ("stripe key", "ERROR charge failed with @@: declined", |draw| format!("sk_live_{}", draw.mixed(24))),
    ("openai key", "ERROR completion failed with @@: 401", |draw| format!("sk-proj-{}", draw.mixed(48))),
    ("google key", "ERROR geocode with @@ failed", |draw| format!("AIza{}", draw.mixed(35))),
    ("npm token", "ERROR publish with @@ failed", |draw| format!("npm_{}", draw.mixed(36))),
    ("sendgrid key", "ERROR mail with @@ failed", |draw| format!("SG.{}.{}", draw.mixed(22), draw.mixed(43))),
    ("json web token", "ERROR session @@ has expired", |draw| {
        format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI{}.{}", draw.mixed(24), draw.mixed(43))
    }),
    ("bearer", "ERROR upstream said 401 to Authorization: Bearer @@", |draw| draw.mixed(40)),
    ("password", "ERROR login failed: user=app password=@@ host=db-1", |draw| {
        format!("{}!{}", draw.mixed(9), draw.mixed(6))
    }),
    ("address with password", "ERROR cannot connect to postgres://app:@@@db-1/orders", |draw| draw.mixed(16)),
    ("secret in json", r#"ERROR bad config {"client_secret": "@@", "retries": 3}"#, |draw| draw.mixed(32)),
    ("api key", "ERROR request refused, api_key=@@&page=2", |draw| draw.mixed(32)),
];

/// What was planted: of what kind and how, the secret, the line.
type Planted = (String, String, String);

/// Lines without secrets.
const ORDINARY: [&str; 40] = include!("ordinary_lines.in");

pub(super) async fn run() -> anyhow::Result<Vec<Measure>> {
    let overheard = Overheard::listen()?;
    let script = failing_now_and_then();
    let mut workshop = Workshop::open(None, Some(script.clone()))?;
    let interface = Interface::of(&workshop)?;
    let mut draw = Draw(SEED);
    let mut planted: Vec<Planted> = Vec::with_capacity(PLANTED);
    for number in 0..PLANTED {
        let (kind, line, make) = KINDS[number % KINDS.len()];
        let manner = MANNERS[number / KINDS.len() % MANNERS.len()];
        let secret = make(&mut draw);
        let line = written(line, &secret, manner);
        // What made it an error report also makes every one of them told.
        let event = json!({
            "source": format!("svc-{number}"), "type": "log",
            "payload": format!("{line}\nERROR Database connection timeout after 30000ms"),
            "metadata": { "labels": { "note": line } },
        });
        workshop.send(&event).await?;
        let broken = event.to_string().replace(r#""type":"log""#, r#""type":7"#);
        let (refused, _) = interface.post("/events", broken).await?;
        anyhow::ensure!(refused.is_client_error(), "an event with a number as its type was answered with {refused}");
        planted.push((format!("{kind}, {manner}"), secret, line));
        if number % BATCH == BATCH - 1 {
            workshop.settle().await?;
            write_down(&interface, &planted, number + 1 - BATCH).await?;
            workshop.settle().await?;
            workshop.wait(300);
        }
    }
    workshop.settle().await?;
    let told_to_assistants = told_to_assistants(&interface).await?;
    let prompts: String = script.heard().iter().map(|heard| heard.text() + "\n").collect();
    let mut kept = String::new();
    for detail in workshop.incidents_after(0).await? {
        for telling in &detail.notifications {
            kept.push_str(&serde_json::to_string(&telling.message)?);
        }
        for entry in &detail.timeline {
            kept.push_str(&entry.details.to_string());
        }
        kept.push_str(&serde_json::to_string(&detail.analysis)?);
        for asked in workshop.handles.store.analyses_of(detail.incident.id, 10).await? {
            kept.push_str(&asked.analysis.sent);
            kept.push_str(&asked.analysis.exchanges.to_string());
        }
    }
    let calls = script.heard().len();
    workshop.close().await;
    let logged = overheard.end();
    anyhow::ensure!(logged.lines().count() >= PLANTED / 20, "the log holds too little to say anything about it");
    anyhow::ensure!(calls >= PLANTED / 2, "only {calls} prompts were written for {PLANTED} secrets");

    let leaks = |text: &str| -> Vec<String> {
        let leaked = planted.iter().filter(|(_, secret, _)| is_in(secret, text));
        leaked.map(|(what, ..)| what.clone()).collect()
    };
    let about = |what: &str, leaks: &[String]| match leaks.is_empty() {
        true => format!("planted secrets in {what}"),
        false => format!("planted secrets in {what}: {}", leaks[..leaks.len().min(5)].join("; ")),
    };
    let (in_prompts, in_kept) = (leaks(&prompts), leaks(&kept));
    let (in_log, in_mcp) = (leaks(&logged), leaks(&told_to_assistants));
    let touched = ORDINARY.iter().filter(|line| redact_cow(line) != **line).count();
    let restored = ORDINARY.iter().filter(|line| {
        let mut placeholders = Placeholders::default();
        let hidden = placeholders.hide(line);
        placeholders.restore(&hidden) == **line
    });
    let lines = ORDINARY.len() as f64;
    Ok(vec![
        Measure::count(
            "redaction.planted",
            format!("secrets of {} kinds, written in {} ways", KINDS.len(), MANNERS.len()),
            PLANTED,
        ),
        Measure::new(
            "redaction.in_prompts",
            about("prompts", &in_prompts),
            in_prompts.len() as f64,
            Wanted::AtMost(0.0),
        ),
        Measure::new(
            "redaction.in_kept",
            about("messages, audit and what is kept", &in_kept),
            in_kept.len() as f64,
            Wanted::AtMost(0.0),
        ),
        Measure::new("redaction.in_log", about("Foghorn's own log", &in_log), in_log.len() as f64, Wanted::AtMost(0.0)),
        Measure::new(
            "redaction.in_mcp",
            about("what assistants are told", &in_mcp),
            in_mcp.len() as f64,
            Wanted::AtMost(0.0),
        ),
        Measure::new(
            "redaction.false_hits",
            "ordinary lines in which something was masked",
            touched as f64 / lines,
            Wanted::AtMost(0.01),
        ),
        Measure::new(
            "redaction.restored",
            "lines whose addresses and names came back byte for byte",
            restored.count() as f64 / lines,
            Wanted::AtLeast(1.0),
        ),
    ])
}

/// A model of which every fifth answer is useless: a refusal, or a text, that repeats what was asked.
fn failing_now_and_then() -> Script {
    let calls = AtomicUsize::new(0);
    Script::by(move |heard| match calls.fetch_add(1, Ordering::Relaxed) % 10 {
        4 => Scripted::body(401, heard.text()),
        9 => Scripted::says(&heard.text().replace(['{', '}'], "")),
        _ => Scripted::says(r#"{"summary":"Not known.","root_causes":[],"confidence":"low"}"#),
    })
}

/// A person writes down what fixed the incidents of a batch, and quotes the line with the secret.
async fn write_down(interface: &Interface, planted: &[Planted], first: usize) -> anyhow::Result<()> {
    for (number, (.., line)) in planted.iter().enumerate().skip(first) {
        let solution = json!({ "solution": format!("raised the limit after {line}"), "user": "ana" });
        let path = format!("/incidents/{}/solution", number + 1);
        let (status, answer) = interface.post(&path, solution.to_string()).await?;
        anyhow::ensure!(status.is_success(), "{path} was answered with {status}: {answer}");
    }
    Ok(())
}

/// All that the five tools say about every incident.
async fn told_to_assistants(interface: &Interface) -> anyhow::Result<String> {
    let mut told = String::new();
    for number in 1..=PLANTED {
        for tool in ["get_incident", "similar_incidents", "incident_timeline"] {
            told.push_str(&interface.tool(tool, json!({ "id": number })).await?);
        }
        let service = format!("svc-{}", number - 1);
        let asked = json!({ "query": "raised the limit after database connection timeout", "service": service });
        told.push_str(&interface.tool("search_solutions", asked).await?);
        told.push_str(&interface.tool("list_incidents", json!({ "service": service })).await?);
    }
    Ok(told)
}

/// Whether a secret can be read: a third of it in a row, as it is or in base64.
fn is_in(secret: &str, text: &str) -> bool {
    let characters: Vec<char> = secret.chars().collect();
    // The beginning says only of what kind it is.
    let tail: String = characters[characters.len() / 3..].iter().collect();
    let half = tail.len() / 2;
    text.contains(&tail) || text.contains(&tail[half..]) && half >= 8 || text.contains(&base64(secret.as_bytes()))
}

fn written(line: &str, secret: &str, manner: &str) -> String {
    let middle = secret.len() / 2;
    match manner {
        "percent" => {
            let all: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
            line.replace("@@", &all)
        }
        "base64" => format!("ERROR dump {}", base64(line.replace("@@", secret).as_bytes())),
        "split" => line.replace("@@", &format!("{}\n{}", &secret[..middle], &secret[middle..])),
        _ => line.replace("@@", secret),
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().enumerate().fold(0_u32, |group, (i, byte)| group | u32::from(*byte) << (16 - 8 * i));
        for i in 0..4 {
            let digit = char::from(ALPHABET[(group >> (18 - 6 * i)) as usize & 63]);
            text.push(if i <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

/// Random letters from a seed (SplitMix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn of(&mut self, letters: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(letters[(self.next() % letters.len() as u64) as usize])).collect()
    }

    fn mixed(&mut self, length: usize) -> String {
        self.of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length)
    }

    fn upper(&mut self, length: usize) -> String {
        self.of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", length)
    }

    fn digits(&mut self, length: usize) -> String {
        self.of(b"0123456789", length)
    }
}
