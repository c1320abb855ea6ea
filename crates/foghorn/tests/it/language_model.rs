//! A language model beside the built-in analyst: nobody waits for it, and nothing that it says or fails to say
//! keeps anybody from being told.

use foghorn_domain::clock::SignedDuration;
use foghorn_llm::{ModelSettings, Script, Scripted};
use foghorn_testkit::{App, event};
use serde_json::{Value, json};
use std::time::Duration;

const TIMEOUT: &str = "ERROR Database connection timeout after 30000ms: QueuePool limit of size 10 overflow 5 reached";

/// An answer that can be used.
fn good() -> Scripted {
    Scripted::says(
        &json!({
            "summary": "The pool of connections is used up.",
            "root_causes": [{
                "cause": "Every connection of the pool is taken",
                "fixes": ["Find the request that holds connections for long"],
                "rollback": "Nothing to undo",
                "evidence": ["E1"],
            }],
            "confidence": "medium",
        })
        .to_string(),
    )
}

fn app(script: &Script) -> App {
    app_with(script, |_| {})
}

/// Deadlines are short, so that a server that hangs costs little.
fn app_with(script: &Script, set: impl FnOnce(&mut ModelSettings)) -> App {
    let script = script.clone();
    App::with_settings(App::clock(), move |settings| {
        let mut model = ModelSettings::new("http://127.0.0.1:1/v1", "test-model");
        model.call_deadline = Duration::from_millis(200);
        model.question_deadline = Duration::from_millis(400);
        set(&mut model);
        settings.model = Some(model);
        settings.model_script = Some(script);
    })
}

async fn analysis(app: &App, id: i64) -> Value {
    app.incident(id).await["analysis"].clone()
}

#[tokio::test]
async fn people_are_told_first_and_the_models_answer_is_edited_in() {
    let script = Script::by(|_| good());
    let mut app = app(&script);
    app.send(event("checkout", "log", TIMEOUT)).await;
    app.settle().await;
    let told = app.incident(1).await["notifications"][0].clone();
    assert_eq!((&told["status"], &told["edits"]), (&json!("sent"), &json!(1)));
    let analysis = analysis(&app, 1).await;
    assert_eq!((&analysis["source"], &analysis["root_causes"][0]["evidence"][0]), (&json!("model"), &json!("E1")));
    let audit = app.audit().await;
    let place = |entry: &str| audit.iter().position(|known| known == entry).unwrap();
    assert!(place("agent notified") < place("agent model_asked"), "{audit:?}");

    let page = app.get("/incidents/1").await.expect(200).text;
    assert!(page.contains("What the language model was asked") && page.contains("DATA "), "{page}");
    assert_eq!(app.metric("foghorn_llm_tokens_total{direction=\"input\"}").await, 900.0);
    assert_eq!(app.metric("foghorn_llm_questions_total{outcome=\"ok\"}").await, 1.0);
}

#[tokio::test]
async fn a_hundred_repeats_of_one_fingerprint_are_one_call() {
    let script = Script::by(|_| good());
    let mut app = app(&script);
    for n in 0..100 {
        app.send(event("checkout", "log", &TIMEOUT.replace("30000", &(30_000 + n * 17).to_string()))).await;
        app.settle().await;
    }
    assert_eq!(app.incidents().await.len(), 1);
    // The next incident with the same evidence is told with the answer that is known.
    app.act(1, "resolve").await.expect(200);
    app.minutes_later(120).await;
    app.send(event("checkout", "log", TIMEOUT)).await;
    app.settle().await;
    assert_eq!(app.incidents().await.len(), 2);
    assert_eq!(analysis(&app, 2).await["source"], "model");
    assert_eq!(script.heard().len(), 1);
}

#[tokio::test]
async fn a_person_can_have_it_asked_again_and_other_evidence_has_it_asked_anew() {
    let script = Script::by(|_| good());
    let mut app = app(&script);
    app.send(event("checkout", "log", TIMEOUT)).await;
    app.settle().await;
    app.post("/api/v1/incidents/1/analysis", json!({})).await.expect(200);
    app.settle().await;
    assert_eq!(script.heard().len(), 2);
    app.post("/api/v1/incidents/9/analysis", json!({})).await.expect(404);
    assert!(app.audit().await.iter().any(|entry| entry == "local analysis_requested"));
    app.send(event("billing", "log", TIMEOUT)).await;
    app.settle().await;
    assert_eq!(script.heard().len(), 3, "another service is another question");

    let mut without = App::new();
    without.send(event("checkout", "log", TIMEOUT)).await;
    without.settle().await;
    without.post("/api/v1/incidents/1/analysis", json!({})).await.expect(409);
}

#[tokio::test]
async fn what_a_person_asks_of_another_process_is_heard_also_by_one_that_starts_later() {
    let script = Script::by(|_| good());
    let mut app = app(&script);
    app.send(event("checkout", "log", TIMEOUT)).await;
    app.settle().await;
    // A process that only serves pages leaves nothing but this.
    app.handles.store.record_analysis_request(1, "ana".to_owned()).await.unwrap();
    app.settle().await;
    app.settle().await;
    assert_eq!(script.heard().len(), 2, "asked anew, and once");

    app.handles.store.record_analysis_request(1, "ana".to_owned()).await.unwrap();
    app.advance(SignedDuration::from_secs(1));
    let mut app = app.restart().await;
    app.resume().await;
    app.settle().await;
    assert_eq!(script.heard().len(), 3);
    let mut app = app.restart().await;
    app.resume().await;
    app.settle().await;
    assert_eq!(script.heard().len(), 3, "what was answered is not asked again");
}

#[tokio::test]
async fn a_dead_hung_or_babbling_server_delays_nobody_is_left_alone_and_found_again() {
    // Five failures in a row, and then nothing; nonsense is asked about twice.
    left_alone_and_found_again(Scripted::Unreachable, 5).await;
    left_alone_and_found_again(Scripted::Hang, 5).await;
    left_alone_and_found_again(Scripted::says("I would rather not say."), 10).await;
}

async fn left_alone_and_found_again(illness: Scripted, calls: usize) {
    let script = Script::by(move |_| illness.clone());
    let mut app = app(&script);
    for n in 0..12 {
        app.send(event(&format!("service-{n}"), "log", TIMEOUT)).await;
    }
    app.settle().await;
    let tellings = app.tellings().await;
    assert!(tellings.len() >= 12 && tellings.iter().all(|(.., status)| status != "pending"), "{tellings:?}");
    assert_eq!(app.metric("foghorn_llm_resting").await, 1.0);
    assert_eq!(script.heard().len(), calls);
    for _ in 0..12 {
        script.then(good());
    }
    app.minutes_later(1).await;
    app.minutes_later(1).await;
    assert_eq!(app.metric("foghorn_llm_resting").await, 0.0);
    assert_eq!(analysis(&app, 12).await["source"], "model");
}

#[tokio::test]
async fn what_was_spent_is_known_after_a_restart() {
    let script = Script::by(|_| good());
    let limited = |model: &mut ModelSettings| model.limits.of_day.tokens = 5_000;
    let mut app = app_with(&script, limited);
    app.send(event("checkout", "log", TIMEOUT)).await;
    app.settle().await;
    assert_eq!(script.heard().len(), 1);
    let mut app = app
        .restart_with(|settings| {
            if let Some(model) = &mut settings.model {
                model.limits.of_day.tokens = 1_500;
            }
        })
        .await;
    app.resume().await;
    app.send(event("billing", "log", TIMEOUT)).await;
    app.settle().await;
    assert_eq!(script.heard().len(), 1, "the budget of the day is spent");
    assert_eq!(app.metric("foghorn_llm_questions_total{outcome=\"over_budget\"}").await, 1.0);
    assert_eq!(analysis(&app, 2).await["source"], "builtin");
}
