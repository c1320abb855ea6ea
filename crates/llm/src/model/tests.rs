//! A model behind a script, with tokio's clock standing still.

use super::*;
use crate::Scripted;
use foghorn_domain::clock::SignedDuration;
use serde_json::json;

const GOOD: &str = r#"{"word":"fine"}"#;

fn question() -> Question {
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["word"],
        "properties": { "word": { "type": "string", "maxLength": 10 } },
    });
    Question {
        system: "Answer in JSON".to_owned(),
        user: "How is it?".to_owned(),
        schema_name: "answer",
        schema: schema.clone(),
        asked_schema: schema,
        max_tokens: 100,
        subject: 1,
    }
}

struct Trial {
    script: Script,
    model: Model,
    clock: Clock,
}

impl Trial {
    fn with(script: impl IntoIterator<Item = Scripted>, set: impl FnOnce(&mut ModelSettings)) -> Self {
        let (script, clock) = (Script::of(script), Clock::manual(Timestamp::UNIX_EPOCH));
        let mut settings = ModelSettings::new("http://127.0.0.1:1/v1", "m");
        set(&mut settings);
        Self { model: Model::scripted(script.clone(), settings, clock.clone()), script, clock }
    }

    fn of(script: impl IntoIterator<Item = Scripted>) -> Self {
        Self::with(script, |_| {})
    }

    async fn ask(&self) -> Asked<String> {
        self.model.ask(&question(), |value| Ok(value["word"].as_str().unwrap().to_owned())).await
    }

    /// The outcomes of all calls for one question.
    async fn outcomes(&self) -> (Result<String, &'static str>, Vec<&'static str>) {
        let asked = self.ask().await;
        let calls = asked.exchanges.iter().map(|exchange| exchange.outcome).collect();
        (asked.answer.map_err(|failure| failure.outcome()), calls)
    }
}

fn refused(about: &str) -> Scripted {
    Scripted::body(400, format!(r#"{{"error":{{"message":"{about}"}}}}"#))
}

#[tokio::test(start_paused = true)]
async fn what_the_model_writes_is_taken_repaired_once_or_given_up() {
    async fn check(script: &[Scripted], answer: Result<&str, &'static str>, calls: &[&'static str]) {
        let (found, made) = Trial::of(script.to_vec()).outcomes().await;
        assert_eq!((found.as_deref().map_err(|outcome| *outcome), &made[..]), (answer, calls), "{script:?}");
    }
    let says = Scripted::says;
    let finished = |reason: &str, content: serde_json::Value| {
        let choice = json!({ "message": { "content": content }, "finish_reason": reason });
        Scripted::body(200, json!({ "choices": [choice] }).to_string())
    };
    check(&[says(GOOD)], Ok("fine"), &["ok"]).await;
    check(&[says("Here: ```json\n{\"word\":\"fine\"}\n```")], Ok("fine"), &["ok"]).await;
    check(&[says("no idea"), says(GOOD)], Ok("fine"), &["no_object", "ok"]).await;
    check(&[says(r#"{"word":7}"#), says(GOOD)], Ok("fine"), &["invalid", "ok"]).await;
    check(&[says(r#"{"word":7}"#), says(r#"{"word":8}"#), says(GOOD)], Err("invalid"), &["invalid", "invalid"]).await;
    check(&[finished("length", json!("{\"wor")), says(GOOD)], Ok("fine"), &["length", "ok"]).await;
    check(&[finished("length", json!(null)), finished("length", json!(null))], Err("length"), &["length"; 2]).await;
    check(&[finished("stop", json!(null)), says(GOOD)], Ok("fine"), &["empty", "ok"]).await;
    check(&[finished("content_filter", json!("")), says(GOOD)], Err("refusal"), &["refusal"]).await;
    check(&[Scripted::body(200, "<html>"), says(GOOD)], Err("not_json"), &["not_json"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_asked_again_and_a_refusing_one_is_not() {
    let busy = |status, retry_after: Option<&str>| Scripted::Answer {
        status,
        retry_after: retry_after.map(str::to_owned),
        body: Vec::new(),
    };
    let trial = Trial::of([busy(503, None), busy(429, Some("7")), Scripted::says(GOOD)]);
    let asked = trial.ask().await;
    assert_eq!(asked.answer.unwrap(), "fine");
    assert!(asked.took >= std::time::Duration::from_secs(7), "Retry-After is heeded: {:?}", asked.took);

    let trial = Trial::of([busy(500, None), busy(500, None), busy(500, None), Scripted::says(GOOD)]);
    assert_eq!(trial.outcomes().await, (Err("server_error"), vec!["server_error"; 3]));
    let trial = Trial::of([busy(429, Some("60")), Scripted::says(GOOD)]);
    assert_eq!(trial.outcomes().await, (Err("rate_limited"), vec!["rate_limited"]));
    let trial = Trial::of([busy(401, None), Scripted::says(GOOD)]);
    assert_eq!(trial.outcomes().await, (Err("refused"), vec!["refused"]));
    let trial = Trial::of([Scripted::Unreachable, Scripted::says(GOOD)]);
    assert_eq!(trial.outcomes().await, (Ok("fine".to_owned()), vec!["unreachable", "ok"]));
}

#[tokio::test(start_paused = true)]
async fn a_hung_server_costs_one_deadline_and_no_repeat() {
    let trial = Trial::of([Scripted::Hang]);
    let asked = trial.ask().await;
    assert_eq!(asked.answer, Err(Failure::Timeout));
    assert_eq!((asked.exchanges.len(), asked.took.as_secs()), (1, 20));
}

#[tokio::test(start_paused = true)]
async fn a_question_never_takes_longer_than_its_deadline() {
    let slow =
        |_: &crate::Heard| Scripted::Answer { status: 503, retry_after: Some("20".to_owned()), body: Vec::new() };
    let (script, settings) = (Script::by(slow), ModelSettings::new("http://127.0.0.1:1/v1", "m"));
    let model = Model::scripted(script, settings, Clock::manual(Timestamp::UNIX_EPOCH));
    let asked = model.ask(&question(), |_| Ok(())).await;
    assert!(asked.answer.is_err() && asked.took.as_secs() <= 45, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn the_way_of_asking_that_a_server_takes_is_found_once_and_remembered() {
    let trial = Trial::of([
        refused("response_format: 'maxLength' is not permitted"),
        refused("response_format json_schema is not supported"),
        refused("'max_tokens' is not supported, use 'max_completion_tokens'"),
        Scripted::says(GOOD),
        Scripted::says(GOOD),
    ]);
    assert_eq!(trial.outcomes().await.0, Ok("fine".to_owned()));
    assert_eq!(trial.outcomes().await, (Ok("fine".to_owned()), vec!["ok"]));
    let last = trial.script.heard().pop().unwrap().0;
    assert_eq!(last["response_format"]["type"], "json_object");
    assert_eq!(last["max_completion_tokens"], 100);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_does_not_say_why_lowers_nothing_for_good_unless_that_helped() {
    let formats = |trial: &Trial| -> Vec<&str> {
        let format = |heard: &crate::Heard| match &heard.0["response_format"] {
            asked if asked.to_string().contains("maxLength") => "lengths",
            asked if asked["type"] == "json_schema" => "schema",
            asked if asked["type"] == "json_object" => "object",
            _ => "text",
        };
        trial.script.heard().iter().map(format).collect()
    };
    let bad = || refused("bad");
    let trial = Trial::of([bad(), bad(), bad(), bad(), Scripted::says(GOOD)]);
    assert_eq!(trial.outcomes().await, (Err("refused"), vec!["refused"; 4]));
    trial.outcomes().await.0.unwrap();
    assert_eq!(formats(&trial), ["lengths", "schema", "object", "text", "lengths"]);

    let trial = Trial::of([bad(), bad(), Scripted::says(GOOD), Scripted::says(GOOD)]);
    trial.outcomes().await.0.unwrap();
    trial.outcomes().await.0.unwrap();
    assert_eq!(formats(&trial), ["lengths", "schema", "object", "object"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_talked_nonsense_while_it_was_ill_is_asked_as_before_when_it_is_well() {
    let trial = Trial::of(std::iter::repeat_n(Scripted::says("no"), 10).chain([Scripted::says(GOOD)]));
    for _ in 0..5 {
        trial.ask().await.answer.unwrap_err();
    }
    assert!(trial.model.is_resting());
    trial.clock.advance(SignedDuration::from_secs(30));
    trial.ask().await.answer.unwrap();
    trial.script.then(Scripted::says(GOOD));
    trial.ask().await.answer.unwrap();
    let heard = trial.script.heard();
    assert!(heard[9].0.get("response_format").is_none(), "ten unusable answers lead down to words");
    assert_eq!(heard[11].0["response_format"], heard[0].0["response_format"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_keeps_failing_is_left_alone_and_found_again() {
    let trial = Trial::of([]);
    trial.outcomes().await.0.unwrap_err();
    trial.outcomes().await.0.unwrap_err();
    assert!(trial.model.is_resting());
    assert_eq!(trial.outcomes().await, (Err("breaker_open"), vec![]));
    let calls = trial.script.heard().len();
    assert_eq!(calls, 5);
    trial.clock.advance(SignedDuration::from_secs(30));
    trial.script.then(Scripted::says(GOOD));
    assert_eq!(trial.outcomes().await, (Ok("fine".to_owned()), vec!["ok"]));
    assert!(!trial.model.is_resting());
}

#[tokio::test(start_paused = true)]
async fn nonsense_in_a_row_opens_the_breaker_too() {
    let nonsense = Script::by(|_| Scripted::says("no"));
    let settings = ModelSettings::new("http://127.0.0.1:1/v1", "m");
    let model = Model::scripted(nonsense.clone(), settings, Clock::manual(Timestamp::UNIX_EPOCH));
    for _ in 0..7 {
        model.ask(&question(), |_| Ok(())).await.answer.unwrap_err();
    }
    assert!(model.is_resting());
    assert_eq!(nonsense.heard().len(), 10, "five questions with a repair each");
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_makes_no_call_and_harms_no_server() {
    let trial = Trial::with([Scripted::says(GOOD), Scripted::says(GOOD)], |settings| {
        settings.limits.of_subject.tokens = 1_100;
    });
    let asked = trial.ask().await;
    assert_eq!(asked.usage, Usage { input_tokens: 900, output_tokens: 100, micro_dollars: 0 });
    assert_eq!(trial.ask().await.answer, Err(Failure::OverBudget(crate::budget::Period::Subject)));
    assert_eq!(trial.script.heard().len(), 1);
    assert!(!trial.model.is_resting());
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_is_too_long_is_not_sent() {
    let trial = Trial::with([Scripted::says(GOOD)], |settings| settings.max_prompt_tokens = 10);
    assert_eq!(trial.ask().await.answer, Err(Failure::PromptTooLong));
    assert!(trial.script.heard().is_empty());
}

#[tokio::test]
async fn a_real_server_is_called_with_its_key_and_read_within_bounds() {
    use foghorn_testkit::hooks::{HookServer, Scripted as Hook};
    let good = json!({ "choices": [{ "message": { "content": GOOD }, "finish_reason": "stop" }] }).to_string();
    let server = HookServer::with_script([
        Hook::body(200, good),
        Hook::redirect(302, "http://127.0.0.1:1/"),
        Hook::Flood,
        Hook::BreakOff,
    ])
    .await;
    let mut settings = ModelSettings::new(server.url("/v1"), "m");
    settings.api_key = Some(foghorn_domain::secret::Secret::new("sk-test"));
    let model = Model::new(settings, Clock::system(), 1).unwrap();
    let question = question();
    let ask = || model.ask(&question, |value| Ok(value["word"].clone()));
    assert_eq!(ask().await.answer, Ok(json!("fine")));
    let first = &server.requests()[0];
    assert_eq!((first.uri.path(), first.header("authorization")), ("/v1/chat/completions", "Bearer sk-test"));
    assert_eq!(ask().await.answer.unwrap_err().outcome(), "refused");
    assert_eq!(ask().await.answer.unwrap_err().outcome(), "too_large");
    let after = ask().await;
    assert_eq!(after.exchanges[0].outcome, "unreachable");
}
