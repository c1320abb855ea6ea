//! What one incident taught is there for the next: written fixes, drafts, and what became of them.

use foghorn_testkit::{App, event};
use serde_json::{Value, json};

/// Trouble, and the same in other words from another service.
const POOL: &str = "ERROR QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00";
const POOL_OTHERWISE: &str =
    "FATAL timeout: could not get a database connection from the pool within 30 seconds, all 20 are in use";

async fn open(app: &mut App, service: &str, line: &str) -> i64 {
    app.send(event(service, "log", line)).await;
    app.settle().await;
    app.incidents().await.last().unwrap()["id"].as_i64().unwrap()
}

async fn resolve(app: &mut App, id: i64, more: Value) -> Value {
    let mut body = json!({ "action": "resolve", "user": "ana" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = app.post(&format!("/api/v1/incidents/{id}/actions"), body).await.expect(200).json();
    app.settle().await;
    answer
}

/// Fails unless a fix stands first, with similarity and author, in interface, message and page.
async fn assert_offered_first(app: &App, id: i64, fix: &str, author: &str) {
    let incident = app.incident(id).await;
    let first = &incident["similar"][0];
    assert_eq!((&first["solution"], &first["author"]), (&json!(fix), &json!(author)), "{:#}", incident["similar"]);
    let similarity = first["similarity"].as_f64().unwrap();
    assert!((0.3..1.0).contains(&similarity), "{similarity}");
    let similarity = format!("{similarity:.2}");

    let message = &incident["notifications"][0]["message"];
    let (history, similar) = (message["history"].as_str().unwrap(), message["similar"][0].as_str().unwrap());
    for told in [history, similar] {
        assert!([fix, author, &similarity].iter().all(|part| told.contains(part)), "{told}");
    }

    let page = app.get(&format!("/incidents/{id}?tab=memory")).await.expect(200).text;
    assert!(page.split("id=\"headline\"").nth(1).unwrap().split("</div>").next().unwrap().contains(fix), "{page}");
    let remembered = page.split("id=\"M1\"").nth(1).unwrap().split("</li>").next().unwrap();
    assert!([fix, author, &similarity].iter().all(|part| remembered.contains(part)), "{remembered}");
}

#[tokio::test]
async fn a_written_fix_is_offered_first_to_the_like_in_other_words_from_another_service() {
    let mut app = App::new();
    let first = open(&mut app, "checkout", POOL).await;
    resolve(&mut app, first, json!({ "solution": "raised max_connections from 100 to 200" })).await;
    let second = open(&mut app, "billing", POOL_OTHERWISE).await;
    assert_ne!(first, second);
    assert_offered_first(&app, second, "raised max_connections from 100 to 200", "ana").await;
}

#[tokio::test]
async fn a_fix_is_offered_to_the_very_next_event_without_waiting_for_anything() {
    let mut app = App::new();
    let first = open(&mut app, "checkout", POOL).await;
    let body = json!({ "action": "resolve", "user": "ana", "solution": "raised max_connections from 100 to 200" });
    app.post(&format!("/api/v1/incidents/{first}/actions"), body).await.expect(200);
    // Nothing runs between the two: whoever asks takes in what is new.
    let (store, recollection) = (&app.handles.store, &app.handles.recollection);
    let mut asked = store.incident(first).await.unwrap();
    asked.id = 99;
    asked.service = "billing".to_owned();
    let found = recollection.like(&asked, 3).await.unwrap();
    assert_eq!(found[0].item.solution.as_deref(), Some("raised max_connections from 100 to 200"));
    assert_eq!(recollection.waiting(), 0, "it is found by its meaning too");
}

#[tokio::test]
async fn a_confirmed_fix_comes_before_look_alikes_that_have_none() {
    let mut app = App::new();
    let alike = |n: usize, solution: Value, confirmed: bool| {
        let summary =
            format!("billing could not get a database connection from its pool within {n} seconds, all are in use");
        json!({ "id": format!("alike-{n}"), "service": "billing", "summary": summary, "labels": ["db_timeout"],
                "incident_type": "db_timeout", "solution": solution, "confirmed": confirmed })
    };
    let mut lines: Vec<Value> = (1..30).map(|n| alike(n, Value::Null, true)).collect();
    lines.extend((30..40).map(|n| alike(n, json!(format!("restarted it for the time {n}")), false)));
    app.post("/api/v1/memory/import", json!(lines)).await.expect(200);
    let first = open(&mut app, "checkout", POOL).await;
    resolve(&mut app, first, json!({ "solution": "raised max_connections from 100 to 200" })).await;
    let second = open(&mut app, "billing", POOL_OTHERWISE).await;
    assert_offered_first(&app, second, "raised max_connections from 100 to 200", "ana").await;
}

async fn change(app: &App, service: &str, text: &str) {
    app.send(event(service, "change", text)).await;
}

/// The ids of all memories that are not retired, newest first.
async fn remembered(app: &App) -> Vec<String> {
    let all = app.get("/api/v1/memory").await.expect(200).json();
    let kept = all["items"].as_array().unwrap().iter().filter(|item| item["retired_at"].is_null());
    kept.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn edit(app: &App, id: &str, body: Value) -> Value {
    let request = App::local(axum::http::Method::PATCH, &format!("/api/v1/memory/{id}"))
        .header("content-type", "application/json")
        .body(body.to_string().into());
    app.request(request.unwrap()).await.expect(200).json()
}

#[tokio::test]
async fn who_resolves_without_a_word_on_the_fix_finds_one_drafted_and_confirms_it() {
    let mut app = App::new();
    let first = open(&mut app, "checkout", POOL).await;
    app.minutes_later(10).await;
    change(&app, "postgres", "max_connections from 100 to 200").await;
    app.minutes_later(5).await;
    let resolved = resolve(&mut app, first, json!({ "note": "the pool was too small" })).await;
    let draft = &resolved["draft"];
    let text = draft["solution"].as_str().unwrap();
    assert_eq!(
        text,
        "ana: the pool was too small. Changed 10 min after it began: postgres max_connections from 100 to 200."
    );
    assert_eq!((&draft["author"], &draft["confirmed"]), (&json!("foghorn"), &json!(false)));
    assert!(app.audit().await.contains(&"foghorn solution_drafted".to_owned()));

    // Until somebody confirms it, nobody is offered it as a fix.
    let second = open(&mut app, "billing", POOL_OTHERWISE).await;
    let message = app.incident(second).await["notifications"][0]["message"].to_string();
    assert!(message.contains("no confirmed fix") && !message.contains("too small"), "{message}");

    let id = draft["id"].as_str().unwrap();
    let rows = app.audit().await.len();
    let confirmed = edit(&app, id, json!({ "confirmed": true, "user": "ben" })).await;
    assert_eq!((&confirmed["author"], &confirmed["confirmed"]), (&json!("ben"), &json!(true)));
    edit(&app, id, json!({ "confirmed": true, "user": "ben" })).await;
    assert_eq!(app.audit().await.len(), rows + 1, "the second click changed nothing");
    assert_eq!(app.incident(first).await["draft"], Value::Null);
    app.settle().await;
    let third = open(&mut app, "stock", &POOL_OTHERWISE.replace("pool", "connection pool")).await;
    assert_offered_first(&app, third, text, "ben").await;
}

#[tokio::test]
async fn nothing_is_drafted_without_notes_or_changes_or_beside_a_written_fix() {
    let mut app = App::new();
    change(&app, "checkout", "v1.2.3").await;
    let first = open(&mut app, "checkout", POOL).await;
    assert_eq!(resolve(&mut app, first, json!({})).await["draft"], Value::Null);
    let second = open(&mut app, "orders", "FATAL deadlock detected: process 12 waits for ShareLock").await;
    assert_eq!(
        resolve(&mut app, second, json!({ "note": "x", "solution": "ordered the updates" })).await["draft"],
        Value::Null
    );
    assert_eq!(remembered(&app).await, ["incident-2"]);

    // A fix that is written after all takes the place of the draft.
    let third = open(&mut app, "mail", "FATAL disk is full: no space left on device").await;
    assert_ne!(resolve(&mut app, third, json!({ "note": "logs" })).await["draft"], Value::Null);
    let written = json!({ "solution": "rotated the logs", "user": "ana" });
    app.post(&format!("/incidents/{third}/solution"), written).await.expect(200);
    assert_eq!(app.incident(third).await["draft"], Value::Null);
    assert_eq!(remembered(&app).await, ["incident-3", "incident-2"]);
}

#[tokio::test]
async fn a_discarded_draft_does_not_come_back_and_a_changed_one_takes_its_place() {
    let mut app = App::new();
    let first = open(&mut app, "checkout", POOL).await;
    let draft = resolve(&mut app, first, json!({ "note": "restarted it" })).await["draft"].clone();
    edit(&app, draft["id"].as_str().unwrap(), json!({ "retired": true, "user": "ana" })).await;
    app.act(first, "reopen").await.expect(200);
    assert_eq!(resolve(&mut app, first, json!({ "note": "restarted it" })).await["draft"], Value::Null);
    app.act(first, "reopen").await.expect(200);
    let again = resolve(&mut app, first, json!({ "note": "raised the limit" })).await["draft"].clone();
    assert_eq!(again["solution"], "ana: restarted it. ana: raised the limit.");
}

async fn memory(app: &App, id: &str) -> Value {
    app.get(&format!("/api/v1/memory/{id}")).await.expect(200).json()
}

#[tokio::test]
async fn what_became_of_a_fix_is_measured_and_said_where_it_is_offered() {
    let mut app = App::new();
    let first = open(&mut app, "checkout", POOL).await;
    resolve(&mut app, first, json!({ "solution": "raised max_connections from 100 to 200" })).await;
    assert_eq!(memory(&app, "incident-1").await["outcome"], Value::Null);
    app.minutes_later(90).await;
    assert_eq!(memory(&app, "incident-1").await["outcome"], "quiet at once");
    let second = open(&mut app, "billing", POOL_OTHERWISE).await;
    let message = app.incident(second).await["notifications"][0]["message"].clone();
    assert!(message["similar"][0].as_str().unwrap().contains("quiet at once"), "{message:#}");
    assert!(app.get(&format!("/incidents/{second}")).await.text.contains("quiet at once"));
}

#[tokio::test]
async fn a_fix_after_which_it_came_back_is_no_longer_offered_as_one() {
    let mut app = App::new();
    let first = open(&mut app, "checkout", POOL).await;
    resolve(&mut app, first, json!({ "solution": "restarted the service" })).await;
    app.minutes_later(20).await;
    assert_eq!(open(&mut app, "checkout", POOL).await, first, "it came back");
    assert_eq!(memory(&app, "incident-1").await["outcome"], "reopened after 20 min");
    let second = open(&mut app, "billing", POOL_OTHERWISE).await;
    let incident = app.incident(second).await;
    let message = incident["notifications"][0]["message"].to_string();
    assert!(message.contains("no confirmed fix") && !message.contains("restarted the service"), "{message}");
    assert_eq!(incident["similar"][0]["outcome"], "reopened after 20 min");

    // The fix that holds takes its place.
    resolve(&mut app, first, json!({ "solution": "raised max_connections from 100 to 200" })).await;
    app.minutes_later(90).await;
    assert_eq!(memory(&app, "incident-1-2").await["outcome"], "quiet at once");
    let third = open(&mut app, "stock", &POOL_OTHERWISE.replace("pool", "connection pool")).await;
    assert_offered_first(&app, third, "raised max_connections from 100 to 200", "ana").await;
}

#[tokio::test]
async fn a_person_who_reopens_says_that_the_fix_did_not_hold() {
    let mut app = App::new();
    let first = open(&mut app, "checkout", POOL).await;
    resolve(&mut app, first, json!({ "solution": "restarted the service" })).await;
    app.minutes_later(90).await;
    app.act(first, "reopen").await.expect(200);
    assert_eq!(memory(&app, "incident-1").await["outcome"], "reopened after 90 min");
    // Who writes the same again stands by it, and it is measured anew.
    resolve(&mut app, first, json!({ "solution": "restarted the service" })).await;
    assert_eq!(memory(&app, "incident-1").await["outcome"], Value::Null);
    app.minutes_later(90).await;
    assert_eq!(memory(&app, "incident-1").await["outcome"], "quiet at once");
}
