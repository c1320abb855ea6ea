//! Replies that servers and models gave, or might: every one must end in an analysis and a told incident.

use super::measure::{Measure, Wanted};
use super::workshop::{self, Workshop};
use anyhow::Context;
use foghorn_domain::analysis::AnalysisSource;
use foghorn_domain::notification::NotificationStatus;
use foghorn_llm::{Script, Scripted};
use serde::Deserialize;
use serde_json::json;

/// Fewer bad replies would prove little.
const LEAST: usize = 80;

/// A reply.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) id: String,
    /// Whether it holds an answer that can be used.
    pub(super) usable: bool,
    #[serde(default)]
    status: u16,
    #[serde(default)]
    body: Body,
    /// A body of so many letters.
    filler: Option<usize>,
    /// A body that is no text.
    bytes_hex: Option<String>,
    retry_after: Option<String>,
    #[serde(default)]
    hangs: bool,
    #[serde(default)]
    unreachable: bool,
}

/// A body, or a piece of it that is repeated between a beginning and an end.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Body {
    Whole(String),
    Repeated(String, String, usize, String),
}

impl Default for Body {
    fn default() -> Self {
        Self::Whole(String::new())
    }
}

impl Case {
    fn scripted(&self) -> anyhow::Result<Scripted> {
        if self.hangs {
            return Ok(Scripted::Hang);
        }
        if self.unreachable {
            return Ok(Scripted::Unreachable);
        }
        let body = match (&self.filler, &self.bytes_hex, &self.body) {
            (Some(length), ..) => vec![b'x'; *length],
            (_, Some(hex), _) => bytes(hex).with_context(|| format!("{}: bytes_hex", self.id))?,
            (.., Body::Whole(text)) => text.clone().into_bytes(),
            (.., Body::Repeated(before, piece, times, after)) => {
                format!("{before}{}{after}", piece.repeat(*times)).into_bytes()
            }
        };
        Ok(Scripted::Answer { status: self.status, retry_after: self.retry_after.clone(), body })
    }
}

fn bytes(hex: &str) -> anyhow::Result<Vec<u8>> {
    let digits: Vec<u32> = hex.chars().map(|digit| digit.to_digit(16).context("no digit")).collect::<Result<_, _>>()?;
    Ok(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + *digit as u8)).collect())
}

pub(super) async fn run() -> anyhow::Result<Vec<Measure>> {
    let cases: Vec<Case> = workshop::lines(&workshop::own("replies/replies.jsonl")?, LEAST)?;
    let (mut told, mut ended_well, mut used) = (0, 0, 0);
    let mut wrong = Vec::new();
    for case in &cases {
        let scripted = case.scripted()?;
        let mut workshop = Workshop::open(None, Some(Script::by(move |_| scripted.clone())))?;
        workshop.send(&json!({
            "source": "checkout", "type": "log",
            "payload": "ERROR Database connection timeout after 30000ms: QueuePool limit of size 10 overflow 5 reached",
        })).await?;
        workshop.settle().await?;
        let incidents = workshop.incidents_after(0).await?;
        let [incident] = &incidents[..] else { anyhow::bail!("{}: {} incidents", case.id, incidents.len()) };
        let is_told = incident.notifications.iter().any(|telling| telling.status == NotificationStatus::Sent);
        let analysis = incident.analysis.as_ref().map(|explanation| &explanation.analysis);
        let is_valid = analysis.is_some_and(|analysis| {
            !analysis.summary.trim().is_empty() && !analysis.root_causes.is_empty() && analysis.root_causes.len() <= 3
        });
        let source = analysis.map(|analysis| analysis.source);
        let is_marked = source == Some(if case.usable { AnalysisSource::Model } else { AnalysisSource::Builtin });
        told += usize::from(is_told);
        ended_well += usize::from(is_told && is_valid && is_marked);
        used += usize::from(source == Some(AnalysisSource::Model));
        if !(is_told && is_valid && is_marked) {
            wrong.push(case.id.as_str());
        }
        workshop.close().await;
    }
    let total = cases.len() as f64;
    let bad = cases.iter().filter(|case| !case.usable).count();
    let about = match wrong.is_empty() {
        true => "a valid analysis, marked as the model's or the built-in one, and a told incident".to_owned(),
        false => format!("not so: {}", wrong.join(", ")),
    };
    Ok(vec![
        Measure::count("replies.count", format!("replies, of which {bad} cannot be used"), cases.len()),
        Measure::new("replies.told", "incidents told whatever was replied", told as f64 / total, Wanted::AtLeast(1.0)),
        Measure::new("replies.ended_well", about, ended_well as f64 / total, Wanted::AtLeast(1.0)),
        Measure::new("replies.used", "replies whose answer was used", used as f64 / total, Wanted::More),
    ])
}
