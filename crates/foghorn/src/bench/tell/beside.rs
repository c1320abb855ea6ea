//! Telling while a language model hangs, is dead or babbles, side by side with telling without one.
//!
//! Each state has a server, a double of Slack and a double of the model of its own; all of them run at the same time,
//! so that whatever else the machine does falls on all alike. At the end the model gets well, and what is measured is
//! how long that goes unnoticed.

use super::model::Model;
use super::{
    BETWEEN_BURSTS, BURST, CHANNELS, Child, Connection, SOON, Sender, Slack, Told, bursts_in, ms, routing_file,
};
use crate::bench::load::quantile;
use crate::cli::one_thread;
use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen};
use anyhow::Context;
use clap::ValueEnum;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long a model that is well again is waited for: the breaker rests half a minute, a question that was put off
/// waits as long, and a call that hangs takes its time.
const NOTICED_WITHIN: Duration = Duration::from_secs(180);

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Choice {
    /// No model at all
    None,
    /// It takes calls and never answers
    Hung,
    /// Nothing listens there
    Dead,
    /// It answers at once, and nonsense
    Babbling,
    /// All of these
    All,
}

/// The state of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    None,
    Hung,
    Dead,
    Babbling,
}

const STATES: [State; 4] = [State::None, State::Hung, State::Dead, State::Babbling];

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Hung => "hung",
            Self::Dead => "dead",
            Self::Babbling => "babbling",
        }
    }

    fn is_chosen(self, choices: &[Choice]) -> bool {
        let own = match self {
            Self::None => Choice::None,
            Self::Hung => Choice::Hung,
            Self::Dead => Choice::Dead,
            Self::Babbling => Choice::Babbling,
        };
        choices.iter().any(|choice| *choice == own || *choice == Choice::All)
    }
}

/// What was measured beside a model in one state.
#[derive(Debug)]
struct Beside {
    state: State,
    told: Told,
    /// Resident memory after the first burst, in the middle and at the end, in bytes.
    memory: [Option<u64>; 3],
    /// What became of the model; `None` where there is none.
    model: Option<Ill>,
}

/// A model that was ill.
#[derive(Debug)]
struct Ill {
    calls: usize,
    is_left_alone: bool,
    /// From its recovery until the breaker had closed and a question was answered.
    noticed_after: Option<Duration>,
}

/// Measures and prints.
pub(super) fn run(args: &super::Args) -> anyhow::Result<ExitCode> {
    let mut found = one_thread(measure(args))?;
    found.sort_by_key(|beside| STATES.iter().position(|state| *state == beside.state));
    let mut screen = Screen::stdout();
    match args.json {
        true => screen.json(&found.iter().map(Beside::json).collect::<Value>())?,
        false => write(&mut screen, &found)?,
    }
    Ok(if found.iter().all(Beside::is_well) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(args: &super::Args) -> anyhow::Result<Vec<Beside>> {
    let mut under_way = JoinSet::new();
    for state in STATES.into_iter().filter(|state| state.is_chosen(&args.model)) {
        let directory = tempfile::Builder::new().prefix(".foghorn-bench-").tempdir_in(&args.dir)?;
        let seconds = Duration::from_secs(args.seconds.into());
        under_way.spawn(async move {
            beside(state, &directory, seconds).await.with_context(|| format!("with the model {}", state.name()))
        });
    }
    let mut found = Vec::new();
    while let Some(beside) = under_way.join_next().await {
        found.push(beside??);
    }
    Ok(found)
}

async fn beside(state: State, directory: &tempfile::TempDir, time: Duration) -> anyhow::Result<Beside> {
    let routing = directory.path().join("routes.toml");
    std::fs::write(&routing, routing_file())?;
    let (slack, model) = (Slack::start().await?, Model::start(state).await?);
    let model_url = model.url();
    let mut environment = vec![
        ("SLACK_API_URL", slack.url.as_str()),
        ("SLACK_BOT_TOKEN", "xoxb-bench"),
        ("FOGHORN_ROUTES", routing.to_str().unwrap_or_default()),
    ];
    if state != State::None {
        environment.extend([("OPENAI_BASE_URL", model_url.as_str()), ("OPENAI_MODEL", "bench")]);
    }
    let child = Child::start_with(&directory.path().join("data"), &environment).await?;
    let mut sender = Sender { connection: Connection::open(child.address()).await?, next: 0 };
    let resident = || child.memory().map(|memory| memory.now);

    let (bursts, started, mut sent) = (bursts_in(time), Instant::now(), HashMap::new());
    let mut memory = [None; 3];
    for burst in 0..bursts {
        tokio::time::sleep_until((started + BETWEEN_BURSTS * burst as u32).into()).await;
        if burst == 1 {
            memory[0] = resident();
        }
        if burst == bursts / 2 {
            memory[1] = resident();
        }
        sender.send(&mut sent, &format!("bench-{}", burst % CHANNELS), BURST, "error").await?;
    }
    tokio::time::sleep_until((started + BETWEEN_BURSTS * bursts as u32).into()).await;
    let told = super::arrived(&slack, &sent).await;
    memory[2] = resident();
    let ill = match state {
        State::None => None,
        _ => Some(recovered(&model, &format!("http://{}/metrics", child.address())).await?),
    };
    child.stop().await?;
    Ok(Beside { state, told, memory, model: ill })
}

/// Looks at what the server makes of its model, lets that get well and waits until it is noticed.
async fn recovered(model: &Model, metrics: &str) -> anyhow::Result<Ill> {
    let is_left_alone = is_left_alone(&exposition(metrics).await?);
    let calls = model.calls();
    model.recover().await?;
    let well_since = Instant::now();
    let mut noticed_after = None;
    while noticed_after.is_none() && well_since.elapsed() < NOTICED_WITHIN {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let figures = exposition(metrics).await?;
        let answered = sample(&figures, r#"foghorn_llm_questions_total{outcome="ok"}"#);
        let is_noticed = answered.is_some_and(|count| count > 0.0) && !self::is_left_alone(&figures);
        noticed_after = is_noticed.then(|| well_since.elapsed());
    }
    Ok(Ill { calls, is_left_alone, noticed_after })
}

async fn exposition(address: &str) -> anyhow::Result<String> {
    Ok(reqwest::get(address).await?.error_for_status()?.text().await?)
}

fn is_left_alone(exposition: &str) -> bool {
    sample(exposition, "foghorn_llm_resting") == Some(1.0)
}

/// The value of a sample in Prometheus' text format.
fn sample(exposition: &str, name: &str) -> Option<f64> {
    exposition.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

fn mebibytes(bytes: Option<u64>) -> Option<f64> {
    bytes.map(|bytes| bytes as f64 / 1_048_576.0)
}

impl Beside {
    fn is_well(&self) -> bool {
        let is_well = |ill: &Ill| ill.is_left_alone && ill.noticed_after.is_some();
        self.told.is_soon(SOON) && self.model.as_ref().is_none_or(is_well)
    }

    fn json(&self) -> Value {
        let [first, middle, end] = self.memory.map(mebibytes);
        let noticed_after = self.model.as_ref().and_then(|ill| ill.noticed_after);
        json!({
            "model": self.state.name(),
            "event_to_message": self.told.json(SOON),
            "memory_mib": { "first": first, "middle": middle, "end": end },
            "calls": self.model.as_ref().map(|ill| ill.calls),
            "left_alone": self.model.as_ref().map(|ill| ill.is_left_alone),
            "noticed_well_after_s": noticed_after.map(|after| after.as_secs_f64()),
        })
    }

    fn row(&self) -> Vec<Cell> {
        let figure = |part| Cell::new(format!("{:.0}", ms(quantile(&self.told.after, part))));
        let memory = |bytes| Cell::new(mebibytes(bytes).map_or("?".to_owned(), |size| format!("{size:.0}")));
        let of_model = |word: fn(&Ill) -> String| Cell::new(self.model.as_ref().map(word).unwrap_or_default());
        let noticed =
            |ill: &Ill| ill.noticed_after.map_or("never".to_owned(), |after| format!("{:.0} s", after.as_secs_f64()));
        let colour = if self.is_well() { Colour::Green } else { Colour::Red };
        let [first, middle, end] = self.memory;
        vec![
            Cell::new(self.state.name()).in_colour(colour),
            Cell::new(self.told.events.to_string()),
            Cell::new(self.told.after.len().to_string()),
            figure(0.5),
            figure(0.99),
            figure(1.0),
            memory(first),
            memory(middle),
            memory(end),
            of_model(|ill| ill.calls.to_string()),
            of_model(|ill| if ill.is_left_alone { "open" } else { "closed" }.to_owned()),
            of_model(noticed),
        ]
    }
}

fn write<W: Write>(screen: &mut Screen<W>, found: &[Beside]) -> std::io::Result<()> {
    let headings = [
        "MODEL",
        ">EVENTS",
        ">TOLD",
        ">P50 MS",
        ">P99 MS",
        ">WORST MS",
        ">MB FIRST",
        ">MIDDLE",
        ">LAST",
        ">CALLS",
        "BREAKER",
        ">NOTICED WELL",
    ];
    let rows: Vec<Vec<Cell>> = found.iter().map(Beside::row).collect();
    table::write(screen, &headings, &rows)?;
    screen.line("100 new incidents a minute over ten channels; MB: resident, after the first burst, midway, at the end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_read_by_its_whole_name() {
        let text = "# TYPE foghorn_llm_resting gauge\nfoghorn_llm_resting_since 7\nfoghorn_llm_resting 1\n\
            foghorn_llm_questions_total{outcome=\"ok\"} 3\n";
        assert!(is_left_alone(text));
        assert_eq!(sample(text, r#"foghorn_llm_questions_total{outcome="ok"}"#), Some(3.0));
        assert_eq!(sample(text, r#"foghorn_llm_questions_total{outcome="length"}"#), None);
    }

    #[test]
    fn who_is_told_late_or_never_left_alone_or_never_noticed_is_not_well() {
        let beside = |after: Duration, ill: Option<Ill>| Beside {
            state: State::Hung,
            told: Told { events: 1, after: vec![after] },
            memory: [None; 3],
            model: ill,
        };
        let ill = |is_left_alone, noticed_after| Some(Ill { calls: 5, is_left_alone, noticed_after });
        let (soon, late) = (Duration::from_millis(10), Duration::from_secs(9));
        assert!(beside(soon, None).is_well() && beside(soon, ill(true, Some(late))).is_well());
        assert!(!beside(late, None).is_well());
        assert!(!beside(soon, ill(false, Some(late))).is_well() && !beside(soon, ill(true, None)).is_well());
    }
}
